//! `varnishstat` and `varnishadm`: what a cache keeps, whom it asks, and how to make it forget.
//!
//! On a cache's machine they speak to that one; where engineers work they speak to all machines of the cache (real ones
//! are reached with `-T`).

use super::arguments::moot;
use super::table;
use super::world::caches;
use super::{Call, Command, Options, Place, Progress, Runs, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::component::cache::{Cache, Machine};
use crate::sim::operation::{Admin, Operation};
use crate::sim::quantity::{Span, Time};

pub const COMMANDS: &[Command] = &[
    Command {
        name: "varnishstat",
        usage: "varnishstat [-1]",
        options: Options::Checked(&[moot('1', "")]),
        summary: "what a cache has counted since its process started: hits, misses, objects",
        manual: "On a cache's machine for that machine, elsewhere for each of them.\n\nMAIN.uptime tells when it was restarted: a restart empties it.\n\nssh HOST varnishstat -1",
        place: Place::Anywhere,
        takes: Span::from_millis(200),
        exists: |world| caches(world).next().is_some(),
        runs: Runs::Command(stat),
        complete: |_, _| vec![candidate("-1", "once")],
        ..Command::PLAIN
    },
    Command {
        name: "varnishadm",
        usage: "varnishadm ban EXPRESSION | ban.list | backend.list | backend.set_health BACKEND STATE",
        summary: "makes a cache forget answers, and tells it what to think of its backends",
        manual: "ban req.url ~ PATTERN forgets every answer whose address fits; addresses look like /PATH/NUMBER. What is asked for next is fetched anew, as it is then: forgetting a wrong answer helps only where the right one can be had.\nbackend.set_health BACKEND sick|healthy|auto: sick isn't asked; auto is what the probe says.\n\nvarnishadm ban req.url '~' ^/PATH\nvarnishadm backend.list\ndsh -g CACHE varnishadm backend.set_health BACKEND sick",
        place: Place::Anywhere,
        takes: Span::from_millis(300),
        exists: |world| caches(world).next().is_some(),
        runs: Runs::Command(admin),
        complete,
        ..Command::PLAIN
    },
];

/// The machines that are meant: the one that is typed on, else all.
fn machines<'a>(call: &Call, world: &'a dyn World) -> Vec<(&'a Cache, &'a Machine)> {
    let all = caches(world).flat_map(|(_, cache)| cache.machines.iter().map(move |machine| (cache, machine)));
    all.filter(|(_, machine)| call.host.is_none_or(|host| *machine.name == *host)).collect()
}

fn not_here(call: &mut Call, tool: &str) -> Progress {
    call.fail(format!("{tool}: Could not get hold of varnishd, is it running?"))
}

fn stat(call: &mut Call, world: &mut dyn World) -> Progress {
    let up = machines(call, world).into_iter().filter(|(_, machine)| machine.is_up);
    let tell =
        |(_, machine): (&Cache, &Machine)| (machine.name.to_string(), counted(machine, world.now()), machine.started);
    let meant: Vec<_> = up.map(tell).collect();
    if meant.is_empty() {
        return not_here(call, "varnishstat");
    }
    let names = call.host.is_none();
    for (name, rows, started) in meant {
        if names {
            call.say(format!("{name}:"));
        }
        let seconds = world.now().since(started).as_seconds().max(1.0);
        for (counter, value, is_gauge) in rows {
            let rate = if is_gauge { ".".to_owned() } else { format!("{:.2}", value as f64 / seconds) };
            call.say(format!("MAIN.{counter:<24} {value:>12} {rate:>12}"));
        }
    }
    Progress::Done(0)
}

/// What a machine has counted: name, value, whether it is a gauge.
fn counted(machine: &Machine, now: Time) -> Vec<(&'static str, u64, bool)> {
    let sick = machine.backends.iter().filter(|backend| !backend.is_healthy()).count() as u64;
    vec![
        ("uptime", now.since(machine.started).seconds().unsigned_abs(), true),
        ("client_req", machine.requests, false),
        ("cache_hit", machine.hits, false),
        ("cache_miss", machine.misses, false),
        ("s_pass", machine.passes, false),
        ("fetch_failed", machine.failures, false),
        ("backend_unhealthy", sick, true),
        ("n_object", machine.objects() as u64, true),
        ("bans", machine.bans.len() as u64 + 1, true),
    ]
}

fn admin(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().iter().map(|word| word.replace(['\'', '"'], "")).collect();
    if machines(call, world).is_empty() {
        return not_here(call, "varnishadm");
    }
    let text = words.join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["ban", rest @ ..] => ban(call, world, rest),
        ["ban.url", pattern] => ban(call, world, &["req.url", "~", pattern]),
        ["ban.list"] => ban_list(call, world),
        ["backend.list"] => backend_list(call, world),
        ["backend.set_health", backend, state] => {
            let admin = match *state {
                "sick" => Admin::Sick,
                "healthy" => Admin::Healthy,
                "auto" | "probe" => Admin::Probe,
                _ => return call.fail("Invalid state: sick, healthy or auto\nCommand failed with error code 106"),
            };
            let operation = |host| Operation::SetHealth { host, backend: (*backend).to_owned(), admin };
            each(call, world, operation)
        }
        ["ping"] => {
            call.say("PONG");
            Progress::Done(0)
        }
        ["status"] => {
            call.say("Child in state running");
            Progress::Done(0)
        }
        ["ban.list" | "backend.list" | "ping" | "status", ..] => {
            call.fail("Too many parameters\nCommand failed with error code 105")
        }
        ["backend.set_health", ..] => call.fail("Too few parameters\nCommand failed with error code 104"),
        _ => call.fail(
            "Unknown request: ban, ban.list, backend.list, backend.set_health\nCommand failed with error code 101",
        ),
    }
}

/// Does something to every cache that is meant.
fn each(call: &mut Call, world: &mut dyn World, operation: impl Fn(Option<String>) -> Operation) -> Progress {
    let host = call.host.map(str::to_owned);
    let mut names: Vec<String> = machines(call, world).iter().map(|(cache, _)| cache.settings.name.clone()).collect();
    names.dedup();
    for name in names {
        match world.operate(call.who, &name, operation(host.clone())) {
            Ok(_) => {}
            Err(refusal) => return call.fail(format!("{refusal}\nCommand failed with error code 106")),
        }
    }
    Progress::Done(0)
}

fn ban(call: &mut Call, world: &mut dyn World, words: &[&str]) -> Progress {
    let pattern = match words {
        ["req.url", "~", pattern] => (*pattern).to_owned(),
        ["req.url", "==", address] => format!("^{}$", regex::escape(address)),
        _ => {
            return call.fail("expected conditional: ban req.url ~ PATTERN\nCommand failed with error code 106");
        }
    };
    each(call, world, |host| Operation::Ban { host, pattern: pattern.clone() })
}

fn ban_list(call: &mut Call, world: &mut dyn World) -> Progress {
    let mut lines = vec!["Present bans:".to_owned()];
    for (_, machine) in machines(call, world) {
        for (at, pattern) in &machine.bans {
            lines.push(format!("{}     0 -  {}  req.url ~ {pattern}", world.clock().utc_seconds(*at), machine.name));
        }
    }
    call.say_all(lines);
    Progress::Done(0)
}

fn backend_list(call: &mut Call, world: &mut dyn World) -> Progress {
    let mut rows = vec![];
    for (cache, machine) in machines(call, world) {
        for (backend, health) in cache.backends.iter().zip(&machine.backends) {
            let admin = match health.admin {
                Admin::Probe => "probe",
                Admin::Healthy => "healthy",
                Admin::Sick => "sick",
            };
            let probe = match (health.window(), health.is_well_by_probe()) {
                (0, _) => "Healthy (no probe)".to_owned(),
                (window, true) => format!("Healthy {}/{window}", health.good()),
                (window, false) => format!("Sick {}/{window}", health.good()),
            };
            let name = match call.host {
                Some(_) => backend.name.to_string(),
                None => format!("{}: {}", machine.name, backend.name),
            };
            rows.push(vec![name, admin.to_owned(), probe]);
        }
    }
    call.say_all(table::plain(&["Backend name", "Admin", "Probe"], &rows));
    Progress::Done(0)
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    match typed.before {
        [_] => vec![
            candidate("ban", "forgets answers by their address"),
            candidate("ban.list", "what was made to be forgotten"),
            candidate("backend.list", "whom the cache asks, and whether they are well"),
            candidate("backend.set_health", "tells it what to think of a backend"),
        ],
        [_, verb] if verb == "ban" => vec![candidate("req.url", "the address")],
        [_, verb, _] if verb == "ban" => vec![candidate("~", "fits a pattern")],
        [_, verb, _, _] if verb == "ban" => {
            let paths = caches(world).flat_map(|(_, cache)| cache.settings.routes.iter());
            paths.map(|route| candidate(format!("^/{}", route.path), "")).collect()
        }
        [_, verb] if verb == "backend.set_health" => {
            let all = caches(world).flat_map(|(_, cache)| cache.backends.iter());
            all.map(|backend| candidate(backend.name.to_string(), "backend")).collect()
        }
        [_, verb, _] if verb == "backend.set_health" => {
            ["sick", "healthy", "auto"].map(|state| candidate(state, "")).to_vec()
        }
        _ => vec![],
    }
}
