//! From what a person calls a level to a checked one: a built-in level by its id, or a file.

use super::Failure;
use super::store::folders::{read_bounded, size};
use crate::incident::script::Script;
use crate::level::document::{LARGEST, nearest};
use crate::level::problem::{Look, Problem, Report};
use crate::level::{Level, catalog};
use std::path::Path;
use std::sync::Arc;

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
    let files = catalog::files();
    if let Some(file) = files.iter().find(|file| file.id() == name) {
        let level = match catalog::find(name) {
            Some(level) => level,
            None => file.read().map_err(|problems| Failure::Unusable(told(file.name, file.text, &problems)))?,
        };
        return Ok(Opened { level: Arc::new(level), file: None });
    }
    let path = Path::new(name);
    if !is_level_file(name) && !path.exists() {
        return Err(Failure::Unusable(unknown(name, files.iter().map(catalog::LevelFile::id))));
    }
    let text = read(path).map_err(Failure::Unusable)?;
    let level = Level::parse(&text).map_err(|problems| Failure::Unusable(told(name, &text, &problems)))?;
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(Opened { level: Arc::new(level), file: Some(whole.to_string_lossy().into_owned()) })
}

/// The text of a level's file.
///
/// # Errors
/// Where it is missing, a folder, too long, empty, or no text; in words for the person.
pub fn read(path: &Path) -> Result<String, String> {
    let (shown, longest) = (path.display(), LARGEST as u64);
    let bytes = read_bounded(path, longest)?.ok_or_else(|| format!("there is no file {shown}"))?;
    if bytes.is_empty() {
        return Err(format!("{shown} is empty"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("{shown} isn't text: byte {} is no UTF-8", error.utf8_error().valid_up_to()))?;
    if text.contains('\0') {
        return Err(format!("{shown} isn't text: a level is a RON file of at most {}", size(longest)));
    }
    Ok(text)
}

/// Whether a name can only be meant as a level's file.
#[must_use]
pub fn is_level_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ron"))
}

/// One of a level's solutions.
///
/// # Errors
/// Where there is none of that name, or its script makes no sense; in words for the person.
pub fn solution(level: &Level, name: &str) -> Result<Script, String> {
    let Some(found) = level.solution(name) else {
        let names: Vec<&str> = level.solutions.iter().map(|solution| solution.name.as_str()).collect();
        let all = if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
        return Err(format!("the level `{}` has no solution `{name}`; {all}", level.id));
    };
    Script::of(&found.script).map_err(|error| format!("solution {name}: {error}"))
}

/// Everything that is wrong with a level, as lines that name its file.
fn told(name: &str, text: &str, problems: &[Problem]) -> String {
    let all =
        if problems.len() == 1 { "this problem".to_owned() } else { format!("these {} problems", problems.len()) };
    let lines = Report { name, text, problems }.render(Look::Plain);
    format!("{name} can't be played because of {all}:\n{}", lines.trim_end())
}

fn unknown<'a>(name: &str, ids: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, ids) {
        Some(id) => format!("there is no level `{name}`; did you mean `{id}`?"),
        None => format!("there is no level `{name}`; `sev1 levels` lists them, a file's name ends with .ron"),
    }
}
