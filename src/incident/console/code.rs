//! The versions of a service's code: which are written and built, and their files, on its machines and where engineers
//! work.
//!
//! On the bastion a version's files lie under `~/SERVICE/VERSION/`, as soon as somebody has written it. What lies on a
//! machine is whatever was last put there.

use super::world::services;
use super::{Call, Named, Progress, World};
use crate::sim::component::service::Service;
use crate::sim::operation::Operation;

/// Whether an image of a version exists: it was deployed once, here or before.
pub fn is_built(service: &Service, version: usize) -> bool {
    let known = &service.settings.versions[version];
    let deployed_here = service.deployment.revisions.iter().any(|revision| usize::from(revision.version) == version);
    known.deployed.is_some() || deployed_here
}

/// Whether a version exists: it was deployed, it can be deployed at once, or somebody has written it.
pub fn is_written(service: &Service, version: usize, world: &dyn World) -> bool {
    let of = &service.settings.versions[version];
    let brought = world.named(Named::Brought);
    let names = [of.name.clone(), format!("{}@{}", service.settings.name, of.name)];
    of.takes.is_none() || is_built(service, version) || brought.iter().any(|(name, _)| names.contains(name))
}

/// The paths of all files of code on the bastion.
pub fn paths(world: &dyn World) -> Vec<String> {
    let mut paths = vec![];
    for (_, service) in services(world) {
        for (at, version) in service.settings.versions.iter().enumerate() {
            if is_written(service, at, world) {
                let path = |file: &str| format!("~/{}/{}/{file}", service.settings.name, version.name);
                paths.extend(version.files.iter().map(|file| path(&file.path)));
            }
        }
    }
    paths
}

/// The paths of the code on a machine, as it lies there now.
pub fn lying(world: &dyn World, host: &str) -> Vec<String> {
    services(world).flat_map(|(_, service)| service.paths_on(host)).collect()
}

/// What a file says, on the bastion or on a machine.
pub fn read(host: Option<&str>, path: &str, world: &dyn World) -> Option<Vec<String>> {
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    let Some(host) = host else {
        let mut parts = path.strip_prefix("~/")?.splitn(3, '/');
        let (name, version, file) = (parts.next()?, parts.next()?, parts.next()?);
        let (_, service) = services(world).find(|(_, service)| service.settings.name == name)?;
        let at = service.settings.versions.iter().position(|known| known.name == version)?;
        let file = service.settings.versions[at].files.iter().position(|known| known.path == file)?;
        return is_written(service, at, world).then(|| lines(service.text_of(at, file)));
    };
    services(world).find_map(|(_, service)| service.text_at(host, path)).map(lines)
}

/// `> FILE` on a machine: puts a file of code there. Returns whether code lies at that path.
pub fn write(call: &mut Call, world: &mut dyn World, path: &str) -> Option<Progress> {
    let host = call.host?.to_owned();
    let found = services(world).find(|(_, service)| service.text_at(&host, path).is_some());
    let name = found.map(|(_, service)| service.settings.name.clone())?;
    let text = call.input.unwrap_or_default().join("\n");
    let operation = Operation::PutFile { machine: host, path: path.to_owned(), text };
    Some(match world.operate(call.who, &name, operation) {
        Ok(_) => Progress::Done(0),
        Err(refusal) => call.fail(format!("bash: {path}: {refusal}")),
    })
}
