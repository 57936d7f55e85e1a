//! Mail: what went out, to how many and how often (`sendgrid`), and the relay in front of the provider (`smtpctl`).

use super::arguments::{Flag, Given, valued};
use super::world::gateways;
use super::{Call, Command, Options, Place, Progress, Runs, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::component::gateway::Gateway;
use crate::sim::id::Unit;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::Span;

pub const COMMANDS: &[Command] = &[
    Command {
        name: "sendgrid",
        options: Options::Read(SENDGRID),
        usage: "sendgrid stats | sendgrid activity [--top COUNT]",
        summary: "what the mail provider knows: how many mails, to how many, who got most",
        manual: "stats: how many mails went out today, to how many people, and how many people got one, two, three…\nactivity: who got most, and the last mails. A short form of the provider's web pages; ours.\n\nsendgrid stats\nsendgrid activity --top 10",
        place: Place::Bastion,
        takes: Span::from_millis(700),
        exists: |world| gateways(world).next().is_some(),
        runs: Runs::Command(statistics),
        complete: |typed, _| words(typed, &[("stats", "how many, to how many"), ("activity", "who got most")]),
        ..Command::PLAIN
    },
    Command {
        name: "smtpctl",
        options: Options::Checked(&[]),
        usage: "smtpctl pause smtp | resume smtp | show stats",
        summary: "the mail relay: stops taking mail, takes it again",
        manual: "While it is paused it refuses every conversation; whoever wants to send gets an error. What it has taken can't be taken back.\n\nsmtpctl show stats\nsmtpctl pause smtp",
        place: Place::Bastion,
        takes: Span::from_millis(400),
        exists: |world| gateways(world).next().is_some(),
        runs: Runs::Command(relay),
        complete: |typed, _| {
            words(typed, &[("show", "show stats"), ("pause", "pause smtp: refuse mail"), ("resume", "resume smtp")])
        },
        ..Command::PLAIN
    },
];

const SENDGRID: &[Flag] = &[valued(' ', "top", "COUNT", "so many of those who got most")];

fn words(typed: &Typed, known: &[(&str, &str)]) -> Vec<Candidate> {
    match typed.before {
        [_] => known.iter().map(|(word, about)| candidate(*word, *about)).collect(),
        [_, verb] if verb == "show" => vec![candidate("stats", "")],
        [_, verb] if verb == "pause" || verb == "resume" => vec![candidate("smtp", "the relay's listener")],
        _ => vec![],
    }
}

/// The address that stands for whoever a unit of work is for.
fn address(unit: Unit) -> String {
    format!("c{}@customers.example", &unit.label()[..7])
}

fn statistics(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), SENDGRID) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("sendgrid")),
    };
    let lines: Vec<String> = match given.operands.first().map(String::as_str) {
        Some("stats") => gateways(world).flat_map(|gateway| stats(gateway, world)).collect(),
        Some("activity") => {
            let Ok(top) = given.value("top").unwrap_or("5").parse() else {
                return call.fail("sendgrid: --top takes a number: --top 10");
            };
            gateways(world).flat_map(|gateway| activity(gateway, top, world)).collect()
        }
        _ => return call.fail("usage: sendgrid stats | sendgrid activity [--top COUNT]"),
    };
    call.say_all(lines);
    Progress::Done(0)
}

fn stats(gateway: &Gateway, world: &dyn World) -> Vec<String> {
    let sent: u64 = gateway.counts.values().map(|count| u64::from(*count)).sum();
    let mut lines = vec![
        format!("DATE        REQUESTS  DELIVERED  RECIPIENTS  BOUNCES"),
        format!(
            "{:<10}  {sent:>8}  {sent:>9}  {:>10}  {:>7}",
            &world.clock().plain(world.now())[..10],
            gateway.counts.len(),
            0
        ),
    ];
    if gateway.counts.is_empty() {
        return lines;
    }
    lines.push(String::new());
    lines.push("MAILS  RECIPIENTS".to_owned());
    lines.extend(gateway.by_count().into_iter().map(|(mails, people)| format!("{mails:>5}  {people:>10}")));
    lines
}

fn activity(gateway: &Gateway, top: usize, world: &dyn World) -> Vec<String> {
    let mut counts: Vec<(Unit, u32)> = gateway.counts.iter().map(|(unit, count)| (*unit, *count)).collect();
    counts.sort_by_key(|(unit, count)| (std::cmp::Reverse(*count), unit.label()));
    let mut lines = vec!["TO                           MAILS".to_owned()];
    lines.extend(counts.iter().take(top).map(|(unit, count)| format!("{:<28} {count:>5}", address(*unit))));
    lines.push(String::new());
    lines.push("LAST      TO                           STATUS".to_owned());
    let last = gateway.latest.iter().rev().take(top);
    lines.extend(last.map(|sent| format!("{}  {:<28} delivered", world.clock().seconds(sent.at), address(sent.unit))));
    lines
}

fn relay(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().to_vec();
    let Some(gateway) = gateways(world).next() else { return Progress::Done(1) };
    let name = gateway.settings.name.clone();
    let enabled = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["show", "stats"] => {
            let sent: u64 = gateway.counts.values().map(|count| u64::from(*count)).sum();
            let lines = [
                format!("mta.envelope={sent}"),
                format!("smtp.session={sent}"),
                format!("smtp.listener={}", if gateway.accepts { "running" } else { "paused" }),
            ];
            call.say_all(lines);
            return Progress::Done(0);
        }
        ["pause", "smtp"] => false,
        ["resume", "smtp"] => true,
        _ => return call.fail("usage: smtpctl pause smtp | resume smtp | show stats"),
    };
    match world.operate(call.who, &name, Operation::Enable { enabled }) {
        Ok(Applied::Unchanged) => call.fail("command failed"),
        Ok(_) => {
            call.say("command succeeded");
            Progress::Done(0)
        }
        Err(error) => call.fail(error),
    }
}
