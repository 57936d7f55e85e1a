//! An instance's life on a machine of its own: its supervisor starts it, stops it, and starts it again when it has died.
//!
//! What is said about that is what the machine's syslog and journal hold. Knows no other process of the machine.

use super::Service;
use super::instance::{Exit, Instance, Stage};
use super::settings::RunsOn;
use super::supervisor::{Restart, Rules, Supervisor};
use crate::sim::core::{Core, Timer};
use crate::sim::operation::{Applied, Operation, Refusal, Verb};
use crate::sim::quantity::Time;
use crate::sim::random::{Purpose, hash_name, join};
use std::collections::VecDeque;

/// How many lines about one service's processes are kept.
const KEPT: usize = 4096;

/// A line that a supervisor has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// About which instance.
    pub instance: u32,
    /// Who says so: `init`, `systemd[1]`.
    pub who: &'static str,
    /// What.
    pub text: String,
}

/// What an operator wants of a process that is on its way down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) enum Wish {
    /// Nothing: it ends by itself, and its supervisor's rules hold.
    #[default]
    Nothing,
    /// That it stays down.
    Stop,
    /// That it comes back.
    Restart,
}

impl Service {
    /// What watches over its processes, where it runs on machines.
    #[must_use]
    pub fn supervisor(&self) -> Option<&Supervisor> {
        match &self.settings.runs_on {
            RunsOn::Hosts(hosts) => Some(&hosts.supervisor),
            RunsOn::Beanstalk(environment) => Some(&environment.supervisor),
            RunsOn::Kubernetes(_) => None,
        }
    }

    /// The name of its unit or job.
    #[must_use]
    pub fn unit(&self) -> &str {
        self.supervisor().and_then(Supervisor::unit).unwrap_or(&self.settings.name)
    }

    fn rules(&self) -> Rules {
        self.supervisor().map_or_else(|| Supervisor::default().rules(), Supervisor::rules)
    }

    /// An instance on a machine that has always been there, its process started long ago.
    pub(super) fn create_on_host(&mut self, name: &str, core: &mut Core) {
        let number = self.instances.len();
        let word = join(hash_name(&self.settings.name), number as u64);
        let revision = self.template();
        let (revision, version, made) = (revision.number, revision.version, revision.made);
        let mut instance = Instance::new(name.into(), word, revision, version, made);
        instance.first_pid = 900 + (word % 1_700) as u32;
        self.instances.push(instance);
        core.network.place(self.id, number as u32, name);
        self.begin_process(number, made, core);
        self.become_ready(number, core);
    }

    pub(super) fn say(&mut self, number: usize, who: &'static str, text: String, core: &Core) {
        if self.journal.len() == KEPT {
            self.journal.pop_front();
        }
        self.journal.push_back(Entry { at: core.now, instance: number as u32, who, text });
    }

    /// Says a line for systemd, or another for upstart; an empty one isn't said.
    fn tell(&mut self, number: usize, systemd: &str, upstart: &str, core: &Core) {
        let is_systemd = self.supervisor().is_some_and(Supervisor::is_systemd);
        let (who, text) = if is_systemd { ("systemd[1]", systemd) } else { ("init", upstart) };
        if !text.is_empty() {
            let unit = self.unit();
            let text = text.replace("{unit}", unit).replace("{pid}", &self.instances[number].pid().to_string());
            self.say(number, who, text, core);
        }
    }

    /// The supervisor starts the process.
    pub(super) fn start_on_host(&mut self, number: usize, core: &mut Core) {
        if self.instances[number].epoch > 0 {
            self.instances[number].restarts += 1;
            self.instances[number].restarted_at = Some(core.now);
            core.telemetry.count(self.metrics.restarts);
            core.mark(self.id, 4, u64::from(self.instances[number].restarts), 0);
        }
        let instance = &mut self.instances[number];
        instance.starts.push_back(core.now);
        instance.wish = Wish::Nothing;
        self.begin_process(number, core.now, core);
        let (uid, epoch) = (self.instances[number].uid, u64::from(self.instances[number].epoch));
        let wait = self.rules().starts_in.draw(core.draw_life(self.id, Purpose::Start, uid, epoch));
        self.instances[number].life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait);
        self.tell(number, "Started {unit}.service.", "", core);
    }

    /// The process has ended; its supervisor does what its rules, or an operator, say.
    pub(super) fn ended_on_host(&mut self, number: usize, exit: Exit, core: &mut Core) {
        let wish = std::mem::take(&mut self.instances[number].wish);
        match wish {
            Wish::Stop | Wish::Restart => {
                self.tell(number, "{unit}.service: Deactivated successfully.", "", core);
                self.tell(number, "Stopped {unit}.service.", "", core);
                self.instances[number].stage = Stage::Stopped;
                if wish == Wish::Restart {
                    self.start_on_host(number, core);
                }
            }
            Wish::Nothing => self.ended_by_itself(number, exit, core),
        }
    }

    fn ended_by_itself(&mut self, number: usize, exit: Exit, core: &mut Core) {
        let (for_systemd, for_upstart) = words_of(exit);
        self.tell(number, &for_systemd, &for_upstart, core);
        if exit.code != 0 {
            let result = if exit.code > 128 { "signal" } else { "exit-code" };
            self.tell(number, &format!("{{unit}}.service: Failed with result '{result}'."), "", core);
        }
        let rules = self.rules();
        let comes_back = match rules.restart {
            Restart::Never => false,
            Restart::OnFailure => exit.code != 0,
            Restart::Always => true,
        };
        if !comes_back {
            self.instances[number].stage = Stage::Stopped;
            return;
        }
        let instance = &mut self.instances[number];
        instance.starts.retain(|start| core.now.since(*start) < rules.limit.r#in);
        if instance.starts.len() as u32 >= rules.limit.times {
            instance.stage = Stage::Stopped;
            self.tell(
                number,
                "{unit}.service: Start request repeated too quickly.",
                "{unit} respawning too fast, stopped",
                core,
            );
            self.tell(number, "{unit}.service: Failed with result 'start-limit-hit'.", "", core);
            return;
        }
        let counter = instance.restarts + 1;
        instance.stage = Stage::BackingOff;
        instance.back_off_until = core.now + rules.restart_after;
        instance.life = core.set_timer(self.id, Timer::Life, number as u32, core.now + rules.restart_after);
        self.tell(
            number,
            &format!("{{unit}}.service: Scheduled restart job, restart counter is at {counter}."),
            "{unit} main process ended, respawning",
            core,
        );
    }

    /// Tells a process to end; what comes then is a wish.
    fn stop_on_host(&mut self, number: usize, wish: Wish, core: &mut Core) {
        self.ready.retain(|ready| *ready != number as u32);
        self.tell(number, "Stopping {unit}.service...", "", core);
        let wait = self.rules().stops_in;
        let instance = &mut self.instances[number];
        instance.stage = Stage::Terminating;
        instance.wish = wish;
        let word = core.draw_life(self.id, Purpose::Start, instance.uid, (2 << 32) | u64::from(instance.epoch));
        instance.life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait.draw(word));
    }

    /// What somebody on a machine tells the supervisor.
    fn on_unit(&mut self, number: usize, verb: Verb, core: &mut Core) -> Applied {
        let is_up = matches!(self.instances[number].stage, Stage::Starting | Stage::Running);
        let is_stopping = self.instances[number].stage == Stage::Terminating;
        core.mark(self.id, 8, number as u64, verb as u64);
        match verb {
            Verb::Start if is_up => return Applied::Unchanged,
            Verb::Start | Verb::Restart if is_stopping => self.instances[number].wish = Wish::Restart,
            Verb::Stop if is_stopping => self.instances[number].wish = Wish::Stop,
            Verb::Stop | Verb::Restart if is_up => {
                let wish = if verb == Verb::Stop { Wish::Stop } else { Wish::Restart };
                self.stop_on_host(number, wish, core);
            }
            Verb::Start | Verb::Restart => {
                self.instances[number].starts.clear();
                self.start_on_host(number, core);
            }
            Verb::Stop if self.instances[number].stage == Stage::Stopped => return Applied::Unchanged,
            Verb::Stop => {
                self.instances[number].stage = Stage::Stopped;
                self.instances[number].life = 0;
            }
            Verb::Reload => {
                self.read_settings(number, core);
                self.tell(number, "Reloaded {unit}.service.", "", core);
            }
        }
        Applied::Done
    }

    /// What an operator does to a service on machines.
    pub(super) fn change_on_host(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Unit { instance, verb } => {
                let number = self.on_host(instance)?;
                if *verb == Verb::Reload && !self.instances[number].is_ready() {
                    return Err(Refusal::new(format!(
                        "Failed to reload {unit}.service: Unit {unit}.service is not active.",
                        unit = self.unit()
                    )));
                }
                Ok(self.on_unit(number, *verb, core))
            }
            Operation::Kill { instance, signal } => {
                let number = self.on_host(instance)?;
                if !self.instances[number].has_process() {
                    return Err(Refusal::new("No such process"));
                }
                let started = self.instances[number].started;
                let quits = *signal == QUIT && self.quit(number, core);
                let code = if quits { self.settings.exits_with } else { 128 + signal % 64 };
                self.die(number, Exit { code, reason: "Error", started, finished: core.now }, core);
                Ok(Applied::Done)
            }
            Operation::SetVersion { version } => {
                let Some(index) = self.settings.versions.iter().position(|known| known.name == *version) else {
                    return Err(Refusal::new(format!("no version `{version}` of {}", self.settings.name)));
                };
                // The same version once more puts back what was changed by hand.
                let is_changed = (0..self.instances.len()).any(|number| self.is_changed_by_hand(number));
                let stamp = self.template().stamp + u32::from(is_changed);
                let change = |template: &mut super::Revision| {
                    template.version = index as u16;
                    template.stamp = stamp;
                };
                Ok(self.change_template(change, core))
            }
            Operation::PutFile { machine, path, text } => self.put_file(machine, path, text, core),
            Operation::RolloutRestart => {
                let stamp = self.template().stamp + 1;
                Ok(self.change_template(|template| template.stamp = stamp, core))
            }
            Operation::Configure { key, value } => {
                let Some(known) = self.config.iter_mut().find(|known| known.key == *key) else {
                    return Err(Refusal::new(format!("{} has no setting `{key}`", self.settings.name)));
                };
                if known.is == *value && known.but.is_empty() {
                    return Ok(Applied::Unchanged);
                }
                known.is.clone_from(value);
                known.but.clear();
                let stamp = self.template().stamp + 1;
                Ok(self.change_template(|template| template.stamp = stamp, core))
            }
            other => Err(Refusal::new(format!("that can't be done to {}: {other:?}", self.settings.name))),
        }
    }

    fn on_host(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.instances.iter().position(|instance| &*instance.name == name);
        found.ok_or_else(|| Refusal::new(format!("{} doesn't run on {name}", self.settings.name)))
    }

    /// A deploy to machines goes from one to the next: the next is taken when the one before takes requests again. A
    /// machine whose process is down gets the new version, and stays down.
    pub(super) fn go_on_rolling(&mut self, core: &mut Core) {
        let template = self.template();
        let (revision, version) = (template.number, template.version);
        loop {
            let is_old = |instance: &Instance| instance.revision != revision;
            let Some(next) = self.instances.iter().position(is_old) else { return };
            let under_way = |instance: &Instance| {
                instance.revision == revision && matches!(instance.stage, Stage::Terminating | Stage::Starting)
            };
            if self.instances.iter().any(under_way) {
                return;
            }
            let instance = &mut self.instances[next];
            instance.revision = revision;
            instance.version = version;
            self.lay_files(next, version);
            self.on_unit_if_up(next, core);
        }
    }

    fn on_unit_if_up(&mut self, number: usize, core: &mut Core) {
        if matches!(self.instances[number].stage, Stage::Starting | Stage::Running) {
            self.on_unit(number, Verb::Restart, core);
        }
    }

    /// The word of the supervisor for an instance's state.
    pub(super) fn unit_state(&self, number: usize) -> &'static str {
        let instance = &self.instances[number];
        match instance.stage {
            Stage::Running => "active",
            Stage::Pending | Stage::Creating | Stage::Starting => "activating",
            Stage::BackingOff => "auto-restart",
            Stage::Terminating => "deactivating",
            Stage::Stopped if instance.last_exit.is_some_and(|exit| exit.code != 0) => "failed",
            Stage::Stopped | Stage::Gone => "inactive",
        }
    }
}

/// How a process ended, as systemd and as upstart say it.
fn words_of(exit: Exit) -> (String, String) {
    if exit.code > 128 {
        let signal = signal_name(exit.code - 128);
        let systemd =
            format!("{{unit}}.service: Main process exited, code=killed, status={}/{signal}", exit.code - 128);
        return (systemd, format!("{{unit}} main process ({{pid}}) killed by {signal} signal"));
    }
    let word = match exit.code {
        0 => "SUCCESS",
        1 => "FAILURE",
        2 => "INVALIDARGUMENT",
        _ => "n/a",
    };
    let systemd = format!("{{unit}}.service: Main process exited, code=exited, status={}/{word}", exit.code);
    (systemd, format!("{{unit}} main process ({{pid}}) terminated with status {}", exit.code))
}

/// The signal at which a Go process shows its goroutines.
const QUIT: u8 = 3;

/// The name of a signal without `SIG`.
#[must_use]
pub const fn signal_name(signal: u8) -> &'static str {
    match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        6 => "ABRT",
        9 => "KILL",
        11 => "SEGV",
        15 => "TERM",
        _ => "unknown",
    }
}

/// The lines of a service's supervisor, oldest first.
pub(super) type Journal = VecDeque<Entry>;
