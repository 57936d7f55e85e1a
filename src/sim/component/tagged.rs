//! Tags that only some of many requests carry: a share that may change over time.

use crate::sim::quantity::{Share, Time};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A tag of a load: `"vip"` on every request, or `(tag: "vip", share: "2%")` on some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The tag.
    pub tag: String,
    /// Which part of the requests carries it.
    pub share: ShareOverTime,
}

impl Tagged {
    /// Whether every request carries it.
    #[must_use]
    pub fn is_on_all(&self) -> bool {
        self.share.0 == [(Time::ZERO, Share::ALL)]
    }
}

/// A share that may change: points in time, straight lines between them, constant before the first and after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareOverTime(pub Vec<(Time, Share)>);

impl ShareOverTime {
    /// The share at a moment, as a fraction.
    #[must_use]
    pub fn at(&self, time: Time) -> f64 {
        let points = &self.0;
        let after = points.partition_point(|(at, _)| *at <= time);
        match (after.checked_sub(1).map(|n| points[n]), points.get(after).copied()) {
            (None, None) => 0.0,
            (Some((_, share)), None) | (None, Some((_, share))) => share.fraction(),
            (Some((from, low)), Some((to, high))) => {
                let part = time.since(from).as_seconds() / to.since(from).as_seconds();
                low.fraction() + (high.fraction() - low.fraction()) * part
            }
        }
    }

    /// The chance that at least one of so many carries it.
    #[must_use]
    pub fn of_any(&self, time: Time, count: u16) -> f64 {
        let without = 1.0 - self.at(time);
        1.0 - (0..count).fold(1.0, |all, _| all * without)
    }
}

impl<'de> Deserialize<'de> for ShareOverTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Points;
        impl<'de> Visitor<'de> for Points {
            type Value = ShareOverTime;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share such as \"2%\", or a list of (time, share)")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ShareOverTime, E> {
                text.parse().map(|share| ShareOverTime(vec![(Time::ZERO, share)])).map_err(E::custom)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ShareOverTime, A::Error> {
                let mut points: Vec<(Time, Share)> = Vec::new();
                while let Some(point) = list.next_element::<(Time, Share)>()? {
                    if points.last().is_some_and(|last| last.0 >= point.0) {
                        return Err(de::Error::custom("the points of a share go forward in time"));
                    }
                    points.push(point);
                }
                if points.is_empty() {
                    return Err(de::Error::custom("a share needs at least one point"));
                }
                Ok(ShareOverTime(points))
            }
        }
        deserializer.deserialize_any(Points)
    }
}

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Tagged;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tag such as \"vip\", or (tag: \"vip\", share: \"2%\")")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Tagged, E> {
                Ok(Tagged { tag: text.to_owned(), share: ShareOverTime(vec![(Time::ZERO, Share::ALL)]) })
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tagged, A::Error> {
                let (mut tag, mut share) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "tag" => tag = Some(map.next_value()?),
                        "share" => share = Some(map.next_value()?),
                        other => return Err(de::Error::unknown_field(other, &["tag", "share"])),
                    }
                }
                let tag = tag.ok_or_else(|| de::Error::missing_field("tag"))?;
                let share = share.ok_or_else(|| de::Error::missing_field("share"))?;
                Ok(Tagged { tag, share })
            }
        }
        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_four_is_nearly_four_times_as_likely_to_carry_a_rare_tag() {
        let share = ShareOverTime(vec![
            (Time::ZERO, "0.01%".parse().unwrap()),
            (Time::from_seconds(100), "0.03%".parse().unwrap()),
        ]);
        assert!((share.at(Time::from_seconds(50)) - 0.0002).abs() < 1e-9);
        let of_four = share.of_any(Time::from_seconds(-5), 4);
        assert!((0.000_399..0.000_400).contains(&of_four), "{of_four}");
    }
}
