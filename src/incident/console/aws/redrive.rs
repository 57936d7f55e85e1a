//! `aws sqs start-message-move-task`: what the console calls "start DLQ redrive".

use super::sqs::{arn, done, find, json_rows};
use crate::incident::console::arguments::Given;
use crate::incident::console::world::sqs;
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::broker::{MoveState, MoveTask};
use crate::sim::operation::Operation;

pub fn run(call: &mut Call, world: &mut dyn World, operation: &str, given: &Given) -> Progress {
    if operation.starts_with("cancel") {
        return cancel(call, world, given);
    }
    let Some(from) = given.value("source-arn").or_else(|| given.operands.first().map(String::as_str)).map(queue_of)
    else {
        return call.fail("aws: error: the following arguments are required: --source-arn");
    };
    let Some((broker, _)) = find(world, &from) else {
        return call.fail(format!(
            "An error occurred (ResourceNotFoundException) when calling the operation: The resource that you specified for the SourceArn parameter doesn't exist: {}",
            arn(&from)
        ));
    };
    if operation.starts_with("list") {
        list(call, world, &from);
        return Progress::Done(0);
    }
    let rate = match given.value("max-number-of-messages-per-second").map(str::parse) {
        Some(Ok(rate)) => Some(rate),
        Some(Err(_)) => {
            return call.fail("aws: error: --max-number-of-messages-per-second: a whole number from 1 to 500");
        }
        None => None,
    };
    let to = given.value("destination-arn").map(queue_of);
    let progress = done(call, world, &broker, Operation::Redrive { from: from.clone(), to, rate });
    if matches!(progress, Progress::Done(0)) {
        let handle =
            find(world, &from).and_then(|(_, of)| of.move_tasks(&from).next().map(|task| handle(world, &from, task)));
        call.say_all(json_rows(&[("TaskHandle", quoted(&handle.unwrap_or_default()))]));
    }
    progress
}

/// A queue's name out of its ARN.
fn queue_of(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The real one says no more than which task of which queue it is either, in base64.
fn handle(world: &dyn World, queue: &str, task: &MoveTask) -> String {
    format!("{}/{}", arn(queue), epoch(world, task))
}

/// Seconds since 1970.
fn epoch(world: &dyn World, task: &MoveTask) -> String {
    world.clock().formatted(task.started, "%s", true).unwrap_or_default()
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn cancel(call: &mut Call, world: &mut dyn World, given: &Given) -> Progress {
    let Some(handle) = given.value("task-handle").or_else(|| given.operands.first().map(String::as_str)) else {
        return call.fail("aws: error: the following arguments are required: --task-handle");
    };
    let from = queue_of(handle.split('/').next().unwrap_or_default());
    let Some((broker, _)) = find(world, &from) else {
        return call.fail("An error occurred (ResourceNotFoundException) when calling the CancelMessageMoveTask operation: Task does not exist.");
    };
    let progress = done(call, world, &broker, Operation::StopRedrive { from: from.clone() });
    if matches!(progress, Progress::Done(0)) {
        let moved = find(world, &from).and_then(|(_, of)| of.move_tasks(&from).next().map(|task| task.moved));
        call.say_all(json_rows(&[("ApproximateNumberOfMessagesMoved", moved.unwrap_or(0).to_string())]));
    }
    progress
}

fn list(call: &mut Call, world: &dyn World, from: &str) {
    let mut lines = vec!["{".to_owned(), "    \"Results\": [".to_owned()];
    let tasks: Vec<MoveTask> = sqs(world).flat_map(|(_, broker)| broker.move_tasks(from)).copied().collect();
    for (index, task) in tasks.iter().enumerate() {
        let (is_running, word) = match task.state {
            MoveState::Running => (true, "RUNNING"),
            MoveState::Completed => (false, "COMPLETED"),
            MoveState::Cancelled => (false, "CANCELLED"),
        };
        let mut rows = vec![
            ("Status", quoted(word)),
            ("SourceArn", quoted(&arn(from))),
            ("ApproximateNumberOfMessagesMoved", task.moved.to_string()),
            ("ApproximateNumberOfMessagesToMove", task.found.to_string()),
            ("StartedTimestamp", format!("{}000", epoch(world, task))),
        ];
        if is_running {
            rows.insert(0, ("TaskHandle", quoted(&handle(world, from, task))));
        }
        let comma = if index + 1 < tasks.len() { "," } else { "" };
        let mut record = json_rows(&rows);
        if let Some(last) = record.last_mut() {
            last.push_str(comma);
        }
        lines.extend(record.into_iter().map(|line| format!("        {line}")));
    }
    lines.extend(["    ]".to_owned(), "}".to_owned()]);
    call.say_all(lines);
}
