//! Run files: begun, appended to line by line while they are played, found again, and gone on with.
//!
//! A file that can't be read is left as it is and spoken of; nothing here overwrites one.

use super::folders::{plainly, read_bounded};
use crate::incident::run::{BYTES_MAX, Run, RunHeader, RunLine};
use crate::sim::quantity::{Span, Time};
use jiff::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How much simulated time passes between two digests.
const TICK: Span = Span::from_seconds(5);
const ENDING: &str = ".run";

/// A run being written.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    file: File,
    ticked: Time,
}

impl Recorder {
    /// Begins the file of a new run; a file that exists is never touched.
    ///
    /// # Errors
    /// Where it can't be written; in words for the person.
    pub fn begin(folder: &Path, header: &RunHeader) -> Result<Self, String> {
        let failed =
            |error: io::Error| format!("this run can't be recorded in {}: {}", folder.display(), plainly(&error));
        fs::create_dir_all(folder).map_err(failed)?;
        let began = Timestamp::now().strftime("%Y-%m-%d-%H%M%S").to_string();
        let stem = format!("{}-{began}", file_name(&header.level));
        for attempt in 1..100 {
            let name = if attempt == 1 { format!("{stem}{ENDING}") } else { format!("{stem}-{attempt}{ENDING}") };
            let path = folder.join(name);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut recorder = Self { path, file, ticked: Time::ZERO };
                    recorder.write(&header.to_string()).map_err(failed)?;
                    return Ok(recorder);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(format!("this run can't be recorded in {}: too many runs began in the same second", folder.display()))
    }

    /// Goes on with a run, after dropping its torn last line.
    ///
    /// # Errors
    /// Where it can't be read or written, or is damaged; in words for the person.
    pub fn go_on(path: &Path) -> Result<(Run, Self), String> {
        let (run, bytes) = read(path)?;
        let failed = |error: io::Error| format!("{} can't be gone on with: {}", path.display(), plainly(&error));
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        let sound = &bytes[..run.sound_bytes];
        if sound.len() < bytes.len() {
            file.set_len(sound.len() as u64).map_err(failed)?;
        }
        let mut recorder = Self { path: path.to_owned(), file, ticked: run.until() };
        if sound.last() != Some(&b'\n') {
            recorder.file.write_all(b"\n").map_err(failed)?;
        }
        Ok((run, recorder))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether enough time has passed since the last digest for another one.
    #[must_use]
    pub fn wants_tick(&self, now: Time) -> bool {
        now.since(self.ticked) >= TICK
    }

    /// Appends a line and, where it is more than a tick, waits until it is safe on the disk.
    ///
    /// # Errors
    /// Where it can't be written; in words for the person.
    pub fn record(&mut self, line: &RunLine) -> Result<(), String> {
        let is_tick = matches!(line, RunLine::Tick { .. });
        let written = self.write(&line.to_string()).and_then(|()| if is_tick { Ok(()) } else { self.file.sync_data() });
        if is_tick {
            self.ticked = line.at();
        }
        written.map_err(|error| format!("the run can't be recorded in {}: {}", self.path.display(), plainly(&error)))
    }

    /// One write for the line and its end, so that a cut leaves one torn line at most.
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

/// Reads a run file, and the bytes it was read from.
///
/// # Errors
/// Where it is missing, too long, damaged or no run at all; in words for the person.
pub fn read(path: &Path) -> Result<(Run, Vec<u8>), String> {
    let bytes = read_bounded(path, BYTES_MAX)?.ok_or_else(|| format!("there is no run {}", path.display()))?;
    let run = Run::parse(&bytes).map_err(|error| format!("{}: {error}; the file stays as it is", path.display()))?;
    Ok((run, bytes))
}

/// A run file in the folder.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub run: Run,
    /// When it was last written to.
    pub left: SystemTime,
}

/// Runs that were left before their end, the latest first, and what is wrong with files that can't be read.
#[must_use]
pub fn unfinished(folder: &Path) -> (Vec<Found>, Vec<String>) {
    let (mut found, damaged) = all(folder);
    found.retain(|found| found.run.ended().is_none());
    (found, damaged)
}

/// Every run in which anything happened, the latest first, and what is wrong with files that can't be read.
#[must_use]
pub fn all(folder: &Path) -> (Vec<Found>, Vec<String>) {
    let mut found = vec![];
    let mut damaged = vec![];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.to_string_lossy().ends_with(ENDING) {
            continue;
        }
        match read(&path) {
            // Whoever left before anything happened has nothing to go on with.
            Ok((run, _)) if !run.lines.is_empty() => {
                let left = entry.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
                found.push(Found { path, run, left });
            }
            Ok(_) => {}
            Err(message) => damaged.push(message),
        }
    }
    found.sort_by(|a, b| b.left.cmp(&a.left).then_with(|| b.path.cmp(&a.path)));
    damaged.sort();
    (found, damaged)
}

/// How long ago something was, in words: `12 minutes ago`.
#[must_use]
pub fn ago(then: SystemTime) -> String {
    let seconds = SystemTime::now().duration_since(then).map_or(0, |passed| passed.as_secs());
    let (count, word) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {word}{} ago", if count == 1 { "" } else { "s" })
}

/// An id as part of a file's name, whatever was written in the level.
fn file_name(id: &str) -> String {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    if plain.is_empty() { "level".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Mode;
    use crate::incident::run::RULES;
    use std::time::Duration;

    fn header() -> RunHeader {
        RunHeader {
            level: "a/../b".into(),
            file: None,
            level_digest: 1,
            sev1: "0.1.0".into(),
            rules: RULES,
            seed: 7,
            mode: Mode::OnCall,
        }
    }

    fn command(seconds: i64, line: &str) -> RunLine {
        RunLine::Command { at: Time::from_seconds(seconds), line: line.into() }
    }

    #[test]
    fn a_run_is_gone_on_with_after_its_torn_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recorder = Recorder::begin(folder.path(), &header()).expect("begun");
        recorder.record(&command(10, "kubectl get pods")).expect("written");
        recorder.file.write_all(b"(\"00:20.0").expect("torn");
        let path = recorder.path().to_owned();

        let (run, mut recorder) = Recorder::go_on(&path).expect("gone on with");
        assert_eq!(run.lines, [command(10, "kubectl get pods")]);
        recorder.record(&command(30, "kubectl get nodes")).expect("written");
        let (run, _) = read(&path).expect("readable");
        assert_eq!(run.lines, [command(10, "kubectl get pods"), command(30, "kubectl get nodes")]);
    }

    #[test]
    fn a_level_cannot_choose_where_its_run_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let recorder = Recorder::begin(folder.path(), &header()).expect("begun");
        assert_eq!(recorder.path().parent(), Some(folder.path()));
    }

    #[test]
    fn two_runs_in_one_second_have_a_file_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Recorder::begin(folder.path(), &header()).expect("begun");
        let second = Recorder::begin(folder.path(), &header()).expect("begun");
        assert_ne!(first.path(), second.path());
    }

    #[test]
    fn a_damaged_run_is_spoken_of_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.run");
        fs::write(&path, "not a run\n").expect("written");
        let (found, damaged) = unfinished(folder.path());
        assert!(found.is_empty() && damaged.len() == 1 && damaged[0].contains("x.run"), "{damaged:?}");
        assert!(Recorder::go_on(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("readable"), "not a run\n");
    }

    #[test]
    fn runs_that_ended_are_not_offered_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recorder = Recorder::begin(folder.path(), &header()).expect("begun");
        assert_eq!(unfinished(folder.path()).0.len(), 0, "nothing has been played yet");
        recorder.record(&command(5, "kubectl get pods")).expect("written");
        assert_eq!(unfinished(folder.path()).0.len(), 1);
        let end = RunLine::End { at: Time::from_seconds(9), outcome: "failed".into(), grade: "F".into() };
        recorder.record(&end).expect("written");
        assert_eq!(unfinished(folder.path()).0.len(), 0);
    }

    #[test]
    fn how_long_ago_is_said_in_one_unit() {
        let before = |seconds| ago(SystemTime::now() - Duration::from_secs(seconds));
        assert_eq!((before(5), before(61)), ("just now".to_owned(), "1 minute ago".to_owned()));
        assert_eq!((before(7300), before(90_000)), ("2 hours ago".to_owned(), "1 day ago".to_owned()));
    }
}
