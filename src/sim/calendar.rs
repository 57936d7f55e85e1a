//! Dates, for names that carry the time at which something was made. Knows no clock: seconds come from a level.

/// A date and time without separators: `20171206T1400`. Seconds are counted from 1970-01-01 00:00 in local time.
#[must_use]
pub fn compact(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(day);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}", second / 3600, second / 60 % 60)
}

/// The date of a day counted from 1970-01-01 (after Howard Hinnant's `civil_from_days`).
const fn date(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + later, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_date() {
        assert_eq!(compact(0), "19700101T0000");
        assert_eq!(compact(1_512_568_800), "20171206T1400");
        assert_eq!(compact(951_782_399), "20000228T2359");
        assert_eq!(compact(951_782_400), "20000229T0000");
        assert_eq!(compact(-60), "19691231T2359");
    }
}
