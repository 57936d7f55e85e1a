//! What is wrong with a level, with its place, and how it is shown to its author.
//!
//! Knows texts and places only. Nothing of the text reaches the output raw: control characters are replaced, long lines
//! cut.

use std::fmt::{self, Write as _};
use std::ops::Range;

/// The longest message that is shown, in characters.
const LONGEST_MESSAGE: usize = 200;
/// How many characters of a long line are shown around its problem.
const LONGEST_LINE: usize = 140;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The level can't be played.
    #[default]
    Error,
    /// It can, but this is hardly what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong with a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The bytes of the text to underline; may be empty.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of the value in the level: `system[2].versions[0].steps[1]`; empty where the notation is wrong.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
}

impl Problem {
    /// A problem at `span` of `text`.
    #[must_use]
    pub fn at(text: &str, span: Range<usize>, path: &str, message: &str, help: &str) -> Self {
        let span = on_boundaries(text, span);
        let line_start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            severity: Severity::Error,
            line: text[..span.start].bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: text[line_start..span.start].trim_start_matches('\u{feff}').chars().count() + 1,
            span,
            path: path.to_owned(),
            message: printable(message, LONGEST_MESSAGE),
            help: printable(help, LONGEST_MESSAGE),
        }
    }

    /// The same, as something that doesn't keep the level from being played.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

/// `12:5: error: no queue is called …`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.severity.word(), self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n  {}", self.help) }
    }
}

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// `file:line:column: error: …`, a line a problem and a line of help: for pipes, editors and screen readers.
    Plain,
    /// The lines of the file with the places underlined.
    Drawn {
        /// In colours.
        colours: bool,
        /// With line-drawing characters.
        unicode: bool,
        /// The width of the terminal in columns.
        width: usize,
    },
}

/// The problems of one file, to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Report<'t> {
    /// The file's name, as its author knows it.
    pub name: &'t str,
    /// Its text.
    pub text: &'t str,
    /// What is wrong with it.
    pub problems: &'t [Problem],
}

impl Report<'_> {
    /// All of it as text that ends with a line break; empty without problems.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let mut out = String::new();
        let name = printable(self.name, LONGEST_MESSAGE);
        for problem in self.problems {
            match look {
                Look::Plain => {
                    let _ = writeln!(out, "{name}:{problem}");
                }
                Look::Drawn { colours, unicode, width } => {
                    let theme = match (colours, unicode) {
                        (true, true) => miette::GraphicalTheme::unicode(),
                        (false, true) => miette::GraphicalTheme::unicode_nocolor(),
                        (true, false) => miette::GraphicalTheme {
                            characters: miette::ThemeCharacters::ascii(),
                            styles: miette::ThemeStyles::ansi(),
                        },
                        (false, false) => miette::GraphicalTheme::none(),
                    };
                    let handler = miette::GraphicalReportHandler::new_themed(theme)
                        .with_width(width.clamp(40, 200))
                        .with_context_lines(1);
                    let drawn = Drawn { problem, excerpt: Excerpt::of(&name, self.text, problem) };
                    if handler.render_report(&mut out, &drawn).is_err() {
                        let _ = writeln!(out, "{name}:{problem}");
                    }
                }
            }
        }
        out
    }
}

/// A problem as the drawing library wants it.
#[derive(Debug)]
struct Drawn<'p> {
    problem: &'p Problem,
    excerpt: Excerpt,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.problem.help.is_empty()).then(|| Box::new(&self.problem.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let at = &self.excerpt.label;
        let label = miette::LabeledSpan::new_primary_with_span(None, (at.start, at.len()));
        Some(Box::new(std::iter::once(label)))
    }
}

/// A few lines around a problem: cut to a width, cleaned, with the place of the problem in them.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    /// The line, from 0, on which the excerpt begins.
    first_line: usize,
    /// The place of the problem in the file, from 0.
    line: usize,
    column: usize,
    /// The place of the problem in the excerpt.
    label: Range<usize>,
}

impl Excerpt {
    fn of(name: &str, text: &str, problem: &Problem) -> Self {
        let line = problem.line - 1;
        let first_line = line.saturating_sub(1);
        let mut excerpt = Self {
            name: name.to_owned(),
            text: String::new(),
            first_line,
            line,
            column: problem.column - 1,
            label: 0..0,
        };
        for (number, body) in text.split('\n').enumerate().skip(first_line).take(line - first_line + 2) {
            let body = body.trim_end_matches('\r').trim_start_matches('\u{feff}');
            let length = body.chars().count();
            let is_here = number == line;
            let wanted = if is_here { excerpt.column.min(length) } else { 0 };
            let from = if length > LONGEST_LINE { wanted.saturating_sub(LONGEST_LINE / 2) } else { 0 };
            let shown: String = body.chars().skip(from).take(LONGEST_LINE).map(clean).collect();
            let before = excerpt.text.len();
            excerpt.text.push_str(&shown);
            if is_here {
                let start = before + byte_of(&shown, wanted - from);
                let underlined = text[problem.span.clone()].split('\n').next().unwrap_or_default().chars().count();
                let end = before + byte_of(&shown, wanted - from + underlined.max(1));
                excerpt.label = start..end.max(start);
            }
            excerpt.text.push('\n');
        }
        excerpt
    }
}

impl miette::SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        lines_before: usize,
        _: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        // Asked without context it is about the place alone; otherwise the whole excerpt is the context.
        let contents = if lines_before == 0 {
            let data = self.text.as_bytes().get(self.label.clone()).unwrap_or_default();
            miette::MietteSpanContents::new_named(self.name.clone(), data, *span, self.line, self.column, 1)
        } else {
            let all = (0, self.text.len()).into();
            let data = self.text.as_bytes();
            miette::MietteSpanContents::new_named(self.name.clone(), data, all, self.first_line, 0, 3)
        };
        Ok(Box::new(contents))
    }
}

/// The byte at which the character of this number begins, or the end.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The nearest span that begins and ends between characters of `text`.
fn on_boundaries(text: &str, span: Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// Text that a terminal only shows: without control characters, on one line, at most `longest` characters.
#[must_use]
pub fn printable(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().take(longest).map(clean).collect();
    if text.chars().nth(longest).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// The character, or a sign in place of one that a terminal would act on or that would hide others.
fn clean(c: char) -> char {
    let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    match c {
        '\t' => ' ',
        _ if c.is_control() || hides => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Level(\n    id: \"é\", titel: \"x\",\n    a: 1,\n)\n";

    fn problem() -> Problem {
        let at = TEXT.find("titel").unwrap();
        Problem::at(TEXT, at..at + 5, "titel", "there is no field `titel` here", "did you mean `title`?")
    }

    #[test]
    fn a_place_is_told_in_lines_and_characters() {
        let problem = problem();
        assert_eq!((problem.line, problem.column), (2, 14));
        let end = Problem::at(TEXT, TEXT.len() + 9..TEXT.len() + 10, "", "x", "");
        assert_eq!((end.line, end.column), (5, 1));
        let inside = TEXT.find('é').unwrap() + 1;
        assert_eq!(Problem::at(TEXT, inside..inside + 1, "", "x", "").span, inside - 1..inside + 1);
    }

    #[test]
    fn a_plain_report_has_a_line_a_problem() {
        let problems = [problem(), problem()];
        let report = Report { name: "my.ron", text: TEXT, problems: &problems };
        let line = "my.ron:2:14: error: there is no field `titel` here\n  did you mean `title`?\n";
        assert_eq!(report.render(Look::Plain), line.repeat(2));
    }

    #[test]
    fn a_drawn_report_underlines_the_place() {
        let problems = [problem()];
        let report = Report { name: "my.ron", text: TEXT, problems: &problems };
        let drawn = report.render(Look::Drawn { colours: false, unicode: true, width: 80 });
        assert_eq!(
            drawn,
            "
  × there is no field `titel` here
   ╭─[my.ron:2:14]
 1 │ Level(
 2 │     id: \"é\", titel: \"x\",
   ·              ─────
 3 │     a: 1,
   ╰────
  help: did you mean `title`?
"
            .trim_start_matches('\n')
        );
        let ascii = report.render(Look::Drawn { colours: false, unicode: false, width: 80 });
        assert!(ascii.replace('é', "e").is_ascii(), "{ascii}");
    }

    #[test]
    fn nothing_raw_reaches_the_terminal_and_long_lines_are_cut() {
        let text = format!("Level(x: \"\u{1b}[31m\u{202e}{}\", y: oops)", "a".repeat(100_000));
        let at = text.find("oops").unwrap();
        let problems = [Problem::at(&text, at..at + 4, "", &format!("\u{1b}[2J{}", "m".repeat(1000)), "\r\u{9b}")];
        let report = Report { name: "a\u{1b}b.ron", text: &text, problems: &problems };
        for look in [Look::Plain, Look::Drawn { colours: false, unicode: true, width: 80 }] {
            let shown = report.render(look);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
            assert!(shown.len() < 2000, "{}", shown.len());
        }
        assert!(report.render(Look::Drawn { colours: false, unicode: true, width: 80 }).contains("y: oops"));
    }
}
