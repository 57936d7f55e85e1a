//! Checks of machines, and of what services on machines read and write.

use super::Checker;
use crate::level::document::Place;
use crate::level::schema::Sections;
use crate::sim::component::hosts::{self, disk};
use crate::sim::component::service::files::{LOG_LEVEL, severity};
use crate::sim::component::{Settings, service};
use crate::sim::quantity::Bytes;

/// More machines than this are beyond what a level may have.
const MOST_MACHINES: usize = 2_000;

impl Checker<'_> {
    /// Complains about names of machines: none, too many, one twice.
    pub(super) fn machines(&mut self, names: &[String], place: &Place) {
        if names.is_empty() || names.len() > MOST_MACHINES {
            self.error(place, format!("from 1 to {MOST_MACHINES} machines can be had"), "");
        }
        let at = place.field("names");
        for name in names {
            self.plain_name("a machine", name, &at);
        }
        let names: Vec<_> = names.iter().map(|name| (name.as_str(), at.clone())).collect();
        self.unique("machines", names);
    }

    pub(super) fn hosts(&mut self, hosts: &hosts::Settings, sections: &Sections, place: &Place) {
        let machines = hosts.machines();
        self.machines(&machines, place);
        for other in sections.system.iter().take_while(|one| one.name() != hosts.name) {
            let Settings::Hosts(other) = other else { continue };
            if let Some(twice) = other.machines().iter().find(|name| machines.contains(name)) {
                let message = format!("the machine `{twice}` is described by `{}` already", other.name);
                self.error(&place.field("name"), message, "a machine is described once");
            }
        }
        self.disks(&hosts.volumes, &hosts.files, place);
        for (at, differs) in hosts.but.iter().enumerate() {
            let place = place.field("but").item(at);
            self.known("machine", &differs.machine, &place.field("machine"), machines.iter().map(String::as_str));
            let volumes = differs.volumes.as_ref().unwrap_or(&hosts.volumes);
            self.disks(volumes, differs.files.as_ref().unwrap_or(&hosts.files), &place);
        }
    }

    fn disks(&mut self, volumes: &[disk::VolumeSettings], files: &[disk::FileSettings], place: &Place) {
        let known = disk::Disks::new(volumes, files);
        for (at, volume) in volumes.iter().enumerate() {
            let place = place.field("volumes").item(at);
            if !volume.mount.starts_with('/') {
                let message = format!("`{}` is no place to mount a volume", volume.mount);
                self.error(&place.field("mount"), message, "write a path: mount: \"/var\"");
            }
            let of_files: u64 = known.on(at).map(|(_, file)| file.size.0).fold(0, u64::saturating_add);
            if volume.used > volume.size {
                let message = format!("{} are in use of {}", volume.used, volume.size);
                self.error(&place.field("used"), message, "no more is in use than there is");
            } else if of_files > volume.used.0 {
                let message = format!("its files take {}, and only {} are in use", Bytes(of_files), volume.used);
                self.error(&place.field("used"), message, "what is in use counts the files, too");
            }
        }
    }

    /// The settings of a service: whether their machines exist, and `LOG_LEVEL` is a level.
    pub(super) fn config(&mut self, service: &service::Settings, place: &Place) {
        let machines = match &service.runs_on {
            service::RunsOn::Hosts(hosts) => hosts.machines(&service.name),
            service::RunsOn::Kubernetes(_) | service::RunsOn::Beanstalk(_) => vec![],
        };
        let keys = place.field("config");
        let names = service.config.iter().enumerate();
        let names: Vec<_> = names.map(|(at, key)| (key.key.as_str(), keys.item(at).field("key"))).collect();
        self.unique("settings", names);
        for (at, key) in service.config.iter().enumerate() {
            let place = keys.item(at);
            for (machine, _) in &key.but {
                self.known("machine", machine, &place.field("but"), machines.iter().map(String::as_str));
            }
            let values = key.but.iter().map(|(_, value)| value).chain([&key.is]);
            for value in values.filter(|_| key.key == LOG_LEVEL) {
                if severity(value).is_none() {
                    let message = format!("`{value}` is no level of log lines");
                    self.error(&place, message, "write debug, info, warn or error");
                }
            }
        }
    }
}
