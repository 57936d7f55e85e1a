//! The tree of a RON text: every value with the place where it stands.
//!
//! Knows nothing of what a level is. A node that could not be read is `Broken`, so that its neighbours still can be.

use std::ops::Range;

/// Bytes of the text, from the first up to but without the last.
pub type Span = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of the whole value, with its name and brackets.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// A bracket in it is missing or wrong: what is said about its inside can't be relied on.
    pub is_damaged: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `Name`, `true`, `None`: a word without brackets.
    Word(String),
    /// `Name(…)` or `(…)`: fields with names, or values without.
    Group { name: Option<Word>, open: usize, entries: Vec<Entry> },
    /// `[…]`.
    List(Vec<Node>),
    /// `{…}`: keys with values.
    Map(Vec<(Node, Node)>),
    /// A text in quotes, with its escapes undone.
    Text(String),
    /// `'c'`.
    Char(char),
    /// A number as it is written, without underscores.
    Number(String),
    /// Nothing readable stands here.
    Broken,
}

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Its bytes.
    pub span: Span,
}

/// One member of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The field's name; `None` for a value without one.
    pub name: Option<Word>,
    /// Its value.
    pub value: Node,
}

impl Entry {
    /// The bytes of the field with its name.
    #[must_use]
    pub fn span(&self) -> Span {
        self.name.as_ref().map_or(self.value.span.start, |name| name.span.start)..self.value.span.end
    }
}

/// The fields by which a thing in a list can be called, the most telling first.
pub const NAMING_FIELDS: [&str; 7] = ["name", "id", "who", "key", "kind", "queue", "says"];

impl Node {
    pub(super) const fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind, is_damaged: false }
    }

    /// The group's or word's own name: `Service` of `Service(…)`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Group { name, .. } => name.as_ref().map(|word| word.text.as_str()),
            _ => None,
        }
    }

    /// Where a reader should look for this thing: its name if it has one, else its first bracket, else all of it.
    #[must_use]
    pub fn head(&self) -> Span {
        match &self.kind {
            Kind::Group { name: Some(name), .. } => name.span.clone(),
            Kind::Group { open, .. } => *open..open + 1,
            Kind::List(_) | Kind::Map(_) => self.span.start..(self.span.start + 1).min(self.span.end),
            _ => self.span.clone(),
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of the field called `name`. Looks through `Some(…)` and through a variant around one struct.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Kind::Group { entries, .. } = &self.kind else { return None };
        let found = entries.iter().find(|entry| entry.name.as_ref().is_some_and(|word| word.text == name));
        match (found, entries.as_slice()) {
            (Some(entry), _) => Some(&entry.value),
            (None, [Entry { name: None, value }]) => value.field(name),
            _ => None,
        }
    }

    /// The values in it that have no names of their own: items of a list, positional values of a group.
    #[must_use]
    pub fn items(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Group { entries, .. } => match entries.as_slice() {
                [Entry { name: None, value: value @ Self { kind: Kind::List(_), .. } }] => value.items(),
                _ => entries.iter().filter(|entry| entry.name.is_none()).map(|entry| &entry.value).collect(),
            },
            _ => Vec::new(),
        }
    }

    /// Every value directly inside this one.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Group { entries, .. } => entries.iter().map(|entry| &entry.value).collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            _ => Vec::new(),
        }
    }

    /// What this thing is called by its own fields: `name: "rabbit"`.
    #[must_use]
    pub fn called(&self) -> Option<&str> {
        NAMING_FIELDS.iter().find_map(|field| self.field(field).and_then(Self::text))
    }

    /// Whether any of its naming fields says `name`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        NAMING_FIELDS.iter().any(|field| self.field(field).and_then(Self::text) == Some(name))
    }
}
