//! The level's local time as each tool writes it.
//!
//! The only place that turns a [`Time`] into a date. Knows of no wall clock.

use crate::level::schema;
use crate::sim::quantity::{Span, Time};
use jiff::civil::DateTime;

/// How the local time of a level is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The local time at which the incident begins.
    pub starts: DateTime,
    /// The zone's short name: `PDT`.
    pub zone: String,
    /// How far local time is ahead of UTC.
    pub ahead: Span,
}

impl Default for Clock {
    fn default() -> Self {
        Self { starts: jiff::civil::datetime(2020, 1, 1, 9, 0, 0, 0), zone: "UTC".to_owned(), ahead: Span::ZERO }
    }
}

impl Clock {
    /// The clock of a level.
    #[must_use]
    pub fn of(clock: &schema::Clock) -> Self {
        let ahead = Span::from_seconds(i64::from(clock.offset.minutes) * 60);
        Self { starts: clock.starts.0, zone: clock.zone.clone(), ahead }
    }

    fn local(&self, at: Time) -> DateTime {
        self.starts.saturating_add(jiff::SignedDuration::from_micros(at.micros()))
    }

    fn utc(&self, at: Time) -> DateTime {
        self.local(at).saturating_sub(jiff::SignedDuration::from_micros(self.ahead.micros()))
    }

    /// `09:47`, for people.
    #[must_use]
    pub fn short(&self, at: Time) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }

    /// `09:47:12`, for the console.
    #[must_use]
    pub fn seconds(&self, at: Time) -> String {
        self.local(at).strftime("%H:%M:%S").to_string()
    }

    /// The moment nearest to `now` at which the local clock shows `09:47` or `09:47:12`; nothing where that is no time of
    /// day.
    #[must_use]
    pub fn nearest(&self, now: Time, shown: &str) -> Option<Time> {
        let format = if shown.matches(':').count() == 1 { "%H:%M" } else { "%H:%M:%S" };
        let time = jiff::civil::Time::strptime(format, shown).ok()?;
        let today = self.local(now).date().to_datetime(time);
        let near = [today.yesterday(), Ok(today), today.tomorrow()].into_iter().flatten();
        let at = near.map(|date| Time::from_micros(date.duration_since(self.starts).as_micros() as i64));
        at.min_by_key(|at| at.since(now).micros().abs())
    }

    /// A moment as a machine that keeps UTC is told it: `2020-08-11 16:41:12`, or `16:41` of today.
    #[must_use]
    pub fn utc_read(&self, now: Time, text: &str) -> Option<Time> {
        let date = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"].iter().find_map(|form| DateTime::strptime(form, text).ok());
        let of_today = || {
            let time = ["%H:%M:%S", "%H:%M"].iter().find_map(|form| jiff::civil::Time::strptime(form, text).ok())?;
            Some(self.utc(now).date().to_datetime(time))
        };
        let since = date.or_else(of_today)?.duration_since(self.utc(Time::ZERO));
        Some(Time::from_micros(i64::try_from(since.as_micros()).ok()?))
    }

    /// `Tue 09:47:12 PDT`, for the header.
    #[must_use]
    pub fn header(&self, at: Time) -> String {
        format!("{} {}", self.local(at).strftime("%a %H:%M:%S"), self.zone)
    }

    /// `Tue, 11 Aug 2020 09:41:12 -0700`, as `kubectl describe` writes it.
    #[must_use]
    pub fn describe(&self, at: Time) -> String {
        let minutes = self.ahead.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        format!("{} {sign}{hours:02}{rest:02}", self.local(at).strftime("%a, %d %b %Y %H:%M:%S"))
    }

    /// `Tue Aug 11 09:41:12 PDT 2020`, as `date` writes it.
    #[must_use]
    pub fn date(&self, at: Time) -> String {
        let local = self.local(at);
        format!("{} {} {}", local.strftime("%a %b %e %H:%M:%S"), self.zone, local.strftime("%Y"))
    }

    /// `Tue Aug 11 16:41:12 UTC 2020`, as `date` writes it on a machine that keeps UTC.
    #[must_use]
    pub fn utc_date(&self, at: Time) -> String {
        self.utc(at).strftime("%a %b %e %H:%M:%S UTC %Y").to_string()
    }

    /// As `date +FORMAT` writes it; nothing where the format holds what isn't known.
    #[must_use]
    pub fn formatted(&self, at: Time, format: &str, utc: bool) -> Option<String> {
        let epoch = self.utc(at).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        let zone = if utc { "UTC" } else { &self.zone };
        let format = format.replace("%s", &epoch.to_string()).replace("%Z", zone);
        jiff::fmt::strtime::format(format, if utc { self.utc(at) } else { self.local(at) }).ok()
    }

    /// `Tue Aug 11 09:41:12 2020 -0700`, as `git log` writes it.
    #[must_use]
    pub fn git(&self, at: Time) -> String {
        let describe = self.describe(at);
        let zone = describe.rsplit(' ').next().unwrap_or_default();
        format!("{} {zone}", self.local(at).strftime("%a %b %-d %H:%M:%S %Y"))
    }

    /// `Aug 11 16:41:12`, as the journal of a machine writes it that keeps UTC.
    #[must_use]
    pub fn journal(&self, at: Time) -> String {
        self.utc(at).strftime("%b %d %H:%M:%S").to_string()
    }

    /// `Aug 11 16:41`, as `ls -l` writes it.
    #[must_use]
    pub fn listed(&self, at: Time) -> String {
        self.utc(at).strftime("%b %d %H:%M").to_string()
    }

    /// `110823 11:31:04`, as `mysqld` 5.1 writes it.
    #[must_use]
    pub fn mysql(&self, at: Time) -> String {
        self.utc(at).strftime("%y%m%d %H:%M:%S").to_string()
    }

    /// `2012/08/13 14:46:52`, as nginx writes it.
    #[must_use]
    pub fn nginx(&self, at: Time) -> String {
        self.utc(at).strftime("%Y/%m/%d %H:%M:%S").to_string()
    }

    /// `Tue Aug 11 16:41:12 2020`, as `dmesg -T` writes it.
    #[must_use]
    pub fn kernel(&self, at: Time) -> String {
        self.utc(at).strftime("%a %b %e %H:%M:%S %Y").to_string()
    }

    /// `Aug11 16:41`, as `dmesg -H` writes it where a while has passed.
    #[must_use]
    pub fn kernel_minute(&self, at: Time) -> String {
        self.utc(at).strftime("%b%d %H:%M").to_string()
    }

    /// `16:41`, as `ps` writes a start of today.
    #[must_use]
    pub fn utc_short(&self, at: Time) -> String {
        self.utc(at).strftime("%H:%M").to_string()
    }

    /// `Aug02`, as `ps` writes a start of earlier.
    #[must_use]
    pub fn utc_day(&self, at: Time) -> String {
        self.utc(at).strftime("%b%d").to_string()
    }

    /// `16:41:12`, as a machine tells the time.
    #[must_use]
    pub fn utc_seconds(&self, at: Time) -> String {
        self.utc(at).strftime("%H:%M:%S").to_string()
    }

    /// `2020-08-11T16:41:12.123Z`, as logs write it.
    #[must_use]
    pub fn iso(&self, at: Time) -> String {
        let millis = at.micros().div_euclid(1000).rem_euclid(1000);
        format!("{}.{millis:03}Z", self.utc(at).strftime("%Y-%m-%dT%H:%M:%S"))
    }

    /// `2020-08-11 16:41:12`, on a machine that keeps UTC.
    #[must_use]
    pub fn utc_plain(&self, at: Time) -> String {
        self.utc(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `2020-08-11T16:41:12Z`, as the API of a cluster writes it.
    #[must_use]
    pub fn utc_iso(&self, at: Time) -> String {
        self.utc(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `2020-08-11 09:41:12`.
    #[must_use]
    pub fn plain(&self, at: Time) -> String {
        self.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_writes_the_same_moment_its_own_way() {
        let starts = jiff::civil::datetime(2020, 8, 11, 9, 38, 0, 0);
        let clock = Clock { starts, zone: "PDT".to_owned(), ahead: Span::from_seconds(-7 * 3600) };
        let at = Time::from_micros(192_123_000);
        assert_eq!(clock.short(at), "09:41");
        assert_eq!(clock.header(at), "Tue 09:41:12 PDT");
        assert_eq!(clock.describe(at), "Tue, 11 Aug 2020 09:41:12 -0700");
        assert_eq!(clock.journal(at), "Aug 11 16:41:12");
        assert_eq!(clock.iso(at), "2020-08-11T16:41:12.123Z");
        assert_eq!(clock.date(at), "Tue Aug 11 09:41:12 PDT 2020");
        assert_eq!(clock.git(at), "Tue Aug 11 09:41:12 2020 -0700");
        assert_eq!(clock.iso(Time::from_micros(-1000)), "2020-08-11T16:37:59.999Z");
    }
}
