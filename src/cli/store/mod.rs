//! The player's own files: runs, results and settings, as the store that the screen and plain mode ask for.
//!
//! Files that can't be read are complained of and left alone. Where a run can't be recorded, it is played all the same.

pub mod folders;
pub mod history;
pub mod runs;
pub mod settings;

use super::Failure;
use super::opening::{self, Opened};
use crate::incident::run::{RULES, RunHeader, RunLine};
use crate::incident::view::{Debrief, Phase};
use crate::incident::{Incident, Mode};
use crate::level::{Level, catalog};
use crate::sim::quantity::Time;
use crate::tui::store::{Best, LevelCard, Settings, Store, StoreError, Unfinished};
use folders::Folders;
use history::FinishedRun;
use jiff::Timestamp;
use runs::Recorder;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest file of a theme that is read.
const THEME_BYTES_MAX: u64 = 1 << 16;

/// One player's files, and the levels.
#[derive(Debug)]
pub struct PlayerStore {
    folders: Folders,
    settings: Settings,
    complaints: Vec<String>,
    /// The built-in levels, once they have been read: a list that is shown again needn't read them again.
    built_in: Vec<Level>,
    /// The level from a file that is played now, beside the built-in ones, as it is called.
    offered: Option<(String, Opened)>,
    recorder: Option<Recorder>,
    /// What is to be said once about a record that can't be written.
    unrecorded: Option<String>,
    /// Whether what is played had come to its end before: its result is kept already.
    is_kept: bool,
    seed: u64,
    mode: Mode,
}

impl PlayerStore {
    /// The files of whoever runs the program.
    ///
    /// # Errors
    /// Where there is no home folder; in words for the person.
    pub fn of_the_user() -> Result<Self, String> {
        Ok(Self::inside(Folders::of_the_user()?))
    }

    /// The files in these folders.
    #[must_use]
    pub fn inside(folders: Folders) -> Self {
        let (settings, complaint) = match settings::read(&folders.settings()) {
            Ok(settings) => (settings, None),
            Err(message) => (Settings::default(), Some(message)),
        };
        let mut complaints: Vec<String> = complaint.into_iter().collect();
        complaints.extend(history::read(&folders.history()).1);
        complaints.extend(runs::unfinished(&folders.runs()).1);
        let mode = settings.mode;
        Self {
            folders,
            settings,
            complaints,
            built_in: vec![],
            offered: None,
            recorder: None,
            unrecorded: None,
            is_kept: false,
            seed: 0,
            mode,
        }
    }

    /// What is wrong with the files, in words for the person.
    #[must_use]
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Adds a level to those that can be played, and returns what the store calls it.
    pub fn offer(&mut self, opened: &Opened, name: &str) -> String {
        if opened.file.is_none() {
            return opened.level.id.clone();
        }
        self.offered = Some((name.to_owned(), opened.clone()));
        name.to_owned()
    }

    /// All results of runs that came to an end.
    #[must_use]
    pub fn results(&self) -> Vec<FinishedRun> {
        history::read(&self.folders.history()).0
    }

    /// The latest run that was left, of one level or of any, or the run in this file.
    ///
    /// # Errors
    /// Where there is none; in words for the person.
    pub fn latest(&self, level: Option<&str>) -> Result<String, String> {
        if let Some(path) = level.filter(|name| Path::new(name).is_file() && !opening::is_level_file(name)) {
            return Ok(path.to_owned());
        }
        let (found, _) = runs::all(&self.folders.runs());
        let is_meant = |header: &RunHeader| {
            level.is_none_or(|name| {
                header.level == name || header.file.as_deref().is_some_and(|file| is_same(file, name))
            })
        };
        let mut meant = found.into_iter().filter(|found| is_meant(&found.run.header)).peekable();
        let over = meant.peek().map(|found| found.path.display().to_string());
        if let Some(run) = meant.find(|found| found.run.ended().is_none()) {
            return Ok(run.path.to_string_lossy().into_owned());
        }
        let debrief = over
            .map_or(String::new(), |path| format!("; the last is over: `sev1 play --resume {path}` shows its debrief"));
        Err(match level {
            None => format!("no incident was left before its end{debrief}; `sev1 levels` lists what there is to play"),
            Some(level) => {
                format!("no incident of {level} was left before its end{debrief}; start one with `sev1 play {level}`")
            }
        })
    }

    fn open(&self, name: &str) -> Result<Opened, StoreError> {
        if let Some((_, opened)) = self.offered.as_ref().filter(|(offered, _)| offered == name) {
            return Ok(opened.clone());
        }
        opening::open(name).map_err(spoken)
    }

    fn record(&mut self, line: &RunLine) -> Result<(), StoreError> {
        if let Some(why) = self.unrecorded.take() {
            return Err(StoreError(why));
        }
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        recorder.record(line).map_err(|why| {
            // Said once; the incident goes on without a record.
            self.recorder = None;
            StoreError(why)
        })
    }

    fn title(header: &RunHeader) -> String {
        let opened = opening::open(header.file.as_deref().unwrap_or(&header.level));
        opened.map_or_else(|_| header.level.clone(), |opened| opened.level.title.clone())
    }
}

impl Store for PlayerStore {
    fn levels(&mut self) -> Vec<LevelCard> {
        let results = self.results();
        if self.built_in.is_empty() {
            self.built_in = catalog::levels();
        }
        let mut cards: Vec<LevelCard> =
            self.built_in.iter().map(|level| card(level.id.clone(), level, &results)).collect();
        cards.extend(self.offered.iter().map(|(name, opened)| card(name.clone(), &opened.level, &results)));
        cards
    }

    fn unfinished(&mut self) -> Vec<Unfinished> {
        let (found, _) = runs::unfinished(&self.folders.runs());
        let card = |found: runs::Found| Unfinished {
            run: found.path.to_string_lossy().into_owned(),
            title: Self::title(&found.run.header),
            at: found.run.until(),
            left: runs::ago(found.left),
        };
        found.into_iter().map(card).collect()
    }

    fn start(
        &mut self,
        level: &str,
        seed: Option<u64>,
        mode: Option<Mode>,
        speed: Option<u32>,
    ) -> Result<Incident, StoreError> {
        let opened = self.open(level)?;
        self.seed = seed.unwrap_or_else(chosen_seed);
        self.mode = mode.unwrap_or(self.settings.mode);
        let header = RunHeader {
            level: opened.level.id.clone(),
            file: opened.file,
            level_digest: opened.level.digest(),
            sev1: env!("CARGO_PKG_VERSION").to_owned(),
            rules: RULES,
            seed: self.seed,
            mode: self.mode,
        };
        self.is_kept = false;
        (self.recorder, self.unrecorded) = match Recorder::begin(&self.folders.runs(), &header) {
            Ok(recorder) => (Some(recorder), None),
            Err(why) => (None, Some(why)),
        };
        let mut incident = Incident::start(opened.level, self.seed, self.mode);
        if let Some(speed) = speed {
            let line = format!("speed {speed}");
            incident.perform(&line);
            if let Some(recorder) = &mut self.recorder {
                self.unrecorded = recorder.record(&RunLine::Command { at: incident.now(), line }).err();
            }
        }
        Ok(incident)
    }

    fn resume(&mut self, run: &str) -> Result<Incident, StoreError> {
        let path = PathBuf::from(run);
        let (read, _) = runs::read(&path).map_err(StoreError)?;
        let opened = self.open(read.header.file.as_deref().unwrap_or(&read.header.level))?;
        let incident = read.replay(opened.level).map_err(|why| StoreError(format!("{run}: {why}")))?;
        (self.seed, self.mode) = (read.header.seed, read.header.mode);
        self.is_kept = read.ended().is_some();
        (self.recorder, self.unrecorded) = (None, None);
        // Only a run that plays out as it did is written to again, and none that has come to its end.
        if !self.is_kept {
            self.recorder = Some(Recorder::go_on(&path).map_err(StoreError)?.1);
        }
        Ok(incident)
    }

    fn look_back(&mut self, level: &str) -> Result<Incident, StoreError> {
        let opened = self.open(level)?;
        let id = &opened.level.id;
        let last = self.results().into_iter().rev().find(|result| result.level == *id && !result.run.is_empty());
        let last = last.ok_or_else(|| StoreError(format!("no run of {id} has come to an end yet")))?;
        let path = self.folders.runs().join(&last.run);
        let (read, _) = runs::read(&path).map_err(StoreError)?;
        read.replay(opened.level).map_err(|why| StoreError(format!("the last run can't be shown again: {why}")))
    }

    fn performed(&mut self, at: Time, line: &str) -> Result<(), StoreError> {
        self.record(&RunLine::Command { at, line: line.to_owned() })
    }

    fn passed(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let now = incident.now();
        if !self.recorder.as_ref().is_some_and(|recorder| recorder.wants_tick(now)) {
            return Ok(());
        }
        self.record(&RunLine::Tick { at: now, digest: incident.digest() })
    }

    fn finish(&mut self, incident: &Incident, debrief: &Debrief) -> Result<(), StoreError> {
        if self.is_kept {
            return Ok(());
        }
        let (outcome, grade) = (debrief.outcome.word().to_owned(), debrief.grade.clone());
        let at = incident.now();
        let name = |recorder: &Recorder| recorder.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let result = FinishedRun {
            level: incident.level().id.clone(),
            seed: self.seed,
            mode: self.mode.word().to_owned(),
            outcome: outcome.clone(),
            grade: grade.clone(),
            at: at.to_string(),
            ended: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            run: self.recorder.as_ref().and_then(name).unwrap_or_default(),
        };
        self.record(&RunLine::End { at, outcome, grade })?;
        self.recorder = None;
        history::add(&self.folders.history(), &result).map_err(StoreError)
    }

    fn themes(&self) -> Vec<(String, String)> {
        let folder = self.folders.settings().with_file_name("themes");
        let mut themes: Vec<(String, String)> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| opening::is_level_file(&path.to_string_lossy()))
            .filter_map(|path| {
                let name = path.file_stem()?.to_str()?.to_owned();
                let bytes = folders::read_bounded(&path, THEME_BYTES_MAX).ok()??;
                Some((name, String::from_utf8(bytes).ok()?))
            })
            .collect();
        themes.sort();
        themes
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn keep(&mut self, settings: &Settings) -> Result<(), StoreError> {
        self.settings = settings.clone();
        settings::write(&self.folders.settings(), settings).map_err(StoreError)
    }
}

fn spoken(failure: Failure) -> StoreError {
    match failure {
        Failure::Unusable(why) | Failure::WrongUse(why) => StoreError(why),
        Failure::NobodyReads => StoreError("nobody reads the output any more".to_owned()),
    }
}

/// A level as the list and the briefing show it.
fn card(name: String, level: &Level, results: &[FinishedRun]) -> LevelCard {
    let best = history::best(results, &level.id);
    let source = &level.source;
    let told = [&source.title, &source.author].map(String::as_str).into_iter().filter(|part| !part.is_empty());
    LevelCard {
        level: name,
        title: level.title.clone(),
        summary: level.summary.clone(),
        difficulty: level.difficulty.word().to_owned(),
        minutes: level.clock.minutes(),
        year: source.published.map(|year| year.to_string()).unwrap_or_default(),
        teaches: level.teaches.clone(),
        tools: level.tools.clone(),
        briefing: paragraphs(&level.briefing),
        // The story's own title gives it away; whoever has played it may know.
        story: best.map(|_| told.collect::<Vec<_>>().join(", ")).filter(|story| !story.is_empty()),
        best: best.map(|best| Best { grade: best.grade.clone(), outcome: outcome(&best.outcome) }),
    }
}

/// Paragraphs are divided by an empty line; a single line break is none.
fn paragraphs(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.split(|line| line.is_empty()).filter(|part| !part.is_empty()).map(|part| part.join(" ")).collect()
}

fn outcome(word: &str) -> Phase {
    let all = [Phase::Resolved, Phase::Mitigated, Phase::Failed, Phase::Expired];
    all.into_iter().find(|phase| phase.word() == word).unwrap_or_default()
}

/// Whether two paths lead to the same file.
fn is_same(one: &str, other: &str) -> bool {
    let whole = |path: &str| Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    whole(one) == whole(other)
}

/// A seed for whoever wants none in particular; short enough to be told to a colleague.
fn chosen_seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    (now / 1000 % 1_000_000) as u64
}
