//! Disks: volumes that fill, and files on them.
//!
//! A file's room is given back when nothing has it any more: neither a name nor a process that holds it open. A write
//! takes what there is room for and fails for the rest. What isn't a file that somebody asked for is only a sum.

use crate::sim::id::ComponentId;
use crate::sim::quantity::{Bytes, Share, Time};
use serde::Deserialize;
use std::sync::Arc;

/// A volume as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeSettings {
    /// Where it is mounted.
    pub mount: String,
    /// How much it holds.
    pub size: Bytes,
    /// What is on it at the beginning of the warm-up, its files among it.
    #[serde(default)]
    pub used: Bytes,
    /// What only root may fill (ext4: 5 % where nobody has said otherwise).
    #[serde(default = "five_percent")]
    pub reserved: Share,
    /// The device that it is on.
    #[serde(default = "device")]
    pub device: String,
}

const fn five_percent() -> Share {
    Share(50_000)
}

fn device() -> String {
    "/dev/vda1".into()
}

/// A file as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// Where it is; in what a volume has in use it is counted already.
    pub path: String,
    /// How large it is.
    #[serde(default)]
    pub size: Bytes,
    /// When it was last written to.
    #[serde(default = "long_ago")]
    pub changed: crate::sim::quantity::Span,
    /// What stands in it, where it is a text that can be read.
    #[serde(default)]
    pub text: String,
}

const fn long_ago() -> crate::sim::quantity::Span {
    crate::sim::quantity::Span::from_seconds(-30 * 86_400)
}

/// A volume at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Where it is mounted.
    pub mount: Arc<str>,
    /// The device that it is on.
    pub device: Arc<str>,
    /// How much it holds.
    pub size: Bytes,
    /// What is in use.
    pub used: Bytes,
    /// What only root may fill.
    pub reserved: Bytes,
}

impl Volume {
    pub(in crate::sim) fn new(settings: &VolumeSettings) -> Self {
        let reserved = (u128::from(settings.size.0) * u128::from(settings.reserved.0) / 1_000_000) as u64;
        Self {
            mount: settings.mount.as_str().into(),
            device: settings.device.as_str().into(),
            size: settings.size,
            used: settings.used,
            reserved: Bytes(reserved),
        }
    }

    /// What anybody may still fill.
    #[must_use]
    pub const fn free(&self) -> Bytes {
        Bytes(self.size.0.saturating_sub(self.used.0 + self.reserved.0))
    }

    /// How full it is in percent, as `df` counts: of what anybody may fill, rounded up.
    #[must_use]
    pub const fn percent(&self) -> u64 {
        let whole = self.used.0 + self.free().0;
        if whole == 0 { 100 } else { (self.used.0 * 100).div_ceil(whole) }
    }

    /// The word for it in metrics: `root`, or its path with hyphens.
    #[must_use]
    pub fn word(&self) -> String {
        match self.mount.trim_matches('/') {
            "" => "root".to_owned(),
            path => path.replace('/', "-"),
        }
    }

    /// Takes room, as much as there is.
    fn take(&mut self, wanted: Bytes) -> Bytes {
        let taken = wanted.0.min(self.free().0);
        self.used.0 += taken;
        Bytes(taken)
    }

    const fn give_back(&mut self, amount: Bytes) {
        self.used.0 = self.used.0.saturating_sub(amount.0);
    }
}

/// A file, or a folder of small ones that are never told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is, or was.
    pub path: Arc<str>,
    /// How large it is.
    pub size: Bytes,
    /// Whether it still has its name.
    pub is_linked: bool,
    /// Whether it stands for all that is in a folder.
    pub is_folder: bool,
    /// When it was last written to.
    pub changed: Time,
    /// Since when it holds what is written to it.
    pub since: Time,
    /// What stood in it at the beginning.
    pub text: Arc<str>,
    volume: Option<usize>,
}

/// A process that has a file open; a process here is an instance of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Whose process.
    pub component: ComponentId,
    /// Which of the files.
    pub file: usize,
    /// Whether the last write failed for want of room.
    pub fails: bool,
}

/// The disks of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disks {
    /// The volumes.
    pub volumes: Vec<Volume>,
    /// Every file there has been; those that are gone stay, so that a number is a file.
    pub files: Vec<File>,
    /// Who has what open.
    pub handles: Vec<Handle>,
}

/// Before anything that is simulated.
const LONG_AGO: Time = Time::from_micros(i64::MIN / 2);

impl Disks {
    /// The disks of a machine at the beginning.
    #[must_use]
    pub fn new(volumes: &[VolumeSettings], files: &[FileSettings]) -> Self {
        let mut disks =
            Self { volumes: volumes.iter().map(Volume::new).collect(), files: Vec::new(), handles: Vec::new() };
        for file in files {
            let number = disks.create(&file.path, Time::ZERO + file.changed);
            disks.files[number].size = file.size;
            disks.files[number].since = LONG_AGO;
            disks.files[number].text = file.text.as_str().into();
        }
        disks
    }

    /// The volume that a path lies on: the one with the longest mount point that leads to it.
    #[must_use]
    pub fn volume_of(&self, path: &str) -> Option<usize> {
        let under = |mount: &str| {
            let mount = mount.trim_end_matches('/');
            path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let volumes = self.volumes.iter().enumerate().filter(|(_, volume)| under(&volume.mount));
        volumes.max_by_key(|(_, volume)| volume.mount.trim_end_matches('/').len()).map(|(index, _)| index)
    }

    /// The file that has this name.
    #[must_use]
    pub fn named(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|file| file.is_linked && &*file.path == path)
    }

    /// Whether a process has a file open.
    #[must_use]
    pub fn is_open(&self, file: usize) -> bool {
        self.handles.iter().any(|handle| handle.file == file)
    }

    /// The files whose bytes are still on a volume.
    pub fn on(&self, volume: usize) -> impl Iterator<Item = (usize, &File)> {
        let there =
            move |number: usize, file: &File| file.volume == Some(volume) && (file.is_linked || self.is_open(number));
        self.files.iter().enumerate().filter(move |(number, file)| there(*number, file))
    }

    fn create(&mut self, path: &str, now: Time) -> usize {
        let volume = self.volume_of(path);
        self.files.push(File {
            path: path.into(),
            size: Bytes(0),
            is_linked: true,
            is_folder: false,
            changed: now,
            since: now,
            text: "".into(),
            volume,
        });
        self.files.len() - 1
    }

    /// A process opens a file to add to it, and lets go of what it had open before; it is made where there is none.
    pub(in crate::sim) fn open(&mut self, component: ComponentId, path: &str, now: Time) {
        self.close(component);
        let file = self.named(path).unwrap_or_else(|| self.create(path, now));
        self.handles.push(Handle { component, file, fails: false });
    }

    /// A process lets go of what it has open.
    pub(in crate::sim) fn close(&mut self, component: ComponentId) {
        let closed: Vec<usize> =
            self.handles.iter().filter(|handle| handle.component == component).map(|handle| handle.file).collect();
        self.handles.retain(|handle| handle.component != component);
        for file in closed {
            self.let_go(file);
        }
    }

    /// Gives a file's room back where nothing has it any more.
    fn let_go(&mut self, file: usize) {
        if self.files[file].is_linked || self.is_open(file) {
            return;
        }
        let size = std::mem::take(&mut self.files[file].size);
        if let Some(volume) = self.files[file].volume {
            self.volumes[volume].give_back(size);
        }
    }

    /// A process adds to the file that it has open. Returns whether that begins or ceases to fail.
    pub(in crate::sim) fn append(&mut self, component: ComponentId, size: Bytes, now: Time) -> Option<bool> {
        let number = self.handles.iter().position(|handle| handle.component == component)?;
        let file = self.handles[number].file;
        let written = self.grow(file, size, now);
        let fails = written < size;
        let before = std::mem::replace(&mut self.handles[number].fails, fails);
        (before != fails).then_some(fails)
    }

    fn grow(&mut self, file: usize, size: Bytes, now: Time) -> Bytes {
        let written = match self.files[file].volume {
            Some(volume) => self.volumes[volume].take(size),
            None => size,
        };
        let file = &mut self.files[file];
        file.size.0 += written.0;
        if written > Bytes(0) {
            file.changed = now;
        }
        written
    }

    /// Makes a small file in a folder; where there isn't room for all of it there is none. Returns whether it is there.
    pub(in crate::sim) fn save(&mut self, folder: &str, size: Bytes, now: Time) -> bool {
        let room = self.volume_of(folder).is_none_or(|volume| self.volumes[volume].free() >= size);
        if room {
            let file = self.named(folder).unwrap_or_else(|| self.create(folder, now));
            self.files[file].is_folder = true;
            self.grow(file, size, now);
        }
        room
    }

    /// Takes a file's name away. Its room comes back when no process has it open any more.
    pub(in crate::sim) fn remove(&mut self, file: usize) {
        self.files[file].is_linked = false;
        self.let_go(file);
    }

    /// Cuts a file. What adds to it goes on at its new end.
    pub(in crate::sim) fn truncate(&mut self, file: usize, to: Bytes, now: Time) {
        let size = self.files[file].size;
        let freed = Bytes(size.0.saturating_sub(to.0));
        if let Some(volume) = self.files[file].volume {
            self.volumes[volume].give_back(freed);
        }
        let of = &mut self.files[file];
        of.size.0 -= freed.0;
        of.changed = now;
        of.since = now;
        of.text = "".into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ComponentId = ComponentId(3);

    /// A volume with a hundred bytes free, and a log of nine hundred that a process has open.
    fn full() -> Disks {
        let volume = VolumeSettings {
            mount: "/".into(),
            size: Bytes(1000),
            used: Bytes(900),
            reserved: Share(0),
            device: device(),
        };
        let file =
            FileSettings { path: "/var/log/a.log".into(), size: Bytes(900), changed: long_ago(), text: String::new() };
        let mut disks = Disks::new(&[volume], &[file]);
        disks.open(SHOP, "/var/log/a.log", Time::ZERO);
        disks
    }

    fn append(disks: &mut Disks, size: u64) -> Option<bool> {
        disks.append(SHOP, Bytes(size), Time::ZERO)
    }

    #[test]
    fn a_write_takes_the_room_that_there_is_and_fails_for_the_rest() {
        let mut disks = full();
        assert_eq!(append(&mut disks, 60), None);
        assert_eq!(append(&mut disks, 60), Some(true));
        assert_eq!((disks.volumes[0].free(), disks.files[0].size), (Bytes(0), Bytes(1000)));
        assert_eq!(append(&mut disks, 60), None, "it is said once");
        assert!(!disks.save("/var/lib/sessions", Bytes(1), Time::ZERO));
        assert_eq!(disks.volumes[0].percent(), 100);
    }

    #[test]
    fn a_file_without_a_name_keeps_its_room_while_a_process_has_it_open() {
        let mut disks = full();
        append(&mut disks, 60);
        disks.remove(0);
        assert_eq!(disks.named("/var/log/a.log"), None);
        assert_eq!(disks.volumes[0].used, Bytes(960));
        append(&mut disks, 10);
        assert_eq!(disks.volumes[0].used, Bytes(970), "it goes on growing");
        disks.open(SHOP, "/var/log/a.log", Time::ZERO);
        assert_eq!(disks.volumes[0].used, Bytes(0), "opened anew: another file");
        assert_eq!(append(&mut disks, 10), None);
        assert_eq!(disks.files[1].size, Bytes(10));
    }

    #[test]
    fn what_is_cut_gives_its_room_back_at_once_and_goes_on_from_there() {
        let mut disks = full();
        append(&mut disks, 200);
        disks.truncate(0, Bytes(0), Time::ZERO);
        assert_eq!(disks.volumes[0].used, Bytes(0));
        assert_eq!(append(&mut disks, 30), Some(false), "it works again");
        assert_eq!((disks.volumes[0].used, disks.files[0].size), (Bytes(30), Bytes(30)));
    }

    #[test]
    fn a_new_start_alone_frees_nothing_that_has_a_name() {
        let mut disks = full();
        append(&mut disks, 100);
        disks.close(SHOP);
        disks.open(SHOP, "/var/log/a.log", Time::ZERO);
        assert_eq!(disks.volumes[0].used, Bytes(1000));
    }

    #[test]
    fn what_is_reserved_is_not_for_everybody() {
        let settings = VolumeSettings {
            mount: "/".into(),
            size: Bytes(1000),
            used: Bytes(940),
            reserved: five_percent(),
            device: device(),
        };
        let volume = Volume::new(&settings);
        assert_eq!((volume.free(), volume.percent()), (Bytes(10), 99));
    }

    #[test]
    fn the_longest_mount_point_holds_a_file() {
        let volume = |mount: &str| VolumeSettings {
            mount: mount.into(),
            size: Bytes(1000),
            used: Bytes(0),
            reserved: Share(0),
            device: device(),
        };
        let disks = Disks::new(&[volume("/"), volume("/var/log"), volume("/var")], &[]);
        for (path, expected) in [("/var/log/a", 1), ("/var/logs/a", 2), ("/etc/a", 0), ("/var/log", 1)] {
            assert_eq!(disks.volume_of(path), Some(expected), "{path}");
        }
        assert_eq!(disks.volumes[1].word(), "var-log");
        assert_eq!(disks.volumes[0].word(), "root");
    }
}
