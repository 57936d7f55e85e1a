//! Reads a RON text into a tree and goes on after mistakes: a missing comma or quote, a bracket too few or too many, a
//! stray character. Each is told at its place, once.

use super::read::Complaint;
use super::text::{self, Quoted};
use super::tree::{Entry, Kind, Node, Span, Word};
use super::{DEEPEST, LARGEST, MOST_COMPLAINTS};

/// The tree of `text`, and what is wrong with its notation in the order of the text.
///
/// A text that ends with brackets open has lost a closing one somewhere. It is read once more by its indentation, which
/// tells where; a text whose brackets are right is never judged by that.
pub(super) fn parse(text: &str) -> (Node, Vec<Complaint>) {
    let (root, complaints) = parse_by(text, false);
    if complaints.iter().any(|complaint| complaint.is_at_end) {
        let (other_root, other) = parse_by(text, true);
        if !other.iter().any(|complaint| complaint.is_at_end) {
            return (other_root, other);
        }
    }
    (root, complaints)
}

fn parse_by(text: &str, by_indent: bool) -> (Node, Vec<Complaint>) {
    let mut parser = Parser { text, at: 0, open: vec![], complaints: vec![], gave_up: false, by_indent };
    let root = parser.document();
    let mut complaints = parser.complaints;
    complaints.sort_by_key(|complaint| (complaint.span.start, complaint.span.end));
    (root, complaints)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// The brackets that are open: which, and where.
    open: Vec<(char, usize)>,
    complaints: Vec<Complaint>,
    /// Set when reading on makes no sense: too deep, or too many complaints.
    gave_up: bool,
    /// Whether a closing bracket belongs to the opening one whose line is indented alike.
    by_indent: bool,
}

/// What stands where an item of a list or a group should end.
enum Separator {
    /// Go on with the next item.
    More,
    /// The bracket is closed.
    Closed,
    /// The bracket was never closed, or by a wrong one.
    Damaged,
}

impl Parser<'_> {
    fn document(&mut self) -> Node {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        if self.text.len() > LARGEST {
            let message = format!("the file has {} MB; a level has at most 1 MB", self.text.len() / 1_000_000);
            self.complain(0..0, message, "is this the file you meant?");
            return Node::new(0..0, Kind::Broken);
        }
        self.skip_space();
        while self.text[self.at..].starts_with("#!") {
            self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |length| self.at + length);
            self.skip_space();
        }
        if self.at == self.text.len() {
            self.complain(0..0, "the file is empty".into(), "a level begins with Level( and ends with )");
            return Node::new(0..0, Kind::Broken);
        }
        let root = self.value();
        self.skip_space();
        if self.at < self.text.len() && !self.gave_up {
            let message = "the level ends before this; what follows isn't read";
            let end = self.end_of_line(self.at);
            let help = "is there a bracket too many further up?";
            self.complain(self.at..end, message.into(), help);
        }
        root
    }

    fn value(&mut self) -> Node {
        self.skip_space();
        self.skip_stray();
        let start = self.at;
        let Some(c) = self.peek() else {
            return Node::new(start..start, Kind::Broken);
        };
        match c {
            '(' => self.group(None, start),
            '[' => self.list(start),
            '{' => self.map(start),
            '"' => {
                let quoted = text::quoted(self.text, start);
                self.finish_text(start, quoted)
            }
            '\'' => self.character(start),
            '0'..='9' | '+' | '-' | '.' => self.number(start),
            c if is_word_start(c) => self.word_or_group(start),
            _ => {
                let before = self.text[..start].trim_end().len();
                let help = "write a value, or take the name or the comma before it away";
                self.complain(
                    before..start.max(before + 1).min(self.text.len()),
                    "a value is missing here".into(),
                    help,
                );
                Node::new(start..start, Kind::Broken)
            }
        }
    }

    fn word_or_group(&mut self, start: usize) -> Node {
        if self.text[start..].starts_with('r')
            && let Some(quoted) = text::raw(self.text, start)
        {
            return self.finish_text(start, quoted);
        }
        if self.text[start..].starts_with("b\"") {
            self.complain(start..start + 1, "bytes aren't used in a level".into(), "write the text without the b");
            let quoted = text::quoted(self.text, start + 1);
            return self.finish_text(start, quoted);
        }
        let word = self.word();
        self.skip_space();
        if self.peek() == Some('(') {
            return self.group(Some(word), start);
        }
        Node::new(word.span, Kind::Word(word.text))
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        let length = self.text[start..].find(|c: char| !is_word_part(c)).unwrap_or(self.text.len() - start);
        self.at = start + length;
        Word { text: self.text[start..self.at].to_owned(), span: start..self.at }
    }

    fn group(&mut self, name: Option<Word>, start: usize) -> Node {
        let open = self.at;
        if !self.enter('(') {
            return Node::new(start..self.at, Kind::Broken);
        }
        let mut entries: Vec<Entry> = vec![];
        let mut is_damaged = false;
        loop {
            self.skip_space();
            self.skip_stray();
            if self.closes_another('(', open) {
                is_damaged = true;
                break;
            }
            if self.eat(')') {
                break;
            }
            let name = self.field_name();
            let expects_name = entries.last().is_some_and(|entry| entry.name.is_some());
            if name.is_none() && expects_name && self.starts_a_new_item() {
                self.unclosed('(', open);
                is_damaged = true;
                break;
            }
            let before = self.at;
            if name.is_some() || !self.at_closer() {
                let value = self.value();
                self.skip_space();
                if let Some(first) = entries.first()
                    && first.name.is_some() != name.is_some()
                    && !matches!(value.kind, Kind::Broken)
                    && self.peek().is_some()
                {
                    self.complain_about_mixture(&value, name.as_ref());
                }
                entries.push(Entry { name, value });
            }
            match self.separator('(', open, before) {
                Separator::More => {}
                Separator::Closed => break,
                Separator::Damaged => {
                    is_damaged = true;
                    break;
                }
            }
        }
        self.open.pop();
        Node { span: start..self.at, kind: Kind::Group { name, open, entries }, is_damaged }
    }

    fn complain_about_mixture(&mut self, value: &Node, name: Option<&Word>) {
        let span = name.map_or_else(|| value.head(), |name| name.span.clone());
        let message = "values with a name and values without one can't stand in the same brackets";
        self.complain(span, message.into(), "give each a name (`name: value`) or none");
    }

    fn list(&mut self, start: usize) -> Node {
        if !self.enter('[') {
            return Node::new(start..self.at, Kind::Broken);
        }
        let mut items = vec![];
        let mut is_damaged = false;
        loop {
            self.skip_space();
            self.skip_stray();
            if self.eat(']') {
                break;
            }
            if self.field_is_next() {
                self.unclosed('[', start);
                is_damaged = true;
                break;
            }
            let before = self.at;
            if !self.at_closer() {
                items.push(self.value());
            }
            match self.separator('[', start, before) {
                Separator::More => {}
                Separator::Closed => break,
                Separator::Damaged => {
                    is_damaged = true;
                    break;
                }
            }
        }
        self.open.pop();
        Node { span: start..self.at, kind: Kind::List(items), is_damaged }
    }

    fn map(&mut self, start: usize) -> Node {
        if !self.enter('{') {
            return Node::new(start..self.at, Kind::Broken);
        }
        let mut entries = vec![];
        let mut is_damaged = false;
        loop {
            self.skip_space();
            self.skip_stray();
            if self.eat('}') {
                break;
            }
            let before = self.at;
            if !self.at_closer() {
                let key = self.value();
                self.skip_space();
                if !self.eat(':') {
                    self.complain(key.span.clone(), "a `:` and a value are missing after this key".into(), "");
                }
                let value = self.value();
                entries.push((key, value));
            }
            match self.separator('{', start, before) {
                Separator::More => {}
                Separator::Closed => break,
                Separator::Damaged => {
                    is_damaged = true;
                    break;
                }
            }
        }
        self.open.pop();
        Node { span: start..self.at, kind: Kind::Map(entries), is_damaged }
    }

    /// Reads what stands between two items, or ends the bracket `open` at `opened`. `before` is where the item began.
    fn separator(&mut self, open: char, opened: usize, before: usize) -> Separator {
        let end_of_item = self.at;
        self.skip_space();
        if self.gave_up {
            return Separator::Damaged;
        }
        if self.eat(',') {
            return Separator::More;
        }
        let Some(c) = self.peek() else {
            self.unclosed(open, opened);
            return Separator::Damaged;
        };
        if self.closes_another(open, opened) {
            return Separator::Damaged;
        }
        if c == closer_of(open) {
            self.at += 1;
            return Separator::Closed;
        }
        if matches!(c, ')' | ']' | '}') {
            return self.wrong_closer(open, opened, c);
        }
        if matches!(c, ';' | ':' | '=') || self.at == before {
            let message = format!("`{}` has no meaning here", printable(c));
            let help = if c == ';' { "items are separated by commas" } else { "" };
            self.complain(self.at..self.at + c.len_utf8(), message, help);
            self.at += c.len_utf8();
            return Separator::More;
        }
        if self.text[..end_of_item].trim_end().ends_with(',') {
            return Separator::More;
        }
        let end = end_of_item.max(1);
        let last = self.text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
        self.complain(last..end, "a comma is missing after this".into(), "");
        Separator::More
    }

    /// Read by indentation: the closing bracket that is next belongs to one further out, so that this one was never
    /// closed, which is told.
    fn closes_another(&mut self, open: char, opened: usize) -> bool {
        if !self.by_indent || self.peek() != Some(closer_of(open)) {
            return false;
        }
        let Some(indent) = self.indent_if_first(self.at) else { return false };
        let outer = &self.open[..self.open.len() - 1];
        let belongs_outside = indent != self.indent(opened)
            && outer.iter().any(|(other, at)| *other == open && self.indent(*at) == indent);
        if belongs_outside {
            self.unclosed(open, opened);
        }
        belongs_outside
    }

    /// A closing bracket that isn't the one wanted: either a typing slip, or this bracket was never closed, or the
    /// closing one is too many.
    fn wrong_closer(&mut self, open: char, opened: usize, found: char) -> Separator {
        let mine = self.indent_if_first(self.at) == Some(self.indent(opened));
        let outer = self.open[..self.open.len() - 1].iter().rev().find(|(other, _)| closer_of(*other) == found);
        let belongs_to_outer = outer.is_some_and(|(_, at)| !mine || self.indent(*at) == self.indent(opened));
        if belongs_to_outer {
            self.unclosed(open, opened);
            return Separator::Damaged;
        }
        let line = self.line_of(opened);
        let closer = closer_of(open);
        let message = format!("`{found}` doesn't close the `{open}` of line {line}");
        self.complain(self.at..self.at + 1, message, &format!("write `{closer}` here, or take it away"));
        self.at += 1;
        if mine { Separator::Closed } else { Separator::More }
    }

    fn unclosed(&mut self, open: char, opened: usize) {
        // At the end of half a file every bracket is open: the innermost is told, the others follow from it.
        let at_end = self.peek().is_none();
        if at_end && self.complaints.iter().any(|complaint| complaint.is_at_end) {
            return;
        }
        let closer = closer_of(open);
        let (message, help) = if at_end {
            let others = self.open.len() - 1;
            let more = if others > 0 { format!(", and {others} more around it") } else { String::new() };
            (format!("the file ends before this `{open}` is closed{more}"), "is this the whole file?".to_owned())
        } else {
            let line = self.line_of(self.at);
            (format!("this `{open}` is never closed"), format!("a `{closer}` is missing before line {line} goes on"))
        };
        self.complain(opened..opened + 1, message, &help);
        if let Some(last) = self.complaints.last_mut() {
            last.is_at_end = at_end;
        }
    }

    fn enter(&mut self, open: char) -> bool {
        if self.open.len() >= DEEPEST {
            let message = format!("brackets are nested more than {DEEPEST} deep");
            self.complain(self.at..self.at + 1, message, "a level needs some ten");
            self.gave_up = true;
            self.at = self.text.len();
            return false;
        }
        self.open.push((open, self.at));
        self.at += 1;
        true
    }

    /// The name of a field and its colon, if they are next.
    fn field_name(&mut self) -> Option<Word> {
        let start = self.at;
        if !self.peek().is_some_and(is_word_start) {
            return None;
        }
        let word = self.word();
        self.skip_space();
        if self.eat(':') {
            return Some(word);
        }
        if self.peek() == Some('=') {
            self.complain(self.at..self.at + 1, "a field is written `name: value`".into(), "write `:` for `=`");
            self.at += 1;
            return Some(word);
        }
        self.at = start;
        None
    }

    fn field_is_next(&mut self) -> bool {
        let start = self.at;
        let complaint_count = self.complaints.len();
        let found = self.field_name().is_some();
        self.at = start;
        self.complaints.truncate(complaint_count);
        found
    }

    /// Whether a value begins here that can't belong to a group of named fields, as `(…)` or `Name(…)`.
    fn starts_a_new_item(&self) -> bool {
        let rest = &self.text[self.at..];
        let after_word = rest.trim_start_matches(is_word_part);
        rest.starts_with('(') || (after_word.len() < rest.len() && after_word.starts_with('('))
    }

    fn at_closer(&self) -> bool {
        self.peek().is_none_or(|c| matches!(c, ')' | ']' | '}' | ','))
    }

    fn finish_text(&mut self, start: usize, quoted: Quoted) -> Node {
        self.at = quoted.end;
        if !quoted.is_closed {
            let end = self.end_of_line(start).min(quoted.end);
            self.complain(start..end, "this text is never closed".into(), "a `\"` is missing at its end");
        }
        for (from, to, message) in quoted.faults {
            self.complain(from..to, message, "");
        }
        Node::new(start..quoted.end, Kind::Text(quoted.text))
    }

    fn character(&mut self, start: usize) -> Node {
        let rest = &self.text[start + 1..];
        let mut chars = rest.chars();
        if let (Some(c), Some('\'')) = (chars.next(), chars.next()) {
            self.at = start + 1 + c.len_utf8() + 1;
            return Node::new(start..self.at, Kind::Char(c));
        }
        self.complain(start..start + 1, "a text stands in double quotes".into(), "write \"…\" for '…'");
        let line_end = self.end_of_line(start);
        let length = self.text[start + 1..line_end].find('\'').map_or(0, |length| length + 1);
        self.at = start + 1 + length;
        Node::new(start..self.at, Kind::Broken)
    }

    fn number(&mut self, start: usize) -> Node {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        let length = self.text[start..].find(|c| !is_part(c)).unwrap_or(self.text.len() - start);
        self.at = start + length;
        let written: String = self.text[start..self.at].chars().filter(|c| *c != '_').collect();
        Node::new(start..self.at, Kind::Number(written))
    }

    fn skip_space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at = self.end_of_line(self.at);
            } else if rest.starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while self.at < bytes.len() {
            match &bytes[self.at..] {
                [b'/', b'*', ..] => (depth, self.at) = (depth + 1, self.at + 2),
                [b'*', b'/', ..] => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                return;
            }
        }
        self.complain(start..start + 2, "this comment is never closed".into(), "a `*/` is missing");
    }

    /// Steps over characters that begin nothing, with one complaint for a run of them.
    fn skip_stray(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(is_stray) {
            self.at += self.peek().map_or(1, char::len_utf8);
        }
        if self.at > start {
            let found: String = self.text[start..self.at].chars().take(10).map(printable).collect();
            self.complain(start..self.at, format!("`{found}` has no meaning here"), "take it away");
            self.skip_space();
            if self.peek().is_some_and(is_stray) && !self.gave_up {
                self.skip_stray_quietly();
            }
        }
    }

    /// Binary data: one complaint was enough.
    fn skip_stray_quietly(&mut self) {
        while self.peek().is_some_and(is_stray) {
            self.at += self.peek().map_or(1, char::len_utf8);
            self.skip_space();
        }
    }

    fn complain(&mut self, span: Span, message: String, help: &str) {
        if self.gave_up {
            return;
        }
        if self.complaints.len() >= MOST_COMPLAINTS {
            self.gave_up = true;
            self.at = self.text.len();
            return;
        }
        self.complaints.push(Complaint::new(span, message, help));
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn end_of_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length)
    }

    fn line_of(&self, at: usize) -> usize {
        self.text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// How far the line is indented in which `at` lies.
    fn indent(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }

    /// The indent of the line in which `at` lies, if nothing but space stands before it.
    fn indent_if_first(&self, at: usize) -> Option<usize> {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[start..at].trim().is_empty().then_some(at - start)
    }
}

const fn closer_of(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a character can begin nothing that we know.
fn is_stray(c: char) -> bool {
    !(is_word_part(c)
        || c.is_whitespace()
        || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | ',' | ':' | '+' | '-' | '.'))
}

/// The character itself, or a sign for one that a terminal would act on.
fn printable(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}
