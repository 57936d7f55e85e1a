//! `systemctl`, `initctl`, `kill`: the processes of a machine, and who watches over them.

use super::here;
use super::machine::{Machine, Resident, Unit};
use crate::incident::console::arguments::{Flag, moot};
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest, sessions};
use crate::incident::view::Candidate;
use crate::sim::component::service::Exit;
use crate::sim::component::service::machine::signal_name;
use crate::sim::operation::{Applied, Operation, Verb};
use crate::sim::quantity::Time;

/// What the supervisors of a machine have said, of one unit or of all.
pub fn said(machine: &Machine, unit: Option<&str>) -> Vec<(Time, String)> {
    // An application server speaks for the one unit that it is.
    let is_of = |who: &str, text: &str, unit: &str| text.contains(unit) || who == "uwsgi";
    let of = machine.supervisors.iter().filter(|(_, who, text)| unit.is_none_or(|unit| is_of(who, text, unit)));
    let line = |who: &str, text: &str| if who.is_empty() { text.to_owned() } else { format!("{who}: {text}") };
    of.map(|(at, who, text)| (*at, line(who, text))).collect()
}

/// The processes of a machine that have a unit of systemd, or a job of upstart.
fn watched(machine: &Machine, is_systemd: bool) -> impl Iterator<Item = (&Resident, &Unit)> {
    let of = move |resident: &Resident| resident.unit.as_ref().is_some_and(|unit| unit.is_systemd == is_systemd);
    let residents = machine.residents.iter().filter(move |resident| of(resident));
    residents.filter_map(|resident| resident.unit.as_ref().map(|unit| (resident, unit)))
}

fn verb_of(word: &str) -> Option<Verb> {
    [Verb::Start, Verb::Stop, Verb::Restart, Verb::Reload].into_iter().find(|verb| verb.word() == word)
}

pub const SYSTEMCTL: &[Flag] = &[moot('l', "full"), moot(' ', "no-pager")];

pub fn systemctl(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    match words.as_slice() {
        [] => list_units(call, &machine),
        [verb] if verb == "list-units" => list_units(call, &machine),
        [verb] => call.fail(format!("usage: systemctl {verb} UNIT")),
        [verb, units @ ..] => {
            for name in units {
                let name = name.trim_end_matches(".service");
                let Some((resident, unit)) = watched(&machine, true).find(|(_, unit)| unit.name == name) else {
                    let near = nearest(name, watched(&machine, true).map(|(_, unit)| unit.name.as_str()));
                    let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
                    call.complain(format!("Unit {name}.service could not be found.{hint}"));
                    return Progress::Done(4);
                };
                let code = match verb_of(verb) {
                    Some(verb) => operate(call, world, &machine, resident, verb),
                    None if verb == "status" => status(call, world, &machine, resident, unit),
                    None if verb == "is-active" => {
                        call.say(unit.state);
                        u8::from(unit.state != "active") * 3
                    }
                    None => {
                        call.complain(format!("Unknown command verb '{verb}': status, start, stop, restart, reload"));
                        1
                    }
                };
                if code != 0 {
                    return Progress::Done(code);
                }
            }
            Progress::Done(0)
        }
    }
}

fn operate(call: &mut Call, world: &mut dyn World, machine: &Machine, resident: &Resident, verb: Verb) -> u8 {
    let operation = Operation::Unit { instance: machine.name.clone(), verb };
    match world.operate(call.who, &resident.service, operation) {
        Ok(_) => 0,
        Err(refusal) => {
            call.complain(refusal);
            1
        }
    }
}

fn list_units(call: &mut Call, machine: &Machine) -> Progress {
    call.say("  UNIT                     LOAD   ACTIVE     SUB");
    let mut count = 2;
    for (_, unit) in watched(machine, true) {
        let (active, sub) = words(unit);
        call.say(format!("  {:<24} loaded {active:<10} {sub}", format!("{}.service", unit.name)));
        count += 1;
    }
    call.say("  cron.service             loaded active     running");
    call.say("  ssh.service              loaded active     running");
    call.say("");
    call.say(format!("{count} loaded units listed."));
    Progress::Done(0)
}

/// systemd's two words for a state.
fn words(unit: &Unit) -> (&'static str, &'static str) {
    match unit.state {
        "active" => ("active", "running"),
        "activating" => ("activating", "start"),
        "auto-restart" => ("activating", "auto-restart"),
        "deactivating" => ("deactivating", "stop-sigterm"),
        "failed" => ("failed", "failed"),
        _ => ("inactive", "dead"),
    }
}

/// `exited, status=1/FAILURE`, `killed, signal=KILL`.
fn exit_words(exit: Exit) -> String {
    if exit.code > 128 {
        format!("killed, signal={}", signal_name(exit.code - 128))
    } else {
        format!("exited, status={}", exit.code)
    }
}

fn status(call: &mut Call, world: &dyn World, machine: &Machine, resident: &Resident, unit: &Unit) -> u8 {
    let (active, sub) = words(unit);
    let now = world.now();
    let dot = if active == "active" { "●" } else { "○" };
    call.say(format!("{dot} {name}.service - {name}", name = unit.name));
    call.say(format!("     Loaded: loaded (/etc/systemd/system/{}.service; enabled)", unit.name));
    let result = match unit.last_exit {
        Some(exit) if active == "failed" => {
            format!(" (Result: {})", if exit.code > 128 { "signal" } else { "exit-code" })
        }
        _ => format!(" ({sub})"),
    };
    let since = world.clock().utc_seconds(unit.since);
    call.say(format!("     Active: {active}{result} since {since}; {} ago", now.since(unit.since).age()));
    if let Some(exit) = unit.last_exit {
        call.say(format!("    Process: last one {}", exit_words(exit)));
    }
    if unit.restarts > 0 {
        call.say(format!("   Restarts: {}", unit.restarts));
    }
    if resident.pid > 0 {
        call.say(format!("   Main PID: {} ({})", resident.pid, resident.process));
        call.say(format!("     Memory: {}", super::human(resident.memory)));
    }
    let lines = said(machine, Some(&unit.name));
    let skipped = lines.len().saturating_sub(10);
    if !lines.is_empty() {
        call.say("");
    }
    for (at, text) in lines.into_iter().skip(skipped) {
        call.say(format!("{} {} {text}", world.clock().journal(at), machine.name));
    }
    u8::from(active != "active") * 3
}

pub fn initctl(call: &mut Call, world: &mut dyn World) -> Progress {
    // `restart app` is `initctl restart app`.
    let words = if call.words[0] == "initctl" { call.arguments() } else { call.words }.to_vec();
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let jobs: Vec<(&Resident, &Unit)> = watched(&machine, false).collect();
    match words.as_slice() {
        [verb] if verb == "list" => {
            for (resident, unit) in jobs {
                call.say(job_line(resident, unit));
            }
            call.say("cron start/running, process 412");
            call.say("ssh start/running, process 655");
            Progress::Done(0)
        }
        [verb, job] => {
            let Some((resident, unit)) = jobs.iter().find(|(_, unit)| unit.name == *job) else {
                let near = nearest(job, jobs.iter().map(|(_, unit)| unit.name.as_str()));
                let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
                return call.fail(format!("initctl: Unknown job: {job}{hint}"));
            };
            match verb_of(verb) {
                Some(verb) => {
                    let operation = Operation::Unit { instance: machine.name.clone(), verb };
                    match world.operate(call.who, &resident.service, operation) {
                        Ok(Applied::Unchanged) if verb == Verb::Start => {
                            call.fail(format!("initctl: Job is already running: {job}"))
                        }
                        Ok(Applied::Unchanged) => call.fail("initctl: Unknown instance:"),
                        Ok(_) => {
                            let after = here(call, world).unwrap_or_default();
                            let line = watched(&after, false).find(|(_, unit)| unit.name == *job);
                            call.say(line.map_or(String::new(), |(resident, unit)| job_line(resident, unit)));
                            Progress::Done(0)
                        }
                        Err(refusal) => call.fail(format!("initctl: {refusal}")),
                    }
                }
                None if verb == "status" => {
                    call.say(job_line(resident, unit));
                    Progress::Done(0)
                }
                None => call.fail(format!("initctl: invalid command: {verb}")),
            }
        }
        _ => call.fail("usage: initctl list | initctl status|start|stop|restart|reload JOB"),
    }
}

/// `app start/running, process 2628`, `app stop/waiting`.
fn job_line(resident: &Resident, unit: &Unit) -> String {
    match unit.state {
        "active" => format!("{} start/running, process {}", unit.name, resident.pid),
        "activating" => format!("{} start/spawned, process {}", unit.name, resident.pid),
        "deactivating" => format!("{} stop/killed, process {}", unit.name, resident.pid),
        _ => format!("{} stop/waiting", unit.name),
    }
}

pub fn kill(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().to_vec();
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let mut signal = 15;
    let mut pids = vec![];
    for word in &words {
        if let Some(name) = word.strip_prefix('-') {
            let name = name.trim_start_matches("SIG");
            let by_name = (1..=15).find(|number| signal_name(*number) == name);
            let Some(number) = name.parse().ok().or(by_name) else {
                return call.fail(format!("bash: kill: {name}: invalid signal specification"));
            };
            signal = number;
        } else {
            pids.push(word.clone());
        }
    }
    if pids.is_empty() {
        return call.fail("usage: kill [-SIGNAL] PID");
    }
    for pid in pids {
        let found = machine.residents.iter().find(|resident| resident.pid > 0 && resident.pid.to_string() == pid);
        let found = found.map(|resident| (resident.service.clone(), resident.name.clone())).or_else(|| {
            let job = sessions::process(world, call.host, pid.parse().ok()?)?;
            Some((job.clone(), job))
        });
        let Some((component, instance)) = found else {
            return call.fail(format!("bash: kill: ({pid}) - No such process"));
        };
        if let Err(refusal) = world.operate(call.who, &component, Operation::Kill { instance, signal }) {
            return call.fail(format!("bash: kill: ({pid}) - {refusal}"));
        }
    }
    Progress::Done(0)
}

/// The machine that is typed on.
fn typed_on(typed: &Typed, world: &dyn World) -> Machine {
    let name = typed.host.unwrap_or_default();
    super::all(world).into_iter().find(|machine| machine.name == name).unwrap_or_default()
}

fn complete_unit(typed: &Typed, world: &dyn World, verbs: &[&str], is_systemd: bool) -> Vec<Candidate> {
    match typed.before {
        [_] => verbs.iter().map(|verb| candidate(*verb, "")).collect(),
        [_, _] => {
            let machine = typed_on(typed, world);
            watched(&machine, is_systemd).map(|(_, unit)| candidate(unit.name.clone(), unit.state)).collect()
        }
        _ => vec![],
    }
}

/// The units of the machine that is typed on.
pub fn units(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let machine = typed_on(typed, world);
    let mut all: Vec<Candidate> =
        watched(&machine, true).map(|(_, unit)| candidate(unit.name.clone(), unit.state)).collect();
    all.extend(machine.is_node.then(|| candidate("kubelet", "active")));
    all
}

pub fn complete_systemctl(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    complete_unit(typed, world, &["status", "restart", "reload", "stop", "start", "list-units"], true)
}

pub fn complete_initctl(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    complete_unit(typed, world, &["list", "status", "restart", "reload", "stop", "start"], false)
}

pub fn complete_kill(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let machine = typed_on(typed, world);
    let running = machine.residents.iter().filter(|resident| resident.pid > 0);
    running.map(|resident| candidate(resident.pid.to_string(), resident.process.clone())).collect()
}
