//! What a process on a machine writes to its disks: the lines of its log, and files of its own.
//!
//! The disks belong to the machine; a process only asks, at the same instant. A line that can't be written stops nobody:
//! the logger complains on standard error, which the journal keeps. A step `Save` that can't is another matter.

use super::Service;
use super::settings::ConfigKey;
use crate::sim::core::Core;
use crate::sim::frame::FrameId;
use crate::sim::id::ComponentId;
use crate::sim::log::Severity;
use crate::sim::message::{DiskAsk, Parcel};
use crate::sim::quantity::{Bytes, Span};
use std::sync::Arc;

/// What a line of a log takes where a level doesn't say.
const LINE: Bytes = Bytes(200);
/// A logger that can't write says so about this often.
const COMPLAINS: Span = Span::from_seconds(1);

/// The key of a service's settings that says which lines are written: `debug`, `info`, `warn` or `error`.
pub const LOG_LEVEL: &str = "LOG_LEVEL";

impl Service {
    /// The value of a setting on one machine.
    #[must_use]
    pub fn config_of(&self, key: &str, machine: &str) -> Option<&str> {
        self.config.iter().find(|known| known.key == key).map(|known| known.on(machine))
    }

    /// The machine that an instance runs on, where a component describes it.
    fn machine(&self, number: usize) -> Option<(ComponentId, u32)> {
        self.machines.get(number).copied().flatten()
    }

    fn ask(&self, number: usize, ask: DiskAsk, core: &mut Core) -> bool {
        let Some((hosts, machine)) = self.machine(number) else { return false };
        core.send(self.id, hosts, Parcel::Disk { machine, from: self.id, instance: number as u32, ask });
        true
    }

    /// A process reads its settings, and opens its log.
    pub(super) fn read_settings(&mut self, number: usize, core: &mut Core) {
        let level = self.config_of(LOG_LEVEL, &self.instances[number].name);
        let level = level.and_then(severity).unwrap_or(Severity::Debug);
        self.instances[number].log_level = level;
        self.read_limits(number, core);
        self.instances[number].log_fails = false;
        if let Some(path) = self.settings.logs.as_deref().map(Arc::from) {
            self.ask(number, DiskAsk::Open(path), core);
        }
    }

    /// A process has ended: what it had open is closed.
    pub(super) fn close_files(&self, number: usize, core: &mut Core) {
        if self.settings.logs.is_some() {
            self.ask(number, DiskAsk::Close, core);
        }
    }

    /// Writes a line to an instance's log, if its level is one that is written.
    pub(super) fn write_line(&mut self, id: FrameId, severity: Severity, template: u16, core: &mut Core) {
        let frame = &core.frames[id];
        let (number, unit) = (frame.instance, frame.unit);
        let instance = &self.instances[number as usize];
        if severity < instance.log_level {
            return;
        }
        let fails = instance.log_fails;
        if let Some(errors) = self.metrics.errors.filter(|_| severity == Severity::Error) {
            core.telemetry.add(errors, i64::from(core.frames[id].weight));
        }
        if self.settings.logs.is_some() {
            let size = self.settings.line.iter().find(|(of, _)| *of == severity).map_or(LINE, |(_, size)| *size);
            self.ask(number as usize, DiskAsk::Append(size), core);
            if let Some(logged) = self.metrics.logged {
                core.telemetry.add(logged, size.0 as i64);
            }
        }
        if fails {
            self.complain(number as usize, core);
        } else {
            core.log(self.id, number, unit, severity, template);
        }
    }

    /// The log of an instance can't be written any more, or can again.
    pub(super) fn log_fails(&mut self, number: usize, fails: bool, core: &Core) {
        self.instances[number].log_fails = fails;
        if fails {
            self.complain(number, core);
        }
    }

    fn complain(&mut self, number: usize, core: &Core) {
        let instance = &mut self.instances[number];
        if instance.complained.is_some_and(|at| core.now.since(at) < COMPLAINS) {
            return;
        }
        instance.complained = Some(core.now);
        let pid = instance.pid();
        let path = self.settings.logs.clone().unwrap_or_default();
        let text = format!("{}[{pid}]: can't write {path}: No space left on device", self.unit());
        self.say(number, "", text, core);
    }

    /// A handler makes a file; how it goes on is told in the answer. Where no disk is described there is room.
    pub(super) fn save(&mut self, id: FrameId, site: u16, core: &mut Core) -> bool {
        let frame = &core.frames[id];
        let (number, serial) = (frame.instance as usize, frame.serial);
        let site = &core.program(frame.program).saves[usize::from(site)];
        let (folder, size) = (Arc::clone(&site.folder), site.size);
        self.ask(number, DiskAsk::Save { folder, size, frame: id, serial }, core)
    }

    /// The answer: the handler goes on with what comes next, or with what it does when it can't.
    pub(super) fn saved(&mut self, id: FrameId, serial: u32, done: bool, core: &mut Core) {
        if !core.frames.is(id, serial) {
            return;
        }
        let number = core.frames[id].instance as usize;
        if !done {
            // Over the jump that skips what is done then.
            core.frames[id].pc += 1;
            let unit = core.frames[id].unit;
            core.mark(self.id, 9, unit, 0);
        }
        self.run(id, core);
        self.serve(number, core);
    }
}

impl ConfigKey {
    /// The value on one machine.
    #[must_use]
    pub fn on(&self, machine: &str) -> &str {
        self.but.iter().find(|(name, _)| name == machine).map_or(&self.is, |(_, value)| value)
    }
}

/// The level that a word means: `debug`, `info`, `warn`, `error`.
#[must_use]
pub fn severity(word: &str) -> Option<Severity> {
    let all = [Severity::Debug, Severity::Info, Severity::Warn, Severity::Error];
    all.into_iter().find(|severity| severity.word().eq_ignore_ascii_case(word))
}
