//! The record of a run, as text: a header on the first line, then a line for each thing that was played.
//!
//! ```text
//! (format:1,level:"first",level_digest:"00c0ffee00c0ffee",sev1:"0.1.0",rules:1,seed:7,mode:"on-call")
//! ("00:12.500", "kubectl get pods")
//! Tick("00:15.000", "5be1a2a0c4d1e7f3")
//! End("18:40.000", "resolved", "B")
//! ```
//!
//! Made to be appended to: a line is written as it is played, so a torn last line costs that line only. Knows the text
//! and nothing of where it is kept. Any other line that can't be read is an error: a run is never repaired by guessing.

use super::script::advance_to;
use super::{Incident, Mode};
use crate::level::Level;
use crate::sim::quantity::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The format of the lines below.
pub const FORMAT: u32 = 1;
/// Changes with every change after which old runs play out differently.
pub const RULES: u32 = 1;
/// No run is longer than this many bytes; a longer file is something else.
pub const BYTES_MAX: u64 = 32 << 20;

/// The first line: what is needed to play the rest again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHeader {
    /// The level's id.
    pub level: String,
    /// The file that the level came from, where it isn't one of the built-in ones.
    pub file: Option<String>,
    /// The digest of the level as compiled.
    pub level_digest: u64,
    /// The version of the program that wrote it.
    pub sev1: String,
    /// [`RULES`] of that program.
    pub rules: u32,
    /// The seed.
    pub seed: u64,
    /// How much help there was.
    pub mode: Mode,
}

/// A line after the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunLine {
    /// A console line, as it was typed and when.
    Command {
        /// When it was typed.
        at: Time,
        /// The line.
        line: String,
    },
    /// The world as it was at a moment.
    Tick {
        /// The moment.
        at: Time,
        /// The digest of everything that had happened until then.
        digest: u64,
    },
    /// The incident was over.
    End {
        /// When.
        at: Time,
        /// The phase it ended in, in its word: `resolved`.
        outcome: String,
        /// The letter of its score.
        grade: String,
    },
}

impl RunLine {
    /// When it was written, in the incident's time.
    #[must_use]
    pub const fn at(&self) -> Time {
        match self {
            Self::Command { at, .. } | Self::Tick { at, .. } | Self::End { at, .. } => *at,
        }
    }
}

/// A run, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What is played.
    pub header: RunHeader,
    /// What was played, in order of time.
    pub lines: Vec<RunLine>,
    /// How many bytes of the text these are; whatever follows is a torn line.
    pub sound_bytes: usize,
}

/// Why a text isn't a run that can be played again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// No text at all.
    #[error("the run file is empty: it was cut off before its first line was written")]
    Empty,
    /// The first line isn't a header.
    #[error("line 1 isn't the header of a run: {0}")]
    Header(String),
    /// Written by a later program.
    #[error("the run has format {0}, this sev1 reads format {FORMAT}: play it with the newer sev1 that wrote it")]
    Format(u32),
    /// A line in the middle is damaged.
    #[error("line {number} of the run is damaged: {why}")]
    Line {
        /// Its number from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Why a run doesn't play out again as it did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Played by a program that simulates otherwise.
    #[error("it was played with sev1 {0}, which simulates otherwise than this one: play it with that version")]
    OtherRules(String),
    /// The level isn't what it was.
    #[error("the level `{0}` has changed since it was played: start it anew")]
    OtherLevel(String),
    /// At this moment the world isn't what it was.
    #[error("it plays out otherwise than it did, at {0}: the run is damaged, or this is a fault of sev1")]
    Diverged(Time),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderText {
    format: u32,
    level: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    file: String,
    level_digest: String,
    sev1: String,
    rules: u32,
    seed: u64,
    mode: String,
}

#[derive(Serialize, Deserialize)]
enum MarkText {
    Tick(String, String),
    End(String, String, String),
}

impl Mode {
    /// Every mode, from the gentlest.
    pub const ALL: [Self; 3] = [Self::Trainee, Self::OnCall, Self::Principal];

    /// The word for it on the command line and in a run.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trainee => "trainee",
            Self::OnCall => "on-call",
            Self::Principal => "principal",
        }
    }
}

impl FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.word() == text);
        found.ok_or_else(|| format!("`{}` is not a mode; write trainee, on-call or principal", shown(text)))
    }
}

impl fmt::Display for RunHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = HeaderText {
            format: FORMAT,
            level: self.level.clone(),
            file: self.file.clone().unwrap_or_default(),
            level_digest: hex(self.level_digest),
            sev1: self.sev1.clone(),
            rules: self.rules,
            seed: self.seed,
            mode: self.mode.word().to_owned(),
        };
        f.write_str(&ron::to_string(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for RunLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { at, line } => {
                write!(f, "(\"{}\", {})", exact(*at), ron::to_string(line).map_err(|_| fmt::Error)?)
            }
            Self::Tick { at, digest } => write!(f, "Tick(\"{}\", \"{}\")", exact(*at), hex(*digest)),
            Self::End { at, outcome, grade } => {
                let mark = MarkText::End(exact(*at), outcome.clone(), grade.clone());
                f.write_str(&ron::to_string(&mark).map_err(|_| fmt::Error)?)
            }
        }
    }
}

impl Run {
    /// Reads a run. The last line may be torn; the lines before it must be whole, and in order of time.
    ///
    /// # Errors
    /// Where it isn't a run or is damaged, with the line that is.
    pub fn parse(text: &[u8]) -> Result<Self, RunError> {
        let mut pieces = text.split_inclusive(|byte| *byte == b'\n');
        let first = pieces.next().ok_or(RunError::Empty)?;
        let header = header(first)?;
        let mut run = Self { header, lines: vec![], sound_bytes: first.len() };
        let mut latest = Time::from_micros(i64::MIN);
        let mut pieces = pieces.enumerate().peekable();
        while let Some((at, piece)) = pieces.next() {
            let read = line(piece).and_then(|line| {
                if line.at() < latest { Err("its time is before the line above it".to_owned()) } else { Ok(line) }
            });
            match read {
                Ok(line) => {
                    latest = line.at();
                    run.lines.push(line);
                    run.sound_bytes += piece.len();
                }
                Err(_) if pieces.peek().is_none() => break,
                Err(why) => return Err(RunError::Line { number: at + 2, why }),
            }
        }
        Ok(run)
    }

    /// Plays the run again, up to where it was left; at each tick the world must be what it was.
    ///
    /// # Errors
    /// Where the level or the rules have changed since, or it plays out otherwise; then the moment is told.
    pub fn replay(&self, level: Arc<Level>) -> Result<Incident, ReplayError> {
        if self.header.rules != RULES {
            return Err(ReplayError::OtherRules(self.header.sev1.clone()));
        }
        if self.header.level_digest != level.digest() {
            return Err(ReplayError::OtherLevel(self.header.level.clone()));
        }
        let mut incident = Incident::start(level, self.header.seed, self.header.mode);
        for line in &self.lines {
            advance_to(&mut incident, line.at());
            match line {
                RunLine::Command { line, .. } => {
                    incident.perform(line);
                }
                RunLine::Tick { at, digest } if incident.digest() != *digest => {
                    return Err(ReplayError::Diverged(*at));
                }
                RunLine::Tick { .. } | RunLine::End { .. } => {}
            }
        }
        Ok(incident)
    }

    /// The moment up to which it was played.
    #[must_use]
    pub fn until(&self) -> Time {
        self.lines.last().map_or(Time::ZERO, RunLine::at)
    }

    /// How it ended, if it did: the phase's word and the grade.
    #[must_use]
    pub fn ended(&self) -> Option<(&str, &str)> {
        self.lines.iter().rev().find_map(|line| match line {
            RunLine::End { outcome, grade, .. } => Some((outcome.as_str(), grade.as_str())),
            _ => None,
        })
    }
}

fn header(piece: &[u8]) -> Result<RunHeader, RunError> {
    let text = printable(piece).map_err(RunError::Header)?;
    if text.is_empty() {
        return Err(RunError::Empty);
    }
    if let Some(format) = format_of(text).filter(|format| *format > FORMAT) {
        return Err(RunError::Format(format));
    }
    let read: HeaderText = ron::from_str(text).map_err(|error| RunError::Header(error.code.to_string()))?;
    Ok(RunHeader {
        level: read.level,
        file: (!read.file.is_empty()).then_some(read.file),
        level_digest: digest(&read.level_digest).map_err(RunError::Header)?,
        sev1: read.sev1,
        rules: read.rules,
        seed: read.seed,
        mode: read.mode.parse().map_err(RunError::Header)?,
    })
}

/// The format that a header speaks of, even where the rest of it can't be read.
fn format_of(text: &str) -> Option<u32> {
    let rest = text.strip_prefix('(')?.trim_start().strip_prefix("format:")?.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn line(piece: &[u8]) -> Result<RunLine, String> {
    let text = printable(piece)?;
    if text.starts_with('(') {
        let (at, line): (String, String) = ron::from_str(text).map_err(|error| error.code.to_string())?;
        if line.chars().any(char::is_control) {
            return Err("there are control characters in it".to_owned());
        }
        return Ok(RunLine::Command { at: time(&at)?, line });
    }
    match ron::from_str(text).map_err(|error| error.code.to_string())? {
        MarkText::Tick(at, written) => Ok(RunLine::Tick { at: time(&at)?, digest: digest(&written)? }),
        MarkText::End(at, outcome, grade) => {
            Ok(RunLine::End { at: time(&at)?, outcome: shown(&outcome), grade: shown(&grade) })
        }
    }
}

/// The text of a line without its end, where it can be shown on a terminal as it stands.
fn printable(piece: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(piece).map_err(|_| "it isn't text".to_owned())?.trim_end_matches(['\n', '\r']);
    if text.chars().any(char::is_control) { Err("there are control characters in it".to_owned()) } else { Ok(text) }
}

fn time(text: &str) -> Result<Time, String> {
    text.parse::<Time>().map_err(|_| format!("`{}` is not a time such as 06:30.500", shown(text)))
}

fn digest(text: &str) -> Result<u64, String> {
    let whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let read = whole.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    read.ok_or_else(|| format!("`{}` is not a digest of 16 hexadecimal digits", shown(text)))
}

/// A time to the microsecond, where it isn't a whole millisecond: a run must reach the very same moment again.
fn exact(at: Time) -> String {
    match at.micros().unsigned_abs() % 1000 {
        0 => at.to_string(),
        micros => format!("{at}{micros:03}"),
    }
}

/// A digest as runs and reports write it: 16 hexadecimal digits.
#[must_use]
pub fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

/// Text from a file as part of a message: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::EntryState::{Done, Running};
    use proptest::prelude::*;

    fn example() -> RunHeader {
        RunHeader {
            level: "first".into(),
            file: None,
            level_digest: 0x00c0_ffee_00c0_ffee,
            sev1: "0.1.0".into(),
            rules: RULES,
            seed: 7,
            mode: Mode::OnCall,
        }
    }

    fn text_of(lines: &[RunLine]) -> String {
        let mut pieces = vec![example().to_string()];
        pieces.extend(lines.iter().map(ToString::to_string));
        pieces.join("\n") + "\n"
    }

    fn command(seconds: i64, line: &str) -> RunLine {
        RunLine::Command { at: Time::from_seconds(seconds), line: line.into() }
    }

    #[test]
    fn a_run_reads_back_what_was_written() {
        let lines = vec![
            command(12, r#"watch "kubectl get pods | awk '{print $1}'" \ ü"#),
            RunLine::Tick { at: Time::from_seconds(15), digest: u64::MAX },
            RunLine::End { at: Time::from_seconds(1120), outcome: "resolved".into(), grade: "B".into() },
        ];
        let text = text_of(&lines);
        let run = Run::parse(text.as_bytes()).expect("it is whole");
        assert_eq!(run.header, example());
        assert_eq!(run.lines, lines);
        assert_eq!(run.sound_bytes, text.len());
        assert_eq!(run.ended(), Some(("resolved", "B")));
        assert_eq!(run.until(), Time::from_seconds(1120));
    }

    #[test]
    fn wherever_the_last_line_is_torn_the_lines_before_it_stay() {
        let text = text_of(&[command(12, "kubectl get pods"), command(30, "kubectl get nodes")]);
        let whole = text.trim_end().rfind('\n').expect("three lines") + 1;
        for cut in whole..text.len() - 2 {
            let run = Run::parse(&text.as_bytes()[..cut]).expect("a torn last line is dropped");
            assert_eq!((run.lines.len(), run.sound_bytes), (1, whole), "cut at {cut}");
        }
    }

    #[test]
    fn zeros_left_by_a_power_cut_are_a_torn_line() {
        let text = text_of(&[command(12, "kubectl get pods")]);
        let torn = [text.as_bytes(), &[0; 300]].concat();
        assert_eq!(Run::parse(&torn).map(|run| run.sound_bytes), Ok(text.len()));
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_named() {
        let mut text = text_of(&[command(12, "a")]);
        text.push_str("(\"00:20.000\", \"b\"\n(\"00:30.000\", \"c\")\n");
        let error = Run::parse(text.as_bytes()).expect_err("line 3 is damaged");
        assert!(error.to_string().starts_with("line 3 of the run is damaged: "), "{error}");
    }

    #[test]
    fn time_that_runs_backwards_is_damage() {
        let text = text_of(&[command(12, "a"), command(11, "b"), command(13, "c")]);
        assert!(matches!(Run::parse(text.as_bytes()), Err(RunError::Line { number: 3, .. })));
    }

    #[test]
    fn escape_codes_in_a_run_are_refused_even_when_written_as_escapes() {
        for bad in ["(\"00:20.000\", \"\x1b[31m\")\n", "(\"00:20.000\", \"\\u{1b}[31m\")\n"] {
            let text = format!("{}{bad}{}\n", text_of(&[]), command(30, "c"));
            assert!(matches!(Run::parse(text.as_bytes()), Err(RunError::Line { number: 2, .. })), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_run_says_so() {
        assert_eq!(Run::parse(b""), Err(RunError::Empty));
        assert_eq!(Run::parse(b"\n"), Err(RunError::Empty));
        assert!(matches!(Run::parse(b"Level(\n"), Err(RunError::Header(_))));
        assert!(matches!(Run::parse(&[0xff, 0xfe, 0]), Err(RunError::Header(_))));
        assert_eq!(Run::parse(b"(format:2,era:\"later\")\n"), Err(RunError::Format(2)));
    }

    fn small() -> Arc<Level> {
        let text = r#"Level(
            id: "first", title: "First", clock: (warm_up: "10s", limit: "30m"),
            system: [Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
                     Service(name: "web", runs: "one", versions: [(name: "one", deployed: "-1d", steps: [Work("5ms")])])],
            goal: (mitigated: "time > 1h", budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
        )"#;
        Arc::new(Level::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}")))
    }

    #[test]
    fn what_runs_in_one_shell_keeps_no_other_waiting_and_all_play_out_again() {
        let level = small();
        let mut incident = Incident::start(Arc::clone(&level), 7, Mode::OnCall);
        let mut lines = vec![];
        for (seconds, line) in [
            (5, "wait 10m"),
            (6, "@2 date > kept"),
            (7, "date"),
            (8, "@3 cat kept"),
            (9, "@2 watch date"),
            (14, "@2 ^D"),
            (15, "@3 exit"),
        ] {
            advance_to(&mut incident, Time::from_seconds(seconds));
            incident.perform(line);
            lines.push(command(seconds, line));
        }
        advance_to(&mut incident, Time::from_seconds(30));
        lines.push(RunLine::Tick { at: incident.now(), digest: incident.digest() });
        let states: Vec<_> = incident.console().iter().map(|entry| (entry.tab, entry.state)).collect();
        assert_eq!(states, [(1, Running), (2, Done), (1, Running), (3, Done), (2, Done), (3, Done)]);
        assert_eq!(incident.console()[3].output.len(), 1, "the shells share their files");
        let closed: Vec<_> = incident.shells().iter().map(|shell| (shell.number, shell.is_closed)).collect();
        assert_eq!(closed, [(1, false), (2, true), (3, true)]);
        let header = RunHeader { level_digest: level.digest(), ..example() };
        let run = Run::parse(text_of(&lines).replace("00c0ffee00c0ffee", &hex(header.level_digest)).as_bytes());
        let again = run.expect("it was just written").replay(level).expect("it plays out as it did");
        assert_eq!(again.console(), incident.console());
        assert_eq!(again.shells(), incident.shells());
    }

    #[test]
    fn what_was_broken_off_is_broken_off_when_the_run_is_played_again() {
        let level = small();
        let mut incident = Incident::start(Arc::clone(&level), 7, Mode::OnCall);
        let mut lines = vec![];
        for (seconds, line) in
            [(5, "wait 10m"), (9, crate::incident::INTERRUPT), (10, "watch date"), (20, crate::incident::INTERRUPT)]
        {
            advance_to(&mut incident, Time::from_seconds(seconds));
            incident.perform(line);
            lines.push(command(seconds, line));
        }
        advance_to(&mut incident, Time::from_seconds(30));
        assert!(!incident.is_running(1), "both were broken off");
        lines.push(RunLine::Tick { at: incident.now(), digest: incident.digest() });
        let header = RunHeader { level_digest: level.digest(), ..example() };
        let again = Run { header, lines, sound_bytes: 0 }.replay(level).expect("it plays out as it did");
        assert_eq!(again.console(), incident.console());
    }

    #[test]
    fn every_mode_reads_back_its_word() {
        for mode in Mode::ALL {
            assert_eq!(mode.word().parse(), Ok(mode));
        }
        assert!("oncall".parse::<Mode>().is_err());
    }

    proptest! {
        #[test]
        fn any_printable_line_survives(line in "\\PC{0,60}", micros in 0_i64..100_000_000_000) {
            let lines = vec![RunLine::Command { at: Time::from_micros(micros), line }];
            let run = Run::parse(text_of(&lines).as_bytes()).expect("it was just written");
            prop_assert_eq!(run.lines, lines);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Run::parse(&bytes);
            let _ = Run::parse(&[text_of(&[]).as_bytes(), &bytes].concat());
        }
    }
}
