//! The results of the runs that came to an end, one line each, only ever appended to.
//!
//! A line that can't be read is left in the file and spoken of.

use super::folders::{plainly, read_bounded};
use crate::sim::quantity::Time;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

const BYTES_MAX: u64 = 64 << 20;

/// How one run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedRun {
    /// The level's id.
    pub level: String,
    /// The seed.
    pub seed: u64,
    /// The mode's word.
    pub mode: String,
    /// The phase's word: `resolved`.
    pub outcome: String,
    /// The letter.
    pub grade: String,
    /// When it was over, in the incident's time: `18:40.000`.
    pub at: String,
    /// When that was, in the world's time: `2026-03-01T20:15:00Z`.
    pub ended: String,
    /// The name of the run's file.
    pub run: String,
}

impl FinishedRun {
    /// Orders results from the best: resolved before mitigated before lost, then the letter, then the time it took.
    fn rank(&self) -> (u8, String, Time) {
        let outcome = ["resolved", "mitigated"].iter().position(|word| *word == self.outcome).unwrap_or(2);
        (outcome as u8, self.grade.clone(), self.at.parse().unwrap_or(Time::NEVER))
    }
}

/// The best of the results of a level, if it was ever played to an end.
#[must_use]
pub fn best<'a>(results: &'a [FinishedRun], level: &str) -> Option<&'a FinishedRun> {
    results.iter().filter(|result| result.level == level).min_by_key(|result| result.rank())
}

/// All results, oldest first, and a message for each line that can't be read.
#[must_use]
pub fn read(path: &Path) -> (Vec<FinishedRun>, Vec<String>) {
    let bytes = match read_bounded(path, BYTES_MAX) {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(message) => return (vec![], vec![message]),
    };
    let mut results = vec![];
    let mut damaged = vec![];
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match str::from_utf8(line).ok().and_then(read_line) {
            Some(result) => results.push(result),
            None => damaged.push(format!(
                "line {} of {} is damaged; it is left out and stays as it is",
                at + 1,
                path.display()
            )),
        }
    }
    (results, damaged)
}

fn read_line(line: &str) -> Option<FinishedRun> {
    let result: FinishedRun = ron::from_str(line).ok()?;
    let shown = [&result.level, &result.mode, &result.outcome, &result.grade, &result.at, &result.ended];
    (!shown.iter().any(|text| text.chars().any(char::is_control))).then_some(result)
}

/// Adds a result.
///
/// # Errors
/// Where it can't be written; in words for the person.
pub fn add(path: &Path, result: &FinishedRun) -> Result<(), String> {
    append(path, result).map_err(|error| format!("the result can't be kept in {}: {}", path.display(), plainly(&error)))
}

fn append(path: &Path, result: &FinishedRun) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut line = ron::to_string(result).map_err(io::Error::other)? + "\n";
    if is_torn(&mut file)? {
        line.insert(0, '\n');
    }
    file.write_all(line.as_bytes())?;
    file.sync_data()
}

/// Whether the last line has no end, because writing it was cut short.
fn is_torn(file: &mut fs::File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(grade: &str, outcome: &str, at: &str) -> FinishedRun {
        FinishedRun {
            level: "first".into(),
            seed: 7,
            mode: "on-call".into(),
            outcome: outcome.into(),
            grade: grade.into(),
            at: at.into(),
            ended: "2026-03-01T20:15:00Z".into(),
            run: "first.run".into(),
        }
    }

    #[test]
    fn results_read_back_and_the_best_is_the_one_that_won() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/history.ron");
        let all = [
            result("C", "failed", "05:00.000"),
            result("B", "resolved", "18:00.000"),
            result("B", "resolved", "17:00.000"),
            result("B", "mitigated", "10:00.000"),
        ];
        for one in &all {
            add(&path, one).expect("kept");
        }
        let (results, damaged) = read(&path);
        assert_eq!((results.as_slice(), damaged.len()), (all.as_slice(), 0));
        assert_eq!(best(&results, "first"), Some(&all[2]));
        assert_eq!(best(&results, "second"), None);
    }

    #[test]
    fn a_torn_line_costs_that_line_only_and_stays_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.ron");
        fs::write(&path, "(level:\"fir").expect("written");
        add(&path, &result("B", "resolved", "18:00.000")).expect("kept");
        let (results, damaged) = read(&path);
        assert_eq!((results.len(), damaged.len()), (1, 1));
        assert!(damaged[0].starts_with("line 1 of "), "{damaged:?}");
        assert!(fs::read_to_string(&path).expect("readable").starts_with("(level:\"fir\n"));
    }

    #[test]
    fn escape_codes_in_a_result_never_come_back_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.ron");
        add(&path, &result("\u{1b}[31mA", "resolved", "18:00.000")).expect("kept");
        assert_eq!(read(&path).0.len(), 0);
    }
}
