//! The logs on an environment's instances: the daemon's, and the application's. They end with their instance.

use super::{Call, Progress, World, environments};
use crate::sim::component::service::Service;
use crate::sim::component::service::daemon::{Failure, Line};
use crate::sim::id::ComponentId;

/// The daemon's log.
const DAEMON: &str = "/var/log/aws-sqsd/default.log";
/// So many lines of the end.
const END: usize = 100;
/// So many lines of an application's log are kept on an instance before they are rotated away.
const KEPT: usize = 20_000;

/// A file on a machine, where it is one of these.
pub fn file(world: &dyn World, host: &str, path: &str) -> Option<Vec<String>> {
    for (component, service) in environments(world) {
        let Some((number, _)) = service.live().find(|(_, instance)| *instance.name == *host) else { continue };
        return files(service)
            .into_iter()
            .find(|known| known == path)
            .map(|path| lines(component, service, number, &path, world));
    }
    None
}

/// The files of this kind on a machine.
pub fn paths(world: &dyn World, host: &str) -> Vec<String> {
    let is_here = |service: &Service| service.live().any(|(_, instance)| *instance.name == *host);
    environments(world).filter(|(_, service)| is_here(service)).flat_map(|(_, service)| files(service)).collect()
}

fn files(service: &Service) -> Vec<String> {
    let daemon = service.daemon.is_some().then(|| DAEMON.to_owned());
    daemon.into_iter().chain(service.settings.logs.clone()).collect()
}

fn lines(component: usize, service: &Service, number: usize, path: &str, world: &dyn World) -> Vec<String> {
    if path != DAEMON {
        return application(component, service, number, world);
    }
    let all = service.daemon.iter().flat_map(|daemon| daemon.lines.iter());
    all.filter(|line| line.instance as usize == number).map(|line| written(line, world)).collect()
}

/// `2017-01-11T12:45:30Z http-err: 1ff04457-848e-438b-a4a1-8e0df8539459 (1) 504 - 30.005`.
fn written(line: &Line, world: &dyn World) -> String {
    let stamp = world.clock().iso(line.at);
    let stamp = stamp.split('.').next().unwrap_or_default().to_owned();
    let took = line.took.as_seconds();
    match line.failure {
        Failure::Answered(status) => {
            format!("{stamp}Z http-err: {} ({}) {status} - {took:.3}", line.unit.uuid(), line.receives)
        }
        Failure::HungUp => format!("{stamp}Z socket-err: {} ({}) - {took:.3}", line.unit.uuid(), line.receives),
    }
}

fn application(component: usize, service: &Service, number: usize, world: &dyn World) -> Vec<String> {
    let system = world.system();
    let log = system.log(ComponentId(component as u8));
    let since = service.instances[number].created;
    let mut lines: Vec<String> = log
        .iter()
        .rev()
        .filter(|record| record.instance as usize == number)
        .take_while(|record| record.at >= since)
        .take(KEPT)
        .map(|record| {
            format!(
                "{} {:<5} {}",
                world.clock().iso(record.at),
                record.severity.word().to_lowercase(),
                system.line(record)
            )
        })
        .collect();
    lines.reverse();
    lines
}

/// The end of each log of each instance.
pub fn ends(component: usize, service: &Service, world: &dyn World) -> Vec<String> {
    let mut all = vec![];
    for (number, instance) in service.live() {
        all.push(format!("============= {} ==============", instance.name));
        for path in files(service) {
            all.push("-------------------------------------".to_owned());
            all.push(path.clone());
            all.push("-------------------------------------".to_owned());
            let lines = lines(component, service, number, &path, world);
            let skipped = lines.len().saturating_sub(END);
            all.extend(lines.into_iter().skip(skipped));
        }
    }
    if all.is_empty() {
        all.push("ERROR: There are no instances to get logs from.".to_owned());
    }
    all
}

/// Copies every log of every instance into files of the shell, where they stay.
pub fn copy(call: &mut Call, name: &str, world: &mut dyn World) -> Progress {
    let mut saved = vec![];
    for (component, service) in environments(world).filter(|(_, service)| service.settings.name == name) {
        for (number, instance) in service.live() {
            for path in files(service) {
                let file = format!("logs/{}/{}", instance.name, path.rsplit('/').next().unwrap_or_default());
                saved.push((file, lines(component, service, number, &path, world)));
            }
        }
    }
    if saved.is_empty() {
        return call.fail("ERROR: There are no instances to get logs from.");
    }
    for (file, lines) in saved {
        call.say(format!("{file} ({} lines)", lines.len()));
        call.files.insert(file, lines);
    }
    Progress::Done(0)
}
