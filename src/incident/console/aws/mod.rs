//! `aws`: Amazon's command line, one file a service.
//!
//! The account's settings say `output = text`, so that is how it prints: a line a record, its fields in alphabetical order,
//! a tab between them. `--output json` prints what the API sends.

mod cloudwatch;
mod elb;
mod events;
mod sqs;

use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;

/// A service of Amazon's.
struct Branch {
    name: &'static str,
    about: &'static str,
    exists: fn(&dyn World) -> bool,
    run: fn(&mut Call, &mut dyn World) -> Progress,
    /// The operations that it knows.
    operations: &'static [&'static str],
    /// What may stand after an operation.
    complete: fn(&Typed, &dyn World) -> Vec<Candidate>,
}

const BRANCHES: &[Branch] = &[elb::BRANCH, cloudwatch::BRANCH, sqs::BRANCH, events::BRANCH];

pub const COMMANDS: &[Command] = &[Command {
    name: "aws",
    aliases: &[],
    usage: "aws SERVICE OPERATION [--PARAMETER VALUE…]",
    summary: "Amazon's services: load balancers, metrics, queues, rules",
    manual: MANUAL,
    place: Place::Bastion,
    takes: Span::from_millis(900),
    exists: |world| BRANCHES.iter().any(|branch| (branch.exists)(world)),
    runs: Runs::Command(run),
    complete,
}];

const MANUAL: &str = "elb describe-load-balancers
elb describe-instance-health --load-balancer-name NAME
elb deregister-instances-from-load-balancer --load-balancer-name NAME --instances HOST…
elb register-instances-with-load-balancer --load-balancer-name NAME --instances HOST…
elb configure-health-check --load-balancer-name NAME --health-check Target=HTTP:8080/health,Interval=30,Timeout=5,UnhealthyThreshold=2,HealthyThreshold=10
cloudwatch list-metrics
cloudwatch get-metric-statistics --metric-name NAME [--statistics Sum] [--period 60] [--start-time -3h]
sqs list-queues
sqs get-queue-attributes --queue-url QUEUE
sqs receive-message --queue-url QUEUE [--max-number-of-messages N]    hides it for a while, and counts
sqs set-queue-attributes --queue-url QUEUE --attributes VisibilityTimeout=300
sqs purge-queue --queue-url QUEUE        deletes every message for good, hidden ones as well
sqs start-message-move-task --source-arn QUEUE [--destination-arn QUEUE] [--max-number-of-messages-per-second N]    dead letters go back to where they came from, as new
sqs list-message-move-tasks --source-arn QUEUE, sqs cancel-message-move-task --task-handle HANDLE
events list-rules, events disable-rule --name RULE, events enable-rule --name RULE

An instance that is taken out finishes what it has in hand. One that is put in has to pass a check first. Only periods in which there was something are told. --output json prints more.

aws cloudwatch get-metric-statistics --metric-name BackendConnectionErrors --start-time -2h";

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
    let Some(operation) = call.arguments().get(1).filter(|word| branch.operations.contains(&word.as_str())) else {
        let given = call.arguments().get(1).cloned().unwrap_or_default();
        let choices = branch.operations.join(" | ");
        let near = super::nearest(&given, branch.operations.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!(
            "aws: error: argument operation: Invalid choice: '{given}'{hint}, valid choices are: {choices}"
        ));
    };
    let _ = operation;
    (branch.run)(call, world)
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let there = BRANCHES.iter().filter(|branch| (branch.exists)(world));
    match typed.before {
        [] | [_] => there.map(|branch| candidate(branch.name, branch.about)).collect(),
        [_, service] => there
            .filter(|branch| branch.name == service)
            .flat_map(|branch| branch.operations)
            .map(|operation| candidate(*operation, ""))
            .collect(),
        [_, service, ..] => {
            there.filter(|branch| branch.name == service).flat_map(|branch| (branch.complete)(typed, world)).collect()
        }
    }
}
