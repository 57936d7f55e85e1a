//! Bulkheads: how many handlers of a process may do the steps of a `Limit` at one time, and the line of all others.
//!
//! How many is a setting that a process reads when it starts. It knows nothing of what those steps do.

use super::Service;
use super::instance::Line;
use super::worker::{pop, push};
use crate::sim::core::Core;
use crate::sim::frame::{FrameId, NONE, Status};
use std::collections::{BTreeSet, VecDeque};

/// One limit of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Bulkhead {
    most: usize,
    inside: BTreeSet<FrameId>,
    line: Line,
}

impl Bulkhead {
    /// Lets in as many as there is room for, in the order in which they came.
    fn let_in(&mut self, into: &mut VecDeque<FrameId>, core: &mut Core) {
        while self.inside.len() < self.most && self.line.first != NONE {
            let next = pop(&mut self.line, core);
            self.inside.insert(next);
            into.push_back(next);
        }
    }
}

impl Service {
    /// A process reads its settings: a number is a limit, any other word none. Where it was at work already, those who
    /// now have room go on.
    pub(super) fn read_limits(&mut self, number: usize, core: &mut Core) {
        let instance = &mut self.instances[number];
        instance.limits.resize(self.config.len(), None);
        for (known, limit) in self.config.iter().zip(&mut instance.limits) {
            let most: Option<usize> = known.on(&instance.name).trim().parse().ok();
            match (limit, most) {
                (Some(limit), most) => {
                    limit.most = most.unwrap_or(usize::MAX);
                    limit.let_in(&mut self.let_in, core);
                }
                (none, Some(most)) => *none = Some(Bulkhead { most, inside: BTreeSet::new(), line: Line::EMPTY }),
                (_, None) => {}
            }
        }
        self.go_in(core);
    }

    /// A handler comes to a limit. Returns whether it goes on; else it stands in line.
    pub(super) fn enter(&mut self, id: FrameId, key: u16, core: &mut Core) -> bool {
        let number = core.frames[id].instance as usize;
        let limit = self.instances[number].limits.get_mut(usize::from(key));
        let Some(limit) = limit.and_then(Option::as_mut) else { return true };
        if limit.inside.len() < limit.most {
            limit.inside.insert(id);
            return true;
        }
        push(&mut limit.line, id, core);
        false
    }

    /// A handler has done what is limited; the next goes on as soon as this one has come to rest.
    pub(super) fn leave(&mut self, id: FrameId, key: u16, core: &mut Core) {
        let number = core.frames[id].instance as usize;
        let limit = self.instances[number].limits.get_mut(usize::from(key));
        let Some(limit) = limit.and_then(Option::as_mut) else { return };
        if limit.inside.remove(&id) {
            limit.let_in(&mut self.let_in, core);
        }
    }

    /// A handler has ended, wherever it was.
    pub(super) fn leave_all(&mut self, id: FrameId, core: &mut Core) {
        let number = core.frames[id].instance as usize;
        for key in 0..self.instances[number].limits.len() {
            self.leave(id, key as u16, core);
        }
    }

    /// Those who have been let in go on. One after the other: a line of thousands is no depth of calls.
    #[cold]
    pub(super) fn go_in(&mut self, core: &mut Core) {
        while let Some(next) = self.let_in.pop_front() {
            if self.settings.drops_abandoned && core.is_abandoned(next) {
                self.end(next, Status::CALLER_GONE, core);
            } else {
                self.run_one(next, core);
            }
        }
    }
}
