//! What an instance does with its workers: requests that wait in line, messages in hand, handlers that run.

use super::Service;
use super::code::Loaded;
use super::instance::{Held, Line};
use super::settings::{AckMode, Holds};
use crate::sim::component::load_balancer::{CHECK, CONNECTION_ONLY};
use crate::sim::core::Core;
use crate::sim::frame::{Frame, FrameId, HEALTH, NONE, Status};
use crate::sim::handler::Flow;
use crate::sim::kernel::Connection;
use crate::sim::log::Severity;
use crate::sim::message::{Consumer, Message, Parcel, Settle};
use crate::sim::quantity::Bytes;

/// A delivery that needs no settling (any more).
pub(super) const SETTLED: u32 = u32::MAX;

impl Service {
    /// A request has come in: an instance takes it, or nobody is there.
    #[inline]
    pub(super) fn admit(&mut self, id: FrameId, core: &mut Core) {
        let Some(number) = self.taker(id, core) else {
            self.count(id, core);
            self.refuse(id, Status::REFUSED, core);
            return;
        };
        core.frames[id].instance = number;
        match core.connect(id) {
            Connection::Made => self.accept(id, core),
            Connection::Waits => {}
            Connection::Failed => core.finish(id, Status::UNREACHED),
        }
    }

    /// The first packet of a request's connection is sent again. Until it comes through, nobody here knows of it.
    fn admit_again(&mut self, id: FrameId, core: &mut Core) {
        match core.connect_again(id) {
            Connection::Made => self.accept(id, core),
            Connection::Waits => {}
            Connection::Failed => core.finish(id, Status::UNREACHED),
        }
    }

    /// Whether somebody only looks whether an instance is well.
    fn is_look(frame: &Frame) -> bool {
        frame.kind == CHECK || frame.path == HEALTH
    }

    #[inline]
    fn count(&self, id: FrameId, core: &mut Core) {
        let frame = &core.frames[id];
        if !Self::is_look(frame) {
            let weight = i64::from(frame.weight);
            core.telemetry.add(self.metrics.requests, weight);
        }
    }

    /// A request has its connection: a worker takes it, or it stands in line.
    #[inline]
    fn accept(&mut self, id: FrameId, core: &mut Core) {
        self.count(id, core);
        let frame = &core.frames[id];
        let (is_check, number) = (frame.kind == CHECK, frame.instance);
        if !self.instances[number as usize].is_ready() {
            self.refuse(id, Status::REFUSED, core);
            return;
        }
        let is_probe = core.frames[id].path == HEALTH;
        if is_check && core.frames[id].subscription == CONNECTION_ONLY {
            core.finish(id, Status::OK);
            return;
        }
        let Loaded::Version(version) = self.instances[number as usize].loaded else {
            self.answer_without_application(number as usize, core);
            self.refuse(id, Status(500), core);
            return;
        };
        if is_probe {
            core.finish(id, Status::OK);
            return;
        }
        let frame = &mut core.frames[id];
        frame.program = if is_check { self.health } else { self.programs[usize::from(version)] };
        frame.pc = 0;
        frame.started = core.now;
        self.begin(id, number as usize, core);
    }

    /// A handler begins where a worker is free for it, else it stands in line.
    pub(super) fn begin(&mut self, id: FrameId, number: usize, core: &mut Core) {
        let instance = &mut self.instances[number];
        let holds_worker = self.settings.holds == Holds::Handler;
        if !holds_worker || instance.busy < self.settings.workers {
            instance.busy += u16::from(holds_worker);
            self.run(id, core);
            return;
        }
        if self.settings.queue.is_some_and(|most| instance.line.length >= most) {
            self.refuse(id, Status::OVERLOADED, core);
            return;
        }
        push(&mut instance.line, id, core);
    }

    /// The instance that takes a request: the one it is addressed to, if that listens, else any that does.
    #[inline]
    fn taker(&self, id: FrameId, core: &mut Core) -> Option<u32> {
        let addressed = std::mem::replace(&mut core.frames[id].delivery, SETTLED);
        let meant = if addressed == SETTLED { core.frames[id].instance } else { addressed };
        if meant != NONE {
            let listens = self.instances.get(meant as usize).is_some_and(super::Instance::is_ready);
            return listens.then_some(meant);
        }
        match self.ready.len() {
            0 => None,
            1 => Some(self.ready[0]),
            many => Some(self.ready[core.draw_route(self.id, id, many as u32) as usize]),
        }
    }

    fn refuse(&self, id: FrameId, status: Status, core: &mut Core) {
        if core.frames[id].kind != CHECK && core.frames[id].path != HEALTH {
            core.telemetry.add(self.metrics.failed, i64::from(core.frames[id].weight));
        }
        core.finish(id, status);
    }

    /// A message has come in; it waits in the instance's hand for a worker.
    pub(super) fn receive(&mut self, consumer: Consumer, tag: u32, message: Message, core: &mut Core) {
        let number = consumer.instance as usize;
        let Some(instance) = self.instances.get_mut(number) else { return };
        // Sent before its process died: the broker has it back already.
        if instance.epoch != consumer.epoch || !instance.is_ready() {
            return;
        }
        instance.held.push_back(Held { subscription: consumer.subscription, tag, message });
        self.serve(number, core);
    }

    /// Gives free workers what waits.
    pub(super) fn serve(&mut self, number: usize, core: &mut Core) {
        if !self.let_in.is_empty() {
            self.go_in(core);
        }
        loop {
            let instance = &mut self.instances[number];
            if instance.busy >= self.settings.workers || !instance.has_process() {
                return;
            }
            if instance.line.first != NONE {
                let id = pop(&mut instance.line, core);
                if self.settings.drops_abandoned && core.is_abandoned(id) {
                    core.finish(id, Status::CALLER_GONE);
                    continue;
                }
                instance.busy += u16::from(self.settings.holds == Holds::Handler);
                self.run(id, core);
            } else if let Some(held) = instance.held.pop_front() {
                let version = instance.version;
                instance.busy += u16::from(self.settings.holds == Holds::Handler);
                let id = self.take_up(number as u32, version, held, core);
                self.run(id, core);
            } else {
                return;
            }
        }
    }

    /// A handler begins with a message.
    fn take_up(&self, instance: u32, version: u16, held: Held, core: &mut Core) -> FrameId {
        let automatic = self.settings.consumes[usize::from(held.subscription)].ack == AckMode::Automatic;
        core.begin(Frame {
            unit: held.message.unit.0,
            tags: held.message.tags,
            component: self.id,
            instance,
            program: self.programs[usize::from(version)],
            delivery: if automatic { SETTLED } else { held.tag },
            subscription: held.subscription,
            attempt: held.message.deliveries as u16,
            started: core.now,
            ..Frame::EMPTY
        })
    }

    /// Runs a handler until it waits or ends, and those that it lets in.
    #[inline]
    pub(super) fn run(&mut self, id: FrameId, core: &mut Core) {
        self.run_one(id, core);
        if !self.let_in.is_empty() {
            self.go_in(core);
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one of its two callers runs every handler, and is measured")]
    pub(super) fn run_one(&mut self, id: FrameId, core: &mut Core) {
        loop {
            match core.step(id) {
                Flow::Waits => return,
                Flow::Works(span) => {
                    let mut span = span;
                    if self.settings.holds == Holds::OwnWork {
                        let number = core.frames[id].instance as usize;
                        let instance = &mut self.instances[number];
                        if instance.busy >= self.settings.workers {
                            // Its turn comes; the step is done again then.
                            core.frames[id].pc -= 1;
                            push(&mut instance.line, id, core);
                            return;
                        }
                        instance.busy += 1;
                    }
                    if self.settings.runtime.is_some() {
                        let frame = &core.frames[id];
                        span = span + self.collection(frame.instance as usize, frame.weight);
                    }
                    core.wake_after(id, span);
                    return;
                }
                Flow::Allocates(wanted) => {
                    let number = core.frames[id].instance as usize;
                    self.allocate(number, id, wanted, core);
                    return;
                }
                Flow::Leaks(amount) => {
                    let (number, serial) = (core.frames[id].instance as usize, core.frames[id].serial);
                    self.leak(number, amount, core);
                    if !Self::goes_on(id, serial, core) {
                        return;
                    }
                }
                Flow::Strands(site) => {
                    let serial = core.frames[id].serial;
                    self.strand(id, site, core);
                    if !Self::goes_on(id, serial, core) {
                        return;
                    }
                }
                Flow::Responds => self.respond(id, core),
                Flow::Spawns(body) => {
                    let serial = core.frames[id].serial;
                    self.spawn(id, body, core);
                    if !Self::goes_on(id, serial, core) {
                        return;
                    }
                }
                // A service whose steps ask is refused when the system is built.
                Flow::Asks(_) => {}
                Flow::Enters(key) => {
                    if !self.enter(id, key, core) {
                        return;
                    }
                }
                Flow::Leaves(key) => self.leave(id, key, core),
                Flow::Writes(severity, template) => self.write_line(id, severity, template, core),
                Flow::Saves(site) => {
                    if self.save(id, site, core) {
                        return;
                    }
                }
                Flow::Acks => self.settle(id, Settle::Ack, core),
                Flow::Nacks { requeue } => {
                    self.settle(id, if requeue { Settle::Requeue } else { Settle::Reject }, core);
                }
                Flow::Panics(template) => {
                    let frame = &core.frames[id];
                    let (number, unit) = (frame.instance, frame.unit);
                    let severity = if self.settings.stderr.is_some() { Severity::Fatal } else { Severity::Error };
                    core.log(self.id, number, unit, severity, template);
                    self.crash(number as usize, core);
                    return;
                }
                Flow::Ends(status) => {
                    self.end(id, status, core);
                    return;
                }
            }
        }
    }

    /// The caller gets its answer; the handler goes on without it.
    fn respond(&mut self, id: FrameId, core: &mut Core) {
        let frame = &core.frames[id];
        if frame.parent == NONE || frame.answered {
            return;
        }
        let (took, weight, is_check) = (core.now.since(frame.started), frame.weight, frame.kind == CHECK);
        if !is_check {
            core.telemetry.record(self.metrics.latency, core.now, took, weight);
        }
        core.answer(id, Status::OK);
    }

    /// A handler begins something that nobody waits for, in the same process.
    fn spawn(&mut self, id: FrameId, body: u16, core: &mut Core) {
        let frame = &core.frames[id];
        let spawned = Frame {
            unit: frame.unit,
            tags: frame.tags,
            component: self.id,
            instance: frame.instance,
            program: frame.program,
            pc: body,
            attempt: frame.attempt,
            kind: frame.kind,
            weight: frame.weight,
            // So that its draws aren't its maker's.
            draws: frame.draws.wrapping_add(101),
            started: core.now,
            caller_gone: true,
            answered: true,
            spawned: true,
            ..Frame::EMPTY
        };
        let spawned = core.begin(spawned);
        self.run(spawned, core);
    }

    /// Whether a frame is still at work: its process may have died of what it did, and its answer be on its way.
    fn goes_on(id: FrameId, serial: u32, core: &Core) -> bool {
        core.frames.is(id, serial) && core.frames[id].instance != NONE
    }

    /// A worker's own work is over.
    #[inline]
    pub(super) fn worked(&mut self, id: FrameId, core: &mut Core) {
        if core.is_connecting(id) {
            self.admit_again(id, core);
            return;
        }
        let frame = &core.frames[id];
        let number = frame.instance as usize;
        if frame.retries_call {
            core.retry(id);
            return;
        }
        core.mark(self.id, 2, core.frames[id].unit, 0);
        self.instances[number].busy -= u16::from(self.settings.holds == Holds::OwnWork);
        if self.settings.drops_abandoned && !core.frames[id].answered && core.is_abandoned(id) {
            self.end(id, Status::CALLER_GONE, core);
        } else {
            self.run(id, core);
        }
        self.serve(number, core);
    }

    /// A handler has come to its end.
    #[inline]
    pub(super) fn end(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let status = self.answer_of_proxy(id, status, core);
        let frame = &core.frames[id];
        let (number, holds_kib, is_message) =
            (frame.instance as usize, frame.holds_kib, frame.parent == NONE && !frame.caller_gone);
        let (took, weight) = (core.now.since(frame.started), frame.weight);
        if holds_kib > 0 {
            self.release(number, holds_kib);
        }
        if !self.instances[number].limits.is_empty() {
            self.leave_all(id, core);
        }
        let (answered, spawned) = (core.frames[id].answered, core.frames[id].spawned);
        self.instances[number].busy -= u16::from(self.settings.holds == Holds::Handler && !spawned);
        if core.frames[id].kind == CHECK || answered {
            // Nobody's request, or counted already.
        } else if Self::is_posted(&core.frames[id]) {
            self.posted(id, status, core);
        } else if is_message {
            if !status.is_ok() {
                self.settle(id, Settle::Requeue, core);
            }
            core.telemetry.count(self.metrics.handled);
        } else if self.count_end(number, status.is_ok(), weight) {
            core.telemetry.record(self.metrics.latency, core.now, took, weight);
        } else {
            core.telemetry.add(self.metrics.failed, i64::from(weight));
        }
        core.finish(id, status);
    }

    /// Counts a request with the instance that had it; passes on whether it went well.
    #[inline]
    fn count_end(&mut self, number: usize, is_ok: bool, weight: u16) -> bool {
        let ended = &mut self.instances[number].ended;
        ended[0] += i64::from(weight);
        ended[1] += i64::from(weight) * i64::from(!is_ok);
        is_ok
    }

    /// Tells the broker what becomes of a delivery.
    fn settle(&mut self, id: FrameId, how: Settle, core: &mut Core) {
        let frame = &mut core.frames[id];
        let tag = std::mem::replace(&mut frame.delivery, SETTLED);
        if tag == SETTLED {
            return;
        }
        let (instance, subscription) = (frame.instance, frame.subscription);
        let epoch = self.instances[instance as usize].epoch;
        let consumer = Consumer { component: self.id, subscription, instance, epoch };
        let broker = self.subscriptions[usize::from(subscription)].broker;
        core.send(self.id, broker, Parcel::Settled { tag, consumer, how });
    }

    /// Everything that an instance's process had in hand is gone: its callers see the connection close, its brokers too.
    pub(super) fn drop_work(&mut self, number: usize, core: &mut Core) {
        let id = self.id;
        let lost: Vec<FrameId> = core
            .frames
            .iter()
            .filter(|(_, frame)| frame.component == id && frame.instance == number as u32)
            .map(|(frame, _)| frame)
            .collect();
        let is_abandoned = |frame: &Frame| frame.caller_gone && Self::is_posted(frame);
        let abandoned = lost.iter().filter(|frame| is_abandoned(&core.frames[**frame])).count();
        for frame in lost {
            core.finish(frame, Status::RESET);
        }
        self.close_files(number, core);
        self.drop_posts(number, abandoned as i64, core);
        let instance = &mut self.instances[number];
        instance.busy = 0;
        instance.line = Line::EMPTY;
        instance.held.clear();
        instance.limits.clear();
        let (epoch, was) = (instance.epoch, number as u32);
        let mut told = Vec::new();
        for subscription in &self.subscriptions {
            if !told.contains(&subscription.broker) {
                told.push(subscription.broker);
                core.send(id, subscription.broker, Parcel::Disconnect { component: id, instance: was, epoch });
            }
        }
        self.end_memory(number);
    }

    /// Checks, once a second, what is in hand against the limit.
    pub(super) fn check_limits(&mut self, core: &mut Core) {
        if self.settings.memory.per_request == Bytes(0) {
            return;
        }
        for number in 0..self.instances.len() {
            if self.instances[number].has_process() && self.is_over_limit(number, core.now) {
                self.kill_for_memory(number, core);
            }
        }
    }
}

/// Puts a frame at the end of a line.
pub(super) fn push(line: &mut Line, id: FrameId, core: &mut Core) {
    core.frames[id].next = NONE;
    if line.first == NONE {
        line.first = id;
    } else {
        core.frames[line.last].next = id;
    }
    line.last = id;
    line.length += 1;
}

/// Takes the first frame of a line that isn't empty.
pub(super) fn pop(line: &mut Line, core: &mut Core) -> FrameId {
    let id = line.first;
    line.first = core.frames[id].next;
    if line.first == NONE {
        line.last = NONE;
    }
    line.length -= 1;
    id
}
