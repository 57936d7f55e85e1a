//! Random draws by name, the same on every machine.
//!
//! Life cycles and arrivals draw from a `Stream` seeded by (seed, component, purpose); a request's own draws are a hash
//! of (seed, component, purpose, unit, attempt, number of the draw). So a run in which one thing is done differently
//! differs only by the consequences. Floats live here and in conditions only; logarithms come from `libm`, which is plain
//! Rust and gives the same bits everywhere.

use super::quantity::{Bytes, Duration, Span};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

/// What every draw of a run depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Seed(pub u64);

/// A fixed 64-bit hash of a name (FNV-1a, then mixed), the same in every version.
#[must_use]
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    mix(hash)
}

/// Spreads the bits of a word over all of it (the finaliser of `SplitMix64`).
#[must_use]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Two words into one, in order.
#[must_use]
pub const fn join(first: u64, second: u64) -> u64 {
    mix(first.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(second).wrapping_add(0x632b_e59b_d9b4_e019))
}

/// What a draw is for; keeps two draws of one request apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::sim) enum Purpose {
    /// Which instance a request goes to.
    Route = 1,
    /// How long a piece of work takes.
    Work = 2,
    /// How long a start takes.
    Start = 4,
    /// How much memory a process takes when idle.
    Idle = 5,
    /// How long a node takes to join.
    Node = 6,
    /// When the next request arrives.
    Arrival = 7,
    /// The pause before a retry.
    Pause = 8,
    /// Whether a request carries a tag.
    Tag = 19,
}

/// A draw as a fraction in (0, 1].
#[must_use]
pub(in crate::sim) fn unit_fraction(word: u64) -> f64 {
    ((word >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A draw below `bound` (multiply-shift; the bias is below 2^-32 for the bounds used here).
#[must_use]
pub(in crate::sim) fn below(word: u64, bound: u32) -> u32 {
    (((word >> 32) * u64::from(bound)) >> 32) as u32
}

/// An exponential draw with this mean.
#[must_use]
pub(in crate::sim) fn exponential(word: u64, mean: Span) -> Span {
    Span::from_micros((-libm::log(unit_fraction(word)) * mean.micros() as f64) as i64)
}

impl Duration {
    /// The length of time that this word of randomness stands for.
    pub(in crate::sim) fn draw(self, word: u64) -> Span {
        match self {
            Self::Constant(span) => span,
            Self::Uniform(low, high) => {
                let width = (high.micros() - low.micros()) as u64 + 1;
                let offset = ((u128::from(word) * u128::from(width)) >> 64) as i64;
                Span::from_micros(low.micros() + offset)
            }
            Self::Exponential(mean) => exponential(word, mean),
        }
    }
}

/// An amount between the two, each as likely.
#[must_use]
pub(in crate::sim) fn bytes_between(word: u64, low: Bytes, high: Bytes) -> Bytes {
    let width = high.0.saturating_sub(low.0) + 1;
    Bytes(low.0 + ((u128::from(word) * u128::from(width)) >> 64) as u64)
}

/// A stream of draws of its own, for what isn't bound to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of this component for this purpose.
    pub fn new(seed: Seed, component: u64, purpose: Purpose, index: u64) -> Self {
        let word = join(join(seed.0, component), join(purpose as u64, index));
        Self(Xoshiro256PlusPlus::seed_from_u64(word))
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_are_the_same_on_every_machine() {
        let mut stream = Stream::new(Seed(42), hash_name("visitors"), Purpose::Arrival, 0);
        let words = [stream.word(), stream.word()];
        let again = Stream::new(Seed(42), hash_name("visitors"), Purpose::Arrival, 0).word();
        assert_eq!(words[0], again);
        assert_ne!(words[0], words[1]);
        // `SplitMix64` of FNV-1a("a") = 0xaf63dc4c8601ec8c.
        assert_eq!(hash_name("a"), mix(0xaf63_dc4c_8601_ec8c));
        assert_eq!(exponential(1 << 63, Span::from_seconds(1)), Span::from_micros(693_147));
    }

    #[test]
    fn an_exponential_has_its_mean() {
        let mean = Span::from_millis(20);
        let sum: i64 = (0..100_000).map(|n| exponential(join(7, n), mean).micros()).sum();
        assert!((sum / 100_000 - mean.micros()).abs() < 200, "{sum}");
    }
}
