//! Files of a machine that its tools read, and the few that can be written: what the kernel shows, what the system logs,
//! what `modprobe` goes by.

use super::{kernel, netfilter};
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, World};
use crate::sim::kernel::{Change, Kernel};
use crate::sim::log::Severity;
use crate::sim::quantity::Bytes;

/// Where `modprobe` looks for what it may load.
const MODPROBE: &str = "/etc/modprobe.d/";

/// The lines of a file on a machine.
pub fn file(host: &str, path: &str, world: &dyn World) -> Option<Vec<String>> {
    if path == "/proc/meminfo" {
        let machine = super::all(world).into_iter().find(|machine| machine.name == host)?;
        let line = |(name, bytes): (&str, Bytes)| format!("{:<15} {:>8} kB", format!("{name}:"), bytes.kib());
        return Some(super::memory(&machine).map(line).to_vec());
    }
    let known = world.system().kernel(host)?;
    if let Some(name) = path.strip_prefix(MODPROBE) {
        let files = &known.modules.configuration;
        return files.iter().find(|(file, _)| file == name).map(|(_, lines)| lines.clone());
    }
    if let Some(key) = path.strip_prefix("/proc/sys/") {
        let key = key.replace('/', ".");
        return known.sysctls().into_iter().find(|(name, _)| *name == key).map(|(_, value)| vec![value]);
    }
    match path {
        "/proc/modules" => Some(known.modules.all().map(|one| netfilter::module_line(known, one)).collect()),
        "/proc/net/ip_tables_names" => known.modules.has("ip_tables").then(|| netfilter::tables(known)),
        "/proc/net/nf_conntrack" => known.conntrack.as_ref().map(|table| {
            let listed = netfilter::entries(table, world.now()).into_iter();
            listed.map(|line| format!("ipv4     2 {line}")).collect()
        }),
        "/proc/version" => Some(vec![format!("Linux version {}", known.settings.version)]),
        "/var/log/auth.log" => Some(privileges(known, world)),
        "/var/log/kern.log" | "/var/log/syslog" | "/var/log/messages" => kernel::logged(host, world),
        "/var/log/nginx/error.log" => Some(errors_of(host, "nginx", world)),
        _ => None,
    }
}

/// The logs that a machine's system keeps, where its kernel is known: those that are there to list.
pub fn kept(host: &str, world: &dyn World) -> Vec<String> {
    if world.system().kernel(host).is_none() {
        return vec![];
    }
    let runs = |process: &str| {
        let mut of = services(world).filter(|(_, service)| service.settings.process == process);
        of.any(|(_, service)| service.instances.iter().any(|instance| *instance.name == *host))
    };
    let nginx = runs("nginx").then_some("/var/log/nginx/error.log");
    ["/var/log/auth.log", "/var/log/kern.log"].into_iter().chain(nginx).map(str::to_owned).collect()
}

/// The login of who did something: nobody named is the one who plays.
pub fn login(by: &str) -> String {
    if by.is_empty() { "oncall".to_owned() } else { by.to_lowercase() }
}

/// Who has used his privileges for what, as `sudo` writes it down.
fn privileges(kernel: &Kernel, world: &dyn World) -> Vec<String> {
    let line = |(at, by, command): &(_, String, String)| {
        let by = login(by);
        format!(
            "{} {} sudo: {by:>8} : TTY=pts/0 ; PWD=/home/{by} ; USER=root ; COMMAND={command}",
            world.clock().journal(*at),
            kernel.name
        )
    };
    kernel.audit.iter().map(line).collect()
}

/// What a process of a name has written about what went wrong, on a machine.
fn errors_of(host: &str, process: &str, world: &dyn World) -> Vec<String> {
    let mut lines = vec![];
    for (component, service) in services(world).filter(|(_, service)| service.settings.process == process) {
        let id = crate::sim::id::ComponentId(component as u8);
        for record in world.system().log(id).iter().filter(|record| record.severity == Severity::Error) {
            let on = service.instances.get(record.instance as usize);
            if on.is_some_and(|instance| *instance.name == *host) {
                let stamp = world.clock().nginx(record.at);
                lines.push(format!("{stamp} [error] {}", world.system().line(record)));
            }
        }
    }
    lines
}

/// Writes a file that matters to the machine; `None` for one that doesn't.
pub fn write(call: &mut Call, path: &str, lines: &[String], append: bool, world: &mut dyn World) -> Option<Progress> {
    let host = call.host?.to_owned();
    world.system().kernel(&host)?;
    let change = if let Some(name) = path.strip_prefix(MODPROBE) {
        let mut all = if append { file(&host, path, world).unwrap_or_default() } else { vec![] };
        all.extend(lines.iter().cloned());
        all.truncate(200);
        Change::Configure { file: name.to_owned(), lines: all }
    } else if let Some(key) = path.strip_prefix("/proc/sys/") {
        Change::Sysctl { key: key.replace('/', "."), value: lines.first().cloned().unwrap_or_default() }
    } else if path.starts_with("/proc/") || path.starts_with("/var/log/") {
        return Some(call.fail(format!("bash: {path}: Permission denied")));
    } else {
        return None;
    };
    Some(match netfilter::change(call, change, &format!("/usr/bin/tee {path}"), world) {
        Ok(_) => Progress::Done(0),
        Err(refusal) => call.fail(format!("bash: {path}: {refusal}")),
    })
}
