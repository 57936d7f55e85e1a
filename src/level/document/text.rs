//! What stands between quotes: escapes undone, raw texts, and where a text ends whose quote is missing.

/// A text as it was read.
pub(super) struct Quoted {
    /// The text with its escapes undone.
    pub text: String,
    /// The first byte after it.
    pub end: usize,
    /// What is wrong with it: (first byte, last byte, what).
    pub faults: Vec<(usize, usize, String)>,
    /// Whether its closing quote was there.
    pub is_closed: bool,
}

/// Reads the text whose opening quote is at `start`.
pub(super) fn quoted(source: &str, start: usize) -> Quoted {
    let mut text = String::new();
    let mut faults = vec![];
    let mut at = start + 1;
    while let Some(c) = source[at..].chars().next() {
        match c {
            '"' => {
                let is_closed = !looks_like_an_opening_quote(source, start, at);
                if is_closed {
                    return Quoted { text, end: at + 1, faults, is_closed };
                }
                break;
            }
            '\\' => {
                let (replacement, end) = escape(source, at, &mut faults);
                text.push_str(&replacement);
                at = end;
            }
            _ => {
                text.push(c);
                at += c.len_utf8();
            }
        }
    }
    let end = end_of_open_text(source, start);
    let text = source[start + 1..end].to_owned();
    Quoted { text, end, faults: vec![], is_closed: false }
}

/// Reads `r"…"` and `r#"…"#`, whose `r` is at `start`; `None` where this is something else.
pub(super) fn raw(source: &str, start: usize) -> Option<Quoted> {
    let after = &source[start + 1..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let body = start + 1 + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let quoted = source[body..].find(&close).map_or_else(
        || {
            let end = end_of_open_text(source, start);
            Quoted { text: String::new(), end, faults: vec![], is_closed: false }
        },
        |length| Quoted {
            text: source[body..body + length].to_owned(),
            end: body + length + close.len(),
            faults: vec![],
            is_closed: true,
        },
    );
    Some(quoted)
}

/// A quote that ends a text of several lines, and after which a word begins at once, opens the next text instead: the
/// one before has lost its closing quote.
fn looks_like_an_opening_quote(source: &str, start: usize, quote: usize) -> bool {
    let crosses_lines = source[start..quote].contains('\n');
    let next = source[quote + 1..].chars().next();
    crosses_lines && next.is_some_and(|c| !c.is_whitespace() && !matches!(c, ',' | ')' | ']' | '}' | ':' | '/'))
}

/// Where a text without a closing quote most likely ended: at the end of its line, before the comma and the brackets.
fn end_of_open_text(source: &str, start: usize) -> usize {
    let line_end = source[start..].find('\n').map_or(source.len(), |length| start + length);
    let line = source[start..line_end].trim_end();
    let body = line.trim_end_matches([',', ')', ']', '}']);
    start + body.len().max(1)
}

/// Undoes the escape whose backslash is at `at`: the replacement, and the first byte after it.
fn escape(source: &str, at: usize, faults: &mut Vec<(usize, usize, String)>) -> (String, usize) {
    let Some(c) = source[at + 1..].chars().next() else { return (String::new(), at + 1) };
    let after = at + 1 + c.len_utf8();
    let plain = match c {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        '0' => "\0",
        '\\' => "\\",
        '"' => "\"",
        '\'' => "'",
        '\n' | '\r' => {
            let rest = &source[at + 1..];
            return (String::new(), at + 1 + (rest.len() - rest.trim_start().len()));
        }
        'x' => return code_point(source, at, source.get(after..after + 2), after + 2, faults),
        'u' if source[after..].starts_with('{') => {
            let digits = source[after + 1..].split('}').next().filter(|digits| digits.len() <= 6);
            let end = after + 2 + digits.map_or(0, str::len);
            return code_point(source, at, digits, end, faults);
        }
        _ => {
            let example = "write \\n, \\t, \\\", \\\\ or \\u{1F600}; a backslash itself is \\\\";
            faults.push((at, after, format!("`\\{c}` stands for nothing; {example}")));
            return (c.to_string(), after);
        }
    };
    (plain.to_owned(), after)
}

fn code_point(
    source: &str,
    at: usize,
    digits: Option<&str>,
    end: usize,
    faults: &mut Vec<(usize, usize, String)>,
) -> (String, usize) {
    let read = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    if let Some(c) = read {
        return (c.to_string(), end);
    }
    let mut after = (at + 2).min(source.len());
    while !source.is_char_boundary(after) {
        after += 1;
    }
    faults.push((at, after, "this escape names no character; write \\u{E9} or the character itself".to_owned()));
    (String::new(), after)
}
