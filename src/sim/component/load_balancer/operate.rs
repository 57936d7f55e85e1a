//! What an operator does to a balancer: takes a backend out, puts it in, sets the check.

use super::{Flavour, LoadBalancer, State};
use crate::sim::check::Check;
use crate::sim::core::Core;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::Span;

impl LoadBalancer {
    pub(super) fn change(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Deregister { backend } => {
                let number = self.number_of(backend)?;
                Ok(self.set_state(number, State::Deregistered, core))
            }
            Operation::Register { backend } => {
                let number = self.number_of(backend)?;
                if self.backends[number].state != State::Deregistered {
                    return Ok(Applied::Unchanged);
                }
                // Only the classic ELB waits for a good answer first.
                let state = match self.settings.flavour {
                    Flavour::Elb if self.check.is_some() => State::Registering,
                    _ => State::InService,
                };
                let applied = self.set_state(number, state, core);
                let backend = &mut self.backends[number];
                (backend.failures, backend.passes) = (0, 0);
                Ok(applied)
            }
            Operation::SetCheck { check } => self.set_check(*check, core),
            other => Err(Refusal::new(format!("that can't be done to a load balancer: {other:?}"))),
        }
    }

    fn number_of(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.backends.iter().position(|backend| &*backend.name == name);
        found.ok_or_else(|| {
            Refusal::new(match self.settings.flavour {
                Flavour::Elb => {
                    format!("A client error (InvalidInstance) occurred: Could not find EC2 instance {name}.")
                }
                Flavour::HaProxy | Flavour::Nginx => "No such server.".to_string(),
            })
        })
    }

    fn set_state(&mut self, number: usize, state: State, core: &mut Core) -> Applied {
        let backend = &mut self.backends[number];
        if backend.state == state {
            return Applied::Unchanged;
        }
        backend.state = state;
        backend.since = core.now;
        core.mark(self.id, 21, number as u64, state as u64);
        Applied::Done
    }

    fn set_check(&mut self, check: Check, core: &mut Core) -> Result<Applied, Refusal> {
        if check.every < Span::from_seconds(1) || check.timeout >= check.every || check.fall == 0 || check.rise == 0 {
            return Err(Refusal::new(
                "A client error (ValidationError) occurred: HealthCheck Interval must be greater than Timeout, and the \
                 thresholds at least 1",
            ));
        }
        if self.check == Some(check) {
            return Ok(Applied::Unchanged);
        }
        self.check = Some(check);
        for number in 0..self.backends.len() {
            self.begin_checks(number, core);
        }
        Ok(Applied::Done)
    }
}
