//! Looking at a backend's health, at its own time: a small request or a connection, and what follows from its answer.

use super::{CHECK, LoadBalancer, State};
use crate::sim::agenda::Ticket;
use crate::sim::check::Probes;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, Status};
use crate::sim::id::Unit;
use crate::sim::quantity::Span;
use crate::sim::random::{hash_name, join};

/// A check's subscription field says that a connection is all it wants.
pub(in crate::sim) const CONNECTION_ONLY: u8 = 1;

impl LoadBalancer {
    /// Sets a backend's first check; backends are looked at one after the other, not all at once.
    pub(super) fn begin_checks(&mut self, number: usize, core: &mut Core) {
        let Some(check) = self.check else { return };
        let word = join(hash_name(&self.settings.name), number as u64);
        let spread = Span::from_micros((word % check.every.micros().max(1).unsigned_abs()) as i64);
        self.backends[number].check = core.set_timer(self.id, Timer::Probe, number as u32, core.now + spread);
    }

    /// It is time to look at a backend.
    pub(super) fn look(&mut self, number: usize, ticket: Ticket, core: &mut Core) {
        let (Some(check), true) = (self.check, self.backends[number].check == ticket) else { return };
        self.backends[number].check = core.set_timer(self.id, Timer::Probe, number as u32, core.now + check.every);
        if self.backends[number].state == State::Deregistered {
            return;
        }
        let unit = Unit::new(self.id, CHECK, self.checks).0;
        self.checks += 1;
        let asker =
            Frame { unit, kind: CHECK, component: self.id, instance: number as u32, started: core.now, ..Frame::EMPTY };
        let parent = core.begin(asker);
        let probe = Frame {
            unit,
            kind: CHECK,
            subscription: if check.probes == Probes::Connection { CONNECTION_ONLY } else { 0 },
            parent,
            parent_serial: core.frames[parent].serial,
            component: self.service,
            delivery: self.address(number),
            started: core.now,
            ..Frame::EMPTY
        };
        let probe = core.begin(probe);
        core.time_out_after(probe, check.timeout);
        core.deliver(self.id, self.service, probe);
    }

    /// A check has ended.
    pub(super) fn checked(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        let number = core.frames[frame].instance as usize;
        core.finish(frame, status);
        if status == Status::REFUSED {
            self.refused(number, 1, core);
        }
        let Some(check) = self.check else { return };
        let now = core.now;
        let backend = &mut self.backends[number];
        backend.last_check = Some(status);
        if status.is_ok() {
            backend.failures = 0;
            backend.passes += 1;
        } else {
            backend.passes = 0;
            backend.failures += 1;
        }
        let next = match backend.state {
            State::InService | State::Registering if backend.failures >= check.fall => State::OutOfService,
            State::OutOfService if backend.passes >= check.rise => State::InService,
            // One that is new in the list is in service after its first good answer.
            State::Registering if backend.passes >= 1 => State::InService,
            state => state,
        };
        if next != backend.state {
            backend.state = next;
            backend.since = now;
            core.mark(self.id, 20, number as u64, u64::from(next == State::InService));
        }
    }
}
