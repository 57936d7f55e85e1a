//! Requests in flight: a running handler is a frame, one small value.
//!
//! Frames live in a slab and are named by slot; a serial number tells one tenant of a slot from the next, and the ticket
//! of the agenda's entry that a frame waits for tells a live entry from one of the past. Nothing is ever cancelled.

use super::agenda::Ticket;
use super::answer::ListId;
use super::id::{ComponentId, ProgramId};
use super::quantity::Time;

/// A frame's slot.
pub(in crate::sim) type FrameId = u32;

/// No frame.
pub(in crate::sim) const NONE: FrameId = FrameId::MAX;

/// The path of a request that only asks whether somebody is there.
pub(in crate::sim) const HEALTH: u8 = u8::MAX;

/// How a request ended: an HTTP status, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Status(pub u16);

impl Status {
    /// The connection was refused: nothing listens there.
    pub const REFUSED: Self = Self(0);
    /// The caller stopped waiting.
    pub const TIMED_OUT: Self = Self(1);
    /// The process that worked on it died.
    pub const RESET: Self = Self(2);
    /// The caller had gone, and the handler stopped for that reason.
    pub const CALLER_GONE: Self = Self(3);
    /// No connection came about in the caller's patience: packets were dropped, and nobody said so.
    pub const UNREACHED: Self = Self(4);
    /// It went well.
    pub const OK: Self = Self(200);
    /// There was no room for it just now; whoever asks may come back later.
    pub const REJECTED: Self = Self(429);
    /// There was no room for it.
    pub const OVERLOADED: Self = Self(503);

    /// Whether it went well.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 >= 200 && self.0 < 400
    }
}

/// One execution of a handler, or one call under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Frame {
    pub unit: u64,
    pub tags: u64,
    /// When it began: for a call, when it was made.
    pub started: Time,
    /// Memory that it has asked for and holds, in KiB.
    pub holds_kib: u32,
    /// The frame that waits for its answer.
    pub parent: FrameId,
    pub parent_serial: u32,
    /// Which tenant of the slot this is.
    pub serial: u32,
    /// The entry that it waits for.
    pub waits_for: Ticket,
    /// The entry that ends its caller's patience.
    pub timeout: Ticket,
    /// The next one in the line in which it stands.
    pub next: FrameId,
    /// The delivery it handles, or none; for a request under way, the instance that it is meant for, or any.
    pub delivery: u32,
    /// The instance that handles it; while it is under way, the one that is meant, or `NONE`.
    pub instance: u32,
    /// Which of many like things is asked for: a search, a document.
    pub key: u32,
    /// The documents that were answered.
    pub list: ListId,
    pub program: ProgramId,
    pub pc: u16,
    pub loops: [u16; super::handler::MAX_LOOPS as usize],
    /// Which attempt at the unit this is; part of what its draws depend on.
    pub attempt: u16,
    /// How many of the real thing it stands for, wherever something is counted.
    pub weight: u16,
    pub status: Status,
    pub component: ComponentId,
    /// What it asks of the component that it goes to: a number that both know, or [`HEALTH`].
    pub path: u8,
    /// The load or the queue that it belongs to.
    pub kind: u8,
    pub draws: u8,
    pub tries: u8,
    /// How many calls it has made.
    pub calls: u8,
    pub subscription: u8,
    pub retries_call: bool,
    pub caller_gone: bool,
    /// Its caller has no connection yet: what it sent first was lost on the way.
    pub unconnected: bool,
    /// Its timeout is about the connection only; another begins once it has one.
    pub connects: bool,
    /// Its caller has its answer already.
    pub answered: bool,
    /// Begun by a handler, for nobody.
    pub spawned: bool,
    pub is_live: bool,
}

impl Frame {
    pub const EMPTY: Self = Self {
        unit: 0,
        tags: 0,
        started: Time::ZERO,
        holds_kib: 0,
        parent: NONE,
        parent_serial: 0,
        serial: 0,
        waits_for: 0,
        timeout: 0,
        next: NONE,
        delivery: u32::MAX,
        instance: NONE,
        key: 0,
        list: ListId::EMPTY,
        program: ProgramId(0),
        pc: 0,
        loops: [0; super::handler::MAX_LOOPS as usize],
        attempt: 0,
        weight: 1,
        status: Status::OK,
        component: ComponentId(0),
        path: 0,
        kind: 0,
        draws: 0,
        tries: 0,
        calls: 0,
        subscription: 0,
        retries_call: false,
        caller_gone: false,
        unconnected: false,
        connects: false,
        answered: false,
        spawned: false,
        is_live: true,
    };
}

/// All frames of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Frames {
    slots: Vec<Frame>,
    free: FrameId,
    serial: u32,
    live: u32,
}

impl Frames {
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: NONE, serial: 0, live: 0 }
    }

    /// Puts a frame into a free slot.
    #[expect(clippy::inline_always, reason = "so that a frame is made in its slot, and not made elsewhere and copied")]
    #[inline(always)]
    pub fn add(&mut self, frame: Frame) -> FrameId {
        self.serial = self.serial.wrapping_add(1);
        self.live += 1;
        if self.free == NONE {
            self.grow();
        }
        let id = self.free;
        let slot = &mut self.slots[id as usize];
        self.free = slot.next;
        *slot = Frame { serial: self.serial, ..frame };
        id
    }

    /// Makes one more slot, which is free.
    #[cold]
    fn grow(&mut self) {
        self.free = self.slots.len() as FrameId;
        self.slots.push(Frame { is_live: false, ..Frame::EMPTY });
    }

    /// Frees a slot; whatever still names it finds nobody.
    #[inline]
    pub fn remove(&mut self, id: FrameId) {
        let slot = &mut self.slots[id as usize];
        debug_assert!(slot.is_live, "frame {id} ended twice");
        slot.is_live = false;
        slot.serial = 0;
        slot.waits_for = 0;
        slot.timeout = 0;
        slot.next = self.free;
        self.free = id;
        self.live -= 1;
    }

    /// Whether the frame in this slot is still the one with this serial number.
    #[inline]
    pub fn is(&self, id: FrameId, serial: u32) -> bool {
        id != NONE && self.slots[id as usize].serial == serial
    }

    /// Becomes like another, in the memory that it has already.
    pub fn copy_from(&mut self, other: &Self) {
        let Self { slots, free, serial, live } = other;
        self.slots.clone_from(slots);
        (self.free, self.serial, self.live) = (*free, *serial, *live);
    }

    /// What a copy of it takes.
    pub const fn size_in_bytes(&self) -> usize {
        size_of_val(self.slots.as_slice())
    }

    /// How many are in flight.
    pub const fn live(&self) -> u32 {
        self.live
    }

    /// The frames in flight, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (FrameId, &Frame)> {
        self.slots.iter().enumerate().filter(|(_, frame)| frame.is_live).map(|(id, frame)| (id as FrameId, frame))
    }
}

impl std::ops::Index<FrameId> for Frames {
    type Output = Frame;
    #[inline]
    fn index(&self, id: FrameId) -> &Frame {
        &self.slots[id as usize]
    }
}

impl std::ops::IndexMut<FrameId> for Frames {
    #[inline]
    fn index_mut(&mut self, id: FrameId) -> &mut Frame {
        &mut self.slots[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_small() {
        assert!(size_of::<Frame>() <= 96, "{} bytes", size_of::<Frame>());
    }

    #[test]
    fn a_slot_that_is_used_again_is_somebody_else() {
        let mut frames = Frames::new();
        let first = frames.add(Frame::EMPTY);
        let serial = frames[first].serial;
        frames.remove(first);
        let second = frames.add(Frame::EMPTY);
        assert_eq!(first, second);
        assert!(!frames.is(second, serial));
        assert_eq!(frames.live(), 1);
    }
}
