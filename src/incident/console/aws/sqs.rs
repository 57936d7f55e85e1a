//! `aws sqs`: queues of messages.

use super::{Branch, offer, redrive};
use crate::incident::console::arguments::{Flag, Given, valued};
use crate::incident::console::world::sqs;
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::component::broker::Broker;
use crate::sim::message::{Message, Settle};
use crate::sim::operation::{Applied, Operation, QueueChange};
use crate::sim::quantity::Span;

pub const BRANCH: Branch = Branch {
    name: "sqs",
    about: "queues",
    exists: |world| sqs(world).next().is_some(),
    run,
    remarks: &[
        "receive-message hides what it shows for a while, and counts. purge-queue deletes every message for good, hidden ones as well.",
        "An attribute: VisibilityTimeout=300",
        "start-message-move-task sends dead letters back to where they came from, as new ones.",
    ],
    operations: &[
        offer("list-queues", &[]),
        offer("get-queue-attributes", &[URL, NAMES]),
        offer("receive-message", &[URL, valued(' ', "max-number-of-messages", "COUNT", "how many")]),
        offer("set-queue-attributes", &[URL, valued(' ', "attributes", "NAME=VALUE", "what is to be different")]),
        offer("purge-queue", &[URL]),
        offer(
            "start-message-move-task",
            &[
                SOURCE,
                valued(' ', "destination-arn", "QUEUE", "where to, if not where they came from"),
                valued(' ', "max-number-of-messages-per-second", "COUNT", "how fast"),
            ],
        ),
        offer("list-message-move-tasks", &[SOURCE]),
        offer("cancel-message-move-task", &[valued(' ', "task-handle", "HANDLE", "which task")]),
    ],
    complete,
};

const URL: Flag = valued(' ', "queue-url", "QUEUE", "which queue");
const SOURCE: Flag = valued(' ', "source-arn", "QUEUE", "the queue of dead letters");
const NAMES: Flag = valued(' ', "attribute-names", "NAME…", "which attributes");

pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-west-2:417700000000:{queue}")
}

fn url(queue: &str) -> String {
    format!("https://us-west-2.queue.amazonaws.com/417700000000/{queue}")
}

fn run(call: &mut Call, world: &mut dyn World, operation: &str, given: &Given) -> Progress {
    if given.value("output") == Some("text") {
        return call.fail("aws: error: argument --output: queues are told as json here");
    }
    if operation == "list-queues" {
        let names: Vec<String> = sqs(world).flat_map(|(_, broker)| broker.queues()).map(|q| url(q.name)).collect();
        call.say_all(json_list("QueueUrls", &names));
        return Progress::Done(0);
    }
    if operation.ends_with("-message-move-task") || operation.ends_with("-message-move-tasks") {
        return redrive::run(call, world, operation, given);
    }
    let named = given.value("queue-url").map(str::to_owned).or_else(|| given.operands.first().cloned());
    let Some(named) = named else { return call.fail("aws: error: argument --queue-url is required") };
    let queue = named.rsplit('/').next().unwrap_or_default().to_owned();
    let Some((broker, _)) = find(world, &queue) else {
        let known: Vec<String> =
            sqs(world).flat_map(|(_, broker)| broker.queues()).map(|view| view.name.to_owned()).collect();
        let near = nearest(&queue, known.iter().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!(
            "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the operation: The specified queue does not exist for this wsdl version.{hint}"
        ));
    };
    match operation {
        "get-queue-attributes" => {
            let lines = find(world, &queue).map(|(_, of)| attributes(of, &queue, given)).unwrap_or_default();
            call.say_all(lines);
            Progress::Done(0)
        }
        "purge-queue" => done(call, world, &broker, Operation::Purge { queue }),
        "receive-message" => {
            let count = given.value("max-number-of-messages").and_then(|text| text.parse().ok()).unwrap_or(1);
            receive(call, world, &broker, Operation::Get { queue, count, then: Settle::Requeue })
        }
        _ => {
            let texts: Vec<&str> =
                given.values("attributes").chain(given.operands.iter().map(String::as_str)).collect();
            match change(&texts) {
                Ok(change) => done(call, world, &broker, Operation::SetQueue { queue, change }),
                Err(error) => call.fail(error),
            }
        }
    }
}

/// The broker's name, and itself.
pub(super) fn find<'a>(world: &'a dyn World, queue: &str) -> Option<(String, &'a Broker)> {
    let found = sqs(world).find(|(_, broker)| broker.queue(queue).is_some());
    found.map(|(_, broker)| (broker.name().to_owned(), broker))
}

pub(super) fn done(call: &mut Call, world: &mut dyn World, broker: &str, operation: Operation) -> Progress {
    match world.operate(call.who, broker, operation) {
        Ok(_) => Progress::Done(0),
        Err(error) => call.fail(error),
    }
}

fn json_list(key: &str, values: &[String]) -> Vec<String> {
    let mut lines = vec!["{".to_owned(), format!("    \"{key}\": [")];
    for (index, value) in values.iter().enumerate() {
        let comma = if index + 1 < values.len() { "," } else { "" };
        lines.push(format!("        \"{value}\"{comma}"));
    }
    lines.extend(["    ]".to_owned(), "}".to_owned()]);
    lines
}

/// An object of these fields, with their values as JSON.
pub(super) fn json_rows(rows: &[(&str, String)]) -> Vec<String> {
    let mut lines = vec!["{".to_owned()];
    for (index, (name, value)) in rows.iter().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        lines.push(format!("    \"{name}\": {value}{comma}"));
    }
    lines.push("}".to_owned());
    lines
}

fn attributes(broker: &Broker, queue: &str, given: &Given) -> Vec<String> {
    let (Some(view), Some(of)) = (broker.queue(queue), broker.attributes(queue)) else { return vec![] };
    let mut rows = vec![
        ("ApproximateNumberOfMessages", view.ready.to_string()),
        ("ApproximateNumberOfMessagesDelayed", "0".to_owned()),
        ("ApproximateNumberOfMessagesNotVisible", view.unacked.to_string()),
        ("MessageRetentionPeriod", of.retention.seconds().to_string()),
        ("QueueArn", arn(queue)),
        ("VisibilityTimeout", of.visibility.seconds().to_string()),
    ];
    if let Some(most) = of.max_receives {
        let to = view.dead_letter().unwrap_or_default();
        let policy = format!(
            "{{\\\"deadLetterTargetArn\\\":\\\"arn:aws:sqs:us-west-2:417700000000:{to}\\\",\\\"maxReceiveCount\\\":{most}}}"
        );
        rows.insert(6, ("RedrivePolicy", policy));
    }
    let names: Vec<&str> = given.values("attribute-names").chain(given.operands.iter().map(String::as_str)).collect();
    let names: Vec<&str> = names.iter().flat_map(|name| name.split(',')).collect();
    rows.retain(|(name, _)| names.is_empty() || names.contains(&"All") || names.contains(name));
    let mut lines = vec!["{".to_owned(), "    \"Attributes\": {".to_owned()];
    for (index, (name, value)) in rows.iter().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        lines.push(format!("        \"{name}\": \"{value}\"{comma}"));
    }
    lines.extend(["    }".to_owned(), "}".to_owned()]);
    lines
}

fn receive(call: &mut Call, world: &mut dyn World, broker: &str, operation: Operation) -> Progress {
    let messages = match world.operate(call.who, broker, operation) {
        Ok(Applied::Messages(messages)) => messages,
        Ok(_) => vec![],
        Err(error) => return call.fail(error),
    };
    let one = |message: &Message| {
        [
            "        {".to_owned(),
            format!("            \"MessageId\": \"{}\",", message.unit.uuid()),
            format!("            \"Body\": \"{}\",", world.system().body_of(message.unit)),
            format!("            \"ApproximateReceiveCount\": \"{}\"", message.deliveries),
            "        }".to_owned(),
        ]
    };
    if messages.is_empty() {
        return Progress::Done(0);
    }
    let mut lines = vec!["{".to_owned(), "    \"Messages\": [".to_owned()];
    lines.extend(messages.iter().flat_map(one));
    lines.extend(["    ]".to_owned(), "}".to_owned()]);
    call.say_all(lines);
    Progress::Done(0)
}

/// `VisibilityTimeout=300`, `MessageRetentionPeriod=…`, `maxReceiveCount=2` or the redrive policy as JSON.
fn change(texts: &[&str]) -> Result<QueueChange, String> {
    let mut change = QueueChange::default();
    for text in texts.iter().flat_map(|text| if text.contains('{') { vec![*text] } else { text.split(',').collect() }) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let digits: String =
            value.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let number = || {
            let number: Result<i64, _> = digits.parse();
            number.map_err(|_| format!("An error occurred (InvalidAttributeValue) when calling the SetQueueAttributes operation: Invalid value for the parameter {name}."))
        };
        match name {
            "VisibilityTimeout" => change.visibility = Some(Span::from_seconds(number()?)),
            "MessageRetentionPeriod" => change.retention = Some(Span::from_seconds(number()?)),
            _ if text.contains("maxReceiveCount") => {
                let digits: String = text
                    .split("maxReceiveCount")
                    .nth(1)
                    .unwrap_or_default()
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .take_while(char::is_ascii_digit)
                    .collect();
                change.max_receives = digits.parse().ok();
            }
            _ => {
                return Err(format!(
                    "An error occurred (InvalidAttributeName) when calling the SetQueueAttributes operation: Unknown Attribute {name}. There are VisibilityTimeout, MessageRetentionPeriod and RedrivePolicy (maxReceiveCount=N)."
                ));
            }
        }
    }
    if change == QueueChange::default() {
        return Err("aws: error: argument --attributes is required".to_owned());
    }
    Ok(change)
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let last = typed.before.last().map(String::as_str);
    let queues = || {
        sqs(world).flat_map(|(_, broker)| broker.queues()).map(|view| candidate(view.name, "queue")).collect::<Vec<_>>()
    };
    match last {
        Some("--queue-url" | "--source-arn" | "--destination-arn") => queues(),
        Some("--attributes") => {
            ["VisibilityTimeout=300", "maxReceiveCount=2"].map(|word| candidate(word, "")).into_iter().collect()
        }
        Some("--attribute-names") => vec![candidate("All", "")],
        _ => {
            let named = |offer: &&super::Offer| typed.before.get(2).is_some_and(|word| offer.name == word);
            let takes = BRANCH.operations.iter().find(named).map_or(&[][..], |offer| offer.takes);
            takes.iter().map(|flag| candidate(format!("--{}", flag.long), flag.about)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_short_and_as_json() {
        let read = |text: &str| change(&[text]);
        assert_eq!(read("VisibilityTimeout=300").unwrap().visibility, Some(Span::from_seconds(300)));
        let json = "RedrivePolicy={\"deadLetterTargetArn\":\"arn:aws:sqs:us-west-2:41:x\",\"maxReceiveCount\":\"2\"}";
        assert_eq!(read(json).unwrap().max_receives, Some(2));
        assert_eq!(read("maxReceiveCount=3").unwrap().max_receives, Some(3));
        assert!(read("Colour=red").unwrap_err().contains("VisibilityTimeout"));
        assert!(change(&[]).is_err());
    }
}
