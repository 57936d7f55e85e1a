//! `socat`: the admin socket of an `HAProxy`, on the machine it runs on.
//!
//! `ssh HOST 'echo "disable server BACKEND/SERVER" | socat stdio /run/haproxy.sock'`

use super::world::balancers;
use super::{Call, Command, Place, Progress, Runs, World, nothing};
use crate::sim::Status;
use crate::sim::component::load_balancer::{Backend, Flavour, LoadBalancer, State};
use crate::sim::operation::Operation;
use crate::sim::quantity::{Span, Time};

pub const COMMANDS: &[Command] = &[Command {
    name: "socat",
    usage: "socat stdio /run/haproxy.sock",
    summary: "talks to HAProxy's admin socket, on the machine of the load balancer",
    manual: "show stat                  every server: its state, requests, connection errors
disable server BACKEND/SERVER    no new requests; what it has in hand it finishes
enable server BACKEND/SERVER     in again

ssh HOST 'echo \"show stat\" | socat stdio /run/haproxy.sock'
ssh HOST 'echo \"disable server BACKEND/SERVER\" | socat stdio /run/haproxy.sock'",
    place: Place::Host,
    takes: Span::from_millis(50),
    exists: |world| balancers(world).any(|of| of.settings.flavour == Flavour::HaProxy),
    runs: Runs::Command(run),
    complete: nothing,
    ..Command::PLAIN
}];

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let host = call.host.unwrap_or_default();
    let here =
        |of: &&LoadBalancer| of.settings.flavour == Flavour::HaProxy && of.settings.host.as_deref() == Some(host);
    let Some(name) = balancers(world).find(here).map(|of| of.settings.name.clone()) else {
        return call.fail(format!(
            "{} socat[2811] E connect(5, AF=1 \"/run/haproxy.sock\", 19): No such file or directory",
            world.clock().utc_seconds(world.now())
        ));
    };
    let addresses: Vec<&String> =
        call.arguments().iter().filter(|word| !word.starts_with('-') || *word == "-").collect();
    if let Some(option) = call.arguments().iter().find(|word| word.starts_with('-') && *word != "-") {
        let stamp = world.clock().utc_seconds(world.now());
        return call.fail(format!("{stamp} socat[2811] E unknown option \"{option}\"; use option \"-h\" for help"));
    }
    let is_socket = |address: &str| {
        let path = address.rsplit(':').next().unwrap_or_default();
        path == "/run/haproxy.sock" || path == "/var/run/haproxy.sock"
    };
    match addresses.as_slice() {
        [from, to] if ["stdio", "STDIO", "-"].contains(&from.as_str()) && is_socket(to) => {}
        [to, from] if ["stdio", "STDIO", "-"].contains(&from.as_str()) && is_socket(to) => {}
        [_, other] => {
            let stamp = world.clock().utc_seconds(world.now());
            return call
                .fail(format!("{stamp} socat[2811] E connect(5, AF=1 \"{other}\", 19): No such file or directory"));
        }
        _ => {
            let (stamp, count) = (world.clock().utc_seconds(world.now()), addresses.len());
            return call.fail(format!(
                "{stamp} socat[2811] E exactly 2 addresses required (there are {count}); use option \"-h\" for help"
            ));
        }
    }
    let Some(input) = call.input else {
        return call.fail("socat: it waits for a command: echo \"show stat\" | socat stdio /run/haproxy.sock");
    };
    for line in input {
        for command in line.split(';').map(str::trim).filter(|command| !command.is_empty()) {
            if let Err(error) = told(call, world, &name, command) {
                call.say(error);
            }
        }
    }
    Progress::Done(0)
}

/// Carries out one command of the socket; what it answers.
fn told(call: &mut Call, world: &mut dyn World, name: &str, command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["show", "stat"] => {
            let now = world.now();
            let lines: Vec<String> =
                balancers(world).filter(|of| of.settings.name == name).flat_map(|of| stat(of, now)).collect();
            call.say_all(lines);
            Ok(())
        }
        [verb @ ("disable" | "enable"), "server", path] => {
            let Some((_, server)) = path.split_once('/') else {
                return Err("Require 'backend/server'.".to_owned());
            };
            let backend = server.to_owned();
            let operation =
                if *verb == "disable" { Operation::Deregister { backend } } else { Operation::Register { backend } };
            world.operate(call.who, name, operation).map(|_| call.say(""))
        }
        _ => Err("Unknown command. Please enter one of the following commands only :\n  show stat\n  disable server BACKEND/SERVER\n  enable server BACKEND/SERVER".to_owned()),
    }
}

/// The columns of `show stat` that tell something here, in its order.
fn stat(balancer: &LoadBalancer, now: Time) -> Vec<String> {
    let mut lines = vec!["# pxname,svname,scur,stot,econ,status,chkfail,lastchg,check_status".to_owned()];
    let to = &balancer.settings.to;
    lines.extend(balancer.backends.iter().map(|backend| {
        format!(
            "{to},{},{},{},{},{},{},{},{}",
            backend.name,
            backend.in_hand,
            backend.sent,
            backend.refused,
            status(backend),
            backend.failures,
            now.since(backend.since).seconds(),
            check(backend)
        )
    }));
    let up = balancer.in_service();
    lines.push(format!("{to},BACKEND,,,,{},,,", if up > 0 { "UP" } else { "DOWN" }));
    lines
}

const fn status(backend: &Backend) -> &'static str {
    match backend.state {
        State::InService => "UP",
        State::OutOfService | State::Registering => "DOWN",
        State::Deregistered => "MAINT",
    }
}

fn check(backend: &Backend) -> &'static str {
    match backend.last_check {
        None => "UNK",
        Some(Status::REFUSED) => "L4CON",
        Some(Status::TIMED_OUT) => "L4TOUT",
        Some(status) if status.is_ok() => "L4OK",
        Some(_) => "L7STS",
    }
}
