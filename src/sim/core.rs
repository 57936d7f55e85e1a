//! What every component works with: the time, the agenda, frames and parcels in flight, random draws, telemetry.
//!
//! `Core` is all of the world that isn't a component, so that a component can be changed while it uses it. It knows no
//! component's inside.

use super::agenda::{Agenda, Due, LaneId, Ticket};
use super::answer::{ListId, Lists};
use super::ask::Question;
use super::frame::{Frame, FrameId, Frames, NONE, Status};
use super::handler::Program;
use super::id::{ComponentId, Unit};
use super::kernel::Network;
use super::log::{Log, Record, Severity};
use super::message::{Message, Parcel};
use super::quantity::{Duration, Share, Span, Time};
use super::random::{Purpose, Seed, below, hash_name, join, mix, word_of};
use super::telemetry::Telemetry;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Tags are bits of a word.
pub(in crate::sim) const MAX_TAGS: usize = 64;

/// A component as everybody knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Known {
    pub name: Arc<str>,
    pub hash: u64,
}

/// What is fixed once a system is built: shared by all its snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Model {
    pub components: Vec<Known>,
    pub programs: Vec<Program>,
    pub tags: Vec<String>,
    pub templates: Vec<String>,
    /// What time zero is called: seconds from 1970-01-01 in local time.
    pub starts: i64,
    /// The way from each component to each, row by row.
    pub ways: Vec<Way>,
}

/// The way from one component to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Way {
    /// The lane of its latency.
    pub lane: LaneId,
    /// Whether that is nothing.
    pub is_instant: bool,
    /// What it loses.
    pub loss: Share,
}

/// Linux gives a connection up when what it has sent fifteen times again is still not acknowledged
/// (`tcp_retries2`): 924.6 s where the first wait is the shortest there is.
const GIVES_UP: Span = Span::from_millis(924_600);
/// Linux sends again after at least this long (`TCP_RTO_MIN`), and each time after twice as long.
const SENDS_AGAIN: Span = Span::from_millis(200);
/// So often at most.
const MOST_SENDS: u32 = 15;

/// Something to be done at this instant, before time goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Ready {
    /// A request arrives.
    Deliver(FrameId),
    /// An answer arrives at the frame that waited for it.
    Resume(FrameId, Status),
    /// A parcel arrives, from this slot.
    Hand(u32),
}

/// Kinds of entries in the agenda. Those from `TIMER` on belong to the component in the slot's upper bits.
pub(in crate::sim) mod kind {
    pub const DELIVER: u8 = 0;
    pub const RETURN: u8 = 1;
    pub const WAKE: u8 = 2;
    pub const TIMEOUT: u8 = 3;
    pub const PARCEL: u8 = 4;
    pub const TIMER: u8 = 8;
}

/// Bits of a slot that hold a component's own index; the component's number stands above them.
const INDEX_BITS: u32 = 18;

/// What a component's own timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::sim) enum Timer {
    /// The next request of a load.
    Arrive = 0,
    /// A step in an instance's life: started, back-off over, terminated.
    Life = 1,
    /// An instance's memory reaches its next edge: what was asked for, or the limit.
    Memory = 2,
    /// A liveness probe.
    Probe = 3,
    /// A deployment looks at its pods.
    Reconcile = 4,
    /// A node joins or leaves; the autoscaler looks.
    Node = 5,
    /// A message's time to live may be over, or the patience with a post.
    Expire = 6,
    /// Anything else a component does by the clock.
    Tick = 7,
}

impl Timer {
    const ALL: [Self; 8] =
        [Self::Arrive, Self::Life, Self::Memory, Self::Probe, Self::Reconcile, Self::Node, Self::Expire, Self::Tick];

    /// The timer of an entry's kind.
    pub fn of(kind: u8) -> Self {
        Self::ALL[usize::from(kind - kind::TIMER) % Self::ALL.len()]
    }
}

/// All of the world but its components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Core {
    pub model: Arc<Model>,
    pub now: Time,
    pub frames: Frames,
    pub ready: VecDeque<Ready>,
    pub telemetry: Telemetry,
    pub logs: Vec<Log>,
    /// Units of work that have been marked as done, by store.
    pub marks: BTreeSet<(u16, u64)>,
    /// What jobs have asked of whoever runs the simulation.
    pub questions: Vec<Question>,
    /// The lists of documents that answers have brought.
    pub lists: Lists,
    /// The machines' kernels, and who runs where.
    pub network: Network,
    agenda: Agenda,
    parcels: Vec<Option<(ComponentId, Parcel)>>,
    free_parcels: Vec<u32>,
    /// The seed joined with each component's name.
    keys: Vec<u64>,
    seed: Seed,
    digest: u64,
    pub events: u64,
}

impl Core {
    pub fn new(model: Model, agenda: Agenda, seed: Seed, start: Time) -> Self {
        let keys = model.components.iter().map(|known| join(seed.0, known.hash)).collect();
        let logs = vec![Log::default(); model.components.len()];
        Self {
            model: Arc::new(model),
            now: start,
            frames: Frames::new(),
            ready: VecDeque::new(),
            telemetry: Telemetry::new(start),
            logs,
            marks: BTreeSet::new(),
            questions: Vec::new(),
            lists: Lists::default(),
            network: Network::default(),
            agenda,
            parcels: Vec::new(),
            free_parcels: Vec::new(),
            keys,
            seed,
            digest: hash_name("sev1"),
            events: 0,
        }
    }

    /// Becomes like another, in the memory that it has already for what is large: frames and agenda.
    pub fn copy_from(&mut self, other: &Self) {
        let Self {
            model,
            now,
            frames,
            ready,
            telemetry,
            logs,
            agenda,
            parcels,
            free_parcels,
            keys,
            seed,
            digest,
            marks,
            questions,
            lists,
            network,
            events,
        } = other;
        self.model.clone_from(model);
        self.frames.copy_from(frames);
        self.ready.clone_from(ready);
        self.telemetry.clone_from(telemetry);
        self.logs.clone_from(logs);
        self.agenda.copy_from(agenda);
        self.parcels.clone_from(parcels);
        self.free_parcels.clone_from(free_parcels);
        self.keys.clone_from(keys);
        self.marks.clone_from(marks);
        self.questions.clone_from(questions);
        self.lists.clone_from(lists);
        self.network.clone_from(network);
        (self.now, self.seed, self.digest, self.events) = (*now, *seed, *digest, *events);
    }

    /// What a copy takes for all that is in flight; the rest is small or shared.
    pub fn size_in_bytes(&self) -> usize {
        self.frames.size_in_bytes()
            + self.agenda.pending() * size_of::<u128>()
            + size_of_val(self.parcels.as_slice())
            + size_of_val(self.free_parcels.as_slice())
    }

    // Draws.

    /// The seed of this run.
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// A request's own draw at a component.
    #[inline]
    fn draw(&mut self, component: ComponentId, purpose: Purpose, id: FrameId) -> u64 {
        let frame = &mut self.frames[id];
        frame.draws = frame.draws.wrapping_add(1);
        // A job may draw more often than a byte can count.
        frame.attempt = frame.attempt.wrapping_add(u16::from(frame.draws == 0));
        let number = u64::from(frame.attempt) << 16 | u64::from(frame.draws) << 8 | purpose as u64;
        word_of(self.keys[component.index()], frame.unit, number)
    }

    #[inline]
    pub fn draw_work(&mut self, id: FrameId, duration: Duration) -> Span {
        if let Duration::Constant(span) = duration {
            return span;
        }
        let component = self.frames[id].component;
        duration.draw(self.draw(component, Purpose::Work, id))
    }

    pub fn draw_pause(&mut self, id: FrameId, duration: Duration) -> Span {
        let component = self.frames[id].component;
        duration.draw(self.draw(component, Purpose::Pause, id))
    }

    /// How often this time.
    #[inline]
    pub fn draw_times(&mut self, id: FrameId, times: super::handler::Times) -> u16 {
        if times.low == times.high {
            return times.low;
        }
        let component = self.frames[id].component;
        let bound = u32::from(times.high - times.low) + 1;
        times.low + below(self.draw(component, Purpose::Work, id), bound) as u16
    }

    /// One of `bound` places, for a request that has arrived at a component.
    #[inline]
    pub fn draw_route(&mut self, component: ComponentId, id: FrameId, bound: u32) -> u32 {
        below(self.draw(component, Purpose::Route, id), bound)
    }

    /// A draw for something in a component's life, by its own numbers.
    pub fn draw_life(&self, component: ComponentId, purpose: Purpose, which: u64, time: u64) -> u64 {
        join(join(self.keys[component.index()], purpose as u64), join(which, time))
    }

    // The agenda.

    /// The next thing that is due before `limit`.
    #[inline]
    pub fn take_before(&mut self, limit: Time) -> Option<Due> {
        self.agenda.take_before(limit)
    }

    /// How many entries wait.
    pub fn pending(&self) -> usize {
        self.agenda.pending()
    }

    /// Sets a timer of a component; `index` is its own.
    pub fn set_timer(&mut self, component: ComponentId, timer: Timer, index: u32, at: Time) -> Ticket {
        debug_assert!(index < 1 << INDEX_BITS, "index {index} doesn't fit a timer");
        let slot = u32::from(component.0) << INDEX_BITS | index;
        self.agenda.put(at, kind::TIMER + timer as u8, slot)
    }

    /// Which component and index a timer's slot names.
    #[inline]
    pub const fn timer_of(slot: u32) -> (ComponentId, u32) {
        (ComponentId((slot >> INDEX_BITS) as u8), slot & ((1 << INDEX_BITS) - 1))
    }

    pub fn set_timeout(&mut self, lane: LaneId, id: FrameId) -> Ticket {
        self.agenda.put_after(self.now, lane, kind::TIMEOUT, id)
    }

    /// Ends a caller's patience after a span that can change while the system runs.
    pub fn time_out_after(&mut self, id: FrameId, span: Span) {
        self.frames[id].timeout = self.agenda.put(self.now + span, kind::TIMEOUT, id);
    }

    /// Wakes a frame after some time.
    #[inline]
    pub fn wake_after(&mut self, id: FrameId, span: Span) {
        self.frames[id].waits_for = self.agenda.put(self.now + span, kind::WAKE, id);
    }

    // Requests.

    #[inline]
    fn way(&self, from: ComponentId, to: ComponentId) -> Way {
        self.model.ways[from.index() * self.model.components.len() + to.index()]
    }

    /// Sends a request along the link to its component.
    #[inline]
    pub fn deliver(&mut self, from: ComponentId, to: ComponentId, id: FrameId) {
        let way = self.way(from, to);
        if way.loss > Share::default() && self.loses(way, to, Purpose::Loss, id) {
            self.frames[id].unconnected = true;
            self.lose(id);
        } else if way.is_instant {
            self.ready.push_back(Ready::Deliver(id));
        } else {
            self.frames[id].waits_for = self.agenda.put_after(self.now, way.lane, kind::DELIVER, id);
        }
    }

    /// Whether a request, or its answer, is lost on its way. This draw isn't counted as one of the request's, so that a
    /// link that loses more changes nothing else.
    fn loses(&self, way: Way, asked: ComponentId, purpose: Purpose, id: FrameId) -> bool {
        let frame = &self.frames[id];
        let number = u64::from(frame.attempt) << 16 | u64::from(frame.draws) << 8 | purpose as u64;
        below(word_of(self.keys[asked.index()], frame.unit, number), Share::ALL.0) < way.loss.0
    }

    /// A request or its answer has been lost. The caller learns of it when its patience ends; where it has none, when the
    /// kernel gives the connection up.
    #[cold]
    fn lose(&mut self, id: FrameId) {
        if self.frames[id].parent == NONE {
            self.frames.remove(id);
            return;
        }
        let ticket = self.agenda.put(self.now + GIVES_UP, kind::RETURN, id);
        let frame = &mut self.frames[id];
        frame.status = Status::TIMED_OUT;
        frame.instance = NONE;
        frame.waits_for = ticket;
    }

    /// Whether nobody waits for this frame's answer any more.
    #[inline]
    pub fn caller_is_gone(&self, id: FrameId) -> bool {
        let frame = &self.frames[id];
        frame.caller_gone || (frame.parent != NONE && !self.frames.is(frame.parent, frame.parent_serial))
    }

    /// Whether the request at the root of this frame has been given up, as a deadline that travels along would tell.
    pub fn is_abandoned(&self, id: FrameId) -> bool {
        let mut id = id;
        loop {
            if self.caller_is_gone(id) {
                return true;
            }
            id = self.frames[id].parent;
            if id == NONE {
                return false;
            }
        }
    }

    /// Ends a frame and sends its answer to whoever waits for it.
    #[inline]
    pub fn finish(&mut self, id: FrameId, status: Status) {
        self.disconnect(id);
        let frame = &self.frames[id];
        let (component, parent, unit) = (frame.component, frame.parent, frame.unit);
        self.mark(component, 40, unit, u64::from(status.0));
        if parent == NONE || self.caller_is_gone(id) {
            self.frames.remove(id);
            return;
        }
        let caller = self.frames[parent].component;
        let way = self.way(component, caller);
        if way.loss > Share::default() && self.loses(way, component, Purpose::LossBack, id) {
            self.lose(id);
        } else if way.is_instant {
            self.hand_over(id, parent);
            self.frames.remove(id);
            self.ready.push_back(Ready::Resume(parent, status));
        } else {
            let ticket = self.agenda.put_after(self.now, way.lane, kind::RETURN, id);
            let frame = &mut self.frames[id];
            frame.status = status;
            frame.instance = NONE;
            frame.waits_for = ticket;
            // Whoever still works for it has no caller any more.
            frame.serial = 0;
        }
    }

    /// Sends the answer to whoever waits for a frame that goes on.
    pub fn answer(&mut self, id: FrameId, status: Status) {
        let frame = &mut self.frames[id];
        let answer = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: std::mem::replace(&mut frame.parent, NONE),
            parent_serial: frame.parent_serial,
            caller_gone: std::mem::replace(&mut frame.caller_gone, true),
            component: frame.component,
            kind: frame.kind,
            weight: frame.weight,
            started: frame.started,
            list: frame.list,
            ..Frame::EMPTY
        };
        frame.answered = true;
        frame.timeout = 0;
        let answer = self.frames.add(answer);
        self.finish(answer, status);
    }

    /// An answer has arrived: who goes on with it, unless the caller has gone.
    #[inline]
    pub fn returned(&mut self, id: FrameId) -> Option<(FrameId, Status)> {
        let (parent, status) = (self.frames[id].parent, self.frames[id].status);
        let gone = self.caller_is_gone(id);
        if !gone {
            self.hand_over(id, parent);
        }
        self.frames.remove(id);
        (!gone).then_some((parent, status))
    }

    /// What was answered comes to whoever asked: its tags, and the documents, if any.
    #[inline]
    fn hand_over(&mut self, id: FrameId, parent: FrameId) {
        let (tags, list) = (self.frames[id].tags, self.frames[id].list);
        let caller = &mut self.frames[parent];
        caller.tags |= tags;
        if list != ListId::EMPTY {
            caller.list = list;
        }
    }

    /// A caller's patience has ended: it goes on without an answer, and the work goes on without a caller.
    #[inline]
    pub fn timed_out(&mut self, id: FrameId) {
        let gone = self.caller_is_gone(id);
        if self.frames[id].connects && !self.frames[id].unconnected && !gone {
            self.wait_for_answer(id);
            return;
        }
        // Who still waits for a connection finds out when its first packet would be sent again.
        let unconnected = self.frames[id].unconnected;
        if !unconnected {
            self.disconnect(id);
        }
        let frame = &mut self.frames[id];
        let parent = std::mem::replace(&mut frame.parent, NONE);
        frame.caller_gone = true;
        frame.timeout = 0;
        if frame.status == Status::TIMED_OUT {
            // It was lost, or on its way back: nobody works on it any more.
            self.frames.remove(id);
        }
        if !gone && parent != NONE {
            let status = if unconnected { Status::UNREACHED } else { Status::TIMED_OUT };
            self.ready.push_back(Ready::Resume(parent, status));
        }
    }

    // Parcels.

    /// Sends a parcel along the link to a component.
    #[inline]
    pub fn send(&mut self, from: ComponentId, to: ComponentId, parcel: Parcel) {
        let slot = if let Some(slot) = self.free_parcels.pop() {
            self.parcels[slot as usize] = Some((to, parcel));
            slot
        } else {
            self.parcels.push(Some((to, parcel)));
            (self.parcels.len() - 1) as u32
        };
        let way = self.way(from, to);
        let late = if way.loss > Share::default() { self.sent_again(way, from, slot) } else { Span::ZERO };
        if late > Span::ZERO {
            let at = self.now + self.agenda.delay_of(way.lane) + late;
            self.agenda.put(at, kind::PARCEL, slot);
        } else if way.is_instant {
            self.ready.push_back(Ready::Hand(slot));
        } else {
            self.agenda.put_after(self.now, way.lane, kind::PARCEL, slot);
        }
    }

    /// How much later a parcel comes over a link that loses: parcels go over connections that stay open, on which the
    /// kernel sends again what is lost, so that nothing is missing. Each is late by itself, as many connections share a link.
    #[cold]
    fn sent_again(&self, way: Way, from: ComponentId, slot: u32) -> Span {
        let which = match &self.parcels[slot as usize] {
            Some((_, Parcel::Publish { message, .. } | Parcel::Delivery { message, .. })) => {
                message.unit.0 ^ u64::from(message.deliveries) << 32
            }
            Some((_, Parcel::Settled { tag, consumer, .. })) => join(u64::from(*tag), u64::from(consumer.instance)),
            _ => 0,
        };
        let mut word = self.draw_life(from, Purpose::Loss, which, self.now.micros() as u64);
        let mut sends = 0;
        while sends < MOST_SENDS && below(word, Share::ALL.0) < way.loss.0 {
            word = mix(word);
            sends += 1;
        }
        SENDS_AGAIN * ((1 << sends) - 1)
    }

    /// Takes a parcel that has arrived.
    #[inline]
    pub fn take_parcel(&mut self, slot: u32) -> Option<(ComponentId, Parcel)> {
        self.free_parcels.push(slot);
        self.parcels[slot as usize].take()
    }

    /// The messages that are under way between components.
    pub fn messages_under_way(&self) -> impl Iterator<Item = &Message> {
        self.parcels.iter().flatten().filter_map(|(_, parcel)| match parcel {
            Parcel::Publish { message, .. } | Parcel::Delivery { message, .. } => Some(message),
            _ => None,
        })
    }

    /// Publishes what the `index`-th publication of a frame's program says.
    pub fn publish_from(&mut self, id: FrameId, index: u16) {
        let frame = &self.frames[id];
        let site = &self.model.programs[frame.program.0 as usize].publishes[usize::from(index)];
        let (to, queue) = (site.to, site.queue);
        let message = Message {
            unit: Unit(frame.unit),
            published: self.now,
            position: 0,
            tags: frame.tags | site.tags,
            deliveries: 0,
            redelivered: false,
        };
        self.send(frame.component, to, Parcel::Publish { queue, message });
    }

    // Telling.

    /// Writes a line to a component's log.
    #[inline]
    pub fn log(&mut self, component: ComponentId, instance: u32, unit: u64, severity: Severity, template: u16) {
        let record = Record { at: self.now, unit: Unit(unit), instance, template, severity };
        self.logs[component.index()].push(record);
    }

    /// A moment as it stands in names.
    pub fn stamp(&self, at: Time) -> String {
        super::calendar::compact(self.model.starts + at.second())
    }

    /// Takes something that happened into the run's digest.
    #[inline]
    pub fn mark(&mut self, component: ComponentId, what: u8, unit: u64, outcome: u64) {
        let word = (self.now.micros() as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(self.model.components[component.index()].hash)
            .wrapping_add(unit.wrapping_mul(0xd1b5_4a32_d192_ed03))
            .wrapping_add(outcome << 8 | u64::from(what));
        self.digest = (self.digest.rotate_left(5) ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
    }

    /// The hash over everything that has happened so far.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// A new unit of work at a component that runs handlers of its own.
    #[expect(clippy::inline_always, reason = "a frame is made in its slot: see `Frames::add`")]
    #[inline(always)]
    pub fn begin(&mut self, frame: Frame) -> FrameId {
        self.frames.add(frame)
    }
}
