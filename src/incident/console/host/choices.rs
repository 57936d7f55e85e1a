//! What the menus offer about machines, the services that run on them and the balancers before those.

use super::machine::Machine;
use super::{all, disks};
use crate::incident::console::choice::{change, look};
use crate::incident::console::world::{balancers, hosts, services};
use crate::incident::console::{World, deploy};
use crate::incident::view::Choice;
use crate::sim::component::load_balancer::{Flavour, LoadBalancer, State};
use crate::sim::component::service::Service;

/// A file is offered to be emptied or deleted where it takes at least this part of its volume.
const LARGE: u64 = 100;

/// The parts of a system that machines have something to say about.
pub fn parts(world: &dyn World) -> Vec<String> {
    let balancers = balancers(world).filter(|of| of.settings.flavour == Flavour::HaProxy);
    let mut parts: Vec<String> = balancers.map(|balancer| balancer.settings.name.clone()).collect();
    let on_machines = services(world).filter(|(_, service)| service.supervisor().is_some());
    parts.extend(on_machines.map(|(_, service)| service.settings.name.clone()));
    parts.extend(hosts(world).flat_map(|(_, group)| group.machines.iter().map(|machine| machine.name.to_string())));
    parts
}

/// What can be looked at and done about a part: a machine, a group of them, a service on machines, a balancer.
pub fn choices(world: &dyn World, part: &str, into: &mut Vec<Choice>) {
    for balancer in balancers(world).filter(|of| of.settings.name == part && of.settings.flavour == Flavour::HaProxy) {
        of_balancer(balancer, into);
    }
    let on_machines = services(world).filter(|(_, service)| service.supervisor().is_some());
    for (_, service) in on_machines.filter(|(_, service)| service.settings.name == part) {
        of_service(world, service, into);
    }
    let group = hosts(world).find(|(_, group)| group.settings.name == part);
    let of_group = |machine: &Machine| {
        group.is_some_and(|(_, group)| group.machines.iter().any(|known| *known.name == *machine.name))
    };
    let machines: Vec<Machine> = all(world).into_iter().filter(|one| !one.is_node).collect();
    let meant: Vec<&Machine> = machines.iter().filter(|one| one.name == part || of_group(one)).collect();
    for machine in &meant {
        let before = into.len();
        of_machine(world, machine, into);
        if meant.len() > 1 {
            for choice in &mut into[before..] {
                choice.label = format!("{}: {}", machine.name, choice.label);
            }
        }
    }
}

/// What lies below the processes of a machine.
fn of_kernel(world: &dyn World, name: &str, into: &mut Vec<Choice>) {
    into.push(look("What its kernel has said", format!("ssh {name} dmesg -T | tail -20")));
    let proxies = services(world).filter(|(_, service)| service.settings.proxy.is_some());
    if proxies.flat_map(|(_, service)| &service.instances).any(|instance| *instance.name == *name) {
        into.push(look("What nginx complains about", format!("ssh {name} tail -5 /var/log/nginx/error.log")));
    }
    into.push(look("Its sockets, counted", format!("ssh {name} ss -s")));
    into.push(look("The modules that its kernel has loaded", format!("ssh {name} lsmod")));
    into.push(look("The values of its kernel", format!("ssh {name} sysctl -a")));
    into.push(look("Who used his privileges there", format!("ssh {name} tail -5 /var/log/auth.log")));
}

fn of_machine(world: &dyn World, machine: &Machine, into: &mut Vec<Choice>) {
    let name = &machine.name;
    for resident in &machine.residents {
        let Some(unit) = &resident.unit else { continue };
        let (service, tool) = (&unit.name, if unit.is_systemd { "systemctl" } else { "initctl" });
        into.push(look(format!("How {service} does there"), format!("ssh {name} {tool} status {service}")));
        if unit.is_systemd {
            let line = format!("ssh {name} journalctl -u {service} -n 12");
            into.push(look(format!("What the journal says of {service}"), line));
        }
    }
    if disks::has_disks(machine) {
        into.push(look("How full its disks are", format!("ssh {name} df -h")));
        let line = format!("ssh {name} \"du -ah /var | sort -rh | head -6\"");
        into.push(look("What takes the most room under /var", line));
        into.push(look("Files that are deleted and still open", format!("ssh {name} lsof +L1")));
    }
    let measures_kernel = hosts(world)
        .any(|(_, group)| group.settings.kernel.measured && group.machines.iter().any(|known| *known.name == **name));
    if measures_kernel {
        of_kernel(world, name, into);
    }
    into.push(look("Its memory", format!("ssh {name} free -h")));
    into.push(look("Its processes", format!("ssh {name} ps aux")));
    into.push(look("Log in", format!("ssh {name}")));
    for balancer in balancers(world) {
        into.extend(in_or_out(balancer, name));
    }
    for resident in &machine.residents {
        let Some(unit) = &resident.unit else { continue };
        let (service, tool) = (&unit.name, if unit.is_systemd { "systemctl" } else { "initctl" });
        let line = |verb: &str| format!("ssh {name} {tool} {verb} {service}");
        if matches!(unit.state, "failed" | "inactive") {
            into.push(change(format!("Start {service}"), line("start"), "It takes a few seconds until it answers."));
            continue;
        }
        let keeps = "It reads its settings again and opens its log anew; nobody notices.";
        into.push(change(format!("Reload {service}"), line("reload"), keeps));
        let lost = "It ends and starts again. What it has in hand is lost.";
        into.push(change(format!("Restart {service}"), line("restart"), lost));
        into.push(change(format!("Stop {service}"), line("stop"), "It is gone until somebody starts it."));
    }
    of_files(machine, into);
}

/// The files that take much room.
fn of_files(machine: &Machine, into: &mut Vec<Choice>) {
    let name = &machine.name;
    for (number, volume) in machine.disks.volumes.iter().enumerate() {
        let large = machine.disks.on(number).filter(|(_, file)| file.is_linked && !file.is_folder);
        for (_, file) in large.filter(|(_, file)| file.size.0 * LARGE >= volume.size.0) {
            let path = &file.path;
            let gone = "What stands in it is gone for good.";
            into.push(change(format!("Empty {path}"), format!("ssh {name} truncate -s 0 {path}"), gone));
            into.push(change(format!("Delete {path}"), format!("ssh {name} rm {path}"), gone));
        }
    }
}

/// The line that takes a machine out of a balancer, or puts it back.
fn in_or_out(balancer: &LoadBalancer, machine: &str) -> Option<Choice> {
    let of = &balancer.settings;
    let backend = balancer.backends.iter().find(|backend| *backend.name == *machine)?;
    let is_out = backend.state == State::Deregistered;
    let line = match (of.flavour, &of.host) {
        (Flavour::HaProxy, Some(host)) => {
            let verb = if is_out { "enable" } else { "disable" };
            format!("ssh {host} 'echo \"{verb} server {}/{machine}\" | socat stdio /run/haproxy.sock'", of.to)
        }
        (Flavour::Elb, _) => {
            let verb = if is_out { "register-instances-with" } else { "deregister-instances-from" };
            format!("aws elb {verb}-load-balancer --load-balancer-name {} --instances {machine}", of.name)
        }
        _ => return None,
    };
    Some(if is_out {
        change(format!("Put {machine} back into {}", of.name), line, "It gets its share of the requests again.")
    } else {
        let left = balancer.in_service().saturating_sub(1);
        let warning = format!("It gets no new requests; {left} others carry its share.");
        change(format!("Take {machine} out of {}", of.name), line, warning)
    })
}

fn of_balancer(balancer: &LoadBalancer, into: &mut Vec<Choice>) {
    if let Some(host) = &balancer.settings.host {
        let line = format!("ssh {host} 'echo \"show stat\" | socat stdio /run/haproxy.sock'");
        into.push(look("How its servers do", line));
    }
    into.extend(balancer.backends.iter().filter_map(|backend| in_or_out(balancer, &backend.name)));
}

fn of_service(world: &dyn World, service: &Service, into: &mut Vec<Choice>) {
    let name = &service.settings.name;
    let is_systemd =
        service.supervisor().is_some_and(crate::sim::component::service::supervisor::Supervisor::is_systemd);
    let tool = if is_systemd { "systemctl" } else { "initctl" };
    for (_, instance) in service.live() {
        let line = format!("ssh {} {tool} status {}", instance.name, service.unit());
        into.push(look(format!("How it does on {}", instance.name), line));
    }
    if !service.config.is_empty() {
        into.push(look("Its settings, and which machines differ", format!("config {name}")));
    }
    into.push(look("What was changed in its code", format!("git log {name}")));
    for balancer in balancers(world).filter(|balancer| balancer.settings.to == *name) {
        into.extend(balancer.backends.iter().filter_map(|backend| in_or_out(balancer, &backend.name)));
    }
    let ships = format!("It takes {} to ship; then its processes start again, one after the other.", {
        service.settings.pipeline.age()
    });
    for key in &service.config {
        if !key.but.is_empty() {
            let line = format!("deploy {name} --set {}={}", key.key, key.is);
            into.push(change(format!("Set {} to {} everywhere", key.key, key.is), line, ships.clone()));
        }
        let line = format!("deploy {name} --set {}=…", key.key);
        into.push(change(format!("Change {}", key.key), line, ships.clone()));
    }
    into.extend(deploy::choices(world, name, "Builds it and starts it, machine by machine."));
}
