//! `aws`: Amazon's command line, one file a service.
//!
//! The account's settings say `output = text`, so that is how it prints: a line a record, its fields in alphabetical order,
//! a tab between them. `--output json` prints what the API sends.

mod cloudwatch;
mod elb;
mod events;
mod redrive;
mod sqs;

use super::arguments::{Flag, Given, Mistake, moot_value, valued};
use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;

/// A service of Amazon's.
struct Branch {
    name: &'static str,
    about: &'static str,
    exists: fn(&dyn World) -> bool,
    /// Does the operation of this name.
    run: fn(&mut Call, &mut dyn World, &str, &Given) -> Progress,
    /// What its page says beside its operations.
    remarks: &'static [&'static str],
    /// The operations that it knows.
    operations: &'static [Offer],
    /// What may stand after an operation.
    complete: fn(&Typed, &dyn World) -> Vec<Candidate>,
}

/// An operation, with the parameters that it takes beside [`GLOBAL`].
struct Offer {
    name: &'static str,
    takes: &'static [Flag],
}

const fn offer(name: &'static str, takes: &'static [Flag]) -> Offer {
    Offer { name, takes }
}

/// What every operation takes: there is one account, in one region.
const GLOBAL: [Flag; 3] = [
    valued(' ', "output", "FORMAT", "text or json"),
    moot_value(' ', "region", "REGION"),
    moot_value(' ', "profile", "NAME"),
];

const BRANCHES: &[Branch] = &[elb::BRANCH, cloudwatch::BRANCH, sqs::BRANCH, events::BRANCH];

pub const COMMANDS: &[Command] = &[Command {
    name: "aws",
    usage: "aws SERVICE OPERATION [--PARAMETER VALUE…]",
    summary: "Amazon's services: load balancers, metrics, queues, rules",
    manual: "--output json prints what the API sends.",
    page,
    place: Place::Bastion,
    takes: Span::from_millis(900),
    exists: |world| BRANCHES.iter().any(|branch| (branch.exists)(world)),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

/// The operations of the services that are here, as they are written.
fn page(world: &dyn World) -> Vec<String> {
    let mut lines = vec![];
    for branch in BRANCHES.iter().filter(|branch| (branch.exists)(world)) {
        lines.push(format!("{}: {}", branch.name, branch.about));
        for operation in branch.operations {
            let takes = operation.takes.iter().filter_map(|flag| Some(format!(" [--{} {}]", flag.long, flag.value?)));
            lines.push(format!("  aws {} {}{}", branch.name, operation.name, takes.collect::<String>()));
        }
        lines.extend(branch.remarks.iter().map(|line| (*line).to_owned()));
        lines.push(String::new());
    }
    lines
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let there: Vec<&Branch> = BRANCHES.iter().filter(|branch| (branch.exists)(world)).collect();
    let names = there.iter().map(|branch| branch.name).collect::<Vec<_>>().join(" | ");
    let Some(word) = call.arguments().first() else {
        call.complain("usage: aws SERVICE OPERATION [--PARAMETER VALUE…]");
        call.complain(format!("services here: {names}"));
        return Progress::Done(2);
    };
    let Some(branch) = there.iter().find(|branch| branch.name == word) else {
        return call
            .fail(format!("aws: error: argument command: Invalid choice: '{word}', valid choices are: {names}"));
    };
    let named = |word: &String| branch.operations.iter().find(|known| known.name == word);
    let Some(operation) = call.arguments().get(1).and_then(named) else {
        let given = call.arguments().get(1).cloned().unwrap_or_default();
        let names: Vec<&str> = branch.operations.iter().map(|known| known.name).collect();
        let choices = names.join(" | ");
        let near = super::nearest(&given, names);
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!(
            "aws: error: argument operation: Invalid choice: '{given}'{hint}, valid choices are: {choices}"
        ));
    };
    let takes: Vec<Flag> = operation.takes.iter().chain(&GLOBAL).copied().collect();
    let given = match Given::read(&call.arguments()[2..], &takes) {
        Ok(given) => given,
        Err(mistake @ Mistake::NoValue(_)) => {
            return call.fail(format!("aws: error: argument {}: expected one argument", mistake.word()));
        }
        Err(mistake) => {
            let known: Vec<String> = takes.iter().map(|flag| format!("--{}", flag.long)).collect();
            return call.fail(format!("Unknown options: {} (there are {})", mistake.word(), known.join(" ")));
        }
    };
    if let Some(output) = given.value("output").filter(|output| !["text", "json"].contains(output)) {
        return call.fail(format!(
            "aws: error: argument --output: Invalid choice: '{output}', valid choices are: json | text"
        ));
    }
    (branch.run)(call, world, operation.name, &given)
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let there = BRANCHES.iter().filter(|branch| (branch.exists)(world));
    match typed.before {
        [] | [_] => there.map(|branch| candidate(branch.name, branch.about)).collect(),
        [_, service] => there
            .filter(|branch| branch.name == service)
            .flat_map(|branch| branch.operations)
            .map(|operation| candidate(operation.name, ""))
            .collect(),
        [_, service, ..] => {
            there.filter(|branch| branch.name == service).flat_map(|branch| (branch.complete)(typed, world)).collect()
        }
    }
}
