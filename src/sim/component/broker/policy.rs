//! What holds for a queue: its own arguments, the policy that matches it, the version's defaults.
//!
//! One policy applies to a queue: of those that match, the one with the highest priority, and of equals the one that was
//! set last. Where both a queue's argument and its policy give a number, the lower one holds; of two dead-letter queues
//! the argument's.

use super::settings::{QueueKind, QueueSettings, Version, matcher};
use crate::sim::operation::Policy;
use crate::sim::quantity::Span;

/// A policy that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its name.
    pub name: String,
    /// The queues it applies to, as a regular expression on their names.
    pub pattern: String,
    /// What it sets, and its priority.
    pub definition: Policy,
}

/// What becomes of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeadLetter {
    /// It is dropped: there is no dead-letter exchange, or nothing is bound to it.
    Drop,
    /// It goes to this queue.
    To(u16),
}

/// What holds for one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// How often a message may come back.
    pub delivery_limit: Option<u32>,
    pub dead_letter: DeadLetter,
    pub ttl: Option<Span>,
    pub max_length: Option<u32>,
    /// The place of the policy that applies.
    pub policy: Option<u16>,
}

impl Rules {
    pub const NONE: Self =
        Self { delivery_limit: None, dead_letter: DeadLetter::Drop, ttl: None, max_length: None, policy: None };

    /// Whether a message that has been delivered so often may come back once more.
    pub fn takes_back(&self, deliveries: u32) -> bool {
        self.delivery_limit.is_none_or(|limit| deliveries <= limit)
    }
}

/// The rules of every queue under these policies, in the order of the queues.
pub(super) fn rules(queues: &[&QueueSettings], policies: &[NamedPolicy], version: &Version) -> Vec<Rules> {
    let matchers: Vec<_> = policies.iter().map(|policy| matcher(&policy.pattern).ok()).collect();
    let applies = |place: usize, name: &str| matchers[place].as_ref().is_some_and(|pattern| pattern.is_match(name));
    let place_of = |name: &str| queues.iter().position(|queue| queue.name == name);
    let mut all = Vec::new();
    for queue in queues {
        let matching = (0..policies.len()).filter(|place| applies(*place, &queue.name));
        let place = matching.max_by_key(|place| (policies[*place].definition.priority, *place));
        let none = Policy::default();
        let policy = place.map_or(&none, |place| &policies[place].definition);
        let dead_letter = queue.dead_letter.as_deref().or(policy.dead_letter.as_deref()).and_then(place_of);
        // Quorum queues have had message TTL since 3.10.
        let may_expire = !queue.kind.is_quorum() || version.is_from(3, 10);
        all.push(Rules {
            delivery_limit: delivery_limit(queue.kind, policy.delivery_limit, version),
            dead_letter: dead_letter.map_or(DeadLetter::Drop, |place| DeadLetter::To(place as u16)),
            ttl: lower(queue.message_ttl, policy.message_ttl).filter(|_| may_expire).map(|ttl| ttl.max(Span::ZERO)),
            max_length: lower(queue.max_length, policy.max_length),
            policy: place.map(|place| place as u16),
        });
    }
    all
}

fn delivery_limit(kind: QueueKind, policy: Option<u32>, version: &Version) -> Option<u32> {
    let QueueKind::Quorum { delivery_limit: argument } = kind else { return None };
    if argument.is_none() && policy.is_none() {
        return version.is_from(4, 0).then_some(20);
    }
    lower(argument.and_then(|limit| u32::try_from(limit).ok()), policy)
}

fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}
