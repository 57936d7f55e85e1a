//! Random draws by name, the same on every machine.
//!
//! Life cycles and arrivals draw from a `Stream` seeded by (seed, component, purpose); a request's own draws are a hash
//! of (seed, component, purpose, unit, attempt, number of the draw). So a run in which one thing is done differently
//! differs only by the consequences. Floats live here and in conditions only, and no draw of a time needs one.

use super::quantity::{Bytes, Duration, Span};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use std::sync::Arc;

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

/// The word for one draw of one unit of work: a place in the sequence of `SplitMix64` that begins at `key`.
#[must_use]
#[inline]
pub(in crate::sim) const fn word_of(key: u64, unit: u64, number: u64) -> u64 {
    mix(key
        .wrapping_add(unit.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(number.wrapping_mul(0xd1b5_4a32_d192_ed03)))
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
    /// Whether a link loses what is sent.
    Loss = 11,
    /// Whether it loses the answer.
    LossBack = 12,
    /// Whether a request carries a tag.
    Tag = 19,
    /// Which of many like things is asked for.
    Key = 9,
    /// Whether, and when, something kept is used again.
    Again = 10,
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

/// Bits after the point in the fixed-point numbers below.
const POINT: u32 = 40;

/// The natural logarithms of 1, 1 + 1/256, up to 2, in fixed point.
static LOGARITHMS: [u64; 257] = logarithms();

const fn logarithms() -> [u64; 257] {
    let mut logarithms = [0; 257];
    let mut index = 0;
    while index < 257 {
        // 2 artanh((x - 1) / (x + 1)), from the smallest term on.
        let part = index as f64 / (index as f64 + 512.0);
        let mut sum = 0.0;
        let mut term = 24;
        while term > 0 {
            term -= 1;
            sum = sum * part * part + 1.0 / (2 * term + 1) as f64;
        }
        logarithms[index] = (2.0 * part * sum * (1_u64 << POINT) as f64 + 0.5) as u64;
        index += 1;
    }
    logarithms
}

/// How far a word's fraction of 2^64 lies below one, on the scale of the natural logarithm: in fixed point, off by less than
/// 2e-6.
///
/// Leading zeros are whole halvings; between two places of the table it goes straight. Integers only: the same everywhere,
/// and a fraction of the time that a logarithm in floats takes, which would be a seventh of what a request costs.
#[inline]
fn minus_logarithm(word: u64) -> u64 {
    let word = word | 1;
    let zeros = word.leading_zeros();
    let rest = word << zeros << 1;
    let place = (rest >> 56) as usize;
    let (low, high) = (LOGARITHMS[place], LOGARITHMS[place + 1]);
    let between = ((high - low) * (rest << 8 >> 40)) >> 24;
    u64::from(zeros + 1) * LOGARITHMS[256] - low - between
}

/// An exponential draw with this mean, in whichever unit, to the nearest whole.
#[must_use]
#[inline]
pub(in crate::sim) fn exponential(word: u64, mean: i64) -> i64 {
    let product = u128::from(minus_logarithm(word)) * u128::from(mean.unsigned_abs());
    ((product + (1 << (POINT - 1))) >> POINT) as i64
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
            Self::Exponential(mean) => Span::from_micros(exponential(word, mean.micros())),
        }
    }
}

/// How much more often the first of many like things is asked for than the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Popularity {
    /// Each as often.
    #[default]
    Even,
    /// The n-th in proportion to 1/n to the power of this (Zipf's law): `Zipf(0.9)`.
    Zipf(Exponent),
}

/// An exponent from 0 to 4, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Exponent(u16);

impl TryFrom<f64> for Exponent {
    type Error = String;
    fn try_from(number: f64) -> Result<Self, String> {
        if (0.0..=4.0).contains(&number) {
            return Ok(Self((number * 1000.0) as u16));
        }
        Err(format!("{number} is no exponent of a popularity; write for example Zipf(0.9)"))
    }
}

/// A table to draw ranks from by their popularity: the sums of their shares, out of 2^32.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(in crate::sim) struct Ranks(Arc<[u32]>);

impl Ranks {
    /// A table for `count` things.
    pub fn new(count: u32, popularity: Popularity) -> Self {
        let exponent = match popularity {
            Popularity::Even => 0.0,
            Popularity::Zipf(Exponent(thousandths)) => f64::from(thousandths) / 1000.0,
        };
        let weight = |rank: u32| libm::pow(f64::from(rank), -exponent);
        let total: f64 = (1..=count).map(weight).sum();
        let mut sum = 0.0;
        let sums = (1..=count).map(|rank| {
            sum += weight(rank);
            (sum / total * 4_294_967_295.0) as u32
        });
        Self(sums.collect())
    }

    /// The rank, from 0, that this word of randomness stands for.
    pub fn draw(&self, word: u64) -> u32 {
        let part = (word >> 32) as u32;
        let place = self.0.partition_point(|sum| *sum < part);
        place.min(self.0.len().saturating_sub(1)) as u32
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

/// Two words as a random UUID is printed.
#[must_use]
pub fn uuid(word: u64, more: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        word >> 32,
        word >> 16 & 0xffff,
        word & 0xfff,
        more >> 52,
        more & 0xffff_ffff_ffff
    )
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
        assert_eq!(exponential(1 << 63, 1_000_000), 693_147);
    }

    #[test]
    fn the_first_of_many_is_asked_for_more_often() {
        let exponent = Exponent::try_from(1.0).unwrap();
        let ranks = Ranks::new(100, Popularity::Zipf(exponent));
        let mut counts = [0_u32; 100];
        for n in 0..100_000 {
            counts[ranks.draw(join(3, n)) as usize] += 1;
        }
        // 1/H(100) = 0.1928, and half of that for the second.
        assert!((19_000..19_600).contains(&counts[0]), "{}", counts[0]);
        assert!((9_300..9_950).contains(&counts[1]), "{}", counts[1]);
        assert!(counts[99] > 100);
        assert_eq!(Ranks::default().draw(u64::MAX), 0);
    }

    #[test]
    fn the_logarithm_is_that_of_libm() {
        let words =
            (0..200_000).map(|n| join(3, n)).chain((0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, !(1 << bit)]));
        for word in words {
            let exact = -libm::log((word | 1) as f64 / (1_u128 << 64) as f64);
            let ours = minus_logarithm(word) as f64 / (1_u64 << POINT) as f64;
            assert!((ours - exact).abs() < 2e-6, "{word:x}: {ours} instead of {exact}");
        }
    }

    #[test]
    fn an_exponential_has_its_mean() {
        for mean in [3, 20_000] {
            let sum: i64 = (0..100_000).map(|n| exponential(join(7, n), mean)).sum();
            assert!((sum as f64 / 1e5 / mean as f64 - 1.0).abs() < 0.01, "{sum}");
        }
    }

    #[test]
    fn neighbours_draw_nothing_alike() {
        // The correlation of draws of one unit and the next, and of one draw and the unit's next; 0.01 is three sigma.
        let key = hash_name("pods");
        let draw = |unit: u64, number: u64| unit_fraction(word_of(key, unit, number << 8)) - 0.5;
        for (units, numbers) in [(1, 0), (0, 1), (1, 1), (2, 1)] {
            let sum: f64 = (0..100_000).map(|unit| draw(unit, 1) * draw(unit + units, 1 + numbers)).sum();
            let correlation = sum * 12.0 / 1e5;
            assert!(correlation.abs() < 0.01, "{units} units and {numbers} draws on: {correlation}");
        }
    }
}
