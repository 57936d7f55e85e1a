//! What happens next. Events at the same instant leave in the order in which they were put in.
//!
//! An entry is one 128-bit key: time, sequence number, kind and slot, so that an order between two entries is one
//! comparison. A constant delay (a link, a timeout) keeps its entries in a ring of their own, which is in order by itself;
//! everything else goes through a four-ary heap. Nothing is ever taken out early: whoever no longer waits for an entry
//! forgets its [`Ticket`], and the entry finds nobody.

use super::quantity::{Span, Time};
use std::collections::VecDeque;
use std::hint::select_unpredictable;

/// Names an entry, so that what it belongs to can tell whether it still waits for it. Zero is no entry.
pub(in crate::sim) type Ticket = u32;

/// A ring for one constant delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct LaneId(pub u8);

/// What an entry is about: a kind, and the slot of a frame, a parcel or a component's own index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Due {
    pub at: Time,
    pub ticket: Ticket,
    pub kind: u8,
    pub slot: u32,
}

const SLOT_BITS: u32 = 26;
const EMPTY: u128 = u128::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Agenda {
    heap: Vec<u128>,
    delays: Vec<Span>,
    lanes: Vec<VecDeque<u128>>,
    /// The first key of each lane, or `EMPTY`.
    heads: Vec<u128>,
    /// The lane whose head comes first.
    first: usize,
    sequence: Ticket,
}

impl Agenda {
    pub fn new() -> Self {
        Self {
            heap: Vec::new(),
            delays: vec![Span::ZERO],
            lanes: vec![VecDeque::new()],
            heads: vec![EMPTY],
            first: 0,
            sequence: 0,
        }
    }

    /// The lane for this delay, made at the first call.
    pub fn lane(&mut self, delay: Span) -> LaneId {
        if let Some(found) = self.delays.iter().position(|known| *known == delay) {
            return LaneId(found as u8);
        }
        self.delays.push(delay);
        self.lanes.push(VecDeque::new());
        self.heads.push(EMPTY);
        LaneId((self.delays.len() - 1) as u8)
    }

    /// The delay of a lane.
    pub fn delay_of(&self, lane: LaneId) -> Span {
        self.delays[lane.0 as usize]
    }

    fn key(&mut self, at: Time, kind: u8, slot: u32) -> (u128, Ticket) {
        debug_assert!(slot < 1 << SLOT_BITS, "slot {slot} doesn't fit an entry");
        self.sequence = self.sequence.wrapping_add(1).max(1);
        let time = (at.micros() as u64) ^ (1 << 63);
        let word = u64::from(self.sequence) << 32 | u64::from(kind) << SLOT_BITS | u64::from(slot);
        (u128::from(time) << 64 | u128::from(word), self.sequence)
    }

    /// Something that happens at a time of its own.
    #[inline]
    pub fn put(&mut self, at: Time, kind: u8, slot: u32) -> Ticket {
        let (key, ticket) = self.key(at, kind, slot);
        let mut place = self.heap.len();
        self.heap.push(key);
        while place > 0 {
            let parent = (place - 1) / 4;
            if self.heap[parent] <= key {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = key;
        ticket
    }

    /// Something that happens a constant delay from now.
    #[inline]
    pub fn put_after(&mut self, now: Time, lane: LaneId, kind: u8, slot: u32) -> Ticket {
        let lane = lane.0 as usize;
        let (key, ticket) = self.key(now + self.delays[lane], kind, slot);
        self.lanes[lane].push_back(key);
        if self.heads[lane] == EMPTY {
            self.heads[lane] = key;
            if key < self.heads[self.first] {
                self.first = lane;
            }
        }
        ticket
    }

    /// Takes out the next entry that is due before `limit`.
    #[inline]
    pub fn take_before(&mut self, limit: Time) -> Option<Due> {
        let from_heap = self.heap.first().copied().unwrap_or(EMPTY);
        let from_lane = self.heads[self.first];
        let bound = u128::from((limit.micros() as u64) ^ (1 << 63)) << 64;
        if from_heap.min(from_lane) >= bound {
            return None;
        }
        let key = if from_lane < from_heap { self.take_lane() } else { self.take_heap() };
        let word = key as u64;
        Some(Due {
            at: Time::from_micros((((key >> 64) as u64) ^ (1 << 63)) as i64),
            ticket: (word >> 32) as u32,
            kind: ((word as u32) >> SLOT_BITS) as u8,
            slot: word as u32 & ((1 << SLOT_BITS) - 1),
        })
    }

    #[inline]
    fn take_lane(&mut self) -> u128 {
        let key = self.heads[self.first];
        self.lanes[self.first].pop_front();
        self.heads[self.first] = self.lanes[self.first].front().copied().unwrap_or(EMPTY);
        // Which lane is next can't be foreseen: chosen without a branch.
        let (mut best, mut least) = (0, EMPTY);
        for (lane, head) in self.heads.iter().enumerate() {
            let is_earlier = *head < least;
            best = select_unpredictable(is_earlier, lane, best);
            least = select_unpredictable(is_earlier, *head, least);
        }
        self.first = best;
        key
    }

    #[inline]
    fn take_heap(&mut self) -> u128 {
        let top = self.heap[0];
        let Some(last) = self.heap.pop() else { return EMPTY };
        if self.heap.is_empty() {
            return top;
        }
        let heap = &mut self.heap[..];
        let mut place = 0;
        loop {
            let child = 4 * place + 1;
            let (least, key) = if let Some([first, second, third, fourth]) = heap.get(child..child + 4) {
                // The least of four without a branch, as none could be foreseen.
                let (left, left_key) = select_unpredictable(second < first, (child + 1, *second), (child, *first));
                let (right, right_key) =
                    select_unpredictable(fourth < third, (child + 3, *fourth), (child + 2, *third));
                select_unpredictable(right_key < left_key, (right, right_key), (left, left_key))
            } else {
                let mut least = (child, EMPTY);
                for (other, key) in heap.iter().enumerate().skip(child) {
                    if *key < least.1 {
                        least = (other, *key);
                    }
                }
                least
            };
            if key >= last {
                break;
            }
            heap[place] = key;
            place = least;
        }
        heap[place] = last;
        top
    }

    /// Becomes like another, in the memory that it has already.
    pub fn copy_from(&mut self, other: &Self) {
        let Self { heap, delays, lanes, heads, first, sequence } = other;
        self.heap.clone_from(heap);
        self.delays.clone_from(delays);
        self.lanes.resize_with(lanes.len(), VecDeque::new);
        for (lane, from) in self.lanes.iter_mut().zip(lanes) {
            let (front, back) = from.as_slices();
            lane.clear();
            lane.extend(front);
            lane.extend(back);
        }
        self.heads.clone_from(heads);
        (self.first, self.sequence) = (*first, *sequence);
    }

    /// How many entries wait, those that nobody waits for included.
    pub fn pending(&self) -> usize {
        self.heap.len() + self.lanes.iter().map(VecDeque::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_at_one_instant_leave_in_the_order_they_were_put_in() {
        let mut agenda = Agenda::new();
        let lane = agenda.lane(Span::from_seconds(1));
        let at = Time::from_seconds(1);
        agenda.put(at, 1, 10);
        agenda.put_after(Time::ZERO, lane, 2, 20);
        agenda.put(at, 3, 30);
        agenda.put(Time::from_seconds(-1), 4, 40);
        let order: Vec<u32> = std::iter::from_fn(|| agenda.take_before(Time::NEVER)).map(|due| due.slot).collect();
        assert_eq!(order, [40, 10, 20, 30]);
    }

    #[test]
    fn nothing_leaves_before_its_time_and_all_in_order() {
        let mut agenda = Agenda::new();
        let lanes = [agenda.lane(Span::from_micros(700)), agenda.lane(Span::from_micros(90))];
        let mut word = 1_u64;
        let mut now = Time::ZERO;
        for round in 0..5000 {
            word = crate::sim::random::mix(word.wrapping_add(round));
            match word % 3 {
                0 => _ = agenda.put(now + Span::from_micros((word >> 32) as i64 % 1000), 0, 1),
                lane => _ = agenda.put_after(now, lanes[lane as usize - 1], 0, 1),
            }
            if round % 2 == 0 {
                let due = agenda.take_before(Time::NEVER).unwrap();
                assert!(due.at >= now, "went back in time");
                now = due.at;
            }
        }
        assert!(agenda.take_before(now).is_none());
        assert_eq!(agenda.pending(), 2500);
    }
}
