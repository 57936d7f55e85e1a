//! `deploy` and `config`: versions of services and their settings, and how another one gets to run.

use super::arguments::valued;
use super::world::services;
use super::{Call, Command, Named, Options, Place, Progress, Runs, Typed, World, candidate, code, database, nearest};
use crate::incident::view::{Candidate, Choice};
use crate::sim::component::service::settings;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::{Span, Time};
use crate::sim::random;

pub const COMMANDS: &[Command] = &[
    Command {
        name: "deploy",
        options: Options::Checked(&[valued(' ', "set", "KEY=VALUE", "changes a setting on all machines")]),
        usage: "deploy [SERVICE [VERSION] | SERVICE --set KEY=VALUE]",
        summary: "builds a version and rolls it out, or changes a setting; without arguments, lists what can be deployed",
        manual: "A version that isn't written yet is written first, which takes its time; then it is built and pushed; then it is rolled out, one instance after the other. It runs in the background: `jobs` shows it, `stop` ends it before it rolls.\n\n`kubectl rollout undo` is faster where the version ran before.\n\n`--set KEY=VALUE` changes a setting on all machines; the processes are started again, one after the other.\n\n`config SERVICE` shows what there is.",
        place: Place::Bastion,
        takes: Span::from_millis(500),
        exists: |world| services(world).next().is_some(),
        runs: Runs::Command(deploy),
        complete: complete_deploy,
        ..Command::PLAIN
    },
    Command {
        name: "config",
        options: Options::Checked(&[]),
        usage: "config [SERVICE]",
        summary: "the settings of a service, and which machines differ",
        manual: "Settings are read when a process starts. `deploy SERVICE --set KEY=VALUE` changes one.",
        place: Place::Bastion,
        takes: Span::from_millis(300),
        exists: |world| services(world).any(|(_, service)| !service.config.is_empty()),
        runs: Runs::Command(config),
        complete: |typed, world| if typed.before.len() == 1 { names(world) } else { vec![] },
        ..Command::PLAIN
    },
];

/// A version of a service with where it stands in time.
pub struct Change<'a> {
    pub service: &'a str,
    pub version: &'a settings::Version,
    /// When it was deployed last; what isn't yet has none.
    pub at: Option<Time>,
    /// When it was committed: it can't have been deployed before.
    pub committed: Option<Time>,
    pub runs: bool,
    /// How many instances there should be.
    wanted: u32,
}

/// Whether a version is among those named: as `version`, or as `service@version`.
fn is_among(list: &[(String, String)], service: &str, version: &str) -> bool {
    list.iter().any(|(name, _)| match name.split_once('@') {
        Some((of, name)) => of == service && name == version,
        None => name == version,
    })
}

/// Every version of every service, the latest first; what somebody has yet to bring isn't known, unless one
/// can have it written.
pub fn changes(world: &dyn World) -> Vec<Change<'_>> {
    let mut all: Vec<Change> = vec![];
    let awaited = world.named(Named::Awaited);
    for (_, service) in services(world) {
        for (index, version) in service.settings.versions.iter().enumerate() {
            if version.takes.is_none() && is_among(&awaited, &service.settings.name, &version.name) {
                continue;
            }
            let here = service.deployment.revisions.iter().filter(|one| usize::from(one.version) == index);
            let made: Vec<Time> = here.map(|revision| revision.made).collect();
            // What a level says of the past is a span before the incident.
            let past = version.deployed.map(|span| Time::ZERO + span);
            let at = made.iter().copied().max().or(past);
            let committed = past.or(made.iter().copied().min());
            let runs = usize::from(service.template().version) == index;
            all.push(Change {
                service: &service.settings.name,
                version,
                at,
                committed,
                runs,
                wanted: service.deployment.replicas,
            });
        }
    }
    all.sort_by_key(|change| std::cmp::Reverse(change.at.unwrap_or(Time::from_micros(i64::MIN))));
    all
}

/// Those that one sees: what nobody has written yet is thought of once the player has said what is wrong.
pub fn thought_of(world: &dyn World) -> Vec<Change<'_>> {
    let has_answered = !world.named(Named::Answered).is_empty();
    changes(world).into_iter().filter(|change| has_answered || unwritten(change, world).is_none()).collect()
}

/// Seven hexadecimal digits that stand for a version.
pub fn hash(service: &str, version: &str) -> String {
    let word = random::mix(random::hash_name(service) ^ random::hash_name(version).rotate_left(17));
    format!("{:07x}", word >> 36)
}

fn deploy(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments().to_vec();
    if let Some(setting) = words.iter().position(|word| word == "--set" || word.starts_with("--set=")) {
        return set(call, &words, setting, world);
    }
    let (name, version) = match words.as_slice() {
        [] => return list(call, world, None),
        [name] if services(world).any(|(_, service)| service.settings.name == *name) => {
            return list(call, world, Some(name));
        }
        [name] => (name, &String::new()),
        [name, version] => (name, version),
        _ => return call.fail("usage: deploy SERVICE VERSION"),
    };
    let Some((_, service)) = services(world).find(|(_, service)| service.settings.name == *name) else {
        let near = nearest(name, services(world).map(|(_, service)| service.settings.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("deploy: there is no service `{name}`{hint}"));
    };
    let versions = &service.settings.versions;
    let awaited = world.named(Named::Awaited);
    let known = |one: &&settings::Version| one.takes.is_some() || !is_among(&awaited, name, &one.name);
    let found = versions.iter().position(|one| one.name == *version && known(&one));
    let Some(index) = found else {
        let names: Vec<&str> = versions.iter().filter(known).map(|one| one.name.as_str()).collect();
        let near = nearest(version, names.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("deploy: {name} has no version `{version}`{hint}: {}", names.join(", ")));
    };
    let is_built = code::is_built(service, index);
    let is_written = code::is_written(service, index, world);
    let writing = versions[index].takes.filter(|_| !is_written).unwrap_or_default();
    let building = if is_built { Span::ZERO } else { service.settings.pipeline };
    let on_machines = service.kubernetes().is_none();
    let stamp = world.clock().seconds(world.now());
    match call.visit {
        0 if writing > Span::ZERO => {
            call.say(format!(
                "{stamp} {version} isn't written yet: about {} to write, review and test it",
                writing.age()
            ));
            call.kept.push("written first".to_owned());
            Progress::Again(writing)
        }
        0 | 1 if building > Span::ZERO && call.visit == u32::from(!call.kept.is_empty()) => {
            call.say(format!("{stamp} building {name}:{version} ({})", building.age()));
            Progress::Again(building)
        }
        _ => {
            let operation = Operation::SetVersion { version: version.clone() };
            match world.operate(call.who, name, operation) {
                Ok(Applied::Unchanged) => call.say(format!("{stamp} {name} runs {version} already: nothing to do")),
                Ok(_) if on_machines => {
                    call.say(format!("{stamp} rolling out {name}:{version}, one machine after the other"));
                }
                Ok(_) => call.say(format!(
                    "{stamp} rolling out {name}:{version}: kubectl rollout status deployment/{name} follows it"
                )),
                Err(refusal) => return call.fail(format!("deploy: {refusal}")),
            }
            Progress::Done(0)
        }
    }
}

/// `deploy SERVICE --set KEY=VALUE`.
fn set(call: &mut Call, words: &[String], at: usize, world: &mut dyn World) -> Progress {
    let attached = words[at].strip_prefix("--set=").map(str::to_owned);
    let setting = attached.clone().or_else(|| words.get(at + 1).cloned()).unwrap_or_default();
    let is_name = |index: &usize| *index != at && (attached.is_some() || *index != at + 1);
    let name = (0..words.len()).find(is_name).map(|index| words[index].clone());
    let (Some(name), Some((key, value))) = (name, setting.split_once('=')) else {
        return call.fail("usage: deploy SERVICE --set KEY=VALUE");
    };
    let Some((_, service)) = services(world).find(|(_, service)| service.settings.name == name) else {
        let near = nearest(&name, services(world).map(|(_, service)| service.settings.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("deploy: there is no service `{name}`{hint}"));
    };
    if service.config.iter().all(|known| known.key != key) {
        let near = nearest(key, service.config.iter().map(|known| known.key.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("deploy: {name} has no setting `{key}`{hint}: config {name}"));
    }
    let stamp = world.clock().seconds(world.now());
    let pipeline = service.settings.pipeline;
    if call.visit == 0 && pipeline > Span::ZERO {
        call.say(format!("{stamp} {name}: {key}={value}, checked and shipped in {}", pipeline.age()));
        return Progress::Again(pipeline);
    }
    // Where an application's configuration says which database server it writes to, that is where it writes to.
    if let Some((component, server)) = database::endpoint(world, key, value)
        && let Err(refusal) = world.operate(call.who, &component, Operation::WriteTo { server })
    {
        return call.fail(format!("deploy: {refusal}"));
    }
    let operation = Operation::Configure { key: key.to_owned(), value: value.to_owned() };
    match world.operate(call.who, &name, operation) {
        Ok(Applied::Unchanged) => call.say(format!("{stamp} {name} has {key}={value} everywhere: nothing to do")),
        Ok(_) => call.say(format!("{stamp} {key}={value}: {name} starts again, one machine after the other")),
        Err(refusal) => return call.fail(format!("deploy: {refusal}")),
    }
    Progress::Done(0)
}

fn config(call: &mut Call, world: &mut dyn World) -> Progress {
    let asked = call.arguments().first().cloned();
    let known = |name: &String| services(world).any(|(_, service)| service.settings.name == *name);
    if let Some(name) = asked.as_ref().filter(|name| !known(name)) {
        let near = nearest(name, services(world).map(|(_, service)| service.settings.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("config: there is no service `{name}`{hint}"));
    }
    let mut lines = vec![];
    for (_, service) in services(world) {
        if asked.as_ref().is_some_and(|name| *name != service.settings.name) {
            continue;
        }
        for key in &service.config {
            let only: Vec<String> = key.but.iter().map(|(machine, value)| format!("{machine}: {value}")).collect();
            let but = if only.is_empty() { String::new() } else { format!("   but {}", only.join(", ")) };
            lines.push(format!("{:<16} {}={}{but}", service.settings.name, key.key, key.is));
        }
    }
    if lines.is_empty() {
        lines.push("no settings that can be changed".to_owned());
    }
    call.say_all(lines);
    Progress::Done(0)
}

/// What can be deployed, of one service or of all.
fn list(call: &mut Call, world: &dyn World, of: Option<&str>) -> Progress {
    for change in thought_of(world).into_iter().filter(|change| of.is_none_or(|of| change.service == of)) {
        let mark = match (change.runs, change.wanted) {
            (true, 0) => "current, scaled to zero",
            (true, _) => "runs now",
            (false, _) => "",
        };
        let when = match change.at {
            Some(at) => format!("deployed {}", world.clock().plain(at)),
            None => unwritten(&change, world)
                .map_or("not deployed".to_owned(), |takes| format!("not written: about {}", takes.age())),
        };
        call.say(format!("{:<24} {:<20} {when:<32} {mark}", change.service, change.version.name).trim_end());
    }
    Progress::Done(0)
}

pub fn names(world: &dyn World) -> Vec<Candidate> {
    services(world).map(|(_, service)| candidate(&service.settings.name, "service")).collect()
}

fn complete_deploy(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    match typed.before {
        [_] => names(world),
        [_, name] => {
            let of = thought_of(world).into_iter().filter(|change| change.service == name);
            of.map(|change| candidate(change.version.name.clone(), change.version.note.clone())).collect()
        }
        _ => vec![],
    }
}

/// The versions of a service that could run instead of the one that does, with what else a deploy means.
pub fn choices(world: &dyn World, service: &str, warning: &str) -> Vec<Choice> {
    let of = thought_of(world).into_iter().filter(|change| change.service == service && !change.runs);
    let choice = |change: Change| {
        let name = &change.version.name;
        let first = unwritten(&change, world)
            .map_or(String::new(), |takes| format!("It takes about {} to write first. ", takes.age()));
        Choice {
            label: format!("Deploy {name}: {}", change.version.note),
            line: format!("deploy {service} {name}"),
            changes: true,
            warning: first + warning,
        }
    };
    of.map(choice).collect()
}

/// How long a version takes to write that nobody has written yet.
fn unwritten(change: &Change, world: &dyn World) -> Option<Span> {
    let is_brought = is_among(&world.named(Named::Brought), change.service, &change.version.name);
    change.version.takes.filter(|_| change.at.is_none() && !is_brought)
}
