//! From the tree to a value of any type that can be deserialized, telling everything that doesn't fit, not only the
//! first thing.
//!
//! A mistake is told and mended by a stand-in (a hole), and the whole tree is read once more, until it can be read to
//! the end. What stands in for what was wrong is listed, so that nobody complains about a stand-in.

mod error;
mod value;

pub use error::ReadError;

use super::tree::Span;
use super::{Document, MOST_COMPLAINTS};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// The bytes to underline.
    pub span: Span,
    /// The path of the value; empty where it has none.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
    /// Told because the text ends too early: said once for all brackets that are open there.
    pub(super) is_at_end: bool,
}

impl Complaint {
    pub(super) fn new(span: Span, message: String, help: &str) -> Self {
        Self { span, path: String::new(), message, help: help.to_owned(), is_at_end: false }
    }
}

/// A value read from a document, and what was wrong on the way.
#[derive(Clone, Debug)]
pub struct Reading<T> {
    /// The value; with stand-ins where something was wrong. `None` where nothing could be made of it.
    pub value: Option<T>,
    /// What was wrong.
    pub complaints: Vec<Complaint>,
    /// The paths at which something stands in for what was wrong.
    pub stand_ins: Vec<String>,
    /// Paths of items that were left out because nothing could stand in for them; positions after them have moved.
    pub lost: Vec<String>,
}

/// What is done differently because an earlier attempt failed.
#[derive(Default)]
struct Repairs {
    /// Paths whose value is replaced, and the number of the stand-in that is tried.
    holes: BTreeMap<String, usize>,
    /// Fields that were missing, by the path of their struct.
    added: BTreeMap<String, Vec<&'static str>>,
    /// Paths of list items that are left out.
    dropped: BTreeSet<String>,
}

/// What one attempt shares.
struct Attempt {
    repairs: Repairs,
    /// Unknown and repeated fields: skipped and told, without a further attempt.
    skipped: RefCell<Vec<Complaint>>,
}

/// Texts that stand in for a text of unknown meaning; one of them is a quantity of any kind.
const STAND_INS: [&str; 8] = ["", "0", "1s", "1/s", "1Mi", "1%", "1Mi/s", "00:01"];

impl Document {
    /// Reads the document as a `T`.
    #[must_use]
    pub fn read<'d, T: Deserialize<'d>>(&'d self) -> Reading<T> {
        let mut attempt = Attempt { repairs: Repairs::default(), skipped: RefCell::default() };
        let mut complaints: Vec<Complaint> = vec![];
        let mut value = None;
        for _ in 0..20 * MOST_COMPLAINTS {
            match value::read(self.root(), &attempt) {
                Ok(read) => {
                    value = Some(read);
                    break;
                }
                Err(error) => {
                    let is_known = error.in_hole || error.on_broken;
                    if !is_known {
                        complaints.push(error.complaint());
                    }
                    if complaints.len() > MOST_COMPLAINTS || !attempt.repairs.mend(&error) {
                        break;
                    }
                }
            }
        }
        for skipped in attempt.skipped.take() {
            if !complaints.contains(&skipped) {
                complaints.push(skipped);
            }
        }
        complaints.retain(|complaint| !self.is_damaged_at(&complaint.span));
        complaints.sort_by_key(|complaint| (complaint.span.start, complaint.span.end));
        let repairs = attempt.repairs;
        let stand_ins = repairs.holes.into_keys().collect();
        let lost = repairs.dropped.into_iter().collect();
        Reading { value, complaints, stand_ins, lost }
    }
}

impl Repairs {
    /// Prepares another attempt; `false` where nothing can be mended.
    fn mend(&mut self, error: &ReadError) -> bool {
        let Some(path) = &error.path else { return false };
        if let Some(field) = error.missing {
            let fields = self.added.entry(path.clone()).or_default();
            if !fields.contains(&field) {
                fields.push(field);
                self.holes.insert(join(path, field), 0);
                return true;
            }
        }
        if path.is_empty() {
            return false;
        }
        if !error.in_hole && !self.holes.contains_key(path) {
            self.holes.insert(path.clone(), 0);
            return true;
        }
        let tried = self.holes.entry(path.clone()).or_insert(0);
        *tried += 1;
        *tried < STAND_INS.len() || self.drop_item_around(path)
    }

    /// Leaves out the nearest item of a list around `path` that isn't left out yet.
    fn drop_item_around(&mut self, path: &str) -> bool {
        let mut ends = path.match_indices(']').map(|(at, _)| at + 1).rev();
        ends.any(|end| self.dropped.insert(path[..end].to_owned()))
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The candidate most like `wanted`, if one is near enough to be a slip of the keys.
#[must_use]
pub fn nearest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let scored = candidates.into_iter().map(|candidate| {
        let likeness = strsim::jaro_winkler(&wanted.to_lowercase(), &candidate.to_lowercase());
        (likeness, candidate)
    });
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (best.0 > 0.8).then_some(best.1)
}
