//! Instances of an Elastic Beanstalk environment: machines that come when they are wanted and go with all they have.
//!
//! What runs on one is under a supervisor, as on any machine. An instance that is terminated ends at once; its processes
//! and its disk are gone, and whoever wanted to read its logs should have copied them.

use super::Service;
use super::instance::{Instance, Stage};
use super::settings::RunsOn;
use super::supervisor::Supervisor;
use crate::sim::core::{Core, Timer};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Duration, Span};
use crate::sim::random::{Purpose, hash_name, join};
use serde::Deserialize;
use std::sync::Arc;

/// An environment as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Beanstalk {
    /// How many instances there are at the beginning.
    pub instances: u32,
    /// How they are called; `{n}` is a number from 1 that no later instance has again.
    pub names: String,
    /// From the order for an instance until its processes start.
    pub starts_in: Duration,
    /// What watches over the application on each.
    pub supervisor: Supervisor,
}

impl Default for Beanstalk {
    fn default() -> Self {
        Self {
            instances: 1,
            names: "i-{n}".into(),
            starts_in: Duration::Uniform(Span::from_seconds(90), Span::from_seconds(150)),
            supervisor: Supervisor::Upstart(super::supervisor::Upstart {
                respawn: Some(super::supervisor::Limit::default()),
                ..super::supervisor::Upstart::default()
            }),
        }
    }
}

/// More instances than this no account has by default.
const MOST_INSTANCES: u32 = 20;

impl Service {
    /// The environment that it runs in, if it is one.
    #[must_use]
    pub fn beanstalk(&self) -> Option<&Beanstalk> {
        match &self.settings.runs_on {
            RunsOn::Beanstalk(settings) => Some(settings),
            _ => None,
        }
    }

    fn name_of_next(&self) -> Arc<str> {
        let pattern = self.beanstalk().map_or("i-{n}", |settings| settings.names.as_str());
        pattern.replace("{n}", &(self.instances.len() + 1).to_string()).into()
    }

    /// The instances of an environment that has long been running.
    pub(super) fn start_environment(&mut self, core: &mut Core) {
        for _ in 0..self.deployment.replicas {
            let name = self.name_of_next();
            self.create_on_host(&name, core);
        }
    }

    /// An instance is ordered; it boots before anything runs on it.
    fn launch(&mut self, core: &mut Core) {
        let number = self.instances.len();
        let word = join(hash_name(&self.settings.name), number as u64);
        let (revision, version) = (self.template().number, self.template().version);
        let mut instance = Instance::new(self.name_of_next(), word, revision, version, core.now);
        instance.first_pid = 900 + (word % 1_700) as u32;
        instance.stage = Stage::Creating;
        let wait = self.beanstalk().map_or(Duration::default(), |settings| settings.starts_in);
        let wait = wait.draw(core.draw_life(self.id, Purpose::Start, word, 3 << 32));
        instance.life = core.set_timer(self.id, Timer::Life, number as u32, core.now + wait);
        self.instances.push(instance);
    }

    /// An instance is terminated: its processes end at once, and nothing of it stays.
    fn terminate_instance(&mut self, number: usize, core: &mut Core) {
        self.ready.retain(|ready| *ready != number as u32);
        if self.instances[number].has_process() {
            self.drop_work(number, core);
        }
        core.mark(self.id, 10, number as u64, 0);
        let instance = &mut self.instances[number];
        instance.stage = Stage::Gone;
        instance.life = 0;
    }

    /// Brings the number of instances to what is wanted; the oldest go first, as the scaling group has it.
    fn scale_environment(&mut self, core: &mut Core) {
        let wanted = self.deployment.replicas as usize;
        let live: Vec<usize> = self.live().map(|(number, _)| number).collect();
        for number in live.iter().take(live.len().saturating_sub(wanted)) {
            self.terminate_instance(*number, core);
        }
        for _ in live.len()..wanted {
            self.launch(core);
        }
    }

    /// What an operator does to the environment; what isn't its own is done on its machines.
    pub(super) fn change_environment(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Scale { replicas } => {
                if *replicas > MOST_INSTANCES {
                    return Err(Refusal::new(format!(
                        "ERROR: InvalidParameterValue - You have requested more instances ({replicas}) than your \
                         current instance limit of {MOST_INSTANCES} allows."
                    )));
                }
                let before = std::mem::replace(&mut self.deployment.replicas, *replicas);
                core.mark(self.id, 7, u64::from(*replicas), u64::from(before));
                self.scale_environment(core);
                Ok(if before == *replicas { Applied::Unchanged } else { Applied::Done })
            }
            Operation::DeletePod { pod, .. } => {
                let found = self.live().find(|(_, instance)| *instance.name == **pod).map(|(number, _)| number);
                let number = found.ok_or_else(|| {
                    Refusal::new(format!(
                        "An error occurred (InvalidInstanceID.NotFound) when calling the TerminateInstances operation: \
                         The instance ID '{pod}' does not exist"
                    ))
                })?;
                self.terminate_instance(number, core);
                self.scale_environment(core);
                Ok(Applied::Done)
            }
            Operation::SetOption { option, value } => {
                let changed = self.set_option(option, value, core)?;
                // What the application reads from its environment it reads when it starts.
                if changed && option == "SERVER_TIMEOUT" {
                    let stamp = self.template().stamp + 1;
                    return Ok(self.change_template(|template| template.stamp = stamp, core));
                }
                Ok(if changed { Applied::Done } else { Applied::Unchanged })
            }
            other => self.change_on_host(other, core),
        }
    }
}
