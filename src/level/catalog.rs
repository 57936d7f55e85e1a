//! The built-in levels: whatever lies in `levels/`, in the order of the file names, embedded in the program.
//!
//! No list is kept by hand: a file that is put there is a level.

use super::Level;
use super::head::Head;
use super::problem::Problem;
use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/levels");

/// A built-in level's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelFile {
    /// Its name: `10-first.ron`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl LevelFile {
    /// The level's id: the file's name without number and ending.
    #[must_use]
    pub fn id(&self) -> &'static str {
        let stem = self.name.strip_suffix(".ron").unwrap_or(self.name);
        stem.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches('-')
    }

    /// Reads it whole, its proofs too.
    ///
    /// # Errors
    /// Everything that is wrong with it; a test sees to it that nothing is.
    pub fn read(&self) -> Result<Level, Vec<Problem>> {
        Level::parse(self.text)
    }
}

/// The files of the built-in levels, in the order in which they are played.
#[must_use]
pub fn files() -> Vec<LevelFile> {
    let mut files: Vec<LevelFile> = FILES
        .files()
        .filter_map(|file| Some(LevelFile { name: file.path().file_name()?.to_str()?, text: file.contents_utf8()? }))
        .filter(|file| std::path::Path::new(file.name).extension().is_some_and(|ending| ending == "ron"))
        .collect();
    files.sort_by_key(|file| file.name);
    files
}

/// The built-in levels, in the order in which they are played.
#[must_use]
pub fn levels() -> Vec<Level> {
    files().iter().filter_map(|file| Level::parse_built_in(file.text).ok()).collect()
}

/// What is told of the built-in levels before they are played, in the order in which they are played. It takes a
/// small part of the time that reading them whole does.
#[must_use]
pub fn heads() -> Vec<Head> {
    files().iter().filter_map(|file| Head::read(file.text)).collect()
}

/// The built-in level of this id.
#[must_use]
pub fn find(id: &str) -> Option<Level> {
    files().into_iter().find(|file| file.id() == id).and_then(|file| Level::parse_built_in(file.text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::problem::{Look, Report};

    #[test]
    fn every_built_in_level_is_without_problems_and_called_as_its_file() {
        for file in files() {
            match file.read() {
                Ok(level) => {
                    assert_eq!(level.id, file.id());
                    assert!(level.warnings().is_empty(), "{}: {:?}", file.name, level.warnings());
                }
                Err(problems) => {
                    let report = Report { name: file.name, text: file.text, problems: &problems };
                    panic!("\n{}", report.render(Look::Plain));
                }
            }
        }
    }
}
