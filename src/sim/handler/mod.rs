//! Handlers are data: what a version of a service does with a request, step by step.
//!
//! [`Step`] is how a level says it; [`Program`] is what runs: one flat list of small operations, compiled once, shared by
//! every run and never part of a snapshot. `Repeat` and `When` are jumps. A running handler is a frame
//! ([`super::frame`]); [`Core::step`] moves it until it waits, ends, or needs something that only its component has.

mod program;
mod step;

pub(in crate::sim) use program::{MAX_LOOPS, Names, Op, Program, SearchSite, StatementSite};
pub use step::{Retry, Step, Times};

use super::core::Core;
use super::frame::{Frame, FrameId, NONE, Status};
use super::id::ProgramId;
use super::log::Severity;
use super::quantity::{Bytes, Span};

/// Why a frame stopped moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Flow {
    /// It waits for an answer.
    Waits,
    /// It has come to its end.
    Ends(Status),
    /// It wants a worker for this long.
    Works(Span),
    /// It wants this much memory until it ends.
    Allocates(Bytes),
    /// It keeps this much memory for good.
    Leaks(Bytes),
    /// It leaves goroutines behind.
    Strands(u16),
    /// Its caller gets its answer.
    Responds,
    /// It begins what stands here beside itself.
    Spawns(u16),
    /// It has something to say in its log.
    Writes(Severity, u16),
    /// It makes a file.
    Saves(u16),
    /// It is done with its message.
    Acks,
    /// It gives its message back.
    Nacks { requeue: bool },
    /// It takes the process down, with the text of this number.
    Panics(u16),
    /// It waits for the answer to this question of its program.
    Asks(u16),
    /// It goes on where the setting of this number leaves room for it.
    Enters(u16),
    /// It leaves that room to the next.
    Leaves(u16),
}

impl Core {
    /// Moves a frame from where it stands until it waits, ends or needs its component.
    #[expect(clippy::inline_always, reason = "every event goes through it, from two places")]
    #[inline(always)]
    pub fn step(&mut self, id: FrameId) -> Flow {
        loop {
            let frame = &mut self.frames[id];
            let program = &self.model.programs[frame.program.0 as usize];
            let op = program.ops[usize::from(frame.pc)];
            frame.pc += 1;
            match op {
                Op::Work(duration) => return Flow::Works(self.draw_work(id, duration)),
                Op::Allocate(index) => return Flow::Allocates(program.sizes[usize::from(index)]),
                Op::Leak(index) => return Flow::Leaks(program.sizes[usize::from(index)]),
                Op::Strand(index) => return Flow::Strands(index),
                Op::Respond => return Flow::Responds,
                Op::Spawn(to) => {
                    let body = frame.pc;
                    frame.pc = to;
                    return Flow::Spawns(body);
                }
                Op::Call(index) => {
                    frame.tries = 0;
                    self.call(id, index);
                    return Flow::Waits;
                }
                Op::Search(index) => {
                    frame.tries = 0;
                    self.search(id, index);
                    return Flow::Waits;
                }
                Op::Data(index) => {
                    self.move_data(id, index);
                    return Flow::Waits;
                }
                Op::Statement(index) => {
                    frame.tries = 0;
                    self.state(id, index);
                    return Flow::Waits;
                }
                Op::Dedupe(store) => {
                    if self.marks.contains(&(store, frame.unit)) {
                        return Flow::Ends(Status::OK);
                    }
                }
                Op::Mark(store) => _ = self.marks.insert((store, frame.unit)),
                Op::Publish(index) => self.publish_from(id, index),
                Op::Answer(index) => frame.tags |= program.answers[usize::from(index)],
                Op::Log(index) => {
                    let (severity, template) = program.logs[usize::from(index)];
                    let (component, unit, instance) = (frame.component, frame.unit, frame.instance);
                    self.log(component, instance, unit, severity, template);
                }
                Op::Write(index) => {
                    let (severity, template) = program.logs[usize::from(index)];
                    return Flow::Writes(severity, template);
                }
                Op::Save(index) => return Flow::Saves(index),
                Op::Ack => return Flow::Acks,
                Op::Nack { requeue } => return Flow::Nacks { requeue },
                Op::End(status) => return Flow::Ends(status),
                Op::Panic(template) => return Flow::Panics(template),
                Op::Jump(to) => frame.pc = to,
                Op::Unless { tag, to } => {
                    if frame.tags & (1 << tag) == 0 {
                        frame.pc = to;
                    }
                }
                Op::If { tag, to } => {
                    if frame.tags & (1 << tag) != 0 {
                        frame.pc = to;
                    }
                }
                Op::LoopStart { depth, times, end } => {
                    let count = self.draw_times(id, times);
                    let frame = &mut self.frames[id];
                    frame.loops[usize::from(depth)] = count;
                    if count == 0 {
                        frame.pc = end;
                    }
                }
                Op::Ask(index) => return Flow::Asks(index),
                Op::Enter(key) => return Flow::Enters(key),
                Op::Leave(key) => return Flow::Leaves(key),
                Op::LoopBack { depth, to } => {
                    let left = &mut frame.loops[usize::from(depth)];
                    *left -= 1;
                    if *left > 0 {
                        frame.pc = to;
                    }
                }
                Op::StopIfCallerGone => {
                    if self.caller_is_gone(id) {
                        return Flow::Ends(Status::CALLER_GONE);
                    }
                }
            }
        }
    }

    /// Makes the call that stands before the frame's program counter.
    fn call(&mut self, id: FrameId, index: u16) {
        self.call_instance(id, index, NONE);
    }

    /// The same, where one instance of those called is meant.
    pub fn call_instance(&mut self, id: FrameId, index: u16, instance: u32) {
        // Two calls of one handler to the same component are two calls: each draws its own numbers.
        let draws = self.frames[id].calls.wrapping_mul(37);
        self.frames[id].calls = self.frames[id].calls.wrapping_add(1);
        let frame = &self.frames[id];
        let site = &self.model.programs[frame.program.0 as usize].calls[usize::from(index)];
        let (to, path, connects) = (site.to, site.path, site.connect.is_some());
        let timeout = site.connect.map(|[connect, _]| connect).or(site.timeout);
        let (from, unit, tags) = (frame.component, frame.unit, frame.tags);
        let (key, weight) = (frame.key, frame.weight);
        let attempt = frame.attempt.wrapping_add(u16::from(frame.tries));
        let child = self.frames.add(Frame {
            unit,
            tags,
            parent: id,
            parent_serial: frame.serial,
            component: to,
            attempt,
            instance,
            key,
            path,
            connects,
            kind: frame.kind,
            weight,
            draws,
            started: self.now,
            ..Frame::EMPTY
        });
        if let Some(lane) = timeout {
            self.frames[child].timeout = self.set_timeout(lane, child);
        }
        self.deliver(from, to, child);
    }

    /// Asks for the search that stands before the frame's program counter. The request carries the place of its site.
    fn search(&mut self, id: FrameId, index: u16) {
        let frame = &mut self.frames[id];
        // Searches of one handler are different searches: each draws its own work.
        frame.draws = frame.draws.wrapping_add(1);
        let (from, program, draws) = (frame.component, frame.program, frame.draws);
        let asked = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: id,
            parent_serial: frame.serial,
            attempt: frame.attempt,
            weight: frame.weight,
            key: frame.key,
            program,
            pc: index,
            draws: draws.wrapping_mul(37),
            started: self.now,
            ..Frame::EMPTY
        };
        let clusters = self.model.programs[program.0 as usize].searches[usize::from(index)].to.len() as u32;
        let which = if clusters > 1 { self.draw_route(from, id, clusters) } else { 0 };
        let to = self.model.programs[program.0 as usize].searches[usize::from(index)].to[which as usize];
        let child = self.frames.add(Frame { component: to, ..asked });
        self.deliver(from, to, child);
    }

    /// Sends the statement that stands before the frame's program counter. The request carries the place of its site.
    fn state(&mut self, id: FrameId, index: u16) {
        let frame = &mut self.frames[id];
        frame.draws = frame.draws.wrapping_add(1);
        let (from, program, draws) = (frame.component, frame.program, frame.draws);
        // A job makes more statements than a byte can count.
        frame.attempt = frame.attempt.wrapping_add(u16::from(draws == 0));
        let asked = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: id,
            parent_serial: frame.serial,
            attempt: frame.attempt,
            weight: frame.weight,
            program,
            pc: index,
            draws: draws.wrapping_mul(37),
            started: self.now,
            ..Frame::EMPTY
        };
        let site = &self.model.programs[program.0 as usize].statements[usize::from(index)];
        let (to, timeout) = (site.to, site.timeout);
        let child = self.frames.add(Frame { component: to, ..asked });
        if let Some(lane) = timeout {
            self.frames[child].timeout = self.set_timeout(lane, child);
        }
        self.deliver(from, to, child);
    }

    /// What a statement that has arrived at its database says.
    pub fn statement_of(&self, id: FrameId) -> &StatementSite {
        let frame = &self.frames[id];
        &self.model.programs[frame.program.0 as usize].statements[usize::from(frame.pc)]
    }

    /// What a search that has arrived at its cluster asks for.
    pub fn search_of(&self, id: FrameId) -> &SearchSite {
        let frame = &self.frames[id];
        &self.model.programs[frame.program.0 as usize].searches[usize::from(frame.pc)]
    }

    /// A call has its connection: from now on it is the answer that is waited for.
    pub fn wait_for_answer(&mut self, id: FrameId) {
        let parent = self.frames[id].parent;
        self.frames[id].connects = false;
        self.frames[id].timeout = 0;
        let caller = &self.frames[parent];
        let program = &self.model.programs[caller.program.0 as usize];
        let Some(Op::Call(index)) = usize::from(caller.pc).checked_sub(1).map(|pc| program.ops[pc]) else { return };
        if let Some([_, answer]) = program.calls[usize::from(index)].connect {
            self.frames[id].timeout = self.set_timeout(answer, id);
        }
    }

    /// A call has been answered: tries again where it may, else says whether the handler goes on.
    ///
    /// Returns `None` where it goes on (or waits for a further attempt), else how it ends.
    #[inline]
    pub fn answered(&mut self, id: FrameId, status: Status) -> Answered {
        if status.is_ok() {
            return Answered::GoesOn;
        }
        let frame = &self.frames[id];
        let program = &self.model.programs[frame.program.0 as usize];
        let (pause, goes_on) = match program.ops[usize::from(frame.pc) - 1] {
            Op::Call(index) => {
                let site = &program.calls[usize::from(index)];
                ((frame.tries < site.retries).then_some(site.pause), site.goes_on)
            }
            Op::Search(index) => {
                let site = &program.searches[usize::from(index)];
                let retry = site.on_reject.filter(|_| status == Status::REJECTED);
                (retry.map(|retry| retry.pause(frame.tries)), site.goes_on)
            }
            Op::Data(_) => (None, false),
            Op::Statement(index) => (None, program.statements[usize::from(index)].goes_on),
            _ => return Answered::GoesOn,
        };
        if let Some(pause) = pause {
            let frame = &mut self.frames[id];
            frame.tries = frame.tries.saturating_add(1);
            frame.retries_call = true;
            let pause = self.draw_pause(id, pause);
            if pause == Span::ZERO {
                self.retry(id);
            } else {
                self.wake_after(id, pause);
            }
            return Answered::TriesAgain;
        }
        if goes_on { Answered::GoesOn } else { Answered::Fails(status) }
    }

    /// The pause before another attempt is over.
    pub fn retry(&mut self, id: FrameId) {
        let frame = &mut self.frames[id];
        frame.retries_call = false;
        let (pc, program) = (frame.pc, frame.program);
        match self.model.programs[program.0 as usize].ops[usize::from(pc) - 1] {
            Op::Call(index) => self.call(id, index),
            Op::Search(index) => self.search(id, index),
            _ => {}
        }
    }

    /// The program that a component runs.
    pub fn program(&self, id: ProgramId) -> &Program {
        &self.model.programs[id.0 as usize]
    }
}

/// What an answer means for the handler that waited for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Answered {
    GoesOn,
    TriesAgain,
    Fails(Status),
}
