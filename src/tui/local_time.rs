//! The level's local time for any moment, worked out from the header's clock.

use crate::incident::view::Header;
use crate::sim::quantity::{Span, Time};

const DAY: i64 = 86_400;

/// Turns moments of the incident into the level's local time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// The second of the day at which the incident began; none where the header shows no clock.
    began: Option<i64>,
}

impl LocalTime {
    /// Reads `Tue 09:47:12 PDT` and takes off what has passed since the incident began.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        let second_of_day = header.clock.split_whitespace().find_map(|word| {
            let mut parts = word.split(':').map(str::parse::<i64>);
            match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some(Ok(h)), Some(Ok(m)), Some(Ok(s)), None) => Some(h * 3600 + m * 60 + s),
                _ => None,
            }
        });
        Self { began: second_of_day.map(|second| (second - header.elapsed.seconds()).rem_euclid(DAY)) }
    }

    /// `09:47`, or the time since the incident began where there is no clock.
    #[must_use]
    pub fn minute(self, at: Time) -> String {
        let second = self.second_of_day(at);
        format!("{:02}:{:02}", second / 3600, second / 60 % 60)
    }

    /// `09:47:12`.
    #[must_use]
    pub fn second(self, at: Time) -> String {
        let second = self.second_of_day(at);
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    fn second_of_day(self, at: Time) -> i64 {
        (self.began.unwrap_or(0) + at.second()).rem_euclid(DAY)
    }
}

/// How long ago, in the two largest units and so that columns stay: `2 m 10 s`, `45 s`, `1 h 02 m`.
#[must_use]
pub fn ago(span: Span) -> String {
    let s = span.seconds().max(0);
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} m {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} m", s / 3600, s / 60 % 60),
    }
}

/// How long ago, in one unit: `45 s`, `12 min`, `3 h`.
#[must_use]
pub fn rough(span: Span) -> String {
    match span.seconds() {
        s @ ..60 => format!("{} s", s.max(0)),
        s @ 60..6000 => format!("{} min", s / 60),
        s => format!("{} h", s / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_the_levels_local_time() {
        let header =
            Header { clock: "Tue 09:47:12 PDT".to_owned(), elapsed: Span::from_seconds(552), ..Header::default() };
        let local = LocalTime::of(&header);
        assert_eq!(local.minute(Time::ZERO), "09:38");
        assert_eq!(local.second(Time::from_seconds(-60)), "09:37:00");
        assert_eq!(local.minute(Time::from_seconds(86_400)), "09:38");
    }

    #[test]
    fn a_span_is_told_in_two_units() {
        assert_eq!(ago(Span::from_seconds(45)), "45 s");
        assert_eq!(ago(Span::from_seconds(130)), "2 m 10 s");
        assert_eq!(ago(Span::from_seconds(3725)), "1 h 02 m");
    }
}
