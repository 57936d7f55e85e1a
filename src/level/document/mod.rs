//! A RON text as a tree with places, read tolerantly, addressed by name and edited as text.
//!
//! Knows the notation and nothing of what a level is. Reading never fails: what can't be read is a complaint at its
//! place, and the rest is read on. Depth, size and the number of complaints are bounded.

mod edit;
mod parse;
mod path;
mod read;
mod text;
mod tree;

pub use edit::EditError;
pub use path::Place;
pub use read::{Complaint, ReadError, Reading, nearest};
pub use tree::{Entry, Kind, NAMING_FIELDS, Node, Span, Word};

/// The largest text that is read, in bytes. The longest level we know is a twentieth of it.
pub const LARGEST: usize = 1 << 20;
/// How deep brackets may be nested.
pub const DEEPEST: usize = 128;
/// How many complaints are kept; who has more mends these first.
pub const MOST_COMPLAINTS: usize = 50;

/// A RON text with its tree.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    root: Node,
    complaints: Vec<Complaint>,
}

impl Document {
    /// Reads `text`, whatever it is. Wrong notation ends up in [`Document::complaints`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (root, complaints) = parse::parse(text);
        Self { text: text.to_owned(), root, complaints }
    }

    /// The text itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The outermost value.
    #[must_use]
    pub const fn root(&self) -> &Node {
        &self.root
    }

    /// What is wrong with the notation, in the order of the text.
    #[must_use]
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Whether a bracket around this place is missing or wrong.
    #[must_use]
    pub fn is_damaged_at(&self, span: &Span) -> bool {
        fn within(node: &Node, span: &Span) -> bool {
            node.span.start <= span.start
                && span.end <= node.span.end
                && (node.is_damaged || node.children().into_iter().any(|child| within(child, span)))
        }
        within(&self.root, span)
    }
}

#[cfg(test)]
mod tests;
