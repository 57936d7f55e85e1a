//! Changing a text at a path: replacing, taking out, adding a field that has its default, renaming. The rest of the
//! text, with its comments, stays as it is.

use super::Document;
use super::tree::{Entry, Kind, Node};

/// Why a change can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing in the text is called this.
    #[error("nothing here is called `{0}`")]
    NotFound(String),
    /// The place exists but can't have fields.
    #[error("`{0}` has no fields, so that `{1}` can't be set in it")]
    NoFields(String, String),
    /// The whole level can't be taken out.
    #[error("only a part of a level can be taken out")]
    Everything,
}

impl Document {
    /// The text with the value at `path` replaced by `value`. A field that isn't written, because it has its default,
    /// is added to what would hold it.
    ///
    /// # Errors
    /// Where `path` leads to nothing that exists or could be added.
    pub fn replace(&self, path: &str, value: &str) -> Result<String, EditError> {
        if let Some(node) = self.value_at(path) {
            return Ok(format!("{}{value}{}", &self.text()[..node.span.start], &self.text()[node.span.end..]));
        }
        let mut value = value.to_owned();
        let mut holder = path;
        loop {
            let Some((before, name)) = split_last(holder) else { return Err(EditError::NotFound(path.to_owned())) };
            if !is_field_name(name) {
                return Err(EditError::NotFound(path.to_owned()));
            }
            let node = if before.is_empty() { Some(self.root()) } else { self.value_at(before) };
            if let Some(node) = node {
                return self
                    .add_field(node, name, &value)
                    .ok_or_else(|| EditError::NoFields(before.to_owned(), name.to_owned()));
            }
            value = format!("({name}: {value})");
            holder = before;
        }
    }

    /// The text without what stands at `path`: a thing in a list, or a field, which then has its default.
    ///
    /// # Errors
    /// Where nothing is called so, or it is the whole level.
    pub fn remove(&self, path: &str) -> Result<String, EditError> {
        let chain = self.chain(path).ok_or_else(|| EditError::NotFound(path.to_owned()))?;
        let [.., parent, node] = chain.as_slice() else { return Err(EditError::Everything) };
        let span = match &parent.kind {
            Kind::Group { entries, .. } => {
                let entry = entries.iter().find(|entry| entry.value.span == node.span);
                entry.map_or_else(|| node.span.clone(), Entry::span)
            }
            _ => node.span.clone(),
        };
        let comma = end_of_space(self.text(), span.end);
        let end = if self.text()[comma..].starts_with(',') { comma + 1 } else { span.end };
        Ok(format!("{}{}", &self.text()[..span.start], &self.text()[end..]))
    }

    /// The text with each name replaced wherever it occurs in quotes as a whole word: names of things, references,
    /// conditions, console lines, prose.
    #[must_use]
    pub fn rename(&self, names: &[(&str, &str)]) -> String {
        let mut sorted: Vec<_> = names.iter().filter(|(from, _)| !from.is_empty()).collect();
        sorted.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let mut quoted = vec![];
        collect_texts(self.root(), &mut quoted);
        let mut out = String::with_capacity(self.text().len());
        let mut at = 0;
        for node in quoted {
            out.push_str(&self.text()[at..node.span.start]);
            let mut rest = &self.text()[node.span.clone()];
            let mut before = None;
            while let Some(c) = rest.chars().next() {
                let is_start = !before.is_some_and(is_name_part);
                let hit = sorted.iter().find(|(from, _)| {
                    is_start && rest.strip_prefix(from).is_some_and(|after| !after.starts_with(is_name_part))
                });
                let length = hit.map_or(c.len_utf8(), |(from, _)| from.len());
                out.push_str(hit.map_or(&rest[..length], |(_, to)| to));
                before = rest[..length].chars().last();
                rest = &rest[length..];
            }
            at = node.span.end;
        }
        out.push_str(&self.text()[at..]);
        out
    }

    fn add_field(&self, node: &Node, name: &str, value: &str) -> Option<String> {
        match &node.kind {
            Kind::Word(_) => {
                let end = node.span.end;
                Some(format!("{}({name}: {value}){}", &self.text()[..end], &self.text()[end..]))
            }
            Kind::Group { open, entries, .. } => match entries.as_slice() {
                [] => Some(self.insert(open + 1, &format!("{name}: {value}"))),
                [Entry { name: None, value: inner }] => self.add_field(inner, name, value),
                [.., last] if last.name.is_some() => Some(self.insert(last.span().end, &format!(", {name}: {value}"))),
                _ => None,
            },
            _ => None,
        }
    }

    fn insert(&self, at: usize, what: &str) -> String {
        format!("{}{what}{}", &self.text()[..at], &self.text()[at..])
    }
}

fn split_last(path: &str) -> Option<(&str, &str)> {
    if path.is_empty() {
        return None;
    }
    Some(path.rfind(['.', '/']).map_or(("", path), |at| (&path[..at], &path[at + 1..])))
}

fn is_field_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

fn collect_texts<'d>(node: &'d Node, into: &mut Vec<&'d Node>) {
    if node.text().is_some() {
        into.push(node);
    }
    for child in node.children() {
        collect_texts(child, into);
    }
}

/// The first byte from `at` on that is neither space nor comment.
fn end_of_space(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let (true, Some(length)) = (rest.starts_with("/*"), rest.find("*/")) {
            at += length + 2;
        } else {
            return at;
        }
    }
}
