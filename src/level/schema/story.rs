//! The sections of a level that are told: where it comes from, its clock, what is asked, hinted, read and learned.

use crate::level::condition::Condition;
use crate::sim::pattern::fits;
use crate::sim::quantity::{Span, Time};
use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;

/// How hard a level is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Difficulty {
    /// For the first minutes of all.
    First,
    /// For the first hours.
    Easy,
    /// For those who have been on call.
    #[default]
    Medium,
    /// For those who like it.
    Hard,
}

impl Difficulty {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// Where a level's story was told first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The story's own title; shown after the first play.
    #[serde(default)]
    pub title: String,
    /// Who told it.
    #[serde(default)]
    pub author: String,
    /// Where.
    #[serde(default)]
    pub place: String,
    /// The year.
    #[serde(default)]
    pub published: Option<u16>,
    /// Its address, where it can still be read: `"https://…"`.
    #[serde(default)]
    pub url: String,
}

/// A level's clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The local time at which it begins, `"Tue 2020-08-11 09:38"`; the time zero of everything.
    #[serde(default)]
    pub starts: LocalTime,
    /// What people there call their time: `"PDT"`.
    #[serde(default = "utc")]
    pub zone: String,
    /// How far it is from UTC: `"-07:00"`.
    #[serde(default)]
    pub offset: UtcOffset,
    /// What is simulated before it begins, and not scored: caches, queues and graphs have a past.
    #[serde(default = "five_minutes")]
    pub warm_up: Span,
    /// How many simulated seconds pass in a real one.
    #[serde(default = "four")]
    pub speed: u32,
    /// The speed to which the clock falls back by itself when something happens.
    #[serde(default)]
    pub slowed: Option<u32>,
    /// When it is over, whatever has happened.
    #[serde(default = "an_hour")]
    pub limit: Span,
}

fn utc() -> String {
    "UTC".into()
}

const fn five_minutes() -> Span {
    Span::from_seconds(300)
}

const fn four() -> u32 {
    4
}

const fn an_hour() -> Span {
    Span::from_seconds(3600)
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            starts: LocalTime::default(),
            zone: utc(),
            offset: UtcOffset::default(),
            warm_up: five_minutes(),
            speed: four(),
            slowed: None,
            limit: an_hour(),
        }
    }
}

impl Clock {
    /// The speed to which the clock falls back by itself: the level's, or the lesser of its speed and 6.
    #[must_use]
    pub fn slowed(&self) -> u32 {
        self.slowed.unwrap_or_else(|| self.speed.min(6)).max(1)
    }

    /// The local date and time of a moment.
    #[must_use]
    pub fn local(&self, time: Time) -> DateTime {
        let start = self.starts.0;
        start.checked_add(jiff::SignedDuration::from_micros(time.micros())).unwrap_or(start)
    }

    /// `Tue 09:47:12 PDT`.
    #[must_use]
    pub fn shown(&self, time: Time) -> String {
        format!("{} {}", self.local(time).strftime("%a %H:%M:%S"), self.zone)
    }

    /// `09:47`.
    #[must_use]
    pub fn hour_and_minute(&self, time: Time) -> String {
        self.local(time).strftime("%H:%M").to_string()
    }

    /// How long it takes a player at the level's own speed, in real minutes, rounded up.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        let seconds = self.limit.seconds() / i64::from(self.speed.max(1));
        u32::try_from((seconds + 59) / 60).unwrap_or(0)
    }
}

/// A local date and time; the weekday before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(pub DateTime);

impl Default for LocalTime {
    /// A Tuesday morning.
    fn default() -> Self {
        Self(DateTime::constant(2024, 3, 5, 10, 0, 0, 0))
    }
}

impl LocalTime {
    /// Seconds from 1970-01-01 00:00, both in local time.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.0.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())
    }
}

impl FromStr for LocalTime {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        let bad = || format!("`{shown}` is not a date with a time; write for example \"Tue 2020-08-11 09:38\"");
        let (day, rest) = match text.split_once(' ') {
            Some((day, rest)) if day.len() == 3 && day.chars().all(char::is_alphabetic) => (Some(day), rest),
            _ => (None, text),
        };
        let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
        let time = formats.iter().find_map(|format| DateTime::strptime(format, rest).ok()).ok_or_else(bad)?;
        let weekday = time.strftime("%a").to_string();
        match day {
            Some(day) if day != weekday => Err(format!("{} is a {weekday}, not a {day}", time.date())),
            _ => Ok(Self(time)),
        }
    }
}

/// How far local time is from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UtcOffset {
    /// In minutes; negative is west.
    pub minutes: i32,
}

/// `-0700`, as tools print it.
impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}{:02}", self.minutes.abs() / 60, self.minutes.abs() % 60)
    }
}

impl FromStr for UtcOffset {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(20).collect();
        let bad = || format!("`{shown}` is not an offset from UTC; write for example \"-07:00\"");
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("-", rest)) => (-1, rest),
            Some(("+", rest)) => (1, rest),
            _ => return Err(bad()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(bad)?;
        let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() == 2);
        match (number(hours), number(minutes)) {
            (Some(hours @ 0..=14), Some(minutes @ 0..=59)) => Ok(Self { minutes: sign * (hours * 60 + minutes) }),
            _ => Err(bad()),
        }
    }
}

macro_rules! read_from_text {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
read_from_text!(LocalTime, UtcOffset);

/// Something to find out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `What kills the consumers?`
    pub question: String,
    /// It comes up once this holds; without it, at once.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Possible answers, several of them plausible.
    pub causes: Vec<Cause>,
    /// The ids of the true ones.
    pub answer: Vec<String>,
    /// What tells them apart.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

impl Question {
    /// The possible answers as (id, words), in an order that says nothing: that of the alphabet.
    #[must_use]
    pub fn shown(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = self.causes.iter().map(|cause| (cause.id.clone(), cause.says.clone())).collect();
        all.sort_by(|(_, one), (_, other)| one.cmp(other));
        all
    }
}

/// A possible answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// What `diagnose` takes.
    pub id: String,
    /// What it says.
    pub says: String,
}

/// A command, and what in its output shows something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it shows, in words.
    pub says: String,
    /// The commands that print it, the usual one first; `*` stands for anything.
    pub see: Patterns,
    /// Texts, one of which a line of its output contains; `*` stands for anything.
    pub shows: Patterns,
    /// The cause it speaks for; without it, the true one.
    #[serde(default)]
    pub speaks_for: Option<String>,
}

impl Evidence {
    /// Whether this line, printed by this command, is the piece of evidence. Within a shell on another machine the command
    /// lacks the `ssh` that led there; what a shell on many machines runs is run on each.
    #[must_use]
    pub fn is_in(&self, command: &str, line: &str) -> bool {
        let command = command.trim();
        let inside = there(command).unwrap_or(command);
        // `ssh * /var/log/x` means any command on that file: there, too.
        let within = |inner: &str| fits(inner, inside) || fits(&format!("* {inner}"), inside);
        let prints = |see: &String| fits(see, command) || there(see).is_some_and(within);
        self.see.0.iter().any(prints) && self.shows.0.iter().any(|text| fits(&format!("*{text}*"), line))
    }
}

/// What runs on the other machine, of a command that goes to one or to many.
fn there(command: &str) -> Option<&str> {
    if let Some(rest) = command.strip_prefix("ssh ") {
        return rest.split_once(' ').map(|(_, inner)| inner);
    }
    let rest = command.strip_prefix("dsh ")?.split_once(' ')?.1;
    rest.split_once(' ').map(|(_, inner)| inner)
}

/// Patterns, any of which will do: a list of them, or one alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(pub Vec<String>);

impl From<&str> for Patterns {
    fn from(one: &str) -> Self {
        Self(vec![one.to_owned()])
    }
}

impl Patterns {
    /// The first, which is told to people.
    #[must_use]
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> de::Visitor<'de> for Written {
            type Value = Patterns;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of texts any of which will do")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Patterns, E> {
                Ok(Patterns::from(text))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Patterns, A::Error> {
                let mut all = vec![];
                while let Some(one) = list.next_element::<String>()? {
                    all.push(one);
                }
                Ok(Patterns(all))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_would_run_may_be_typed_on_the_machine_itself_or_on_many() {
        let evidence = |see: &str| Evidence { see: see.into(), shows: "oom".into(), ..Evidence::default() };
        for see in ["ssh * dmesg*", "ssh app-* dmesg*"] {
            assert!(evidence(see).is_in("dmesg -T", "it was the oom killer"));
            assert!(evidence(see).is_in("dsh -g app dmesg -T", "app-1: it was the oom killer"));
            assert!(!evidence(see).is_in("dsh -g app free -m", "app-1: it was the oom killer"));
        }
    }

    #[test]
    fn a_file_is_read_on_its_machine_with_any_tool() {
        let see = Patterns::from("ssh * /var/log/worker.log*");
        let evidence = Evidence { see, shows: "502".into(), ..Evidence::default() };
        assert!(evidence.is_in("tail -5 /var/log/worker.log", "502 30.00"));
        assert!(!evidence.is_in("tail -5 /var/log/other.log", "502 30.00"));
    }

    #[test]
    fn the_same_line_counts_from_any_of_its_sources() {
        let see = Patterns(vec!["ssh * dmesg*".into(), "*kern.log*".into(), "*journalctl*".into()]);
        let evidence = Evidence { see, shows: "table full".into(), ..Evidence::default() };
        for command in ["dmesg", "ssh a tail /var/log/kern.log", "journalctl -n 12"] {
            assert!(evidence.is_in(command, "kernel: nf_conntrack: table full, dropping packet."), "{command}");
        }
        assert!(!evidence.is_in("echo table full", "table full"));
    }
}

/// A nudge, at a price.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// It is offered while this holds; without it, always.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What it costs, in points of the score.
    #[serde(default = "two")]
    pub price: u32,
    /// What it says.
    pub says: String,
}

const fn two() -> u32 {
    2
}

/// Something that can be read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// It is there once this holds; without it, from the beginning.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Its text.
    pub text: String,
}

/// What is told afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debrief {
    /// What really happened; paragraphs are divided by an empty line.
    #[serde(default)]
    pub what_happened: String,
    /// From the latent cause to the customer, a link a line.
    #[serde(default)]
    pub chain: Vec<String>,
    /// What the authors learned.
    #[serde(default)]
    pub lessons: Vec<String>,
}
