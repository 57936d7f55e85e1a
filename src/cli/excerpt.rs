//! A place in a file as a person looks at it: the line, and what is meant underlined.
//!
//! Whatever is in the file, what is shown is printable and fits a terminal.

use unicode_width::UnicodeWidthChar;

/// How many columns of a long line are shown.
const WIDTH: usize = 96;
/// How many columns before the place are shown at least, where the line is cut.
const BEFORE: usize = 32;

/// The line that holds the byte `start`, and below it a line of carets under `start..end` (to the line's end at most).
/// Both begin with a margin that holds the line's number.
#[must_use]
pub fn underlined(text: &str, start: usize, end: usize) -> Vec<String> {
    let start = boundary(text, start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let number = text[..start].matches('\n').count() + 1;
    let end = boundary(text, end).clamp(start, line_end);

    let (before, width) = (columns(&text[line_start..start]), columns(&text[start..end]).max(1));
    let skipped = if before + width > WIDTH { before.saturating_sub(BEFORE) } else { 0 };
    let shown = window(&text[line_start..line_end], skipped);
    let margin = number.to_string().len().max(4);
    let left = before - skipped + usize::from(skipped > 0);
    let carets = "^".repeat(width.min(WIDTH.saturating_sub(left).max(1)));
    vec![format!("{number:>margin$} | {shown}"), format!("{:margin$} | {:left$}{carets}", "", "")]
}

/// The nearest byte before `at` at which a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The part of a line that begins after so many columns and fits.
fn window(line: &str, skipped: usize) -> String {
    let mut shown = String::new();
    let (mut column, mut used) = (0, 0);
    for c in line.trim_end_matches('\r').chars().map(visible) {
        let width = c.width().unwrap_or(0);
        if column >= skipped {
            if used + width > WIDTH {
                shown.push('…');
                break;
            }
            if skipped > 0 && shown.is_empty() {
                shown.push('…');
            }
            shown.push(c);
            used += width;
        }
        column += width;
    }
    shown
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| visible(c).width().unwrap_or(0)).sum()
}

/// A character that does nothing to a terminal: a tab is a blank, other control characters are seen as such.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_underlined_on_its_line() {
        let text = "Level(\n    titel: \"x\",\n)";
        let at = text.find("titel").expect("it is there");
        assert_eq!(underlined(text, at, at + 5), ["   2 |     titel: \"x\",", "     |     ^^^^^"]);
    }

    #[test]
    fn wide_characters_and_tabs_move_the_carets_with_them() {
        let text = "\t\"日本\" x";
        let at = text.find('x').expect("it is there");
        assert_eq!(underlined(text, at, at + 1), ["   1 |  \"日本\" x", "     |         ^"]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}HERE{}", "a".repeat(1000), "b".repeat(1000));
        let lines = underlined(&text, 1000, 1004);
        let caret = lines[1].find('^').expect("carets");
        assert!(lines.iter().all(|line| line.chars().count() < 110), "{lines:?}");
        assert_eq!(lines[0].chars().skip(caret).take(4).collect::<String>(), "HERE");
    }

    #[test]
    fn escape_codes_in_a_file_are_seen_and_not_obeyed() {
        let lines = underlined("name: \"\u{1b}[2J\"", 6, 12);
        assert!(!lines.join("").chars().any(char::is_control), "{lines:?}");
    }

    #[test]
    fn no_place_is_out_of_bounds() {
        for (start, end) in [(0, 0), (2, 1), (99, 100), (1, 99)] {
            assert_eq!(underlined("é\nx", start, end).len(), 2);
        }
        assert_eq!(underlined("", 0, 0), ["   1 | ", "     | ^"]);
    }
}
