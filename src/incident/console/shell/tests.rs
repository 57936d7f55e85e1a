//! What lines mean, how they print, and that no text breaks the reader.

use super::*;
use proptest::prelude::*;
use std::fmt::Write;

/// The tree in a short form: words in brackets, operators between.
fn shape(text: &str) -> String {
    match parse(text) {
        Err(error) => error.to_string(),
        Ok(line) => show(&line),
    }
}

fn show(line: &Line) -> String {
    let mut out = String::new();
    for item in &line.items {
        let stages: Vec<String> = item.stages.iter().map(show_stage).collect();
        out += &stages.join(" | ");
        out += match item.then {
            Then::Always => ";",
            Then::IfWell => " && ",
            Then::IfFailed => " || ",
            Then::Meanwhile => " & ",
        };
    }
    out
}

fn show_stage(stage: &Stage) -> String {
    let mut out = match stage.compound.as_deref() {
        None => String::new(),
        Some(Compound::If { arms, otherwise }) => {
            let arms: Vec<String> = arms.iter().map(|(is, then)| format!("{}? {}", show(is), show(then))).collect();
            format!("{{{} : {}}}", arms.join(" : "), otherwise.as_ref().map(show).unwrap_or_default())
        }
        Some(Compound::For { name, over, body }) => {
            let words: Vec<String> = over.iter().map(ToString::to_string).collect();
            format!("{{{name}: {}; {}}}", words.join(" "), show(body))
        }
        Some(Compound::While { condition, until, body }) => {
            format!("{{{until} {} {}}}", show(condition), show(body))
        }
    };
    for word in &stage.words {
        out += "[";
        for part in &word.parts {
            match part {
                Part::Text(text) => out += text,
                Part::Variable { name, otherwise, quoted } => {
                    let otherwise = otherwise.as_ref().map(|parts| format!("-{}", parts.len())).unwrap_or_default();
                    let _ = write!(out, "${}{name}{otherwise}", if *quoted { "q:" } else { ":" });
                }
                Part::Output { line, quoted } => {
                    let _ = write!(out, "${}({})", if *quoted { "q" } else { "" }, show(line));
                }
            }
        }
        out += "]";
    }
    for redirect in &stage.redirects {
        out += &format!("{redirect:?}").split([' ', '(']).next().unwrap_or_default().to_lowercase();
    }
    out
}

#[test]
fn lines_read_as_bash_reads_them() {
    let table = [
        ("kubectl get pods", "[kubectl][get][pods];"),
        ("  a   b  ", "[a][b];"),
        ("a 'b c' \"d e\" f\\ g", "[a][b c][d e][f g];"),
        ("a'b'\"c\"d", "[abcd];"),
        ("a '' \"\"", "[a][][];"),
        ("grep -v x | head -3", "[grep][-v][x] | [head][-3];"),
        ("a&&b||c;d", "[a] && [b] || [c];[d];"),
        ("watch 'x' &", "[watch][x] & "),
        ("a $(b | c) d", "[a][$([b] | [c];)][d];"),
        ("a `b c` d", "[a][$([b][c];)][d];"),
        ("a \"x $(b) y\"", "[a][x $q([b];) y];"),
        ("a x$(b)y", "[a][x$([b];)y];"),
        ("a $(b $(c))", "[a][$([b][$([c];)];)];"),
        ("a \"$(b \"c d\")\"", "[a][$q([b][c d];)];"),
        ("awk '{print $1}'", "[awk][{print $1}];"),
        ("awk \"{print $1, $NF}\"", "[awk][{print $1, $q:NF}];"),
        ("a $X x${Y}z \"$X $?\"", "[a][$:X][x$:Yz][$q:X $q:?];"),
        ("X=1 Y=\"a b\"", "[X=1][Y=a b];"),
        ("if a; then b; elif c | d; then e; else f; fi", "{[a];? [b]; : [c] | [d];? [e]; : [f];};"),
        ("if a; then for x in 1 2; do b; done; fi > c", "{[a];? {x: 1 2; [b];}; : }tofile;"),
        ("echo ${X:-a b} \"${Y:-$(c)}\"", "[echo][$:X-1][$q:Y-1];"),
        ("a '$X' \\$X $ $5 a$", "[a][$X][$X][$][$5][a$];"),
        ("for x in a $(b); do c $x; d; done | e", "{x: a $(b); [c][$:x];[d];} | [e];"),
        ("for x in a b\ndo c\ndone; d", "{x: a b; [c];};[d];"),
        ("while a | b; do c; sleep 5; done &", "{false [a] | [b]; [c];[sleep][5];} & "),
        ("until a; do for x in 1; do b; done; done", "{true [a]; {x: 1; [b];};};"),
        ("echo for do done; note done", "[echo][for][do][done];[note][done];"),
        ("a # b | c", "[a];"),
        ("a#b", "[a#b];"),
        ("# only a remark", ""),
        ("", ""),
        ("a\nb", "[a];[b];"),
        ("a |\n b", "[a] | [b];"),
        ("a \"b\\\"c\\n\"", "[a][b\"c\\n];"),
        ("kubectl get pods 2>/dev/null", "[kubectl][get][pods]tofile;"),
        ("a > b 2>&1", "[a]tofileerrorstooutput;"),
        ("a 2", "[a][2];"),
        ("ls *.log", "[ls][*.log];"),
        ("rabbitmqadmin get queue='x.y'", "[rabbitmqadmin][get][queue=x.y];"),
    ];
    for (text, expected) in table {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let table = [
        ("a 'b", "bash: unexpected EOF while looking for matching `''"),
        ("a \"b", "bash: unexpected EOF while looking for matching `\"'"),
        ("a $(b", "bash: unexpected EOF while looking for matching `)'"),
        ("a `b", "bash: unexpected EOF while looking for matching ``'"),
        ("| a", "bash: syntax error near unexpected token `|'"),
        ("a | | b", "bash: syntax error near unexpected token `|'"),
        ("a |", "bash: syntax error near unexpected token `newline'"),
        ("a && ", "bash: syntax error near unexpected token `newline'"),
        ("; a", "bash: syntax error near unexpected token `;'"),
        (";; a", "bash: syntax error near unexpected token `;;'"),
        ("a > ", "bash: syntax error near unexpected token `newline'"),
        ("a )", "bash: syntax error near unexpected token `)'"),
        ("(a)", "bash: syntax error near unexpected token `('"),
        ("for x in a; do b", "bash: syntax error: unexpected end of file: `done' is missing"),
        ("for x in a; b; done", "bash: syntax error near unexpected token `b'"),
        ("for 1 in a; do b; done", "bash: `1': not a valid identifier: for NAME in WORDS; do …; done"),
        ("while a; do done", "bash: syntax error near unexpected token `done'"),
        ("a; done", "bash: syntax error near unexpected token `done'"),
        ("for x in a; do b; done c", "bash: syntax error near unexpected token `c'"),
        ("if a; then b", "bash: syntax error: unexpected end of file: `fi' is missing"),
        ("if a; fi", "bash: syntax error near unexpected token `fi'"),
        ("if a; then b; else fi", "bash: syntax error near unexpected token `fi'"),
        ("case a in b) c;; esac", "bash: `case' isn't read here: if chooses, for and while repeat"),
        ("echo ${X:-1", "bash: bad substitution: no closing `}'"),
        ("echo ${X#1}", "bash: ${X#1}: bad substitution: ${NAME} and ${NAME:-TEXT} are read here"),
    ];
    for (text, expected) in table {
        assert_eq!(shape(text), expected, "{text}");
    }
    assert!(parse(&"for x in; do ".repeat(600)).is_err());
    assert!(parse(&"$(".repeat(100_000)).is_err());
    assert!(parse(&"$(".repeat(1000)).is_err());
    assert!(parse(&"a".repeat(LONGEST + 1)).is_err());
}

#[test]
fn some_commands_take_plain_words() {
    let is_note = |name: &str| name == "note";
    let table = [
        ("note it's (nearly) done", "[note][it's][(nearly)][done];"),
        ("note rate(a[2m]) > 5 and b < 3", "[note][rate(a[2m])][>][5][and][b][<][3];"),
        ("note 'a b' c", "[note][a b][c];"),
        ("note 'a b c", "[note]['a][b][c];"),
        ("note #1 )", "[note][#1][)];"),
        ("note a && b > c", "[note][a] && [b]tofile;"),
        ("x $(note (a) b) c", "[x][$([note][(a)][b];)][c];"),
        ("x $(note a)", "[x][$([note][a];)];"),
        ("x (a)", "bash: syntax error near unexpected token `('"),
    ];
    for (text, expected) in table {
        let shown = parse_with(text, is_note).map_or_else(|error| error.to_string(), |line| show(&line));
        assert_eq!(shown, expected, "{text}");
    }
    let cursor = at_cursor("note until rate(web.re", is_note);
    assert_eq!((cursor.partial.as_str(), cursor.start), ("rate(web.re", 11));
}

#[test]
fn words_know_where_they_stand() {
    let text = "kubectl logs 'a b' | grep x";
    let line = parse(text).unwrap();
    let spans: Vec<&str> = line.items[0].stages.iter().flat_map(|s| &s.words).map(|w| &text[w.span.clone()]).collect();
    assert_eq!(spans, ["kubectl", "logs", "'a b'", "grep", "x"]);
}

#[test]
fn the_cursor_knows_its_command() {
    let table: [(&str, &[&str], &str, usize); 13] = [
        ("", &[], "", 0),
        ("kub", &[], "kub", 0),
        ("kubectl ", &["kubectl"], "", 8),
        ("kubectl get po", &["kubectl", "get"], "po", 12),
        ("a | gre", &[], "gre", 4),
        ("a | grep x ", &["grep", "x"], "", 11),
        ("a $(kubectl ge", &["kubectl"], "ge", 12),
        ("a `kubectl ge", &["kubectl"], "ge", 11),
        ("ack 'messages la", &["ack"], "messages la", 4),
        ("a && ", &[], "", 5),
        ("a | ", &[], "", 4),
        ("for x in a; do kubectl ge", &["kubectl"], "ge", 23),
        ("for x in $(kubectl ge", &["kubectl"], "ge", 19),
    ];
    for (text, before, partial, start) in table {
        let cursor = at_cursor(text, |_| false);
        assert_eq!(
            (cursor.before.as_slice(), cursor.partial.as_str(), cursor.start),
            (&before.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..], partial, start),
            "{text}"
        );
    }
    assert_eq!(at_cursor("ack 'mess", |_| false).quote, Some('\''));
    assert!(at_cursor("a | gr", |_| false).piped);
}

/// The line without the places of its words, which printing moves.
fn bare(mut line: Line) -> Line {
    let compounds = line.items.iter_mut().flat_map(|i| &mut i.stages).filter_map(|s| s.compound.as_deref_mut());
    for compound in compounds {
        let lines: Vec<&mut Line> = match compound {
            Compound::If { arms, otherwise } => {
                arms.iter_mut().flat_map(|(is, then)| [is, then]).chain(otherwise.as_mut()).collect()
            }
            Compound::For { over, body, .. } => {
                for word in over {
                    word.span = 0..0;
                    strip(word);
                }
                vec![body]
            }
            Compound::While { condition, body, .. } => vec![condition, body],
        };
        for line in lines {
            *line = bare(std::mem::take(line));
        }
    }
    for word in line.items.iter_mut().flat_map(|i| &mut i.stages).flat_map(|s| &mut s.words) {
        word.span = 0..0;
        strip(word);
    }
    for redirect in line.items.iter_mut().flat_map(|i| &mut i.stages).flat_map(|s| &mut s.redirects) {
        if let Redirect::ToFile { file, .. } | Redirect::FromFile(file) = redirect {
            file.span = 0..0;
            strip(file);
        }
    }
    line
}

fn strip(word: &mut Word) {
    strip_parts(&mut word.parts);
}

fn strip_parts(parts: &mut [Part]) {
    for part in parts {
        match part {
            Part::Output { line, .. } => *line = bare(std::mem::take(line)),
            Part::Variable { otherwise: Some(parts), .. } => strip_parts(parts),
            _ => {}
        }
    }
}

fn shellish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z0-9$#*=-]{1,5}",
        Just(" ".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("`".to_owned()),
        Just("$(".to_owned()),
        Just(")".to_owned()),
        Just(" | ".to_owned()),
        Just(" && ".to_owned()),
        Just(" & ".to_owned()),
        Just("; ".to_owned()),
        Just(" > ".to_owned()),
        Just(" 2>&1 ".to_owned()),
        Just("for x in ".to_owned()),
        Just("while ".to_owned()),
        Just("; do ".to_owned()),
        Just("; done".to_owned()),
        Just("if ".to_owned()),
        Just("; then ".to_owned()),
        Just("; else ".to_owned()),
        Just("; fi".to_owned()),
        Just("${X}".to_owned()),
        Just("${X:-".to_owned()),
        Just("}".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("é".to_owned()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

#[test]
fn a_wide_space_is_part_of_a_word() {
    assert!(parse("echo a |\u{2007}wc").is_ok());
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse_with(&format!("note {text}"), |name| name == "note");
        let cursor = at_cursor(&text, |_| false);
        prop_assert!(cursor.start <= text.len());
    }

    #[test]
    fn a_line_prints_back_to_one_that_means_the_same(text in shellish()) {
        let cursor = at_cursor(&text, |_| false);
        prop_assert!(text.is_char_boundary(cursor.start));
        if let Ok(line) = parse(&text) {
            let printed = line.to_string();
            let again = parse(&printed);
            prop_assert!(again.is_ok(), "{printed:?} from {text:?}");
            prop_assert_eq!(bare(again.unwrap()), bare(line), "{:?} from {:?}", printed, text);
        }
    }
}
