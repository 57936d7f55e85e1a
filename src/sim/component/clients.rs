//! People and programs outside that want something, whether or not the system keeps up (an open loop).
//!
//! Each load is one kind of thing they want, at a rate that may change over time: a call to a component, or a message to a
//! queue. What they got, late or never, is counted here, where it hurts.

mod leaving;

pub use leaving::Leaves;

use super::Behavior;
use super::over_time::OverTime;
use super::tagged::Tagged;
use crate::sim::agenda::Ticket;
use crate::sim::answer::{Document, ListId};
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, NONE, Status};
use crate::sim::handler::{Answered, Flow};
use crate::sim::id::{ComponentId, ProgramId, Unit};
use crate::sim::message::{Message, Parcel};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Duration, Rate, Share, Span, Time};
use crate::sim::random::{Popularity, Purpose, Ranks, Stream, exponential, join, unit_fraction};
use crate::sim::telemetry::{HistogramId, Measure, MetricId, Origin, Telemetry};
use serde::Deserialize;

/// Clients as a level describes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// What they want, and how often.
    pub load: Vec<Load>,
    /// What becomes of those who got no good answer; without it, they are gone.
    #[serde(default)]
    pub leaves: Option<Leaves>,
}

/// One kind of thing that clients want.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// What it is called in metrics: `people.page`.
    pub kind: String,
    /// How often: `"120/s"`, or points over time, `[("-10m", "1/s"), ("0s", "20/s")]`, with straight lines between them.
    /// Without it, only what another load's answers lead to (`follow`).
    #[serde(default = "never")]
    pub rate: OverTime<Rate>,
    /// The component that is called.
    #[serde(default)]
    pub call: Option<String>,
    /// The queue that is published to: `broker/queue`.
    #[serde(default)]
    pub publish: Option<String>,
    /// The tags that each carries, or some: `tags: [(tag: "vip", share: "2%")]`, where the share may change over time.
    #[serde(default)]
    pub tags: Vec<Tagged>,
    /// How long somebody waits before it counts as late (a message) or failed (a call).
    #[serde(default = "half_a_minute")]
    pub patience: Span,
    /// How many more times a call is tried when it fails.
    #[serde(default)]
    pub retries: u8,
    /// The pause before each of those.
    #[serde(default)]
    pub pause: Duration,
    /// How many different things of this kind there are to ask for.
    #[serde(default = "one_key")]
    pub keys: u32,
    /// How much more often the first of them is asked for than the last.
    #[serde(default)]
    pub popularity: Popularity,
    /// What an answer leads to: its documents are fetched, each by a request of another load.
    #[serde(default)]
    pub follow: Option<Follow>,
    /// What such a message says; `{id}` and other `{words}` differ from one to the next.
    #[serde(default)]
    pub body: String,
    /// How many of the real thing one simulated request stands for, wherever something is counted.
    #[serde(default = "one")]
    pub stands_for: u16,
}

/// What becomes of a list that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The kind of the load of the same clients with which each document is fetched. It carries the document's tags.
    pub kind: String,
    /// How many of its documents are fetched, at most.
    #[serde(default = "most_links")]
    pub links: u8,
    /// Some of the lists are kept, and their documents fetched once more without asking for the list again.
    #[serde(default)]
    pub again: Option<Again>,
}

/// A list that is used once more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// How long after the answer.
    pub after: Duration,
    /// Which share of the lists.
    pub share: Share,
}

const fn most_links() -> u8 {
    16
}

fn never() -> OverTime<Rate> {
    OverTime::constant(Rate(0))
}

const fn one_key() -> u32 {
    1
}

const fn half_a_minute() -> Span {
    Span::from_seconds(30)
}

const fn one() -> u16 {
    1
}

/// Where a load's requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Target {
    /// The program that makes the call.
    Call(ProgramId),
    /// A queue of a broker.
    Queue(ComponentId, u16),
    /// Nowhere: the level says neither.
    Nowhere,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    kind: String,
    rate: OverTime<Rate>,
    /// The mean time between two arrivals when the rate is at its highest, in nanoseconds; `None` where nobody ever comes.
    between: Option<i64>,
    target: Target,
    tags: u64,
    /// Tags that only some carry, a bit each.
    chances: Vec<(u64, OverTime<Share>)>,
    arrivals: Stream,
    /// What the last arrival was later than its whole microsecond, in nanoseconds: the next is reckoned from there, so
    /// that rounding down doesn't raise the rate.
    past: i64,
    next: u64,
    stands_for: u16,
    requests: MetricId,
    failed: MetricId,
    latency: Option<HistogramId>,
    body: String,
    ranks: Ranks,
    follow: Option<Following>,
}

impl Wish {
    /// The tags of one request: those that all carry, and those that it happens to.
    fn tags_of(&self, unit: Unit, core: &Core) -> u64 {
        let drawn = self.chances.iter().enumerate().filter(|(number, (_, share))| {
            let word = core.draw_life(unit.component(), Purpose::Tag, unit.0, *number as u64);
            unit_fraction(word) <= share.of_any(core.now, self.stands_for)
        });
        drawn.fold(self.tags, |all, (_, (bit, _))| all | bit)
    }
}

/// Where the documents of an answer are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Following {
    /// The load.
    wish: usize,
    links: u8,
    again: Option<Again>,
}

/// A list that is used once more later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeptList {
    of: Unit,
    wish: u8,
    links: u8,
    list: ListId,
}

/// Documents of one list that are fetched, at most.
const MOST_LINKS: usize = 16;

/// Clients at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    id: ComponentId,
    wishes: Vec<Wish>,
    /// Lists that are kept, by the number of the timer that uses them again.
    kept: Vec<Option<KeptList>>,
    free: Vec<u32>,
    leaves: Option<Leaves>,
    /// Those who have given up and will come back: what for, and when. A place whose time has passed is free.
    away: Vec<(Ticket, u8)>,
    free_away: Vec<u32>,
    returns: u64,
    returned: MetricId,
    waiting: MetricId,
    overdue: MetricId,
}

impl Clients {
    /// Defines the metrics, opens the accounts, compiles nothing: targets and tags come as numbers.
    pub(in crate::sim) fn new(
        id: ComponentId,
        settings: &Settings,
        targets: &[(Target, Vec<u64>)],
        core: &mut Core,
    ) -> Self {
        let name = &settings.name;
        let mut wishes = Vec::new();
        let key = core.model.components[id.index()].hash;
        for (number, (load, (target, tags))) in settings.load.iter().zip(targets).enumerate() {
            let prefix = format!("{name}.{}", load.kind);
            let arrivals = Stream::new(core.seed(), key, Purpose::Arrival, crate::sim::random::hash_name(&load.kind));
            let (requests, failed, latency) = match target {
                Target::Queue(..) => define_messages(id, number as u8, &prefix, load, core),
                _ => define_calls(id, &prefix, &mut core.telemetry),
            };
            wishes.push(Wish {
                kind: load.kind.clone(),
                rate: load.rate.clone(),
                between: Some(load.rate.highest()).filter(|rate| *rate > 0.0).map(|rate| (1e9 / rate) as i64),
                target: *target,
                tags: load.tags.iter().zip(tags).filter(|(of, _)| of.is_on_all()).fold(0, |all, (_, bit)| all | bit),
                chances: load
                    .tags
                    .iter()
                    .zip(tags)
                    .filter(|(of, _)| !of.is_on_all())
                    .map(|(of, bit)| (*bit, of.share.clone()))
                    .collect(),
                arrivals,
                past: 0,
                next: 0,
                stands_for: load.stands_for,
                requests,
                failed,
                latency,
                body: load.body.clone(),
                ranks: if load.keys > 1 { Ranks::new(load.keys, load.popularity) } else { Ranks::default() },
                follow: load.follow.as_ref().and_then(|follow| following(follow, settings)),
            });
        }
        let telemetry = &mut core.telemetry;
        let waiting = telemetry.gauge(id, format!("{name}.waiting"), "sent and not handled yet", Measure::Count);
        let overdue =
            telemetry.gauge(id, format!("{name}.overdue"), "waiting for longer than their patience", Measure::Count);
        let returned = telemetry.counter(id, format!("{name}.returned"), "came back after having given up");
        let (leaves, away, free_away) = (settings.leaves, vec![], vec![]);
        let (kept, free) = (Vec::new(), Vec::new());
        Self { id, wishes, kept, free, leaves, away, free_away, returns: 0, returned, waiting, overdue }
    }

    /// What a message of a load says.
    #[must_use]
    pub fn body(&self, unit: Unit) -> Option<String> {
        let wish = self.wishes.get(usize::from(unit.load()))?;
        Some(crate::sim::log::text(&wish.body, unit))
    }

    /// The kinds of things that they want, with the rate at a moment in events per second.
    pub fn kinds(&self, at: Time) -> impl Iterator<Item = (&str, f64)> {
        self.wishes.iter().map(move |wish| (wish.kind.as_str(), wish.rate.at(at) * f64::from(wish.stands_for)))
    }

    /// Where each kind goes: (kind, component, queue of a broker).
    pub(in crate::sim) fn targets<'a>(
        &'a self,
        core: &'a Core,
    ) -> impl Iterator<Item = (&'a str, ComponentId, Option<u16>)> {
        self.wishes.iter().filter_map(|wish| match wish.target {
            Target::Queue(broker, queue) => Some((wish.kind.as_str(), broker, Some(queue))),
            Target::Call(program) => {
                let to = core.program(program).calls.first()?.to;
                Some((wish.kind.as_str(), to, None))
            }
            Target::Nowhere => None,
        })
    }

    /// Sets the timer of a load's next arrival: thinning of a Poisson process at the highest rate.
    fn await_next(&mut self, load: usize, core: &mut Core) {
        let wish = &mut self.wishes[load];
        let Some(between) = wish.between else { return };
        let is_constant = wish.rate.0.len() == 1;
        let highest = if is_constant { 0.0 } else { wish.rate.highest() };
        let mut at = core.now;
        let mut nanos = wish.past;
        // Bounded: a rate that is nothing for an hour is looked at again then.
        let horizon = core.now + Span::from_seconds(3600);
        while at < horizon {
            nanos = nanos.saturating_add(exponential(wish.arrivals.word(), between));
            at = core.now + Span::from_micros(nanos / 1000);
            if is_constant || unit_fraction(wish.arrivals.word()) * highest <= wish.rate.at(at) {
                wish.past = nanos % 1000;
                core.set_timer(self.id, Timer::Arrive, load as u32, at);
                return;
            }
        }
        wish.past = 0;
        core.set_timer(self.id, Timer::Tick, load as u32, horizon);
    }

    fn arrive(&mut self, load: usize, core: &mut Core) {
        let wish = &mut self.wishes[load];
        let unit = Unit::new(self.id, load as u8, wish.next);
        wish.next += 1;
        let key = wish.ranks.draw(core.draw_life(self.id, Purpose::Key, unit.0, 0));
        let tags = wish.tags_of(unit, core);
        self.ask(load, unit, key, tags, core);
    }

    /// Asks for one thing.
    fn ask(&mut self, load: usize, unit: Unit, key: u32, tags: u64, core: &mut Core) {
        let wish = &self.wishes[load];
        core.mark(self.id, 1, unit.0, 0);
        match wish.target {
            Target::Queue(broker, queue) => {
                core.telemetry.published(unit, core.now);
                let message =
                    Message { unit, published: core.now, position: 0, tags, deliveries: 0, redelivered: false };
                core.send(self.id, broker, Parcel::Publish { queue, message });
            }
            Target::Call(program) => {
                let stands_for = wish.stands_for;
                core.telemetry.add(wish.requests, i64::from(stands_for));
                let frame = Frame {
                    unit: unit.0,
                    tags,
                    key,
                    component: self.id,
                    program,
                    kind: load as u8,
                    weight: stands_for,
                    parent: NONE,
                    started: core.now,
                    ..Frame::EMPTY
                };
                let id = core.begin(frame);
                self.go_on(id, core);
            }
            Target::Nowhere => {}
        }
    }

    fn go_on(&mut self, id: FrameId, core: &mut Core) {
        if let Flow::Ends(status) = core.step(id) {
            self.end(id, status, core);
        }
    }

    fn end(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let frame = &core.frames[id];
        let wish = &self.wishes[usize::from(frame.kind)];
        let (took, weight) = (core.now.since(frame.started), frame.weight);
        if status.is_ok() {
            if let Some(latency) = wish.latency {
                core.telemetry.record(latency, core.now, took, weight);
            }
        } else {
            core.telemetry.add(wish.failed, i64::from(weight));
        }
        let (kind, unit, list) = (frame.kind, Unit(frame.unit), frame.list);
        core.finish(id, status);
        if !status.is_ok() {
            self.gives_up(unit.0, kind, core);
        }
        if status.is_ok() && list != ListId::EMPTY {
            self.follow(usize::from(kind), unit, list, core);
        }
    }

    /// A list has been answered: its documents are fetched, now and perhaps once more later.
    fn follow(&mut self, load: usize, of: Unit, list: ListId, core: &mut Core) {
        let Some(follow) = &self.wishes[load].follow else { return };
        let (wish, links, again) = (follow.wish, follow.links, follow.again.clone());
        self.fetch(wish, links, of, list, false, core);
        let Some(again) = again else { return };
        let word = core.draw_life(self.id, Purpose::Again, of.0, 0);
        if word % 1_000_000 >= u64::from(again.share.0) {
            return;
        }
        let kept = Some(KeptList { of, wish: wish as u8, links, list });
        let slot = match self.free.pop() {
            Some(slot) => {
                self.kept[slot as usize] = kept;
                slot
            }
            None if self.kept.len() < MOST_KEPT => {
                self.kept.push(kept);
                (self.kept.len() - 1) as u32
            }
            None => return,
        };
        let after = again.after.draw(join(word, 1));
        core.set_timer(self.id, Timer::Expire, slot, core.now + after);
    }

    /// Fetches the documents of a list.
    fn fetch(&mut self, load: usize, links: u8, of: Unit, list: ListId, again: bool, core: &mut Core) {
        let most = usize::from(links).min(MOST_LINKS);
        let documents: Vec<Document> = core.lists.of(list).iter().take(most).copied().collect();
        for (number, document) in (0_u64..).zip(documents) {
            // Its number says which list it came from, so that no other request's draws depend on how many there were.
            let ordinal = of.ordinal() * 64 + u64::from(of.load() % 2) * 32 + u64::from(again) * 16 + number;
            let unit = Unit::new(self.id, load as u8, ordinal);
            let tags = self.wishes[load].tags | document.tags;
            self.ask(load, unit, document.number, tags, core);
        }
    }
}

/// Lists that clients keep at most.
const MOST_KEPT: usize = 200_000;

fn following(follow: &Follow, settings: &Settings) -> Option<Following> {
    let wish = settings.load.iter().position(|load| load.kind == follow.kind)?;
    Some(Following { wish, links: follow.links, again: follow.again.clone() })
}

fn define_messages(
    id: ComponentId,
    load: u8,
    prefix: &str,
    settings: &Load,
    core: &mut Core,
) -> (MetricId, MetricId, Option<HistogramId>) {
    let start = core.now.second();
    let telemetry = &mut core.telemetry;
    let origin = Origin {
        published: telemetry.counter(id, prefix.to_string(), "messages sent"),
        delivered: telemetry.counter(id, format!("{prefix}.delivered"), "messages handled to the end"),
        late: telemetry.counter(id, format!("{prefix}.late"), "not handled within the sender's patience"),
        waiting: telemetry.gauge(id, format!("{prefix}.waiting"), "sent and not handled yet", Measure::Count),
        overdue: telemetry.gauge(
            id,
            format!("{prefix}.overdue"),
            "waiting for longer than the patience",
            Measure::Count,
        ),
        duplicates: telemetry.counter(id, format!("{prefix}.duplicates"), "handled once more than once"),
        lost: telemetry.counter(id, format!("{prefix}.lost"), "gone for good without being handled"),
        delivery: telemetry.latency(id, format!("{prefix}.delivery"), "from sending to having been handled"),
        patience: settings.patience,
        stands_for: i64::from(settings.stands_for),
    };
    let ids = (origin.published, origin.lost, Some(origin.delivery));
    telemetry.ledger.open(id.0, load, origin, start);
    ids
}

fn define_calls(id: ComponentId, prefix: &str, telemetry: &mut Telemetry) -> (MetricId, MetricId, Option<HistogramId>) {
    let requests = telemetry.counter(id, format!("{prefix}.requests"), "requests made");
    let failed = telemetry.counter(id, format!("{prefix}.failed"), "requests without a good answer in time");
    let latency = telemetry.latency(id, format!("{prefix}.latency"), "from asking to a good answer");
    (requests, failed, Some(latency))
}

impl Behavior for Clients {
    fn start(&mut self, core: &mut Core) {
        for load in 0..self.wishes.len() {
            self.await_next(load, core);
        }
    }

    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        if timer == Timer::Life {
            return self.comes_back(index, ticket, core);
        }
        if timer == Timer::Expire {
            let kept = self.kept.get_mut(index as usize).and_then(Option::take);
            self.free.push(index);
            if let Some(KeptList { of, wish, links, list }) = kept {
                self.fetch(usize::from(wish), links, of, list, true, core);
            }
            return;
        }
        let load = index as usize;
        self.await_next(load, core);
        if timer == Timer::Arrive {
            self.arrive(load, core);
        }
    }

    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        match core.answered(frame, status) {
            Answered::GoesOn => self.go_on(frame, core),
            Answered::TriesAgain => {}
            Answered::Fails(status) => self.end(frame, status, core),
        }
    }

    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        core.retry(frame);
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        if *operation != Operation::Announce {
            return Err(Refusal::new("that can't be done to people"));
        }
        self.hear(core);
        Ok(Applied::Done)
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        let (waiting, overdue) = core.telemetry.ledger.sums(self.id.0, &core.telemetry);
        core.telemetry.set(self.waiting, waiting);
        core.telemetry.set(self.overdue, overdue);
    }
}
