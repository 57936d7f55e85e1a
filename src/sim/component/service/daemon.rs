//! A worker daemon: it stands beside the application on each instance, takes messages off a queue and posts each to the
//! application over HTTP (Elastic Beanstalk's `aws-sqsd`).
//!
//! 200 deletes the message. Anything else, or no answer in time, hides it for a while, after which it is there again. The
//! daemon bounds how many posts are *open*: one that it has given up is no longer open, and the handler that works on it
//! doesn't hear of that. Between the two there are a proxy and the application's own server, each with a patience of its
//! own; the shortest is the one that counts.
//!
//! Knows nothing of what handlers do.

use super::Service;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, Status};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::message::{Consumer, Message, Parcel, Settle};
use crate::sim::operation::Refusal;
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{HistogramId, Measure, MetricId, Telemetry};
use serde::Deserialize;
use std::collections::VecDeque;

/// A daemon as a level describes it; the defaults are Elastic Beanstalk's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The queue it takes messages from: `broker/queue`.
    pub queue: String,
    /// How many posts each instance's daemon may have open (`HttpConnections`).
    #[serde(default = "fifty")]
    pub connections: u32,
    /// How long it waits for an answer (`InactivityTimeout`).
    #[serde(default = "inactivity")]
    pub inactivity: Span,
    /// How long a message is hidden when it is received (`VisibilityTimeout`).
    #[serde(default = "visibility")]
    pub visibility: Span,
    /// How long a message is hidden when its post has failed (`ErrorVisibilityTimeout`).
    #[serde(default = "error_visibility")]
    pub error_visibility: Span,
    /// How long the proxy between the daemon and the application waits for an answer (nginx: `proxy_read_timeout`).
    #[serde(default = "a_minute")]
    pub proxy: Option<Span>,
    /// How long the application's own server keeps a request open; without it, for ever.
    #[serde(default)]
    pub server: Option<Span>,
}

const fn fifty() -> u32 {
    50
}

const fn inactivity() -> Span {
    Span::from_seconds(180)
}

const fn visibility() -> Span {
    Span::from_seconds(300)
}

const fn error_visibility() -> Span {
    Span::from_seconds(2)
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
const fn a_minute() -> Option<Span> {
    Some(Span::from_seconds(60))
}

/// How a post ended that didn't end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The daemon had waited long enough, and hung up.
    HungUp,
    /// It was answered with this status.
    Answered(u16),
}

/// A line of a daemon's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Time,
    /// On which instance.
    pub instance: u32,
    /// About which message.
    pub unit: Unit,
    /// How often that had been received.
    pub receives: u32,
    /// How long the post was open.
    pub took: Span,
    /// How it ended.
    pub failure: Failure,
}

/// A post that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Post {
    instance: u32,
    frame: FrameId,
    receipt: u32,
    receives: u32,
    began: Time,
    /// The entry that ends it.
    ticket: Ticket,
    /// How it ends then.
    failure: Failure,
}

/// How many posts one instance has open, and for how many more messages it has asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slots {
    open: u32,
    asked: u32,
}

/// The daemons of a service, one on each instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// As they are configured now.
    pub settings: Settings,
    broker: ComponentId,
    queue: u16,
    posts: Vec<Option<Post>>,
    free: Vec<u32>,
    slots: Vec<Slots>,
    /// What they have written about posts that failed, oldest first.
    pub lines: VecDeque<Line>,
    abandoned: i64,
    metrics: Metrics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Metrics {
    open: MetricId,
    abandoned: MetricId,
    given_up: MetricId,
    completed: MetricId,
    took: HistogramId,
}

/// The daemon's place among a service's subscriptions.
const DAEMON: u8 = u8::MAX;
/// So many lines of log are kept.
const MOST_LINES: usize = 20_000;

impl Daemon {
    pub(in crate::sim) fn new(
        id: ComponentId,
        name: &str,
        settings: &Settings,
        queue: (ComponentId, u16),
        telemetry: &mut Telemetry,
    ) -> Self {
        let metrics = Metrics {
            open: telemetry.gauge(id, format!("{name}.open"), "posts that a daemon waits for", Measure::Count),
            abandoned: telemetry.gauge(
                id,
                format!("{name}.abandoned"),
                "handlers at work whose caller has gone",
                Measure::Count,
            ),
            given_up: telemetry.counter(id, format!("{name}.given_up"), "posts without an answer in time"),
            completed: telemetry.counter(id, format!("{name}.completed"), "handlers that have come to a good end"),
            took: telemetry.latency(id, format!("{name}.took"), "from a post to its handler's end, whoever had gone"),
        };
        Self {
            settings: settings.clone(),
            broker: queue.0,
            queue: queue.1,
            posts: vec![],
            free: vec![],
            slots: vec![],
            lines: VecDeque::new(),
            abandoned: 0,
            metrics,
        }
    }

    /// How many posts an instance has open.
    #[must_use]
    pub fn open(&self, instance: usize) -> u32 {
        self.slots.get(instance).map_or(0, |slots| slots.open)
    }

    /// The patience that ends first, and how a post looks to the daemon that ends so. Of equals the innermost: it sits
    /// where the answer would begin, and whoever is outside hears of it.
    fn shortest(&self) -> (Span, Failure) {
        let mut shortest = (self.settings.inactivity, Failure::HungUp);
        for (patience, status) in [(self.settings.proxy, 504), (self.settings.server, 502)] {
            if let Some(patience) = patience.filter(|patience| *patience <= shortest.0) {
                shortest = (patience, Failure::Answered(status));
            }
        }
        shortest
    }

    fn keep(&mut self, post: Post) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.posts[slot as usize] = Some(post);
            return slot;
        }
        self.posts.push(Some(post));
        (self.posts.len() - 1) as u32
    }

    fn close(&mut self, slot: u32) -> Option<Post> {
        let post = self.posts.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        self.slots[post.instance as usize].open -= 1;
        Some(post)
    }

    fn write(&mut self, post: &Post, unit: Unit, failure: Failure, now: Time) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        // From the moment it is due to the moment the daemon has noticed.
        let late = Span::from_millis(2 + (crate::sim::random::join(unit.0, u64::from(post.receives)) % 7) as i64);
        let took = now.since(post.began) + late;
        let (instance, receives) = (post.instance, post.receives);
        self.lines.push_back(Line { at: now, instance, unit, receives, took, failure });
    }
}

impl Service {
    fn consumer(&self, number: usize) -> Consumer {
        let epoch = self.instances[number].epoch;
        Consumer { component: self.id, subscription: DAEMON, instance: number as u32, epoch }
    }

    /// Whether a delivery is for the daemon.
    pub(super) const fn is_for_daemon(consumer: &Consumer) -> bool {
        consumer.subscription == DAEMON
    }

    /// Whether a handler was begun by the daemon.
    pub(super) const fn is_posted(frame: &Frame) -> bool {
        frame.subscription == DAEMON
    }

    /// An instance's daemon asks for as many messages as it may post.
    pub(super) fn ask_for_messages(&mut self, number: usize, core: &mut Core) {
        if !self.instances[number].is_ready() {
            return;
        }
        let consumer = self.consumer(number);
        let Some(daemon) = &mut self.daemon else { return };
        if daemon.slots.len() <= number {
            daemon.slots.resize(number + 1, Slots::default());
        }
        let slots = &mut daemon.slots[number];
        let count = daemon.settings.connections.saturating_sub(slots.open + slots.asked);
        if count > 0 {
            slots.asked += count;
            let visibility = Some(daemon.settings.visibility);
            core.send(self.id, daemon.broker, Parcel::Poll { queue: daemon.queue, consumer, count, visibility });
        }
    }

    /// A daemon that has been started anew: what it had asked for and not got it asks for as it is set now.
    fn ask_anew(&mut self, number: usize, core: &mut Core) {
        let Consumer { component, instance, epoch, .. } = self.consumer(number);
        let Some(daemon) = &mut self.daemon else { return };
        if let Some(slots) = daemon.slots.get_mut(number).filter(|slots| slots.asked > 0) {
            slots.asked = 0;
            core.send(self.id, daemon.broker, Parcel::Disconnect { component, instance, epoch });
        }
        self.ask_for_messages(number, core);
    }

    /// A message has come: it is posted to the application.
    pub(super) fn post(&mut self, consumer: Consumer, receipt: u32, message: Message, core: &mut Core) {
        let number = consumer.instance as usize;
        let Some(instance) = self.instances.get(number) else { return };
        // Received by a daemon that has gone: the message comes back when its time is over.
        if instance.epoch != consumer.epoch || !instance.is_ready() {
            return;
        }
        let version = instance.version;
        let Some(daemon) = &mut self.daemon else { return };
        daemon.slots[number].asked = daemon.slots[number].asked.saturating_sub(1);
        daemon.slots[number].open += 1;
        let frame = core.begin(Frame {
            unit: message.unit.0,
            tags: message.tags,
            component: self.id,
            instance: number as u32,
            program: self.programs[usize::from(version)],
            subscription: DAEMON,
            attempt: message.deliveries as u16,
            started: core.now,
            ..Frame::EMPTY
        });
        let (patience, failure) = daemon.shortest();
        let (receives, began) = (message.deliveries, core.now);
        let post = Post { instance: number as u32, frame, receipt, receives, began, ticket: 0, failure };
        let slot = daemon.keep(post);
        core.frames[frame].delivery = slot;
        let ticket = core.set_timer(self.id, Timer::Expire, slot, core.now + patience);
        if let Some(post) = &mut daemon.posts[slot as usize] {
            post.ticket = ticket;
        }
        core.telemetry.count(self.metrics.requests);
        self.begin(frame, number, core);
    }

    /// The shortest patience is over: the slot is free, the message comes back later, and the handler goes on.
    pub(super) fn give_up(&mut self, slot: u32, ticket: Ticket, core: &mut Core) {
        let Some(daemon) = &mut self.daemon else { return };
        let is_meant =
            daemon.posts.get(slot as usize).is_some_and(|post| post.is_some_and(|post| post.ticket == ticket));
        let Some(post) = daemon.posts.get(slot as usize).copied().flatten().filter(|_| is_meant) else { return };
        let unit = Unit(core.frames[post.frame].unit);
        core.frames[post.frame].caller_gone = true;
        daemon.close(slot);
        daemon.abandoned += 1;
        daemon.write(&post, unit, post.failure, core.now);
        core.telemetry.count(daemon.metrics.given_up);
        core.mark(self.id, 9, unit.0, u64::from(post.receives));
        self.hide_again(&post, core);
    }

    fn hide_again(&mut self, post: &Post, core: &mut Core) {
        let consumer = self.consumer(post.instance as usize);
        let Some(daemon) = &self.daemon else { return };
        let how = Settle::Hide(daemon.settings.error_visibility);
        core.send(self.id, daemon.broker, Parcel::Settled { tag: post.receipt, consumer, how });
        self.ask_for_messages(post.instance as usize, core);
    }

    /// A handler that the daemon began has come to its end.
    pub(super) fn posted(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        let (slot, gone, unit) = {
            let frame = &core.frames[frame];
            (frame.delivery, frame.caller_gone, Unit(frame.unit))
        };
        let took = core.now.since(core.frames[frame].started);
        let Some(daemon) = &mut self.daemon else { return };
        core.telemetry.record(daemon.metrics.took, core.now, took, 1);
        if status.is_ok() {
            core.telemetry.count(daemon.metrics.completed);
        } else {
            core.telemetry.count(self.metrics.failed);
        }
        if gone {
            daemon.abandoned -= 1;
            return;
        }
        let Some(post) = daemon.close(slot) else { return };
        if !status.is_ok() {
            daemon.write(&post, unit, Failure::Answered(status.0), core.now);
            self.hide_again(&post, core);
            return;
        }
        let consumer = self.consumer(post.instance as usize);
        let Some(daemon) = &self.daemon else { return };
        core.send(self.id, daemon.broker, Parcel::Settled { tag: post.receipt, consumer, how: Settle::Ack });
        self.ask_for_messages(post.instance as usize, core);
    }

    /// An instance's processes have ended, and the daemon with them; what it had received comes back in its time.
    pub(super) fn drop_posts(&mut self, number: usize, abandoned: i64, core: &mut Core) {
        let consumer = self.consumer(number);
        let Some(daemon) = &mut self.daemon else { return };
        daemon.abandoned -= abandoned;
        for slot in 0..daemon.posts.len() {
            if daemon.posts[slot].is_some_and(|post| post.instance as usize == number) {
                daemon.close(slot as u32);
            }
        }
        if let Some(slots) = daemon.slots.get_mut(number) {
            *slots = Slots::default();
        }
        let (component, instance, epoch) = (consumer.component, consumer.instance, consumer.epoch);
        core.send(self.id, daemon.broker, Parcel::Disconnect { component, instance, epoch });
    }

    /// Sets the gauges.
    pub(super) fn sample_daemon(&self, core: &mut Core) {
        let Some(daemon) = &self.daemon else { return };
        let open: u32 = daemon.slots.iter().map(|slots| slots.open).sum();
        core.telemetry.set(daemon.metrics.open, i64::from(open));
        core.telemetry.set(daemon.metrics.abandoned, daemon.abandoned);
    }

    /// Sets an option of the environment; posts that are open keep the patience that they began with.
    pub(super) fn set_option(&mut self, option: &str, value: &str, core: &mut Core) -> Result<bool, Refusal> {
        let invalid = || {
            Refusal::new(format!(
                "ERROR: InvalidParameterValueError - Invalid option value: '{value}' (Namespace: \
                 'aws:elasticbeanstalk:sqsd', OptionName: '{option}')."
            ))
        };
        let Some(daemon) = &mut self.daemon else { return Err(unknown(option)) };
        let seconds = |least: i64, most: i64| {
            let number: i64 = value.trim_end_matches('s').parse().map_err(|_| invalid())?;
            if (least..=most).contains(&number) { Ok(Span::from_seconds(number)) } else { Err(invalid()) }
        };
        let before = daemon.settings.clone();
        match option {
            "HttpConnections" => {
                let number: u32 = value.parse().map_err(|_| invalid())?;
                daemon.settings.connections = if (1..=100).contains(&number) { number } else { return Err(invalid()) };
            }
            "InactivityTimeout" => daemon.settings.inactivity = seconds(1, 36_000)?,
            "VisibilityTimeout" => daemon.settings.visibility = seconds(0, 43_200)?,
            "ErrorVisibilityTimeout" => daemon.settings.error_visibility = seconds(0, 43_200)?,
            "ProxyReadTimeout" => daemon.settings.proxy = Some(seconds(1, 43_200)?),
            "SERVER_TIMEOUT" => {
                // Node's server takes 0 for none.
                let span = seconds(0, 43_200)?;
                daemon.settings.server = Some(span).filter(|span| *span > Span::ZERO);
            }
            _ => return Err(unknown(option)),
        }
        let changed = daemon.settings != before;
        for number in 0..self.instances.len() {
            self.ask_anew(number, core);
        }
        Ok(changed)
    }
}

fn unknown(option: &str) -> Refusal {
    Refusal::new(format!(
        "ERROR: ConfigurationValidationException - Invalid option specification (OptionName: '{option}'): Unknown \
         configuration setting. There are HttpConnections, InactivityTimeout, VisibilityTimeout, \
         ErrorVisibilityTimeout, ProxyReadTimeout and SERVER_TIMEOUT."
    ))
}
