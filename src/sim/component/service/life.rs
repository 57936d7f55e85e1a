//! An instance's life as the kubelet leads it: placed, started, ready, dead, waiting, started again, told to end, gone.

use super::Service;
use super::instance::{Exit, Instance, Stage};
use super::settings::{AnsweredBy, Pid1};
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::id::Unit;
use crate::sim::log::Severity;
use crate::sim::message::{Consumer, Parcel, PodAsk};
use crate::sim::quantity::{Duration, Span, Time};
use crate::sim::random::{Purpose, hash_name, join};
use std::sync::Arc;

/// Letters and digits in Kubernetes' generated names: no vowels, nothing that looks like another.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// So many letters of a generated name.
pub(super) fn letters(mut word: u64, count: usize) -> String {
    let mut name = String::with_capacity(count);
    for _ in 0..count {
        name.push(NAME_LETTERS[(word % NAME_LETTERS.len() as u64) as usize] as char);
        word = crate::sim::random::mix(word);
    }
    name
}

/// A container is made in about this time once a node is known (image on the node, network set up).
const CREATES_IN: Duration = Duration::Uniform(Span::from_millis(700), Span::from_millis(1600));
/// The kubelet looks at a container that waits about this often, and says `BackOff` each time.
const SYNC: i64 = 15;

impl Service {
    /// A pod is made; it asks for a node.
    pub(super) fn create_pod(&mut self, created: Time, core: &mut Core) {
        let number = self.instances.len() as u32;
        let revision = self.deployment.revision;
        let set = self.replica_set_name(revision);
        let word = join(hash_name(&self.settings.name), join(u64::from(revision), u64::from(number)));
        let name: Arc<str> = format!("{set}-{}", letters(word, 5)).into();
        let version = self.template().version;
        self.instances.push(Instance::new(Arc::clone(&name), word, revision, version, created));
        let request = self.template().resources.request;
        if created == core.now {
            let message = format!("Created pod: {name}");
            self.events.add(
                core.now,
                false,
                "SuccessfulCreate",
                "replicaset-controller",
                &format!("replicaset/{set}"),
                &message,
            );
        }
        match self.pool {
            Some(pool) => {
                let ask = PodAsk { component: self.id, pod: number, name, request };
                core.send(self.id, pool, Parcel::Place(ask));
            }
            None => self.placed(number, Some(0), core),
        }
    }

    /// The node pool has answered.
    pub(super) fn placed(&mut self, number: u32, node: Option<u32>, core: &mut Core) {
        let instance = &mut self.instances[number as usize];
        if instance.stage != Stage::Pending {
            // Deleted while it waited.
            self.vacate(number as usize, node, core);
            return;
        }
        let object = format!("pod/{}", instance.name);
        let Some(node) = node else {
            let words = "0 nodes are available: Insufficient memory.";
            self.events.add(core.now, true, "FailedScheduling", "default-scheduler", &object, words);
            return;
        };
        instance.node = Some(node);
        if instance.created < core.now {
            // It ran long before the level begins.
            let created = instance.created;
            self.begin_process(number as usize, created, core);
            self.become_ready(number as usize, core);
            return;
        }
        instance.stage = Stage::Creating;
        let (uid, name) = (instance.uid, Arc::clone(&instance.name));
        let message = format!("Successfully assigned default/{name} to {}", self.node_name(node));
        self.events.add(core.now, false, "Scheduled", "default-scheduler", &object, &message);
        let wait = CREATES_IN.draw(core.draw_life(self.id, Purpose::Start, uid, 1 << 32));
        self.instances[number as usize].life = core.set_timer(self.id, Timer::Life, number, core.now + wait);
    }

    /// A container's process starts.
    fn start_container(&mut self, number: usize, core: &mut Core) {
        let object = format!("pod/{}", self.instances[number].name);
        let container = self.settings.container.clone();
        let pulled = format!("Container image \"{}\" already present on machine", self.image(number));
        let events: [(&'static str, String); 3] = [
            ("Pulled", pulled),
            ("Created", format!("Created container {container}")),
            ("Started", format!("Started container {container}")),
        ];
        for (reason, message) in events {
            self.events.add(core.now, false, reason, "kubelet", &object, &message);
        }
        self.begin_process(number, core.now, core);
        let instance = &self.instances[number];
        let wait =
            self.starts_in().draw(core.draw_life(self.id, Purpose::Start, instance.uid, u64::from(instance.epoch)));
        self.instances[number].life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait);
        if self.is_over_limit(number, core.now) {
            self.kill_for_memory(number, core);
        }
    }

    pub(super) fn begin_process(&mut self, number: usize, started: Time, core: &mut Core) {
        let limit = self.revision_of(number).resources.limit;
        let instance = &mut self.instances[number];
        instance.epoch += 1;
        instance.stage = Stage::Starting;
        instance.started = started;
        instance.probe_failures = 0;
        self.load(number, core);
        self.begin_memory(number, limit, core);
        self.read_settings(number, core);
        let version = usize::from(self.instances[number].version);
        let keeps = self.settings.versions.get(version).is_some_and(|version| version.keepalive);
        core.keep_connections(self.id, number as u32, keeps);
    }

    pub(super) fn become_ready(&mut self, number: usize, core: &mut Core) {
        let instance = &mut self.instances[number];
        instance.stage = Stage::Running;
        instance.ready_at = core.now;
        let (epoch, uid) = (instance.epoch, instance.uid);
        self.ready.push(number as u32);
        core.mark(self.id, 3, u64::from(epoch), 0);
        if let Some(banner) = self.banner {
            core.log(self.id, number as u32, Unit::NONE.0, Severity::Info, banner);
        }
        self.begin_metrics_line(number, core);
        for (index, subscription) in self.subscriptions.iter().enumerate() {
            let consumer = Consumer { component: self.id, subscription: index as u8, instance: number as u32, epoch };
            core.send(
                self.id,
                subscription.broker,
                Parcel::Subscribe {
                    queue: subscription.queue,
                    consumer,
                    prefetch: subscription.prefetch,
                    auto_ack: subscription.auto_ack,
                },
            );
        }
        self.ask_for_messages(number, core);
        if let Some(liveness) = self.liveness() {
            let spread = Span::from_micros((uid % liveness.period.micros().max(1).unsigned_abs()) as i64);
            self.instances[number].probe = core.set_timer(self.id, Timer::Probe, number as u32, core.now + spread);
        }
        self.reconcile(core);
    }

    /// A step in an instance's life is due.
    pub(super) fn on_life(&mut self, number: usize, ticket: Ticket, core: &mut Core) {
        if self.instances[number].life != ticket {
            return;
        }
        match self.instances[number].stage {
            Stage::Creating | Stage::BackingOff if self.supervisor().is_some() => self.start_on_host(number, core),
            Stage::Creating => self.start_container(number, core),
            Stage::Starting => self.become_ready(number, core),
            Stage::BackingOff => self.restart(number, core),
            Stage::Terminating => {
                let started = self.instances[number].started;
                self.die(number, Exit { code: 0, reason: "Completed", started, finished: core.now }, core);
            }
            Stage::Pending | Stage::Running | Stage::Stopped | Stage::Gone => {}
        }
    }

    fn restart(&mut self, number: usize, core: &mut Core) {
        let instance = &mut self.instances[number];
        instance.restarts += 1;
        instance.restarted_at = Some(core.now);
        core.telemetry.count(self.metrics.restarts);
        core.mark(self.id, 4, u64::from(instance.restarts), 0);
        self.start_container(number, core);
    }

    /// The process of an instance ends, whatever the reason.
    pub(super) fn die(&mut self, number: usize, exit: Exit, core: &mut Core) {
        self.drop_work(number, core);
        self.ready.retain(|ready| *ready != number as u32);
        core.mark(self.id, 5, u64::from(exit.code), self.instances[number].uid);
        let back_off = self.back_off();
        let instance = &mut self.instances[number];
        instance.last_exit = Some(exit);
        instance.life = 0;
        instance.probe = 0;
        if self.supervisor().is_some() {
            self.ended_on_host(number, exit, core);
            self.reconcile(core);
            return;
        }
        let instance = &mut self.instances[number];
        if instance.stage == Stage::Terminating {
            self.vanish(number, core);
            return;
        }
        if exit.finished.since(exit.started) >= back_off.reset {
            instance.failures = 0;
        }
        let wait = back_off.wait(instance.failures);
        instance.failures += 1;
        instance.stage = Stage::BackingOff;
        instance.back_off_until = core.now + wait;
        instance.life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait);
        if wait > Span::ZERO {
            let object = format!("pod/{}", instance.name);
            for _ in 0..=wait.seconds() / SYNC {
                self.events.add(core.now, true, "BackOff", "kubelet", &object, "Back-off restarting failed container");
            }
        }
        self.reconcile(core);
    }

    /// A process ends by its own fault.
    pub(super) fn crash(&mut self, number: usize, core: &mut Core) {
        core.telemetry.count(self.metrics.exits);
        let code = self.settings.exits_with;
        let exit = Exit { code, reason: "Error", started: self.instances[number].started, finished: core.now };
        self.die(number, exit, core);
    }

    /// An instance is told to end; with no grace it is killed at once.
    pub(super) fn terminate(&mut self, number: usize, grace: Option<Span>, core: &mut Core) {
        let instance = &mut self.instances[number];
        let object = format!("pod/{}", instance.name);
        let had_process = instance.has_process();
        let was_placed = instance.stage != Stage::Pending;
        instance.stage = Stage::Terminating;
        self.ready.retain(|ready| *ready != number as u32);
        if !had_process {
            if was_placed {
                self.drop_work(number, core);
            }
            self.vanish(number, core);
            return;
        }
        let container = &self.settings.container;
        let message = format!("Stopping container {container}");
        self.events.add(core.now, false, "Killing", "kubelet", &object, &message);
        let uid = self.instances[number].uid;
        let wait = self.stops_in().draw(core.draw_life(self.id, Purpose::Start, uid, 2 << 32));
        let wait = wait.min(grace.unwrap_or(Span::from_seconds(30)));
        self.instances[number].life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait);
    }

    fn vanish(&mut self, number: usize, core: &mut Core) {
        let instance = &mut self.instances[number];
        instance.stage = Stage::Gone;
        instance.life = 0;
        let node = instance.node;
        self.vacate(number, node, core);
        self.reconcile(core);
    }

    /// Tells the pool that a pod's room is free again.
    fn vacate(&self, number: usize, node: Option<u32>, core: &mut Core) {
        if let (Some(node), Some(pool)) = (node, self.pool) {
            let request = self.revision_of(number).resources.request;
            core.send(self.id, pool, Parcel::Vacate { node, component: self.id, pod: number as u32, request });
        }
    }

    /// The liveness probe comes by.
    pub(super) fn on_probe(&mut self, number: usize, ticket: Ticket, core: &mut Core) {
        let (Some(liveness), true) = (self.liveness(), self.instances[number].probe == ticket) else { return };
        let next = core.set_timer(self.id, Timer::Probe, number as u32, core.now + liveness.period);
        self.instances[number].probe = next;
        let stuck = self.stuck_since(number).is_some_and(|since| core.now.since(since) >= liveness.timeout);
        if !stuck || liveness.answered_by == AnsweredBy::Wrapper {
            self.instances[number].probe_failures = 0;
            return;
        }
        let instance = &mut self.instances[number];
        instance.probe_failures += 1;
        core.telemetry.count(self.metrics.probes_failed);
        let object = format!("pod/{}", instance.name);
        let words = "Liveness probe failed: context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        self.events.add(core.now, true, "Unhealthy", "kubelet", &object, words);
        if instance.probe_failures >= liveness.failures {
            let container = &self.settings.container;
            let message = format!("Container {container} failed liveness probe, will be restarted");
            self.events.add(core.now, false, "Killing", "kubelet", &object, &message);
            let exit = Exit { code: 137, reason: "Error", started: self.instances[number].started, finished: core.now };
            self.die(number, exit, core);
        }
    }

    pub(super) fn pid_1(&self) -> Pid1 {
        self.kubernetes().map_or(Pid1::Process, |settings| settings.pid_1)
    }
}
