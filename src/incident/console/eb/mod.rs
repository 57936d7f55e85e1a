//! `eb`: environments of Elastic Beanstalk: how they are, how many instances, their settings and their logs.

mod logs;

pub use logs::{file, paths};

use super::arguments::{Flag, Given, Mistake, switch, valued};
use super::world::services;
use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate, code, nearest};
use crate::incident::view::Candidate;
use crate::sim::component::service::{Service, Stage};
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::{Span, Time};
use crate::sim::random;

pub const COMMANDS: &[Command] = &[Command {
    name: "eb",
    usage: "eb VERB [ENVIRONMENT] [ARGUMENTS]",
    summary: "Elastic Beanstalk: state, number of instances, settings, logs, versions",
    manual: MANUAL,
    place: Place::Bastion,
    takes: Span::from_seconds(3),
    exists: |world| environments(world).next().is_some(),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

const MANUAL: &str = "eb status [ENVIRONMENT], eb health
eb scale NUMBER [ENVIRONMENT]                  more instances take minutes; fewer end at once
eb config [ENVIRONMENT] [OPTION=VALUE…]        the daemon's settings; with values, changes them (the real one opens an editor)
eb setenv NAME=VALUE [ENVIRONMENT]             what the application reads when it starts; restarts it
eb logs [ENVIRONMENT] [--all]                  the end of each log; --all copies all of them here
eb deploy [ENVIRONMENT] --version VERSION      what is built already; `deploy` builds
eb restart [ENVIRONMENT]                       the application on every instance, one after the other
eb terminate [ENVIRONMENT] --force             every instance

Options: HttpConnections, InactivityTimeout, VisibilityTimeout, ErrorVisibilityTimeout, ProxyReadTimeout.

An instance that ends takes its disk with it, and the logs on it.

eb scale 8 ENVIRONMENT
eb config ENVIRONMENT HttpConnections=50";

/// A verb with what it does and the options that it takes.
type Verb = (&'static str, &'static str, &'static [Flag]);

const VERBS: [Verb; 9] = [
    ("status", "version, state, number of instances", &[]),
    ("health", "each instance", &[]),
    ("scale", "NUMBER: how many instances", &[valued('n', "number", "NUMBER", "how many instances")]),
    ("config", "the daemon's settings", &[]),
    ("setenv", "NAME=VALUE: what the application reads when it starts", &[]),
    ("logs", "the end of each log; --all copies them here", &[switch(' ', "all", "copies every log here")]),
    ("deploy", "--version VERSION", &[valued(' ', "version", "VERSION", "the version to run")]),
    ("restart", "the application on every instance", &[]),
    ("terminate", "--force: every instance", &[switch(' ', "force", "asks nothing")]),
];

/// The services that run in an environment, with their numbers.
fn environments(world: &dyn World) -> impl Iterator<Item = (usize, &Service)> {
    services(world).filter(|(_, service)| service.beanstalk().is_some())
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let verb = call.arguments().iter().find(|word| !word.starts_with('-'));
    let flags = VERBS.iter().find(|(name, ..)| verb.is_some_and(|verb| verb == name)).map_or(&[][..], |one| one.2);
    let given = match Given::read(call.arguments(), flags) {
        Ok(given) => given,
        Err(mistake @ Mistake::NoValue(_)) => {
            return call.fail(format!("eb: error: argument {}: expected one argument", mistake.word()));
        }
        Err(mistake) => return call.fail(format!("eb: error: unrecognized arguments: {}", mistake.word())),
    };
    let Some((verb, words)) = given.operands.split_first() else {
        return call.fail("usage: eb status|health|scale|config|setenv|logs|deploy|restart|terminate [ENVIRONMENT]");
    };
    let name = match environment(words, world) {
        Ok(name) => name,
        Err(error) => return call.fail(error),
    };
    let rest: Vec<String> = words.iter().filter(|word| **word != name).cloned().collect();
    let known = environments(world).find(|(_, service)| service.settings.name == name);
    let Some((component, service)) = known else { return Progress::Done(4) };
    let lines = match verb.as_str() {
        "status" => status(service, component, world),
        "health" => health(service),
        "logs" if given.has("all") => return logs::copy(call, &name, world),
        "logs" => logs::ends(component, service, world),
        "config" if rest.is_empty() => settings(service),
        _ => return change(call, world, &name, verb, &rest, &given),
    };
    call.say_all(lines);
    Progress::Done(0)
}

/// The environment that is named; the only one where none is.
fn environment(words: &[String], world: &dyn World) -> Result<String, String> {
    let names: Vec<&str> = environments(world).map(|(_, service)| service.settings.name.as_str()).collect();
    if let Some(named) = words.iter().find(|word| names.contains(&word.as_str())) {
        return Ok(named.clone());
    }
    let strange = words.iter().find(|word| !word.contains('=') && word.parse::<u32>().is_err());
    match (strange, names.as_slice()) {
        (None, [only]) => Ok((*only).to_owned()),
        (Some(word), _) => {
            let hint =
                nearest(word, names.iter().copied()).map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            Err(format!("ERROR: NotFoundError - Environment \"{word}\" not Found.{hint}"))
        }
        (None, _) => Err(format!("ERROR: This branch has no default environment: {}", names.join(", "))),
    }
}

fn change(call: &mut Call, world: &mut dyn World, name: &str, verb: &str, rest: &[String], given: &Given) -> Progress {
    let operations = match operations(verb, rest, given, name, world) {
        Ok(operations) => operations,
        Err(error) => return call.fail(error),
    };
    let stamp = world.clock().plain(world.now());
    let mut unchanged = true;
    for operation in operations {
        match world.operate(call.who, name, operation) {
            Ok(applied) => unchanged &= applied == Applied::Unchanged,
            Err(error) => return call.fail(error),
        }
    }
    if unchanged {
        call.say(format!("{stamp}    INFO    Nothing to change."));
        return Progress::Done(0);
    }
    let done = match verb {
        "scale" | "terminate" => "Successfully changed the number of instances.",
        "deploy" => "New application version is being deployed to the instances.",
        "restart" => "The application servers are being restarted.",
        _ => "Successfully deployed new configuration to environment.",
    };
    call.say(format!("{stamp}    INFO    Environment update is starting."));
    call.say(format!("{stamp}    INFO    {done}"));
    Progress::Done(0)
}

/// What a verb that changes something comes down to.
fn operations(
    verb: &str,
    rest: &[String],
    given: &Given,
    name: &str,
    world: &dyn World,
) -> Result<Vec<Operation>, String> {
    match verb {
        "scale" => {
            let number = given.value("number").or(rest.first().map(String::as_str)).and_then(|text| text.parse().ok());
            let replicas = number.ok_or("usage: eb scale NUMBER [ENVIRONMENT]")?;
            Ok(vec![Operation::Scale { replicas }])
        }
        "config" | "setenv" => {
            let pairs =
                rest.iter().map(|text| text.split_once('=').ok_or_else(|| format!("usage: eb {verb} NAME=VALUE")));
            let pairs: Result<Vec<(&str, &str)>, String> = pairs.collect();
            let pairs = pairs?;
            if pairs.is_empty() {
                return Err(format!("usage: eb {verb} NAME=VALUE"));
            }
            let set = |(option, value): (&str, &str)| Operation::SetOption {
                option: option.trim_start_matches("sqsd.").to_owned(),
                value: value.to_owned(),
            };
            Ok(pairs.into_iter().map(set).collect())
        }
        "deploy" => {
            let version = given.value("version").or(rest.first().map(String::as_str));
            let version = version.ok_or("usage: eb deploy [ENVIRONMENT] --version VERSION")?;
            let service = environments(world).find(|(_, service)| service.settings.name == name);
            let is_built = service.is_some_and(|(_, service)| {
                let index = service.settings.versions.iter().position(|known| known.name == version);
                index.is_some_and(|index| code::is_built(service, index))
            });
            if !is_built {
                return Err(format!(
                    "ERROR: InvalidParameterValueError - No Application Version named '{version}' found. It isn't built: deploy {name} {version}"
                ));
            }
            Ok(vec![Operation::SetVersion { version: version.to_owned() }])
        }
        "restart" => Ok(vec![Operation::RolloutRestart]),
        "terminate" if given.has("force") => Ok(vec![Operation::Scale { replicas: 0 }]),
        "terminate" => Err(format!(
            "The environment \"{name}\" and all associated instances will be terminated.\nTo confirm, type: eb terminate {name} --force"
        )),
        _ => {
            let near = nearest(verb, VERBS.iter().map(|(name, ..)| *name));
            let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            Err(format!("eb: error: unrecognized arguments: {verb}{hint}"))
        }
    }
}

fn status(service: &Service, component: usize, world: &dyn World) -> Vec<String> {
    let name = &service.settings.name;
    let version = &service.settings.versions[usize::from(service.template().version)].name;
    let word = random::hash_name(name);
    let (ready, wanted) = (service.ready_count(), service.deployment.replicas as usize);
    let health = match (ready, wanted) {
        (_, 0) => "Grey",
        (ready, wanted) if ready >= wanted => "Green",
        _ => "Yellow",
    };
    let _ = component;
    let tier = if service.daemon.is_some() { "Worker-SQS/HTTP" } else { "WebServer-Standard" };
    vec![
        format!("Environment details for: {name}"),
        format!("  Application name: {name}"),
        "  Region: us-west-2".to_owned(),
        format!("  Deployed Version: {version}"),
        format!("  Environment ID: e-{:010x}", word >> 24),
        format!("  Tier: {tier}"),
        format!(
            "  Updated: {}",
            world.clock().plain(service.template().made.max(Time::ZERO - Span::from_seconds(864_000)))
        ),
        format!("  Instances: {ready} of {wanted}"),
        format!("  Status: {}", if ready == wanted { "Ready" } else { "Updating" }),
        format!("  Health: {health}"),
    ]
}

fn health(service: &Service) -> Vec<String> {
    let mut lines = vec!["instance-id      status     requests open".to_owned()];
    for (number, instance) in service.live() {
        let word = match instance.stage {
            Stage::Running => "Ok",
            Stage::Creating => "Pending",
            _ => "Warning",
        };
        let open = service.daemon.as_ref().map_or(0, |daemon| daemon.open(number));
        lines.push(format!("{:<16} {word:<10} {open:>13}", instance.name));
    }
    lines
}

fn settings(service: &Service) -> Vec<String> {
    let Some(daemon) = &service.daemon else { return vec!["there is no daemon in this environment".to_owned()] };
    let (of, first) = (&daemon.settings, service.settings.daemon.as_ref());
    let queue = of.queue.rsplit('/').next().unwrap_or_default();
    let mut lines = vec![
        "settings:".to_owned(),
        "  aws:elasticbeanstalk:sqsd:".to_owned(),
        format!("    WorkerQueueURL: https://us-west-2.queue.amazonaws.com/417700000000/{queue}"),
        format!("    HttpConnections: '{}'", of.connections),
        format!("    InactivityTimeout: '{}'", of.inactivity.seconds()),
        format!("    VisibilityTimeout: '{}'", of.visibility.seconds()),
        format!("    ErrorVisibilityTimeout: '{}'", of.error_visibility.seconds()),
    ];
    // What lies in files of the application and of nginx isn't a setting of the environment until somebody makes it one.
    let seconds = |span: Option<Span>| span.map_or(0, Span::seconds);
    if first.is_some_and(|first| first.proxy != of.proxy) {
        lines.push("  nginx:".to_owned());
        lines.push(format!("    ProxyReadTimeout: '{}'", seconds(of.proxy)));
    }
    if first.is_some_and(|first| first.server != of.server) {
        lines.push("  aws:elasticbeanstalk:application:environment:".to_owned());
        lines.push(format!("    SERVER_TIMEOUT: '{}'", seconds(of.server)));
    }
    lines
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let names = || environments(world).map(|(_, service)| candidate(service.settings.name.clone(), "environment"));
    match typed.before {
        [_] => VERBS.iter().map(|(verb, about, _)| candidate(*verb, *about)).collect(),
        [_, verb, ..] => {
            let mut all: Vec<Candidate> = names().collect();
            let more: &[&str] = match verb.as_str() {
                "config" => {
                    &["HttpConnections=", "InactivityTimeout=", "VisibilityTimeout=", "ErrorVisibilityTimeout="]
                }
                "setenv" => &["SERVER_TIMEOUT="],
                "logs" => &["--all"],
                "deploy" => &["--version"],
                "terminate" => &["--force"],
                _ => &[],
            };
            all.extend(more.iter().map(|word| candidate(*word, "")));
            all
        }
        [] => vec![],
    }
}
