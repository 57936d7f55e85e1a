//! `nagios`: what is checked, how it stands, and who has taken it.

use super::{Act, Call, Command, Options, Place, Progress, Runs, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;

pub const COMMANDS: &[Command] = &[Command {
    name: "nagios",
    options: Options::Checked(&[]),
    usage: "nagios [NAME] | nagios ack NAME | nagios unack NAME",
    summary: "what is checked, how it stands, and who has taken it",
    manual: "A check is as bad as the worst thing that it looks at. Who acknowledges it hears nothing more of it; a sticky acknowledgement lasts until everything that it looks at is well.\n\nnagios\nnagios \"disk NAME\"\nnagios unack \"disk NAME\"",
    place: Place::Bastion,
    takes: Span::from_millis(400),
    exists: |world| !world.checks().is_empty(),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = world.checks().into_iter().map(|check| candidate(check.name, check.state)).collect();
    if typed.before.len() == 1 {
        all.push(candidate("ack", "takes a check"));
        all.push(candidate("unack", "takes an acknowledgement off"));
    }
    all
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments().to_vec();
    match words.split_first() {
        None => list(call, world),
        Some((verb, rest)) if verb == "ack" || verb == "unack" => {
            let alert = rest.join(" ");
            let act = if verb == "ack" { Act::Acknowledge { alert } } else { Act::Unacknowledge { alert } };
            match world.act(call.who, act) {
                Ok(lines) => {
                    call.say_all(lines);
                    Progress::Done(0)
                }
                Err(error) => call.fail(format!("nagios: {error}")),
            }
        }
        Some(_) => show(call, &words.join(" "), world),
    }
}

fn list(call: &mut Call, world: &dyn World) -> Progress {
    let now = world.now();
    let rows: Vec<Vec<String>> = world
        .checks()
        .into_iter()
        .map(|check| {
            let taken = check.taken.map_or_else(String::new, |(by, ..)| format!("ACKNOWLEDGED by {by}"));
            vec![check.name, check.state.to_owned(), now.since(check.since).age(), taken]
        })
        .collect();
    call.say_all(super::table::plain(&["SERVICE", "STATUS", "DURATION", ""], &rows));
    Progress::Done(0)
}

fn show(call: &mut Call, name: &str, world: &dyn World) -> Progress {
    let checks = world.checks();
    let Some(check) = checks.iter().find(|check| check.name.eq_ignore_ascii_case(name)) else {
        let near = super::nearest(name, checks.iter().map(|check| check.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("nagios: no check is called {name}{hint}"));
    };
    let since = world.clock().plain(check.since);
    call.say(format!("{}: {} since {since}", check.name, check.state));
    if check.tries.0 > 0 {
        call.say(format!("something else seen {} of {} times", check.tries.0, check.tries.1));
    }
    for (state, text) in &check.lines {
        call.say(format!("  {state:<9} {text}"));
    }
    if let Some((by, at, note, sticky)) = &check.taken {
        let when = world.clock().plain(*at);
        let kind = if *sticky { "sticky, until everything above is OK" } else { "until the state changes" };
        call.say(format!("ACKNOWLEDGED by {by}, {when} ({kind}): {note}"));
        call.say("no notifications are sent");
    }
    Progress::Done(0)
}
