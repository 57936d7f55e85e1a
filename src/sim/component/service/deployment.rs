//! A deployment: how many pods of which template there should be, and the way from what is to what should be.

use super::Service;
use super::instance::Stage;
use super::life::letters;
use super::settings::Resources;
use crate::sim::core::Core;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Span, Time};
use crate::sim::random::{hash_name, join};

/// A template that pods are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number, from 1.
    pub number: u32,
    /// The version that it runs, as an index into the service's versions.
    pub version: u16,
    /// What its container asks for and may have.
    pub resources: Resources,
    /// When it was made.
    pub made: Time,
    /// Sets a template apart that differs by nothing but a restart.
    pub stamp: u32,
}

/// What should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// How many pods.
    pub replicas: u32,
    /// The number of the revision that counts.
    pub revision: u32,
    /// All revisions so far, oldest first.
    pub revisions: Vec<Revision>,
    /// Whether a rollout has been stopped.
    pub paused: bool,
    /// When a rollout last began.
    pub rolled_at: Time,
}

impl Service {
    /// The template that counts.
    #[must_use]
    pub fn template(&self) -> &Revision {
        self.revision(self.deployment.revision)
    }

    /// A revision by its number.
    #[must_use]
    pub fn revision(&self, number: u32) -> &Revision {
        let last = self.deployment.revisions.len() - 1;
        self.deployment
            .revisions
            .iter()
            .find(|revision| revision.number == number)
            .unwrap_or(&self.deployment.revisions[last])
    }

    /// The template that an instance was made from.
    #[must_use]
    pub fn revision_of(&self, instance: usize) -> &Revision {
        self.revision(self.instances[instance].revision)
    }

    /// The name of a revision's replica set: the deployment's and a hash of the template.
    #[must_use]
    pub fn replica_set_name(&self, revision: u32) -> String {
        let of = self.revision(revision);
        let version = &self.settings.versions[usize::from(of.version)].name;
        let limit = of.resources.limit.unwrap_or_default().0;
        let word = join(hash_name(&self.settings.name), join(hash_name(version), join(limit, u64::from(of.stamp))));
        format!("{}-{}", self.settings.name, letters(word, 10))
    }

    pub(super) fn change_template(&mut self, change: impl FnOnce(&mut Revision), core: &mut Core) -> Applied {
        let mut next = self.template().clone();
        change(&mut next);
        let of = self.template();
        if (next.version, next.resources, next.stamp) == (of.version, of.resources, of.stamp) {
            return Applied::Unchanged;
        }
        let highest = self.deployment.revisions.iter().map(|revision| revision.number).max().unwrap_or(0);
        next.number = highest + 1;
        next.made = core.now;
        // A template that was used before keeps its replica set, and gets the next number.
        self.deployment.revisions.retain(|revision| {
            (revision.version, revision.resources, revision.stamp) != (next.version, next.resources, next.stamp)
                || self.instances.iter().any(|pod| pod.exists() && pod.revision == revision.number)
        });
        self.deployment.revision = next.number;
        self.deployment.revisions.push(next);
        self.deployment.rolled_at = core.now;
        core.mark(self.id, 6, u64::from(self.deployment.revision), 0);
        self.reconcile(core);
        Applied::Done
    }

    fn undo(&mut self, to: Option<u32>, core: &mut Core) -> Result<Applied, Refusal> {
        let current = self.deployment.revision;
        let earlier = match to {
            Some(number) => self.deployment.revisions.iter().find(|revision| revision.number == number),
            None => self.deployment.revisions.iter().rfind(|revision| revision.number != current),
        };
        let Some(earlier) = earlier.cloned() else {
            return Err(Refusal::new(match to {
                Some(number) => format!("error: unable to find specified revision {number} in history"),
                None => "error: no rollout history found for deployment".to_string(),
            }));
        };
        Ok(self.change_template(
            |template| {
                template.version = earlier.version;
                template.resources = earlier.resources;
                template.stamp = earlier.stamp;
            },
            core,
        ))
    }

    /// What an operator does to the deployment or one of its pods.
    pub(super) fn change(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        if self.beanstalk().is_some() {
            return self.change_environment(operation, core);
        }
        if self.kubernetes().is_none() {
            return self.change_on_host(operation, core);
        }
        match operation {
            Operation::Scale { replicas } => {
                if *replicas > MOST_REPLICAS {
                    return Err(Refusal::new(format!("error: replicas must be at most {MOST_REPLICAS} here")));
                }
                let before = std::mem::replace(&mut self.deployment.replicas, *replicas);
                core.mark(self.id, 7, u64::from(*replicas), u64::from(before));
                self.reconcile(core);
                Ok(if before == *replicas { Applied::Unchanged } else { Applied::Done })
            }
            Operation::SetResources { limit, request } => {
                let now = self.template().resources;
                let next = Resources { request: request.unwrap_or(now.request), limit: limit.or(now.limit) };
                if next.limit.is_some_and(|limit| limit < next.request) {
                    return Err(Refusal::new(format!(
                        "The Deployment \"{}\" is invalid: spec.template.spec.containers[0].resources.requests: \
                         Invalid value: \"{}\": must be less than or equal to memory limit",
                        self.settings.name, next.request
                    )));
                }
                Ok(self.change_template(|template| template.resources = next, core))
            }
            Operation::SetVersion { version } => {
                let Some(index) = self.settings.versions.iter().position(|known| known.name == *version) else {
                    return Err(Refusal::new(format!("error: no version `{version}` of {}", self.settings.name)));
                };
                Ok(self.change_template(|template| template.version = index as u16, core))
            }
            Operation::RolloutRestart => {
                let stamp = self.deployment.revisions.iter().map(|revision| revision.stamp).max().unwrap_or(0) + 1;
                Ok(self.change_template(|template| template.stamp = stamp, core))
            }
            Operation::RolloutUndo { to } => self.undo(*to, core),
            Operation::RolloutPause { paused } => {
                let before = std::mem::replace(&mut self.deployment.paused, *paused);
                self.reconcile(core);
                Ok(if before == *paused { Applied::Unchanged } else { Applied::Done })
            }
            Operation::DeletePod { pod, grace } => {
                let number = self.pod_named(pod)?;
                self.terminate(number, *grace, core);
                self.reconcile(core);
                Ok(Applied::Done)
            }
            Operation::Kill { instance, signal } => {
                let number = self.pod_named(instance)?;
                if !self.instances[number].has_process() {
                    return Err(Refusal::new("No such process"));
                }
                let started = self.instances[number].started;
                let code = 128 + signal % 64;
                let exit = super::instance::Exit { code, reason: "Error", started, finished: core.now };
                self.die(number, exit, core);
                Ok(Applied::Done)
            }
            other => Err(Refusal::new(format!("that can't be done to a deployment: {other:?}"))),
        }
    }

    fn pod_named(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.instances.iter().position(|pod| pod.exists() && &*pod.name == name);
        found.ok_or_else(|| Refusal::new(format!("Error from server (NotFound): pods \"{name}\" not found")))
    }

    /// One look of the deployment's and the replica sets' controllers: makes and ends pods within the rollout's bounds
    /// (`maxSurge` rounded up, `maxUnavailable` down).
    pub(super) fn reconcile(&mut self, core: &mut Core) {
        let Some(settings) = self.kubernetes() else { return self.go_on_rolling(core) };
        let wanted = self.deployment.replicas;
        let surge = (u64::from(wanted) * u64::from(settings.rollout.max_surge.0)).div_ceil(1_000_000) as u32;
        let slack = (u64::from(wanted) * u64::from(settings.rollout.max_unavailable.0) / 1_000_000) as u32;
        let current = self.deployment.revision;
        let live: Vec<usize> = (0..self.instances.len())
            .filter(|n| self.instances[*n].exists() && self.instances[*n].stage != Stage::Terminating)
            .collect();
        let (new, old): (Vec<usize>, Vec<usize>) = live.iter().partition(|n| self.instances[**n].revision == current);
        if self.deployment.paused && !old.is_empty() {
            // A paused rollout keeps the numbers of both replica sets.
            return;
        }
        let total = live.len() as u32;
        let ceiling = wanted + if old.is_empty() { 0 } else { surge };
        let missing = wanted.saturating_sub(new.len() as u32).min(ceiling.saturating_sub(total));
        for _ in 0..missing {
            self.create_pod(core.now, core);
        }
        let mut spare: Vec<usize> = Vec::new();
        if new.len() as u32 > wanted {
            let mut order = new.clone();
            self.order_for_ending(&mut order);
            spare.extend(order.into_iter().take(new.len() - wanted as usize));
        }
        if !old.is_empty() {
            let ready = |list: &[usize]| list.iter().filter(|n| self.instances[**n].is_ready()).count() as u32;
            let least = wanted.saturating_sub(slack);
            let new_unready = new.len() as u32 + missing - ready(&new);
            let mut may_end = (total + missing).saturating_sub(least).saturating_sub(new_unready);
            let mut order = old.clone();
            self.order_for_ending(&mut order);
            let mut available = ready(&new) + ready(&old);
            for number in order {
                if may_end == 0 || (self.instances[number].is_ready() && available <= least && wanted > 0) {
                    break;
                }
                if self.instances[number].is_ready() {
                    available -= 1;
                }
                may_end -= 1;
                spare.push(number);
            }
        }
        for number in spare {
            let pod = &self.instances[number].name;
            let set = self.replica_set_name(self.instances[number].revision);
            let message = format!("Deleted pod: {pod}");
            self.events.add(
                core.now,
                false,
                "SuccessfulDelete",
                "replicaset-controller",
                &format!("replicaset/{set}"),
                &message,
            );
            self.terminate(number, None, core);
        }
    }

    /// The order in which a replica set gives up pods: those without a node, those not ready, those restarted most, the
    /// youngest.
    fn order_for_ending(&self, pods: &mut [usize]) {
        pods.sort_by_key(|number| {
            let pod = &self.instances[*number];
            (
                pod.node.is_some(),
                pod.is_ready(),
                std::cmp::Reverse(pod.restarts),
                std::cmp::Reverse(pod.created),
                *number,
            )
        });
    }

    /// The first pods of a system that has long been running.
    pub(super) fn start_deployment(&mut self, core: &mut Core) {
        let long_ago = self.template().made.min(core.now - Span::from_micros(1));
        for _ in 0..self.deployment.replicas {
            self.create_pod(long_ago, core);
        }
    }
}

/// A bound on what one deployment may ask of a simulation.
const MOST_REPLICAS: u32 = 500;
