//! The code of a service on its machines: which file lies where, and what a process made of it when it started.
//!
//! A file knows the path that it was written for. A process reads its files when it starts and keeps what it has read; one
//! that starts with a file that was written for another path can't import it. What happens then is the server's: uWSGI
//! goes on without an application, its port open, and answers each request with a 500 of its own.

use super::Service;
use super::settings::{CodeFile, RunsOn, Server};
use crate::sim::core::Core;
use crate::sim::operation::{Applied, Refusal};

/// What lies at one of the paths of a service on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// A file of a version: the version, and which of its files.
    File(u16, u16),
    /// Something that no version has.
    Other,
}

/// What a process has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Loaded {
    /// This version.
    Version(u16),
    /// No application.
    Nothing,
}

impl super::Instance {
    /// Whether its process has an application; a server can run without one.
    #[must_use]
    pub fn has_application(&self) -> bool {
        matches!(self.loaded, Loaded::Version(_))
    }
}

impl Service {
    /// The paths at which code lies, below the root: those of the version that was deployed.
    #[must_use]
    pub fn code(&self) -> &[CodeFile] {
        self.settings.versions.first().map_or(&[], |version| &version.files)
    }

    /// The full path of a file.
    #[must_use]
    pub fn full_path(&self, file: &CodeFile) -> String {
        format!("{}/{}", self.settings.root.trim_end_matches('/'), file.path)
    }

    /// What a file of a version says.
    #[must_use]
    pub fn text_of(&self, version: usize, file: usize) -> String {
        let Some(of) = self.settings.versions.get(version) else { return String::new() };
        let Some(file) = of.files.get(file) else { return String::new() };
        if file.text.is_empty() {
            return format!("# {} {}: {}", self.settings.name, of.name, file.path);
        }
        file.text.trim_end().to_owned()
    }

    /// The paths at which this service's files lie on a machine's disk.
    #[must_use]
    pub fn paths_on(&self, machine: &str) -> Vec<String> {
        let Some(of) = self.instances.iter().find(|instance| &*instance.name == machine) else { return vec![] };
        self.code().iter().take(of.code.len()).map(|file| self.full_path(file)).collect()
    }

    /// What lies at a path of a machine's disk, and whether that is a path of this service.
    #[must_use]
    pub fn text_at(&self, machine: &str, path: &str) -> Option<String> {
        let number = self.instances.iter().position(|instance| &*instance.name == machine)?;
        let place = self.code().iter().position(|file| self.full_path(file) == path)?;
        Some(match self.instances[number].code.get(place)? {
            Lies::File(version, file) => self.text_of(usize::from(*version), usize::from(*file)),
            Lies::Other => String::new(),
        })
    }

    fn is_at_home(&self, place: usize, lies: Lies) -> bool {
        let Lies::File(version, file) = lies else { return false };
        let path = &self.settings.versions[usize::from(version)].files[usize::from(file)].path;
        self.code().get(place).is_some_and(|home| home.path == *path)
    }

    /// A deploy puts a version's files onto a machine.
    pub(super) fn lay_files(&mut self, number: usize, version: u16) {
        let count = self.settings.versions[usize::from(version)].files.len() as u16;
        self.instances[number].code = (0..count).map(|file| Lies::File(version, file)).collect();
    }

    /// Whether something lies on a machine that the deployed version didn't put there.
    pub(super) fn is_changed_by_hand(&self, number: usize) -> bool {
        let instance = &self.instances[number];
        let deployed = |(place, lies): (usize, &Lies)| *lies == Lies::File(instance.version, place as u16);
        !instance.code.iter().enumerate().all(deployed)
    }

    /// A process starts and reads its files.
    pub(super) fn load(&mut self, number: usize, core: &Core) {
        let version = self.instances[number].version;
        if self.settings.versions[usize::from(version)].files.is_empty() {
            self.instances[number].loaded = Loaded::Version(version);
            return;
        }
        if self.instances[number].code.is_empty() {
            self.lay_files(number, version);
        }
        let code = self.instances[number].code.clone();
        let is_whole = code.iter().enumerate().all(|(place, lies)| self.is_at_home(place, *lies));
        // What the application does is what the file says that handles requests.
        let works = code.iter().find_map(|lies| match lies {
            Lies::File(version, file) => {
                let of = &self.settings.versions[usize::from(*version)].files[usize::from(*file)];
                (!of.steps.is_empty()).then_some(*version)
            }
            Lies::Other => None,
        });
        let loaded = match works {
            Some(works) if is_whole => Loaded::Version(works),
            _ => Loaded::Nothing,
        };
        let was = std::mem::replace(&mut self.instances[number].loaded, loaded);
        if self.is_uwsgi() && (loaded == Loaded::Nothing || was == Loaded::Nothing || self.instances[number].epoch > 1)
        {
            self.say_loaded(number, loaded, core);
        }
    }

    fn is_uwsgi(&self) -> bool {
        matches!(self.settings.server, Server::Uwsgi)
    }

    fn say_loaded(&mut self, number: usize, loaded: Loaded, core: &Core) {
        let lines: &[&str] = match loaded {
            Loaded::Version(_) => {
                &["WSGI app 0 (mountpoint='') ready in 1 seconds on interpreter 0x1c5ab40 (default app)"]
            }
            Loaded::Nothing => &[
                "unable to load app 0 (mountpoint='') (callable not found or import error)",
                "*** no app loaded. going in full dynamic mode ***",
            ],
        };
        for line in lines {
            self.say(number, "uwsgi", (*line).to_owned(), core);
        }
    }

    /// A request reaches a process without an application: it has an answer, and no line in any log but the server's.
    pub(super) fn answer_without_application(&mut self, number: usize, core: &Core) {
        let line = "--- no python application found, check your startup logs for errors ---";
        self.say(number, "uwsgi", line.to_owned(), core);
    }

    /// How many processes have an application.
    pub(super) fn loaded_count(&self) -> i64 {
        let is_loaded =
            |instance: &&super::Instance| instance.has_process() && matches!(instance.loaded, Loaded::Version(_));
        self.instances.iter().filter(is_loaded).count() as i64
    }

    /// Somebody writes a file onto a machine.
    pub(super) fn put_file(
        &mut self,
        machine: &str,
        path: &str,
        text: &str,
        core: &mut Core,
    ) -> Result<Applied, Refusal> {
        let RunsOn::Hosts(_) = &self.settings.runs_on else {
            return Err(Refusal::new("No such file or directory"));
        };
        let number = self.instances.iter().position(|instance| &*instance.name == machine);
        let place = self.code().iter().position(|file| self.full_path(file) == path);
        let (Some(number), Some(place)) = (number, place) else {
            return Err(Refusal::new("No such file or directory"));
        };
        let versions = &self.settings.versions;
        let files =
            versions.iter().enumerate().flat_map(|(at, version)| (0..version.files.len()).map(move |file| (at, file)));
        let text = text.trim_end();
        let known = files.into_iter().find(|(version, file)| self.text_of(*version, *file) == text);
        let lies = known.map_or(Lies::Other, |(version, file)| Lies::File(version as u16, file as u16));
        core.mark(self.id, 9, number as u64, place as u64);
        self.instances[number].code[place] = lies;
        Ok(Applied::Done)
    }
}
