//! Tags that only some of many requests carry: a share that may change over time.

use super::over_time::OverTime;
use crate::sim::quantity::Share;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::fmt;

/// A tag of a load: `"vip"` on every request, or `(tag: "vip", share: "2%")` on some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The tag.
    pub tag: String,
    /// Which part of the requests carries it.
    pub share: OverTime<Share>,
}

impl Tagged {
    /// Whether every request carries it.
    #[must_use]
    pub fn is_on_all(&self) -> bool {
        self.share == OverTime::constant(Share::ALL)
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
                Ok(Tagged { tag: text.to_owned(), share: OverTime::constant(Share::ALL) })
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
