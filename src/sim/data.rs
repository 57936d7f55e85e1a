//! Steps that move data between stores, as a program asks for them: a new index, a copy of one, aliases.
//!
//! Whoever runs such a step knows nothing of what a store holds: it sends a request and waits.

use super::core::Core;
use super::frame::{Frame, FrameId};
use super::handler::Names;
use super::id::ComponentId;
use super::quantity::Duration;
use serde::Deserialize;

/// Tags that documents are given while they are written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adds {
    /// The tag that is added.
    pub tag: String,
    /// To the documents that carry this one; to all without it.
    #[serde(default)]
    pub to: Option<String>,
}

/// What is to be done with a store's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Task {
    /// Writes all documents of a family into a new index; these tags (the first) are added to those that carry the
    /// second, a bit each.
    Make { family: String, takes: Duration, adds: Vec<(u64, u64)> },
    /// Copies the newest index of a family from another store, where it isn't there.
    Copy { family: String, from: ComponentId, takes: Duration },
    /// Makes every family's alias name its newest index, all at one moment.
    Point,
}

/// A step that moves data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct DataSite {
    pub on: ComponentId,
    pub task: Task,
}

/// The path of requests that move data, which tells them from searches.
pub(in crate::sim) const DATA: u8 = 1;

/// The bits of the tags that are added.
pub(in crate::sim) fn bits(adds: &[Adds], names: &mut dyn Names) -> Result<Vec<(u64, u64)>, String> {
    let bit = |name: &str, names: &mut dyn Names| {
        names.tag(name).map(|number| 1_u64 << number).ok_or_else(|| format!("`{name}` is one tag too many"))
    };
    let one = |adds: &Adds, names: &mut dyn Names| {
        let to = adds.to.as_deref().map_or(Ok(0), |to| bit(to, names))?;
        Ok((bit(&adds.tag, names)?, to))
    };
    adds.iter().map(|adds| one(adds, names)).collect()
}

impl super::handler::Program {
    /// The tags that it gives to documents.
    pub fn adds(&self) -> u64 {
        let of = |site: &DataSite| match &site.task {
            Task::Make { adds, .. } => adds.iter().fold(0, |all, (tag, _)| all | tag),
            Task::Copy { .. } | Task::Point => 0,
        };
        self.data.iter().fold(0, |all, site| all | of(site))
    }
}

impl Core {
    /// Asks a store for the step that stands before the frame's program counter. The request carries the place of its
    /// site.
    pub fn move_data(&mut self, id: FrameId, index: u16) {
        let frame = &self.frames[id];
        let asked = Frame {
            unit: frame.unit,
            parent: id,
            parent_serial: frame.serial,
            attempt: frame.attempt,
            program: frame.program,
            pc: index,
            path: DATA,
            started: self.now,
            ..Frame::EMPTY
        };
        let (from, program) = (frame.component, frame.program);
        let on = self.program(program).data[usize::from(index)].on;
        let child = self.frames.add(Frame { component: on, ..asked });
        self.deliver(from, on, child);
    }

    /// What a request that has arrived at its store is to do.
    pub fn task_of(&self, id: FrameId) -> &Task {
        let frame = &self.frames[id];
        &self.program(frame.program).data[usize::from(frame.pc)].task
    }
}
