//! The settings file: what a player has chosen once for all incidents.
//!
//! A file that can't be read is spoken of, the defaults are taken instead, and it is never written over.

use super::folders::{plainly, read_bounded, replace};
use crate::tui::store::Settings;
use serde::{Deserialize, Serialize};
use std::path::Path;

const BYTES_MAX: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SettingsText {
    theme: Option<String>,
    mode: String,
    bell: bool,
    motion: bool,
    flash: bool,
}

impl Default for SettingsText {
    fn default() -> Self {
        Self::of(&Settings::default())
    }
}

impl SettingsText {
    fn of(settings: &Settings) -> Self {
        Self {
            theme: settings.theme.clone(),
            mode: settings.mode.word().to_owned(),
            bell: settings.bell,
            motion: settings.motion,
            flash: settings.flash,
        }
    }
}

/// The settings; the defaults where there is no file.
///
/// # Errors
/// Where the file can't be read or understood; in words for the person.
pub fn read(path: &Path) -> Result<Settings, String> {
    let Some(bytes) = read_bounded(path, BYTES_MAX)? else {
        return Ok(Settings::default());
    };
    let damaged = |why: &str| format!("{}: {why}; the defaults are used and the file stays as it is", path.display());
    let text = str::from_utf8(&bytes).map_err(|_| damaged("it isn't text"))?;
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let read: SettingsText = options.from_str(text).map_err(|error| damaged(&printable(&error.to_string())))?;
    let mode = read.mode.parse().map_err(|why: String| damaged(&why))?;
    Ok(Settings { theme: read.theme, mode, bell: read.bell, motion: read.motion, flash: read.flash })
}

/// Writes the settings.
///
/// # Errors
/// Where the file that is there can't be understood, or the new one can't be written; in words for the person.
pub fn write(path: &Path, settings: &Settings) -> Result<(), String> {
    if let Err(message) = read(path) {
        return Err(format!("the settings aren't kept: {message}"));
    }
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let text = options
        .to_string_pretty(&SettingsText::of(settings), ron::ser::PrettyConfig::default())
        .map_err(|error| format!("the settings can't be kept: {error}"))?;
    replace(path, &(text + "\n"))
        .map_err(|error| format!("the settings can't be kept in {}: {}", path.display(), plainly(&error)))
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Mode;
    use std::fs;

    #[test]
    fn settings_read_back_and_a_missing_file_means_the_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config/settings.ron");
        assert_eq!(read(&path), Ok(Settings::default()));
        let chosen =
            Settings { theme: Some("dusk".into()), mode: Mode::Trainee, bell: false, motion: false, flash: false };
        write(&path, &chosen).expect("kept");
        assert_eq!(read(&path), Ok(chosen));
    }

    #[test]
    fn a_file_with_only_one_setting_is_enough() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.ron");
        fs::write(&path, "(theme: \"dusk\")").expect("written");
        assert_eq!(read(&path).map(|settings| settings.theme), Ok(Some("dusk".to_owned())));
    }

    #[test]
    fn a_damaged_file_is_spoken_of_and_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.ron");
        for damaged in [&b"(bell: maybe)"[..], b"(mode: \"expert\")", b"(bel: true)", b"\xff\xfe", b"\x1b[31m"] {
            fs::write(&path, damaged).expect("written");
            let message = read(&path).expect_err("it can't be understood");
            assert!(!message.chars().any(char::is_control), "{message:?}");
            assert!(write(&path, &Settings::default()).is_err());
            assert_eq!(fs::read(&path).expect("readable"), damaged);
        }
    }
}
