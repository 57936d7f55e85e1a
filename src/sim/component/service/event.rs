//! What Kubernetes says about its objects: events, counted together where they repeat, forgotten after an hour.

use crate::sim::quantity::{Span, Time};

/// Kubernetes keeps events for an hour (kube-apiserver's `--event-ttl`).
const KEPT: Span = Span::from_seconds(3600);

/// Something that happened to an object, as `kubectl describe` and `kubectl get events` list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was first seen.
    pub first: Time,
    /// When it was last seen.
    pub last: Time,
    /// How often.
    pub count: u32,
    /// Whether it is a `Warning` rather than `Normal`.
    pub is_warning: bool,
    /// `Scheduled`, `Pulled`, `Created`, `Started`, `BackOff`, `Unhealthy`, `Killing`, `FailedScheduling`, …
    pub reason: &'static str,
    /// The object: `pod/NAME`, `deployment/NAME`, `replicaset/NAME`.
    pub object: String,
    /// Who says so: `kubelet`, `default-scheduler`, `deployment-controller`, `replicaset-controller`.
    pub source: &'static str,
    /// In words.
    pub message: String,
}

/// The events of one service, oldest first by when they were first seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events(Vec<Event>);

impl Events {
    /// Adds an event, or counts it with the one it repeats.
    pub(in crate::sim) fn add(
        &mut self,
        now: Time,
        is_warning: bool,
        reason: &'static str,
        source: &'static str,
        object: &str,
        message: &str,
    ) {
        if self.0.len() > 4096 {
            self.0.retain(|event| now.since(event.last) < KEPT);
        }
        let repeats = |event: &&mut Event| {
            event.reason == reason && event.object == object && event.message == message && now.since(event.last) < KEPT
        };
        match self.0.iter_mut().rev().find(repeats) {
            Some(event) => {
                event.count += 1;
                event.last = now;
            }
            None => self.0.push(Event {
                first: now,
                last: now,
                count: 1,
                is_warning,
                reason,
                object: object.to_string(),
                source,
                message: message.to_string(),
            }),
        }
    }

    /// Those that are still kept at a moment.
    pub fn at(&self, now: Time) -> impl Iterator<Item = &Event> {
        self.0.iter().filter(move |event| now.since(event.last) < KEPT)
    }
}
