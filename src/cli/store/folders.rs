//! Where the player's own files lie, after the platform's conventions, and how one is read and replaced with care.
//!
//! Knows nothing of what is in the files.

use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The folders of one player.
#[derive(Clone, Debug)]
pub struct Folders {
    data: PathBuf,
    config: PathBuf,
}

impl Folders {
    /// Those of whoever runs the program.
    ///
    /// # Errors
    /// Where there is no home folder; in words for the person.
    pub fn of_the_user() -> Result<Self, String> {
        let app = AppStrategyArgs {
            top_level_domain: "org".to_owned(),
            author: "sev1".to_owned(),
            app_name: "sev1".to_owned(),
        };
        let places = choose_app_strategy(app)
            .map_err(|_| "there is no home folder to keep runs in: set HOME to a folder that can be written to")?;
        Ok(Self { data: places.data_dir(), config: places.config_dir() })
    }

    /// All of them inside one folder.
    #[must_use]
    pub fn inside(folder: &Path) -> Self {
        Self { data: folder.join("data"), config: folder.join("config") }
    }

    /// The folder with a file for each run.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.data.join("runs")
    }

    /// The results of all runs that came to an end.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.data.join("history.ron")
    }

    /// What the player has chosen.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.ron")
    }
}

/// The bytes of a file; `None` where there is no such file.
///
/// # Errors
/// Where it can't be read or is longer than `bytes_max`; in words for the person.
pub fn read_bounded(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, String> {
    let shown = path.display();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{shown} can't be read: {}", plainly(&error))),
    };
    let about = file.metadata().map_err(|error| format!("{shown} can't be read: {}", plainly(&error)))?;
    if about.is_dir() {
        return Err(format!("{shown} is a folder, not a file"));
    }
    let too_long = || format!("{shown} is too long: at most {} are read", size(bytes_max));
    if about.len() > bytes_max {
        return Err(too_long());
    }
    let mut bytes = vec![];
    file.take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("{shown} can't be read: {}", plainly(&error)))?;
    if bytes.len() as u64 > bytes_max { Err(too_long()) } else { Ok(Some(bytes)) }
}

/// Puts a file in the place of another, whole or not at all.
///
/// # Errors
/// Where it can't be written.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// What went wrong with a file, without the number that the system gives it.
#[must_use]
pub fn plainly(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not (permission denied)".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}

/// A size as a person would say it: `1.0 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_a_folder_or_too_long_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("big");
        File::create(&file).and_then(|f| f.set_len(200 << 20)).expect("a sparse file");
        assert_eq!(read_bounded(&folder.path().join("none"), 10), Ok(None));
        assert!(read_bounded(folder.path(), 10).is_err_and(|e| e.contains("is a folder")));
        assert!(read_bounded(&file, 1 << 20).is_err_and(|e| e.contains("at most 1.0 MB")));
    }

    #[test]
    fn a_replaced_file_is_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("deep/settings.ron");
        replace(&file, "one").expect("written");
        replace(&file, "two").expect("written");
        assert_eq!(fs::read_to_string(&file).expect("readable"), "two");
        assert_eq!(fs::read_dir(folder.path().join("deep")).expect("listed").count(), 1);
    }
}
