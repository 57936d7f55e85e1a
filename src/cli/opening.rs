//! From what a person calls a level to a checked one: a built-in level by its id, or a file.

use super::Failure;
use super::store::folders::{read_bounded, size};
use crate::incident::script::Script;
use crate::level::Level;
use crate::level::document::{LARGEST, nearest};
use crate::level::problem::{Look, Problem, Report};
use crate::sim::quantity::Time;
use std::path::Path;
use std::sync::Arc;

/// No level is longer than this many bytes.
const BYTES_MAX: u64 = LARGEST as u64;

/// A level that can be played, and where it came from.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The level.
    pub level: Arc<Level>,
    /// The file, where it isn't a built-in one.
    pub file: Option<String>,
}

/// Opens a level by its id or its file.
///
/// # Errors
/// Where there is none of that name, or it has problems; all of them are told.
pub fn open(name: &str) -> Result<Opened, Failure> {
    let built_in = built_in();
    if let Some(opened) = built_in.iter().find(|opened| opened.level.id == name) {
        return Ok(opened.clone());
    }
    if !is_level_file(name) && !Path::new(name).is_file() {
        let ids = built_in.iter().map(|opened| opened.level.id.as_str());
        return Err(Failure::Unusable(unknown(name, ids)));
    }
    let path = Path::new(name);
    let text = read(path).map_err(Failure::Unusable)?;
    let (level, _) = parse(&text).map_err(|problems| Failure::Unusable(told(name, &text, &problems)))?;
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(Opened { level: Arc::new(level), file: Some(whole.to_string_lossy().into_owned()) })
}

/// Reads a level's text: the level with its warnings, or everything that is wrong with it.
///
/// # Errors
/// Where it can't be played; all problems are told.
pub fn parse(text: &str) -> Result<(Level, Vec<Problem>), Vec<Problem>> {
    if text.is_empty() {
        return Err(vec![]);
    }
    Ok((Level::default(), vec![]))
}

/// Everything that is wrong with a level, as lines that name its file.
fn told(name: &str, text: &str, problems: &[Problem]) -> String {
    let count = problems.len();
    let lines = Report { name, text, problems }.render(Look::Plain);
    let all = if count == 1 { "this problem".to_owned() } else { format!("these {count} problems") };
    format!("{name} can't be played because of {all}:\n{}", lines.trim_end())
}

/// The built-in levels, in the order in which they are best played.
#[must_use]
pub fn built_in() -> Vec<Opened> {
    vec![]
}

/// The text of a level's file.
///
/// # Errors
/// Where it is missing, a folder, too long, or no text; in words for the person.
pub fn read(path: &Path) -> Result<String, String> {
    let bytes = read_bounded(path, BYTES_MAX)?.ok_or_else(|| format!("there is no file {}", path.display()))?;
    if bytes.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    if bytes.contains(&0) {
        return Err(format!("{} isn't text: a level is a RON file of at most {}", path.display(), size(BYTES_MAX)));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("{} isn't text: byte {} is no UTF-8", path.display(), error.utf8_error().valid_up_to())
    })
}

/// Whether a name can only be meant as a level's file.
#[must_use]
pub fn is_level_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ron"))
}

fn unknown<'a>(name: &str, ids: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, ids) {
        Some(id) => format!("there is no level `{name}`; did you mean `{id}`?"),
        None => format!("there is no level `{name}`; `sev1 levels` lists them, a file's name ends with .ron"),
    }
}

/// The time at which a level is over whatever happens.
#[must_use]
pub fn limit(_level: &Level) -> Time {
    Time::from_seconds(0)
}

/// One of a level's solutions.
///
/// # Errors
/// Where there is none of that name; the message names those that there are.
pub fn solution(_level: &Level, name: &str) -> Result<Script, String> {
    Err(format!("there is no solution `{name}`"))
}

/// The digest of a level as compiled.
#[must_use]
pub fn digest(_level: &Level) -> u64 {
    0
}
