//! Finding a value by a path that a person would write: `rabbit/chat.in.kind`, `web.versions.v2.steps[1]`, `the line`.
//!
//! A path is made of field names, of names that things in lists have (`name`, `id`, `who`, …) and of positions in
//! brackets, joined by dots or slashes. Names may hold dots and hyphens themselves: the longest one that exists and
//! leads on is meant. Lists need not be named: `web.v2` finds the version `v2` in the service `web`.

use super::Document;
use super::tree::{Entry, Kind, NAMING_FIELDS, Node, Span};
use std::collections::VecDeque;

/// The way to a value: every value around it from the outermost, and the value itself last.
pub(super) type Chain<'d> = Vec<&'d Node>;

impl Document {
    /// The value at `path`.
    #[must_use]
    pub fn value_at(&self, path: &str) -> Option<&Node> {
        self.chain(path)?.pop()
    }

    /// The bytes of the value at `path`.
    #[must_use]
    pub fn span(&self, path: &str) -> Option<Span> {
        self.value_at(path).map(|node| node.span.clone())
    }

    /// A cursor at the outermost value, for walking by field and position.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        Place { node: Some(&self.root), span: self.root.head(), path: String::new() }
    }

    pub(super) fn chain(&self, path: &str) -> Option<Chain<'_>> {
        let mut chain = vec![&self.root];
        search(path, &mut chain).then_some(chain)
    }
}

/// Extends `chain` to the value that `rest` leads to from its last value.
fn search(rest: &str, chain: &mut Chain<'_>) -> bool {
    let Some(&here) = chain.last() else { return false };
    if rest.is_empty() {
        return true;
    }
    if let Some((number, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        let item = number.parse().ok().and_then(|at: usize| here.items().get(at).copied());
        return item.is_some_and(|item| try_step(&[item], after, chain));
    }
    let rest = if chain.len() > 1 { rest.trim_start_matches(['.', '/']) } else { rest };
    let mut steps = steps_from(here, rest);
    // The longest name first; among equals a field before a thing in a list, and the nearer before the farther.
    steps.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    steps.iter().any(|(length, way)| try_step(way, &rest[*length..], chain))
}

fn try_step<'d>(way: &[&'d Node], rest: &str, chain: &mut Chain<'d>) -> bool {
    let before = chain.len();
    chain.extend(way);
    let found = search(rest, chain);
    if !found {
        chain.truncate(before);
    }
    found
}

/// Every step that the beginning of `rest` could mean: how long its name is, and the values passed on the way.
fn steps_from<'d>(here: &'d Node, rest: &str) -> Vec<(usize, Vec<&'d Node>)> {
    let mut steps = vec![];
    let mut holder = here;
    let mut way = vec![];
    while let Kind::Group { entries, .. } = &holder.kind {
        for entry in entries {
            let name = entry.name.as_ref().filter(|name| begins_with_name(rest, &name.text));
            if let Some(name) = name {
                steps.push((name.text.len(), [way.as_slice(), &[&entry.value]].concat()));
            }
        }
        // What a variant or `Some(…)` wraps has its fields for it.
        let [Entry { name: None, value }] = entries.as_slice() else { break };
        way.push(value);
        holder = value;
    }
    let mut next: VecDeque<Vec<&'d Node>> = VecDeque::from([vec![]]);
    while let Some(way) = next.pop_front() {
        for child in way.last().copied().unwrap_or(here).children() {
            let to = [way.as_slice(), &[child]].concat();
            let names: Vec<&str> =
                NAMING_FIELDS.iter().filter_map(|field| child.field(field).and_then(Node::text)).collect();
            let meant = names.iter().filter(|name| begins_with_name(rest, name));
            steps.extend(meant.map(|name| (name.len(), to.clone())));
            if names.is_empty() && !child.children().is_empty() {
                next.push_back(to);
            }
        }
    }
    steps
}

fn begins_with_name(rest: &str, name: &str) -> bool {
    !name.is_empty()
        && rest.strip_prefix(name).is_some_and(|after| after.is_empty() || after.starts_with(['.', '/', '[']))
}

/// A cursor for those who know the way by field and position. Where a field isn't written it stays at what would hold
/// it, so that a complaint about a default points at the right thing.
#[derive(Clone, Debug)]
pub struct Place<'d> {
    node: Option<&'d Node>,
    span: Span,
    path: String,
}

impl<'d> Place<'d> {
    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        self.step(self.node.and_then(|node| node.field(name)), path)
    }

    /// The item at position `at`.
    #[must_use]
    pub fn item(&self, at: usize) -> Self {
        let path = format!("{}[{at}]", self.path);
        self.step(self.node.and_then(|node| node.items().get(at).copied()), path)
    }

    /// Along a path of fields and positions from here: `queues[0].name`.
    #[must_use]
    pub fn along(&self, path: &str) -> Self {
        let mut here = self.clone();
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let (name, positions) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !name.is_empty() {
                here = here.field(name);
            }
            for position in positions.split('[').filter_map(|text| text.strip_suffix(']')) {
                here = position.parse().map_or_else(|_| here.clone(), |at| here.item(at));
            }
        }
        here
    }

    fn step(&self, node: Option<&'d Node>, path: String) -> Self {
        let span = node.map_or_else(|| self.span.clone(), Node::head);
        Self { node, span, path }
    }

    /// Whether something is written here.
    #[must_use]
    pub const fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// What is written here.
    #[must_use]
    pub const fn node(&self) -> Option<&'d Node> {
        self.node
    }

    /// The bytes to point at.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// The bytes of `part` of the text that stands here, where it can be found in it unescaped; else all of it.
    #[must_use]
    pub fn span_within(&self, source: &str, part: Span) -> Span {
        let Some(text) = self.node.and_then(Node::text) else { return self.span() };
        let raw = &source[self.span.clone()];
        let at = raw.find('"').map(|quote| self.span.start + quote + 1);
        match (at, text.get(part.clone())) {
            (Some(at), Some(wanted)) if source.get(at + part.start..at + part.end) == Some(wanted) => {
                at + part.start..at + part.end
            }
            _ => self.span(),
        }
    }

    /// The path: `system[2].versions[0].steps[1]`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}
