//! What a menu offers: a line that looks, or one that changes something.

use crate::incident::view::Choice;

/// A look.
pub(super) fn look(label: impl Into<String>, line: impl Into<String>) -> Choice {
    Choice { label: label.into(), line: line.into(), changes: false, warning: String::new() }
}

/// A change, with what it will do.
pub(super) fn change(label: impl Into<String>, line: impl Into<String>, warning: impl Into<String>) -> Choice {
    Choice { label: label.into(), line: line.into(), changes: true, warning: warning.into() }
}
