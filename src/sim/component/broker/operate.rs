//! What an operator can do to a broker, with the refusals of the real tool.

use super::queue::Queue;
use super::settings::{MOST_QUEUES, QueueKind, QueueSettings};
use super::{Broker, MADE_HERE, Made, NamedPolicy, Reason};
use crate::sim::core::Core;
use crate::sim::id::Unit;
use crate::sim::message::{Message, Settle};
use crate::sim::operation::{Applied, Operation, Policy, Refusal};

/// As many messages as one operation may publish.
const MOST_AT_ONCE: u32 = 1_000_000;

impl Broker {
    pub(super) fn apply(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        if self.is_sqs() && !matches!(operation, Operation::Publish { .. }) {
            return self.apply_to_sqs(operation, core);
        }
        match operation {
            Operation::Publish { queue, tags, count, name, body } => {
                let bits = tag_bits(tags, core)?;
                self.publish_by_hand(queue, bits, *count, name.as_deref(), body, core)
            }
            Operation::Purge { queue } => self.purge(queue, core),
            Operation::Get { queue, count, then } => self.look(queue, *count, *then, core),
            Operation::Policy { name, pattern, definition } => match definition {
                Some(definition) => self.set_policy(name, pattern, definition, core),
                None => self.clear_policy(name, core),
            },
            Operation::Shovel { from, to } => self.shovel(from, to, core),
            Operation::Declare { queue, quorum } => self.declare(queue, *quorum, core),
            other => Err(Refusal::new(format!("a broker can't do that: {other:?}"))),
        }
    }

    fn find(&self, queue: &str) -> Result<usize, Refusal> {
        self.place_of(queue).ok_or_else(|| Refusal::new(format!("no queue '{queue}' in vhost '/'")))
    }

    fn publish_by_hand(
        &mut self,
        queue: &str,
        tags: u64,
        count: u32,
        name: Option<&str>,
        body: &str,
        core: &mut Core,
    ) -> Result<Applied, Refusal> {
        // The default exchange routes by queue name; what it can't route is dropped.
        let place = self.place_of(queue).ok_or_else(|| Refusal::new("Message published but NOT routed"))?;
        if count > MOST_AT_ONCE {
            return Err(Refusal::new(format!("that is more than can be published at once ({MOST_AT_ONCE})")));
        }
        let first = self.made.last().map_or(0, |made| made.first + made.count);
        let followed = name.and_then(|name| self.followed.iter().find(|(known, _)| known == name));
        let deliveries = followed.map(|(_, metric)| *metric);
        let count = u64::from(count);
        self.made.push(Made { first, count, name: name.map(Into::into), body: body.into(), deliveries });
        for ordinal in first..first + count {
            let message = Message {
                unit: Unit::new(self.id, MADE_HERE, ordinal),
                published: core.now,
                position: 0,
                tags,
                deliveries: 0,
                redelivered: false,
            };
            self.publish(place as u16, message, core);
        }
        Ok(Applied::Count(count))
    }

    /// Drops the ready messages; what is unacknowledged stays with its consumers.
    fn purge(&mut self, queue: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let place = self.find(queue)?;
        let ready = std::mem::take(&mut self.queues[place].ready);
        for message in &ready {
            self.queues[place].forget(message);
            self.stored -= 1;
            self.drop_one(place, message, core);
        }
        Ok(Applied::Count(ready.len() as u64))
    }

    /// Takes messages from the head, all of them before the first is settled, and shows them as they were.
    fn look(&mut self, queue: &str, count: u32, then: Settle, core: &mut Core) -> Result<Applied, Refusal> {
        let place = self.find(queue)?;
        let count = self.queues[place].ready.len().min(count as usize);
        let seen: Vec<Message> = self.queues[place].ready.drain(..count).collect();
        for message in &seen {
            let message = Message { deliveries: message.deliveries.saturating_add(1), ..*message };
            match then {
                Settle::Ack => {
                    // Whoever it was for never gets it.
                    self.acked(place, &message, core);
                    core.telemetry.lost(message.unit);
                }
                Settle::Requeue | Settle::Hide(_) => self.take_back(place, message, core),
                Settle::Reject => self.part_with(place, message, Reason::Rejected, 0, core),
            }
        }
        self.keep_bounds(place, 0, core);
        self.deliver(place, core);
        Ok(Applied::Messages(seen))
    }

    fn set_policy(
        &mut self,
        name: &str,
        pattern: &str,
        definition: &Policy,
        core: &mut Core,
    ) -> Result<Applied, Refusal> {
        super::settings::matcher(pattern)?;
        let policy = NamedPolicy { name: name.into(), pattern: pattern.into(), definition: definition.clone() };
        if self.policies.last() == Some(&policy) {
            return Ok(Applied::Unchanged);
        }
        self.policies.retain(|known| known.name != name);
        self.policies.push(policy);
        self.apply_rules(core);
        Ok(Applied::Done)
    }

    fn clear_policy(&mut self, name: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let place = self.policies.iter().position(|known| known.name == name);
        self.policies.remove(place.ok_or_else(|| Refusal::new("Parameter does not exist"))?);
        self.apply_rules(core);
        Ok(Applied::Done)
    }

    fn apply_rules(&mut self, core: &mut Core) {
        self.set_rules();
        for place in 0..self.queues.len() {
            self.keep_bounds(place, 0, core);
        }
    }

    /// Moves what is ready now; a shovel declares the queue that it writes to.
    fn shovel(&mut self, from: &str, to: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let source = self.find(from)?;
        if from == to {
            return Err(Refusal::new(format!("source and destination are the same queue: '{from}'")));
        }
        let target = match self.place_of(to) {
            Some(place) => place,
            None => self.add_queue(to, false, core)?,
        };
        let moved = std::mem::take(&mut self.queues[source].ready);
        for message in &moved {
            self.acked(source, message, core);
            self.enter(target, *message, 0, core);
        }
        Ok(Applied::Count(moved.len() as u64))
    }

    fn declare(&mut self, queue: &str, quorum: bool, core: &mut Core) -> Result<Applied, Refusal> {
        let Some(place) = self.place_of(queue) else {
            self.add_queue(queue, quorum, core)?;
            return Ok(Applied::Done);
        };
        let kind = self.queues[place].settings.kind;
        if kind.is_quorum() == quorum {
            return Ok(Applied::Unchanged);
        }
        let (received, current) = if quorum { ("quorum", kind.word()) } else { ("classic", kind.word()) };
        Err(Refusal::new(format!(
            "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '{queue}' in vhost '/': \
             received '{received}' but current is '{current}'"
        )))
    }

    fn add_queue(&mut self, queue: &str, quorum: bool, core: &mut Core) -> Result<usize, Refusal> {
        if self.queues.len() >= MOST_QUEUES {
            return Err(Refusal::new(format!(
                "cannot declare queue '{queue}': queue limit ({MOST_QUEUES}) is reached"
            )));
        }
        if quorum && !self.version.is_from(3, 8) {
            return Err(Refusal::new(
                "PRECONDITION_FAILED - invalid arg 'x-queue-type': there are no quorum queues here",
            ));
        }
        let kind = if quorum { QueueKind::Quorum { delivery_limit: None } } else { QueueKind::Classic };
        let settings = QueueSettings { name: queue.into(), kind, ..QueueSettings::default() };
        self.queues.push(Queue::new(self.id, &self.name, settings, &mut core.telemetry));
        self.apply_rules(core);
        Ok(self.queues.len() - 1)
    }
}

/// The bits of tags by their names.
fn tag_bits(tags: &[String], core: &Core) -> Result<u64, Refusal> {
    let mut bits = 0;
    for tag in tags {
        let number = core.model.tags.iter().position(|known| known == tag);
        bits |= 1 << number.ok_or_else(|| Refusal::new(format!("nothing in this system knows the tag '{tag}'")))?;
    }
    Ok(bits)
}
