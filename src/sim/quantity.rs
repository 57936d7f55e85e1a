//! Quantities as people write them: `"30s"`, `"1.5Gi"`, `"180/s"`, `"8%"`, `"10s..20s"`.
//!
//! Everything is an integer inside, so that a run is the same on every machine: microseconds, bytes, millionths. This
//! module knows text and numbers only. Each type reads back what it prints.

use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;

/// Why a text isn't the quantity it should be: what it is, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}; write for example {example}")]
pub struct QuantityError {
    /// The text as it stood, cut to something that fits a line.
    pub text: String,
    /// What was wanted: "a length of time".
    pub what: &'static str,
    /// How it is written.
    pub example: &'static str,
}

impl QuantityError {
    fn new(text: &str, what: &'static str, example: &'static str) -> Self {
        Self { text: text.chars().take(40).collect(), what, example }
    }
}

/// A moment of the simulation: microseconds since the incident began, negative during the warm-up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

impl Time {
    /// The moment at which the incident begins.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(i64::MAX);

    /// The moment this many microseconds after the incident began.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment this many whole seconds after the incident began.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Microseconds since the incident began.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The whole second in which this moment lies, rounded down.
    #[must_use]
    pub const fn second(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time from `earlier` until now; negative where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// `mm:ss.mmm` since the incident began, as scripts and run files write it: `06:00.000`, `-10:00.000`, `75:30.500`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.unsigned_abs() / 1000;
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{:02}:{:02}.{:03}", millis / 60_000, millis / 1000 % 60, millis % 1000)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `mm:ss`, `mm:ss.mmm` and `hh:mm:ss`, or a length of time such as `6m30s`.
impl FromStr for Time {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad =
            || QuantityError::new(text, "a time since the incident began", "\"06:30\", \"06:30.500\" or \"6m30s\"");
        let (negative, body) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let micros = if body.contains(':') {
            let mut parts = body.split(':').rev();
            let seconds = parts.next().unwrap_or_default();
            let mut micros = decimal(seconds, 1_000_000).filter(|m| *m < 60_000_000).ok_or_else(bad)?;
            let mut scale = 60_000_000_i64;
            for part in parts {
                if scale > 3_600_000_000 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(bad());
                }
                let units: i64 = part.parse().map_err(|_| bad())?;
                micros = units.checked_mul(scale).and_then(|v| v.checked_add(micros)).ok_or_else(bad)?;
                scale *= 60;
            }
            micros
        } else {
            body.parse::<Span>().map_err(|_| bad())?.0
        };
        Ok(Self(if negative { -micros } else { micros }))
    }
}

/// A length of time in microseconds; negative where a level speaks of the past (`deployed: "-15d"`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

const SPAN_UNITS: [(&str, i64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1)];

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of this many microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A span of this many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1000)
    }

    /// A span of this many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds as a fraction, for conditions and reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Days, hours and minutes in the two largest units, as `kubectl` prints an age: `15d`, `3h12m`, `94s`.
    #[must_use]
    pub fn age(self) -> String {
        let s = self.0.max(0) / 1_000_000;
        match s {
            0..120 => format!("{s}s"),
            120..600 if s % 60 != 0 => format!("{}m{}s", s / 60, s % 60),
            120..10_800 => format!("{}m", s / 60),
            10_800..28_800 if s / 60 % 60 != 0 => format!("{}h{}m", s / 3600, s / 60 % 60),
            10_800..172_800 => format!("{}h", s / 3600),
            _ => format!("{}d", s / 86_400),
        }
    }
}

impl std::ops::Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Mul<i64> for Span {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, size) in SPAN_UNITS {
            let size = size.unsigned_abs();
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `30s`, `1m30s`, `250ms`, `1.5h`, `-15d`; the units are d, h, m, s, ms and us. A bare `0` needs none.
impl FromStr for Span {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "a length of time", "\"30s\", \"1m30s\", \"250ms\" or \"15d\"");
        let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(bad());
        }
        let mut total = 0_i64;
        while !rest.is_empty() {
            let (number, after) = split_number(rest).ok_or_else(bad)?;
            let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let scale = SPAN_UNITS.iter().find(|(unit, _)| *unit == &after[..end]).ok_or_else(bad)?.1;
            total = decimal(number, scale).and_then(|v| total.checked_add(v)).ok_or_else(bad)?;
            rest = &after[end..];
        }
        Ok(Self(if negative { -total } else { total }))
    }
}

/// An amount of memory or disk in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Bytes(pub u64);

const BYTE_UNITS: [(&str, i64); 12] = [
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    // The kernel's kB is 1024 bytes: `anon-rss:1563932kB` (mm/oom_kill.c prints pages shifted to KiB).
    ("kB", 1024),
    ("KB", 1000),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("B", 1),
];

impl Bytes {
    /// In the kernel's kB (1024 bytes), as dmesg prints it.
    #[must_use]
    pub const fn kib(self) -> u64 {
        self.0 / 1024
    }

    /// In Mi, as `kubectl top` prints it.
    #[must_use]
    pub const fn mib(self) -> u64 {
        self.0 >> 20
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in &BYTE_UNITS[..4] {
            let size = size.unsigned_abs();
            if self.0 >= size && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// Reads `1.5Gi`, `500Mi`, `100KB`, `1563932kB` (the kernel's: 1024 bytes), `12B`.
impl FromStr for Bytes {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "an amount of memory", "\"500Mi\", \"1.5Gi\" or \"100KB\"");
        let (number, unit) = split_number(text).ok_or_else(bad)?;
        if number == "0" && unit.is_empty() {
            return Ok(Self(0));
        }
        let scale = BYTE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
        decimal(number, scale).and_then(|v| u64::try_from(v).ok()).map(Self).ok_or_else(bad)
    }
}

/// How often something happens, in millionths per second: `"180/s"`, `"5/m"`, `"0.5/s"`, `"10/h"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Rate(pub u64);

impl Rate {
    /// Events per second, for drawing a gap between two of them.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, self.0)?;
        f.write_str("/s")
    }
}

impl FromStr for Rate {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "a rate", "\"120/s\", \"5/m\" or \"10/h\"");
        let (number, unit) = text.split_once('/').ok_or_else(bad)?;
        let per = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return Err(bad()),
        };
        let millionths = decimal(number.trim(), 1_000_000).and_then(|v| u64::try_from(v).ok()).ok_or_else(bad)?;
        Ok(Self(millionths / per))
    }
}

/// How fast memory or a disk fills, in bytes per second: `"0.82Gi/s"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Throughput(pub u64);

impl Throughput {
    /// The time it takes to move this much, rounded up to a whole microsecond.
    #[must_use]
    pub fn time_for(self, amount: Bytes) -> Span {
        let micros = (u128::from(amount.0) * 1_000_000).div_ceil(u128::from(self.0.max(1)));
        Span(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// What is moved in this time.
    #[must_use]
    pub fn amount_in(self, span: Span) -> Bytes {
        let bytes = u128::from(self.0) * u128::from(span.0.max(0).unsigned_abs()) / 1_000_000;
        Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", Bytes(self.0))
    }
}

impl FromStr for Throughput {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "a speed in bytes", "\"0.82Gi/s\" or \"200MB/s\"");
        let amount = text.strip_suffix("/s").ok_or_else(bad)?;
        amount.parse::<Bytes>().map(|bytes| Self(bytes.0)).map_err(|_| bad())
    }
}

/// A part of a whole in millionths: `"8%"`, `"0.5%"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Share(pub u32);

impl Share {
    /// Everything.
    pub const ALL: Self = Self(1_000_000);

    /// As a fraction, for conditions and reports only.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, u64::from(self.0) * 100)?;
        f.write_str("%")
    }
}

impl FromStr for Share {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "a share", "\"8%\" or \"0.5%\"");
        let number = text.strip_suffix('%').ok_or_else(bad)?;
        decimal(number, 10_000).and_then(|v| u32::try_from(v).ok()).map(Self).ok_or_else(bad)
    }
}

/// A length of time that may differ each time it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duration {
    /// Always the same: `"12ms"`.
    Constant(Span),
    /// Anything between the two, each as likely: `"10s..20s"`.
    Uniform(Span, Span),
    /// Exponential with this mean, as service times of independent requests are: `"exp 20ms"`.
    Exponential(Span),
}

impl Default for Duration {
    fn default() -> Self {
        Self::Constant(Span::ZERO)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(span) => write!(f, "{span}"),
            Self::Uniform(low, high) => write!(f, "{low}..{high}"),
            Self::Exponential(mean) => write!(f, "exp {mean}"),
        }
    }
}

impl FromStr for Duration {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "a length of time", "\"12ms\", \"10s..20s\" or \"exp 20ms\"");
        let span = |text: &str| text.trim().parse::<Span>().ok().filter(|s| *s >= Span::ZERO).ok_or_else(bad);
        if let Some(mean) = text.strip_prefix("exp ") {
            return Ok(Self::Exponential(span(mean)?));
        }
        if let Some((low, high)) = text.split_once("..") {
            let (low, high) = (span(low)?, span(high)?);
            return if low <= high { Ok(Self::Uniform(low, high)) } else { Err(bad()) };
        }
        span(text).map(Self::Constant)
    }
}

/// An amount that may differ from one process to the next: `"280Mi"`, `"280Mi..300Mi"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByteRange {
    /// The least.
    pub low: Bytes,
    /// The most.
    pub high: Bytes,
}

impl ByteRange {
    /// Always the same amount.
    #[must_use]
    pub const fn exactly(bytes: Bytes) -> Self {
        Self { low: bytes, high: bytes }
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high { write!(f, "{}", self.low) } else { write!(f, "{}..{}", self.low, self.high) }
    }
}

impl FromStr for ByteRange {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::new(text, "an amount of memory", "\"300Mi\" or \"280Mi..300Mi\"");
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let bytes = |text: &str| text.trim().parse::<Bytes>().map_err(|_| bad());
        let range = Self { low: bytes(low)?, high: bytes(high)? };
        if range.low <= range.high { Ok(range) } else { Err(bad()) }
    }
}

/// The number at the front of `text`, and what follows it.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A decimal number times `scale`, without a float in between; digits beyond the scale are dropped.
fn decimal(text: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let mut total = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let mut place = i128::from(scale);
    let mut part = 0_i128;
    let mut divisor = 1_i128;
    for digit in fraction.bytes().take(15) {
        place = place.checked_mul(10)?;
        divisor *= 10;
        part = part * 10 + i128::from(digit - b'0');
    }
    total = total.checked_add(i64::try_from(part * i128::from(scale) / divisor).ok()?)?;
    Some(total)
}

fn write_millionths(f: &mut fmt::Formatter<'_>, millionths: u64) -> fmt::Result {
    write!(f, "{}", millionths / 1_000_000)?;
    let rest = millionths % 1_000_000;
    if rest > 0 {
        write!(f, ".{}", format!("{rest:06}").trim_end_matches('0'))?;
    }
    Ok(())
}

macro_rules! read_from_text {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $kind;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a text in quotes")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$kind, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )*};
}
read_from_text!(Time, Span, Bytes, ByteRange, Rate, Throughput, Share, Duration);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back_what_it_prints() {
        for text in ["30s", "1m30s", "250ms", "15d", "-15d", "1h1s", "0s", "7us"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("1.5s".parse::<Span>(), Ok(Span::from_millis(1500)));
        assert!("30".parse::<Span>().is_err());
        assert!("30 parsecs".parse::<Span>().is_err());
        assert!("99999999999999999999d".parse::<Span>().is_err());
    }

    #[test]
    fn a_time_reads_the_way_scripts_write_it() {
        assert_eq!("06:00.000".parse::<Time>(), Ok(Time::from_seconds(360)));
        assert_eq!("75:30".parse::<Time>(), Ok(Time::from_seconds(4530)));
        assert_eq!("1:15:30".parse::<Time>(), Ok(Time::from_seconds(4530)));
        assert_eq!("1m30s".parse::<Time>(), Ok(Time::from_seconds(90)));
        assert_eq!("-10:00".parse::<Time>().unwrap().to_string(), "-10:00.000");
        assert!("6:99".parse::<Time>().is_err());
        assert!("::".parse::<Time>().is_err());
    }

    #[test]
    fn memory_is_counted_as_the_kernel_counts_it() {
        assert_eq!("1536Mi".parse::<Bytes>().unwrap().kib(), 1_572_864);
        assert_eq!("1.5Gi".parse::<Bytes>(), "1536Mi".parse());
        assert_eq!("1563932kB".parse::<Bytes>().unwrap().kib(), 1_563_932);
        assert!("1.5 Gi".parse::<Bytes>().is_err());
    }

    #[test]
    fn a_fill_takes_amount_over_speed() {
        let speed: Throughput = "0.82Gi/s".parse().unwrap();
        let span = speed.time_for("1.25Gi".parse().unwrap());
        assert!((span.as_seconds() - 1.25 / 0.82).abs() < 1e-5, "{span}");
        assert_eq!("120/s".parse::<Rate>().unwrap().to_string(), "120/s");
        assert_eq!("8%".parse::<Share>().unwrap().to_string(), "8%");
        assert_eq!("10s..20s".parse::<Duration>().unwrap().to_string(), "10s..20s");
        assert!("20s..10s".parse::<Duration>().is_err());
    }
}
