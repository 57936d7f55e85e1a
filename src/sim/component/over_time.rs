//! Numbers of a load that change as time goes by: rates and shares.

use crate::sim::quantity::{Rate, Share, Time};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// A quantity that may change: points in time, straight lines between them, constant before the first and after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverTime<T>(pub Vec<(Time, T)>);

/// What can change along straight lines.
pub trait Gradual: Copy + FromStr<Err: fmt::Display> + for<'de> Deserialize<'de> {
    /// What it is called, as messages say it.
    const WORD: &'static str;
    /// One as it is written in a file.
    const EXAMPLE: &'static str;

    /// Its value, in the unit that it is counted in.
    #[must_use]
    fn value(self) -> f64;
}

/// In events per second.
impl Gradual for Rate {
    const WORD: &'static str = "rate";
    const EXAMPLE: &'static str = "120/s";

    fn value(self) -> f64 {
        self.per_second()
    }
}

/// As a fraction of one.
impl Gradual for Share {
    const WORD: &'static str = "share";
    const EXAMPLE: &'static str = "2%";

    fn value(self) -> f64 {
        self.fraction()
    }
}

impl<T: Gradual> OverTime<T> {
    /// The same at all times.
    #[must_use]
    pub fn constant(value: T) -> Self {
        Self(vec![(Time::ZERO, value)])
    }

    /// The value at a moment.
    #[must_use]
    pub fn at(&self, time: Time) -> f64 {
        let points = &self.0;
        let after = points.partition_point(|(at, _)| *at <= time);
        match (after.checked_sub(1).map(|n| points[n]), points.get(after).copied()) {
            (None, None) => 0.0,
            (Some((_, value)), None) | (None, Some((_, value))) => value.value(),
            (Some((from, low)), Some((to, high))) => {
                let part = time.since(from).as_seconds() / to.since(from).as_seconds();
                low.value() + (high.value() - low.value()) * part
            }
        }
    }

    /// The highest that it gets.
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.0.iter().map(|(_, value)| value.value()).fold(0.0, f64::max)
    }
}

impl OverTime<Share> {
    /// The chance that it is true of at least one of so many.
    #[must_use]
    pub fn of_any(&self, time: Time, count: u16) -> f64 {
        let without = 1.0 - self.at(time);
        1.0 - (0..count).fold(1.0, |all, _| all * without)
    }
}

impl<'de, T: Gradual> Deserialize<'de> for OverTime<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Points<T>(PhantomData<T>);
        impl<'de, T: Gradual> Visitor<'de> for Points<T> {
            type Value = OverTime<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a {} such as \"{}\", or a list of (time, {})", T::WORD, T::EXAMPLE, T::WORD)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<OverTime<T>, E> {
                text.parse().map(OverTime::constant).map_err(E::custom)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OverTime<T>, A::Error> {
                let mut points: Vec<(Time, T)> = Vec::new();
                while let Some(point) = list.next_element::<(Time, T)>()? {
                    if points.last().is_some_and(|last| last.0 >= point.0) {
                        return Err(de::Error::custom(format!("the points of a {} go forward in time", T::WORD)));
                    }
                    points.push(point);
                }
                if points.is_empty() {
                    return Err(de::Error::custom(format!("a {} needs at least one point", T::WORD)));
                }
                Ok(OverTime(points))
            }
        }
        deserializer.deserialize_any(Points(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halfway_between_two_points_it_is_halfway() {
        let share = OverTime::<Share>(vec![
            (Time::ZERO, "0.01%".parse().unwrap()),
            (Time::from_seconds(100), "0.03%".parse().unwrap()),
        ]);
        for (second, fraction) in [(-5, 0.0001), (50, 0.0002), (100, 0.0003), (900, 0.0003)] {
            assert!((share.at(Time::from_seconds(second)) - fraction).abs() < 1e-9, "{second}");
        }
    }

    #[test]
    fn one_of_four_is_nearly_four_times_as_likely_to_be_rare() {
        let of_four = OverTime::<Share>::constant("0.01%".parse().unwrap()).of_any(Time::ZERO, 4);
        assert!((0.000_399..0.000_400).contains(&of_four), "{of_four}");
    }

    #[test]
    fn a_list_that_goes_back_in_time_says_whose_it_is() {
        let error = serde_json::from_str::<OverTime<Rate>>(r#"[["1m", "1/s"], ["1m", "2/s"]]"#).unwrap_err();
        assert!(error.to_string().starts_with("the points of a rate go forward in time"), "{error}");
    }
}
