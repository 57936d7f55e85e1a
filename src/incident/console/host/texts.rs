//! Texts that a machine keeps although nobody gave them a size: its syslog, and what dying processes have said.

use super::machine::Machine;
use super::{kernel, search_node, system_files};
use crate::incident::console::World;
use crate::incident::console::world::services;
use crate::sim::id::ComponentId;
use crate::sim::log::Severity;
use crate::sim::quantity::{Span, Time};

/// Where init, the kernel and cron write.
pub const SYSLOG: &str = "/var/log/syslog";
/// What the syslog holds before it is rotated.
const KEPT: Span = Span::from_seconds(86_400);

/// The lines of such a text; `None` where the path is none of them.
pub fn of(machine: &Machine, path: &str, world: &dyn World) -> Option<Vec<String>> {
    if !machine.texts.iter().any(|known| known == path)
        || system_files::kept(&machine.name, world).iter().any(|own| own == path)
    {
        return None;
    }
    if path == SYSLOG {
        return Some(syslog(machine, world));
    }
    Some(search_node::slow_log(&machine.name, path, world).unwrap_or_else(|| last_words(machine, path, world)))
}

fn syslog(machine: &Machine, world: &dyn World) -> Vec<String> {
    let now = world.now();
    let from = now - KEPT;
    let told = machine.supervisors.iter().filter(|(_, who, _)| *who != "kernel");
    let mut lines: Vec<(Time, String)> = told.map(|(at, who, text)| (*at, format!("{who}: {text}"))).collect();
    lines.extend(
        kernel::all(machine, now)
            .into_iter()
            .map(|(at, text)| (at, format!("kernel: {} {text}", kernel::since_boot(at, machine.booted)))),
    );
    // Once an hour, as everywhere.
    let first = from.second().div_euclid(3600);
    let hours = (first..=now.second().div_euclid(3600)).map(|hour| Time::from_seconds(hour * 3600 + 1020));
    for (at, number) in hours.zip(0..) {
        let pid = 2000 + (machine.booted.second().rem_euclid(997) + number * 331) % 27_000;
        lines.push((at, format!("CRON[{pid}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)")));
    }
    lines.retain(|(at, _)| *at >= from && *at <= now);
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(at, text)| format!("{} {} {text}", world.clock().journal(at), machine.name)).collect()
}

/// What the processes of a machine have written to this file when they died, or were told to show their goroutines.
fn last_words(machine: &Machine, path: &str, world: &dyn World) -> Vec<String> {
    let mut lines = vec![];
    for (component, service) in services(world) {
        if service.settings.stderr.as_deref() != Some(path) {
            continue;
        }
        let Some(number) = service.instances.iter().position(|instance| *instance.name == *machine.name) else {
            continue;
        };
        let own = world.system().log(ComponentId(component as u8)).iter();
        for record in own.filter(|one| one.severity == Severity::Fatal && one.instance as usize == number) {
            let said = world.system().line(record);
            // A dump that somebody asked for is no panic.
            let was_asked = ["SIGQUIT: ", "goroutine "].iter().any(|word| said.starts_with(word));
            let text = if was_asked { said } else { format!("panic: {said}") };
            lines.extend(text.lines().map(str::to_owned));
            lines.push(String::new());
        }
    }
    lines
}
