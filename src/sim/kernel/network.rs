//! Whose packets pass which kernel: the machines of a system, and the connections between them.
//!
//! A part of the core, as links are: components say where their instances run, and ask for connections.

use super::{Kernel, Mark, Passage, Settings};
use crate::sim::core::Core;
use crate::sim::frame::FrameId;
use crate::sim::id::ComponentId;
use crate::sim::quantity::{Span, Time};
use crate::sim::random::join;
use std::collections::BTreeMap;
use std::sync::Arc;

/// When a first packet that nobody has answered is sent again, counted from the first time: after 1, 3 and 7 s, and then
/// each time after twice as long (RFC 6298; 3 s at first before Linux 3.1).
pub(in crate::sim) const SYN_RETRANSMITS: [Span; 6] = [
    Span::from_seconds(1),
    Span::from_seconds(3),
    Span::from_seconds(7),
    Span::from_seconds(15),
    Span::from_seconds(31),
    Span::from_seconds(63),
];

/// No machine with a kernel that is known.
const NOWHERE: u16 = u16::MAX;

/// How far a connection has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Connection {
    /// It is made.
    Made,
    /// Its first packet was dropped; the request is woken when it is sent again.
    Waits,
    /// Nobody answered for as long as the caller waits for a connection.
    Failed,
}

/// An instance of a component, as one end of a connection.
type End = (ComponentId, u32);

/// The kernels, and who runs where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Network {
    pub kernels: Vec<Kernel>,
    by_name: BTreeMap<Arc<str>, u16>,
    /// For each component the kernel below each of its instances.
    places: Vec<Vec<u16>>,
    /// Instances that keep their connections open, with those that are free.
    kept: BTreeMap<End, BTreeMap<End, Vec<Kept>>>,
    /// The connections of requests, by frame: only where there are kernels.
    wires: Vec<Wire>,
}

impl Network {
    /// A machine of this name has a kernel; gives its place.
    pub fn add(&mut self, name: &Arc<str>, booted: Time, settings: &Arc<Settings>) -> u16 {
        let place = self.kernels.len() as u16;
        self.kernels.push(Kernel::new(Arc::clone(name), booted, Arc::clone(settings)));
        self.by_name.insert(Arc::clone(name), place);
        place
    }

    /// An instance of a component runs on the machine of this name.
    pub fn place(&mut self, component: ComponentId, instance: u32, machine: &str) {
        let Some(kernel) = self.by_name.get(machine).copied() else { return };
        let (component, instance) = (component.index(), instance as usize);
        if self.places.len() <= component {
            self.places.resize(component + 1, Vec::new());
        }
        let places = &mut self.places[component];
        if places.len() <= instance {
            places.resize(instance + 1, NOWHERE);
        }
        places[instance] = kernel;
    }

    /// The kernel of a machine.
    pub fn named(&self, machine: &str) -> Option<&Kernel> {
        self.by_name.get(machine).map(|place| &self.kernels[usize::from(*place)])
    }

    /// The kernel of a machine, to be changed.
    pub fn named_mut(&mut self, machine: &str) -> Option<&mut Kernel> {
        self.by_name.get(machine).map(|place| &mut self.kernels[usize::from(*place)])
    }

    #[inline]
    fn below(&self, component: ComponentId, instance: u32) -> u16 {
        let places = self.places.get(component.index());
        places.and_then(|places| places.get(instance as usize)).copied().unwrap_or(NOWHERE)
    }

    fn begin(&mut self, kernel: u16, now: Time, weight: u16, word: u64) -> Passage {
        self.kernels.get_mut(usize::from(kernel)).map_or(Passage::Passes(0), |kernel| kernel.begin(now, weight, word))
    }

    /// A connection closes; the one who was asked closes first.
    fn close(&mut self, now: Time, from: u16, here: u16, connection: Kept) {
        for (place, mark, closes) in [(from, connection.caller, false), (here, connection.here, true)] {
            if let Some(kernel) = self.kernels.get_mut(usize::from(place)) {
                kernel.end(now, mark, connection.weight, true, closes);
            }
        }
    }
}

/// The state of a request's connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wire {
    /// It has none, or none that a kernel knows.
    #[default]
    None,
    /// Its first packet is on its way, for the so-manieth time.
    Begun { sent: u8, from: u16, caller: Mark },
    /// It is there: the kernel that it comes from, and the marks that it has at either end.
    Made { from: u16, caller: Mark, here: Mark },
}

/// A connection that is kept open: the marks that it has at either end, and how many it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    caller: Mark,
    here: Mark,
    weight: u16,
}

impl Core {
    /// A request has come as far as an instance (its frame says which): is there a connection to bring it?
    #[inline]
    pub fn connect(&mut self, id: FrameId) -> Connection {
        if self.network.kernels.is_empty() {
            return Connection::Made;
        }
        let frame = &self.frames[id];
        let here = self.network.below(frame.component, frame.instance);
        let from = self.caller_of(id).map_or(NOWHERE, |asks| {
            let asks = &self.frames[asks];
            self.network.below(asks.component, asks.instance)
        });
        if from == NOWHERE && here == NOWHERE {
            return Connection::Made;
        }
        self.frames[id].started = self.now;
        if self.takes_kept(id, from, here) {
            return Connection::Made;
        }
        self.send_first_packet(id, 0, from, 0)
    }

    /// The frame that waits for this one's answer.
    fn caller_of(&self, id: FrameId) -> Option<FrameId> {
        let frame = &self.frames[id];
        self.frames.is(frame.parent, frame.parent_serial).then_some(frame.parent)
    }

    fn wire(&mut self, id: FrameId) -> &mut Wire {
        let place = id as usize;
        if self.network.wires.len() <= place {
            self.network.wires.resize(place + 1, Wire::None);
        }
        &mut self.network.wires[place]
    }

    /// The first packet of a connection, for the first time or again (`sent` says how often it has been), with the mark
    /// that it has left at its caller's.
    fn send_first_packet(&mut self, id: FrameId, sent: u8, from: u16, mut caller: Mark) -> Connection {
        let now = self.now;
        let frame = &self.frames[id];
        let (weight, here) = (frame.weight, self.network.below(frame.component, frame.instance));
        let word = join(frame.unit, u64::from(sent));
        let mut leaves = true;
        // An entry that the first packet has left at its caller's is found again by the second.
        if caller == 0 {
            match self.network.begin(from, now, weight, word) {
                Passage::Passes(mark) => caller = mark,
                Passage::Dropped => leaves = false,
            }
        }
        if leaves && let Passage::Passes(mark) = self.network.begin(here, now, weight, join(word, 1)) {
            *self.wire(id) = Wire::Made { from, caller, here: mark };
            self.frames[id].unconnected = false;
            for end in [from, here] {
                if let Some(kernel) = self.network.kernels.get_mut(usize::from(end)) {
                    kernel.open(weight);
                }
            }
            return Connection::Made;
        }
        let Some(next) = SYN_RETRANSMITS.get(usize::from(sent)).copied() else { return Connection::Failed };
        *self.wire(id) = Wire::Begun { sent: sent + 1, from, caller };
        self.frames[id].unconnected = true;
        let at = self.frames[id].started + next;
        self.wake_after(id, at.since(now));
        Connection::Waits
    }

    /// Whether a request waits for its connection.
    #[inline]
    pub fn is_connecting(&self, id: FrameId) -> bool {
        self.frames[id].unconnected
    }

    /// A request that waited for its connection is woken: its first packet is sent again, unless its caller has lost its
    /// patience.
    pub fn connect_again(&mut self, id: FrameId) -> Connection {
        let Wire::Begun { sent, from, caller } = *self.wire(id) else { return Connection::Made };
        if self.caller_is_gone(id) {
            return Connection::Failed;
        }
        self.send_first_packet(id, sent, from, caller)
    }

    /// A request ends: its connection closes, or is kept for another.
    #[inline]
    pub fn disconnect(&mut self, id: FrameId) {
        if self.network.wires.get(id as usize).is_none_or(|wire| *wire == Wire::None) {
            return;
        }
        let wire = std::mem::take(self.wire(id));
        let frame = &self.frames[id];
        let (now, weight) = (self.now, frame.weight);
        let here = self.network.below(frame.component, frame.instance);
        match wire {
            Wire::Begun { from, caller, .. } if caller != 0 => {
                if let Some(kernel) = self.network.kernels.get_mut(usize::from(from)) {
                    kernel.end(now, caller, weight, false, false);
                }
            }
            Wire::Made { from, caller, here: mark } => {
                let kept = Kept { caller, here: mark, weight };
                if !self.keeps(id, kept) {
                    self.network.close(now, from, here, kept);
                }
            }
            Wire::Begun { .. } | Wire::None => {}
        }
    }

    /// The instance that waits for this frame's answer.
    fn asks(&self, id: FrameId) -> Option<(ComponentId, u32)> {
        self.caller_of(id).map(|asks| (self.frames[asks].component, self.frames[asks].instance))
    }

    /// Takes a connection that its caller has kept open, if there is one, and if its packets still pass.
    fn takes_kept(&mut self, id: FrameId, from: u16, here: u16) -> bool {
        if self.network.kept.is_empty() {
            return false;
        }
        let Some(asks) = self.asks(id) else { return false };
        let frame = &self.frames[id];
        let (weight, word, to, now) = (frame.weight, frame.unit, (frame.component, frame.instance), self.now);
        let kept = self.network.kept.get_mut(&asks);
        let Some(free) = kept.and_then(|kept| kept.get_mut(&to)) else { return false };
        let Some(place) = free.iter().rposition(|kept| kept.weight == weight) else { return false };
        let kept = free.remove(place);
        let mut marks = [kept.caller, kept.here];
        for (mark, end) in marks.iter_mut().zip([from, here]) {
            let Some(kernel) = self.network.kernels.get_mut(usize::from(end)) else { continue };
            if kernel.tracks() && !kernel.knows(*mark) {
                match kernel.begin(now, weight, word) {
                    Passage::Passes(new) => *mark = new,
                    Passage::Dropped => return false,
                }
            }
        }
        *self.wire(id) = Wire::Made { from, caller: marks[0], here: marks[1] };
        true
    }

    /// Keeps a connection open for the next request, where its caller does that.
    fn keeps(&mut self, id: FrameId, connection: Kept) -> bool {
        if self.network.kept.is_empty() {
            return false;
        }
        let Some(asks) = self.asks(id) else { return false };
        let to = (self.frames[id].component, self.frames[id].instance);
        let Some(kept) = self.network.kept.get_mut(&asks) else { return false };
        kept.entry(to).or_default().push(connection);
        true
    }

    /// The process of an instance begins anew, and keeps its connections open or doesn't: those that it had are closed.
    pub fn keep_connections(&mut self, component: ComponentId, instance: u32, keeps: bool) {
        let from = self.network.below(component, instance);
        for ((to, number), connections) in self.network.kept.remove(&(component, instance)).unwrap_or_default() {
            let here = self.network.below(to, number);
            for kept in connections {
                self.network.close(self.now, from, here, kept);
            }
        }
        if keeps {
            self.network.kept.insert((component, instance), BTreeMap::new());
        }
    }
}
