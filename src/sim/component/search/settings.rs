//! A search cluster as a level describes it. What is left out has the real cluster's default.

use crate::sim::quantity::{Share, Span, Time};
use crate::sim::random::Popularity;
use serde::Deserialize;

/// Machines that search, each with so many threads and a bounded queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// Its version.
    #[serde(default = "version")]
    pub version: String,
    /// How many nodes it has. Every node has a copy of every shard; a query is one shard's work on one node.
    #[serde(default = "three")]
    pub nodes: u32,
    /// How its nodes are called; `{n}` is their number from 1.
    #[serde(default = "names")]
    pub names: String,
    /// The search pool of each node.
    #[serde(default)]
    pub search: Pool,
    /// From which time on a query is written to the slow log (off by default). It counts the work, not the wait before.
    #[serde(default)]
    pub slow_log: Option<Span>,
    /// The families of indices that it holds, each with the documents of its source; without it, any index is there.
    #[serde(default)]
    pub families: Vec<Family>,
    /// The cluster whose families it holds, too: `like: "other"` instead of `families`.
    #[serde(default)]
    pub like: Option<String>,
    /// How many indices of each family it keeps; the oldest make room.
    #[serde(default = "three")]
    pub keeps: u32,
    /// What readers ask for: each family has an alias `FAMILY-ALIAS`.
    #[serde(default)]
    pub alias: Option<String>,
    /// When the index of each family was made that is there at the beginning.
    #[serde(default)]
    pub has: Option<Time>,
}

/// A family of indices: one after the other, each with all documents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name; an index is called `NAME-20171206T1400`.
    pub name: String,
    /// How many documents.
    #[serde(default = "thousand")]
    pub documents: u32,
    /// How much more often the first of them is found than the last.
    #[serde(default)]
    pub popularity: Popularity,
    /// The tags that some of them carry.
    #[serde(default)]
    pub tags: Vec<TagShare>,
    /// What a document that carries these tags says, as a search prints it: fields of its source.
    #[serde(default)]
    pub shows: Vec<Shown>,
    /// Whether nobody has made an index of it before: none is there at the beginning, whatever `has` says.
    #[serde(default)]
    pub is_new: bool,
}

/// What documents with certain tags say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// They carry all of these; of several that fit, the first counts.
    #[serde(default)]
    pub tags: Vec<String>,
    /// `"field":"value"`.
    pub text: String,
}

/// How many documents carry a tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagShare {
    /// The tag.
    pub tag: String,
    /// Of all documents.
    pub documents: Share,
    /// Of those that searches find.
    pub found: Share,
}

const fn thousand() -> u32 {
    1000
}

fn version() -> String {
    "5.4.3".into()
}

const fn three() -> u32 {
    3
}

fn names() -> String {
    "node-{n}".into()
}

/// A pool of threads with a bounded queue: on eight processors 8 × 3/2 + 1 threads, and a queue of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// How many queries a node works on at one time.
    #[serde(default = "threads")]
    pub threads: u32,
    /// How many may wait; one more is rejected.
    #[serde(default = "queue")]
    pub queue: u32,
}

const fn threads() -> u32 {
    13
}

const fn queue() -> u32 {
    1000
}

impl Default for Pool {
    fn default() -> Self {
        Self { threads: threads(), queue: queue() }
    }
}

impl Settings {
    /// Everything that is wrong with these settings, each with the path of the field and what to write instead.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = vec![];
        if self.nodes == 0 || self.nodes > 100 {
            problems.push(("nodes".into(), "a cluster has from 1 to 100 nodes".into()));
        }
        if self.search.threads == 0 || self.search.threads > 1000 {
            problems.push(("search.threads".into(), "a node has from 1 to 1000 search threads".into()));
        }
        if self.families.len() > 50 {
            problems.push(("families".into(), "a cluster holds at most 50 families".into()));
        }
        for (at, family) in self.families.iter().enumerate() {
            let place = |field: &str| format!("families[{at}].{field}");
            if family.documents == 0 || family.documents > 1_000_000 {
                problems.push((place("documents"), "a family has from 1 to 1000000 documents".into()));
            }
            let sum = |part: fn(&TagShare) -> u32| family.tags.iter().map(part).sum::<u32>();
            if sum(|share| share.documents.0) > 1_000_000 || sum(|share| share.found.0) > 1_000_000 {
                problems.push((place("tags"), "the shares are more than everything".into()));
            }
        }
        problems
    }
}
