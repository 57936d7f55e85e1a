//! The floor: the tandem written by hand, with nothing that a game needs. How fast could it be at all?
//!
//! One binary heap of 128-bit keys (time in nanoseconds, sequence number, kind and slot), one array of attempts linked by
//! index, an order hash and a sum of latencies. No components, no names, no metrics, no level.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NONE: u32 = u32::MAX;
/// The place of the database among the stations, in an attempt's `pod`.
const DATABASE: u32 = u32::MAX;

const ARRIVE: u32 = 0;
const DELIVER: u32 = 1;
const POD_DONE: u32 = 2;
const DATABASE_DONE: u32 = 3;
const RESPOND: u32 = 4;
const TIMEOUT: u32 = 5;

/// How large the tandem is, times in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub requests: u64,
    pub pods: u32,
    pub workers: u32,
    pub connections: u32,
    pub between_arrivals: f64,
    pub pod_work: f64,
    pub database_work: f64,
    pub hop: u64,
    pub patience: u64,
}

impl Size {
    pub const SMALL: Self = Self {
        requests: 0,
        pods: 8,
        workers: 2,
        connections: 10,
        between_arrivals: 2e6,
        pod_work: 20e6,
        database_work: 15e6,
        hop: 1_000_000,
        patience: 150_000_000,
    };
}

/// One try of a request.
#[derive(Clone, Copy)]
struct Attempt {
    began: u64,
    next: u32,
    pod: u32,
    /// Entries that still name it: its way, and its timeout.
    named_by: u8,
    is_retry: bool,
    is_given_up: bool,
    is_answered: bool,
}

/// Servers with one line before them.
#[derive(Clone, Copy)]
struct Station {
    first: u32,
    last: u32,
    busy: u32,
    servers: u32,
}

impl Station {
    const fn of(servers: u32) -> Self {
        Self { first: NONE, last: NONE, busy: 0, servers }
    }
}

/// xoshiro256++, seeded by `SplitMix64`.
struct Random([u64; 4]);

impl Random {
    fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        }))
    }

    #[inline]
    fn word(&mut self) -> u64 {
        let state = &mut self.0;
        let word = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        word
    }

    #[inline]
    fn exponential(&mut self, mean: f64) -> u64 {
        let fraction = ((self.word() >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0);
        (-fraction.ln() * mean) as u64
    }
}

/// The tandem at work.
pub struct Floor {
    size: Size,
    pending: BinaryHeap<Reverse<u128>>,
    sequence: u32,
    now: u64,
    random: Random,
    attempts: Vec<Attempt>,
    free: u32,
    pods: Vec<Station>,
    database: Station,
    arrivals_left: u64,
    pub answered: u64,
    pub failed: u64,
    pub retries: u64,
    pub events: u64,
    pub most_pending: usize,
    latency: u64,
    hash: u64,
}

impl Floor {
    pub fn new(size: Size, seed: u64) -> Self {
        let mut floor = Self {
            size,
            pending: BinaryHeap::new(),
            sequence: 0,
            now: 0,
            random: Random::new(seed),
            attempts: Vec::new(),
            free: NONE,
            pods: vec![Station::of(size.workers); size.pods as usize],
            database: Station::of(size.connections),
            arrivals_left: size.requests,
            answered: 0,
            failed: 0,
            retries: 0,
            events: 0,
            most_pending: 0,
            latency: 0,
            hash: 0,
        };
        floor.schedule(0, ARRIVE, 0);
        floor
    }

    /// Runs to the end; gives back the hash over the order of all events.
    pub fn run(&mut self) -> u64 {
        while self.step() {}
        self.hash
    }

    /// The mean latency of what was answered, in milliseconds.
    pub fn mean_latency(&self) -> f64 {
        self.latency as f64 / self.answered.max(1) as f64 / 1e6
    }

    #[inline]
    fn schedule(&mut self, after: u64, kind: u32, slot: u32) {
        let word = u64::from(self.sequence) << 32 | u64::from(kind << 28 | slot);
        self.sequence = self.sequence.wrapping_add(1);
        self.pending.push(Reverse(u128::from(self.now + after) << 64 | u128::from(word)));
    }

    #[inline]
    fn release(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot as usize];
        attempt.named_by -= 1;
        if attempt.named_by == 0 {
            attempt.next = self.free;
            self.free = slot;
        }
    }

    #[inline]
    fn start(&mut self, began: u64, is_retry: bool) {
        let pod = (((self.random.word() >> 32) * self.pods.len() as u64) >> 32) as u32;
        let attempt = Attempt { began, next: NONE, pod, named_by: 2, is_retry, is_given_up: false, is_answered: false };
        let slot = if self.free == NONE {
            self.attempts.push(attempt);
            self.attempts.len() as u32 - 1
        } else {
            let slot = self.free;
            self.free = self.attempts[slot as usize].next;
            self.attempts[slot as usize] = attempt;
            slot
        };
        self.schedule(self.size.hop, DELIVER, slot);
        self.schedule(self.size.patience, TIMEOUT, slot);
    }

    #[inline]
    fn station(&mut self, place: u32) -> &mut Station {
        if place == DATABASE { &mut self.database } else { &mut self.pods[place as usize] }
    }

    #[inline]
    fn enter(&mut self, place: u32, slot: u32) {
        let station = self.station(place);
        if station.busy < station.servers {
            station.busy += 1;
            self.serve(place, slot);
            return;
        }
        let last = std::mem::replace(&mut station.last, slot);
        if last == NONE {
            station.first = slot;
        } else {
            self.attempts[last as usize].next = slot;
        }
        self.attempts[slot as usize].next = NONE;
    }

    #[inline]
    fn serve(&mut self, place: u32, slot: u32) {
        let (mean, kind) =
            if place == DATABASE { (self.size.database_work, DATABASE_DONE) } else { (self.size.pod_work, POD_DONE) };
        let took = self.random.exponential(mean);
        self.schedule(took, kind, slot);
    }

    /// A server is free: it takes the next in line who still waits for an answer.
    #[inline]
    fn leave(&mut self, place: u32) {
        loop {
            let slot = self.station(place).first;
            if slot == NONE {
                self.station(place).busy -= 1;
                return;
            }
            let attempt = self.attempts[slot as usize];
            let station = self.station(place);
            station.first = attempt.next;
            if attempt.next == NONE {
                station.last = NONE;
            }
            if !attempt.is_given_up {
                self.serve(place, slot);
                return;
            }
            self.release(slot);
        }
    }

    #[inline]
    fn step(&mut self) -> bool {
        let Some(Reverse(key)) = self.pending.pop() else { return false };
        self.now = (key >> 64) as u64;
        let word = key as u32;
        let (kind, slot) = (word >> 28, word & 0x0fff_ffff);
        let index = slot as usize;
        match kind {
            ARRIVE => self.arrive(),
            DELIVER => self.enter(self.attempts[index].pod, slot),
            POD_DONE => {
                let attempt = self.attempts[index];
                self.leave(attempt.pod);
                if attempt.is_given_up {
                    self.release(slot);
                } else {
                    self.enter(DATABASE, slot);
                }
            }
            DATABASE_DONE => {
                self.leave(DATABASE);
                if self.attempts[index].is_given_up {
                    self.release(slot);
                } else {
                    self.schedule(self.size.hop, RESPOND, slot);
                }
            }
            RESPOND => {
                let attempt = &mut self.attempts[index];
                if !attempt.is_given_up {
                    attempt.is_answered = true;
                    self.answered += 1;
                    self.latency += self.now - attempt.began;
                }
                self.release(slot);
            }
            _ => {
                if !self.give_up(slot) {
                    return true;
                }
            }
        }
        self.events += 1;
        self.hash = (self.hash ^ key as u64 ^ self.now).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        true
    }

    #[inline]
    fn arrive(&mut self) {
        self.arrivals_left -= 1;
        if self.arrivals_left > 0 {
            let after = self.random.exponential(self.size.between_arrivals);
            self.schedule(after, ARRIVE, 0);
        }
        self.start(self.now, false);
        if self.arrivals_left.is_multiple_of(1024) {
            self.most_pending = self.most_pending.max(self.pending.len());
        }
    }

    /// A timeout: says whether anybody still waited.
    #[inline]
    fn give_up(&mut self, slot: u32) -> bool {
        let attempt = &mut self.attempts[slot as usize];
        let waited = !attempt.is_answered;
        attempt.is_given_up = waited;
        let (began, is_retry) = (attempt.began, attempt.is_retry);
        self.release(slot);
        if waited && is_retry {
            self.failed += 1;
        } else if waited {
            self.retries += 1;
            self.start(began, true);
        }
        waited
    }
}
