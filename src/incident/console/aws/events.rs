//! `aws events`: rules that start functions by the clock.

use super::{Branch, offer};
use crate::incident::console::arguments::{Flag, Given, valued};
use crate::incident::console::world::schedules;
use crate::incident::console::{Call, Progress, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::component::schedule::{Flavour, Schedule};
use crate::sim::operation::Operation;

pub const BRANCH: Branch = Branch {
    name: "events",
    about: "rules that start functions by the clock",
    exists: |world| rules(world).next().is_some(),
    run,
    remarks: &[],
    operations: &[offer("list-rules", &[]), offer("disable-rule", &[NAME]), offer("enable-rule", &[NAME])],
    complete,
};

const NAME: Flag = valued(' ', "name", "RULE", "which rule");

fn rules(world: &dyn World) -> impl Iterator<Item = &Schedule> {
    schedules(world).filter(|schedule| schedule.settings.flavour == Flavour::Lambda)
}

fn run(call: &mut Call, world: &mut dyn World, operation: &str, given: &Given) -> Progress {
    if operation == "list-rules" {
        let line = |rule: &Schedule| {
            let state = if rule.enabled { "ENABLED" } else { "DISABLED" };
            let name = &rule.settings.name;
            format!("RULES\tarn:aws:events:us-west-2:417700000000:rule/{name}\t{name}\tcron(0/30 * * * ? *)\t{state}")
        };
        let lines: Vec<String> = rules(world).map(line).collect();
        call.say_all(lines);
        return Progress::Done(0);
    }
    let Some(name) = given.value("name").map(str::to_owned).or_else(|| given.operands.first().cloned()) else {
        return call.fail("aws: error: argument --name is required");
    };
    if rules(world).all(|rule| rule.settings.name != name) {
        return call.fail(format!(
            "An error occurred (ResourceNotFoundException) when calling the operation: Rule {name} does not exist."
        ));
    }
    match world.operate(call.who, &name, Operation::Enable { enabled: operation == "enable-rule" }) {
        Ok(_) => Progress::Done(0),
        Err(error) => call.fail(error),
    }
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    if typed.before.last().is_some_and(|word| word == "--name") {
        return rules(world).map(|rule| candidate(rule.settings.name.clone(), "rule")).collect();
    }
    vec![candidate("--name", "the rule")]
}
