//! What a document reads, how it goes on after mistakes, how its parts are addressed and edited.

use super::{Document, LARGEST};
use serde::Deserialize;
use std::fmt::Write as _;

const SMALL: &str = r#"// a small system
Level(
    id: "small",
    system: [
        Broker(name: "rabbit", queues: [
            (name: "chat.in"),      // the first
            (name: "chat", kind: Quorum(delivery_limit: 5)),
        ]),
        Service(name: "chat-consumer", runs_on: Kubernetes(replicas: 40, memory: (request: "500Mi", limit: "1.5Gi")),
            versions: [
                (name: "py3", steps: [Work("12ms"), Allocate("7.0Gi"), Ack]),
                (name: "py3.1", steps: [Ack]),
            ]),
        Service(name: "chat-consumer-py2", runs_on: Bare),
    ],
    events: [Publish(name: "the line", to: "rabbit/chat.in")],
    alerts: [(name: "queue depth", when: "rabbit.chat.in.ready > 500 for 1m")],
)
"#;

fn complaints(text: &str) -> Vec<String> {
    let document = Document::parse(text);
    let told = document.complaints().iter();
    told.map(|c| format!("{:?}: {}", text.get(c.span.clone()).unwrap_or("?"), c.message)).collect()
}

#[test]
fn a_well_written_level_has_no_complaints() {
    assert_eq!(complaints(SMALL), Vec::<String>::new());
    assert_eq!(
        complaints("Level(text: \"two\\nlines \\\n   and a \\u{e9}\", raw: r#\"a \"b\"\"#, /* a /* b */ */ n: -1.5e3)"),
        [""; 0]
    );
    let text = "\u{feff}#![enable(implicit_some)]\r\nLevel(text: \"a\\n\\\r\n   b\")";
    assert_eq!(complaints(text), [""; 0]);
    assert_eq!(Document::parse(text).value_at("text").and_then(|node| node.text()), Some("a\nb"));
}

#[test]
fn a_missing_comma_is_told_and_read_over() {
    let text = "Level(a: 1 b: [1 2], c: (x: 1\n y: 2))";
    let told = complaints(text);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|line| line.contains("comma")), "{told:?}");
    assert!(Document::parse(text).value_at("c.y").is_some());
}

#[test]
fn a_missing_bracket_is_told_once_at_its_opening() {
    let text = "Level(\n    system: [\n        (name: \"a\"),\n    events: [\n        (name: \"b\"),\n    ],\n)";
    let document = Document::parse(text);
    assert_eq!(complaints(text), ["\"[\": this `[` is never closed"]);
    assert!(document.value_at("b").is_some(), "what follows is read on");

    let text = "Level(a: [(x: 1, y: [2), (x: 2)], b: 3)";
    assert_eq!(complaints(text), ["\"[\": this `[` is never closed"]);
    let text = "Level(a: [(x: 1, (x: 2)], b: 3)";
    assert_eq!(complaints(text), ["\"(\": this `(` is never closed"]);
    assert!(Document::parse(text).value_at("b").is_some());
}

#[test]
fn a_wrong_bracket_is_told_where_it_stands() {
    let text = "Level(\n    a: [\n        1,\n    ),\n    b: 2,\n)";
    assert_eq!(complaints(text), ["\")\": `)` doesn't close the `[` of line 2"]);
    assert!(Document::parse(text).value_at("b").is_some());
    let text = "Level(a: [1]], b: 2)";
    assert_eq!(complaints(text).len(), 1);
    assert!(Document::parse(text).value_at("b").is_some());
}

#[test]
fn a_missing_quote_costs_one_line() {
    let text = "Level(\n    id: \"one,\n    title: \"two\",\n    more: (a: \"three),\n    last: \"four\",\n)";
    let told = complaints(text);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|line| line.contains("never closed")), "{told:?}");
    let document = Document::parse(text);
    assert_eq!(document.value_at("title").and_then(|node| node.text()), Some("two"));
    assert_eq!(document.value_at("last").and_then(|node| node.text()), Some("four"));
}

#[test]
fn stray_characters_and_half_a_file_are_told() {
    assert_eq!(complaints("Level(a: 1; b: @ 2, c: )").len(), 3);
    let half = &SMALL[..SMALL.len() / 2];
    let told = complaints(half);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the file ends before"), "{told:?}");
    assert_eq!(complaints(""), ["\"\": the file is empty"]);
    assert_eq!(complaints("  // nothing\n").len(), 1);
    assert!(complaints("Level(a: 1) trailing")[0].contains("isn't read"));
}

#[test]
fn hostile_texts_end_soon() {
    for text in [
        "[".repeat(100_000),
        "(".repeat(100_000),
        "A(a:".repeat(100_000),
        "/*".repeat(100_000),
        "\"\\".repeat(100_000),
        "r#".repeat(100_000),
        "{1".repeat(100_000),
        "\u{1}\u{2}\u{0}\u{fffd}".repeat(100_000),
        "a ".repeat(200_000),
        ")".repeat(100_000),
        "'".repeat(100_000),
        format!("[{}", "\"a\n".repeat(100_000)),
        "x".repeat(LARGEST + 1),
        format!("[{}]", "9".repeat(500_000)),
    ] {
        let document = Document::parse(&text);
        assert!(document.complaints().len() <= super::MOST_COMPLAINTS);
        let _ = document.read::<Small>();
    }
}

#[test]
fn any_cut_and_any_byte_leaves_a_document() {
    for cut in (0..SMALL.len()).step_by(7) {
        for insert in ["(", "]", "\"", "'", ",", ":", "\\", "/*", "é"] {
            let text = format!("{}{insert}{}", &SMALL[..cut], &SMALL[cut..]);
            let _ = Document::parse(&text).read::<Small>();
        }
        let mut text = SMALL.to_owned();
        text.remove(cut);
        let _ = Document::parse(&text);
    }
}

#[test]
fn things_are_found_by_name_and_the_longest_name_is_meant() {
    let document = Document::parse(SMALL);
    let at = |path: &str| document.span(path).map(|span| &SMALL[span]);
    assert_eq!(at("id"), Some("\"small\""));
    assert_eq!(at("rabbit/chat.kind"), Some("Quorum(delivery_limit: 5)"));
    assert_eq!(at("rabbit/chat.kind.delivery_limit"), Some("5"));
    assert_eq!(at("rabbit/chat.in"), Some("(name: \"chat.in\")"));
    assert_eq!(at("chat-consumer.runs_on.memory.limit"), Some("\"1.5Gi\""));
    assert_eq!(at("chat-consumer.versions.py3.steps[1]"), Some("Allocate(\"7.0Gi\")"));
    assert_eq!(at("chat-consumer.py3.1.steps[0]"), Some("Ack"));
    assert_eq!(at("chat-consumer-py2.runs_on"), Some("Bare"));
    assert_eq!(at("system[0].queues[1].name"), Some("\"chat\""));
    assert_eq!(at("the line.to"), Some("\"rabbit/chat.in\""));
    assert_eq!(at("queue depth.when"), Some("\"rabbit.chat.in.ready > 500 for 1m\""));
    for wrong in ["nobody", "rabbit/chat.in.kind", "system[9]", "chat-consumer.replicas", "system[0", "..", "[", "id.x"]
    {
        assert_eq!(at(wrong), None, "{wrong}");
    }
}

#[test]
fn values_are_replaced_added_and_taken_out_with_their_comments_kept() {
    let document = Document::parse(SMALL);
    let text = document.replace("chat-consumer.runs_on.memory.limit", "\"8Gi\"").unwrap();
    assert_eq!(text, SMALL.replace("1.5Gi", "8Gi"));
    let text = document.replace("rabbit/chat.in.kind", "Quorum").unwrap();
    assert_eq!(text, SMALL.replace("(name: \"chat.in\")", "(name: \"chat.in\", kind: Quorum)"));
    let text = document.replace("chat-consumer-py2.runs_on.memory.limit", "\"1Gi\"").unwrap();
    assert_eq!(text, SMALL.replace("Bare", "Bare(memory: (limit: \"1Gi\"))"));
    assert!(document.replace("nobody at all.kind", "1").is_err());
    assert!(document.replace("system.kind", "1").is_err());
    assert!(document.replace("", "1").is_ok());

    let text = document.remove("the line").unwrap();
    assert!(text.contains("events: []"), "{text}");
    let text = document.remove("rabbit/chat.in").unwrap();
    assert!(Document::parse(&text).complaints().is_empty());
    assert!(text.contains("// the first") && !text.contains("name: \"chat.in\""), "{text}");
    let text = document.remove("chat-consumer.runs_on.memory.request").unwrap();
    assert!(text.contains("memory: ( limit"), "{text}");
    assert!(document.remove("nobody").is_err());
    assert!(document.remove("").is_err());
}

#[test]
fn a_name_is_replaced_wherever_it_stands_as_a_whole_word() {
    let document = Document::parse(SMALL);
    let text =
        document.rename(&[("chat-consumer", "alpha"), ("rabbit", "hare"), ("py3", "nine"), ("chat.in", "in.door")]);
    assert!(text.contains("Service(name: \"alpha\""), "{text}");
    assert!(text.contains("\"chat-consumer-py2\""), "a longer name is another name");
    assert!(text.contains("hare.in.door.ready > 500"), "{text}");
    assert!(text.contains("\"hare/in.door\""), "{text}");
    assert!(text.contains("(name: \"nine\""), "{text}");
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename = "Level", default, deny_unknown_fields)]
struct Small {
    id: String,
    system: Vec<Part>,
    events: Vec<Event>,
    alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
enum Part {
    Broker(Broker),
    Service {
        name: String,
        runs_on: RunsOn,
        #[serde(default)]
        versions: Vec<Version>,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Broker {
    name: String,
    queues: Vec<Queue>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Queue {
    name: String,
    #[serde(default)]
    kind: QueueKind,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
enum QueueKind {
    #[default]
    Classic,
    Quorum {
        delivery_limit: Option<u32>,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
enum RunsOn {
    Kubernetes { replicas: u8, memory: Memory },
    Bare,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Memory {
    request: crate::sim::quantity::Bytes,
    limit: crate::sim::quantity::Bytes,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Version {
    name: String,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Step {
    Work(crate::sim::quantity::Duration),
    Allocate(crate::sim::quantity::Bytes),
    Log(Level, String),
    Repeat { times: u32, r#do: Vec<Step> },
    Ack,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Level {
    Info,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Event {
    Publish { name: String, to: String },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Alert {
    name: String,
    when: String,
}

#[test]
fn a_document_is_read_as_any_type() {
    let document = Document::parse(SMALL);
    let reading = document.read::<Small>();
    assert_eq!(reading.complaints, []);
    let level = reading.value.unwrap();
    assert_eq!(level.system.len(), 3);
    let Part::Broker(broker) = &level.system[0] else { panic!("{:?}", level.system) };
    assert_eq!(broker.queues[1].kind, QueueKind::Quorum { delivery_limit: Some(5) });
    assert!(matches!(&level.events[0], Event::Publish { name, .. } if name == "the line"));
}

#[test]
fn every_mistake_of_schema_is_told_at_its_place() {
    let mut text = SMALL.to_owned();
    for (from, to) in [
        ("id: \"small\"", "id: small"),
        ("(name: \"chat\", kind: Quorum(delivery_limit: 5))", "(nmae: \"chat\", kind: Qorum(delivery_limit: 5))"),
        ("replicas: 40", "replicas: 400"),
        ("\"1.5Gi\"", "\"1.5 parsecs\""),
        ("Work(\"12ms\")", "Wrok(\"12ms\")"),
        ("Allocate(\"7.0Gi\")", "Allocate(7.0)"),
        ("to: \"rabbit/chat.in\"", "to: \"rabbit/chat.in\", to: \"twice\""),
        (", when: \"rabbit.chat.in.ready > 500 for 1m\"", ""),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let reading = Document::parse(&text).read::<Small>().complaints;
    let told: String = reading.iter().fold(String::new(), |mut all, c| {
        let _ = writeln!(all, "{}: {} ({}) {}", &text[c.span.clone()], c.message, c.help, c.path);
        all
    });
    assert_eq!(
        told,
        "small: a text in quotes belongs here, not `small` (write \"small\") id
(: the field `name` is missing (add `name: …`) system[0].queues[1]
nmae: there is no field `nmae` here (did you mean `name`?) system[0].queues[1].nmae
Qorum: `Qorum` is not known here (did you mean `Quorum`?) system[0].queues[1].kind
400: the number 400 is out of range: a whole number up to 255 belongs here () system[1].runs_on.replicas
\"1.5 parsecs\": `1.5 parsecs` is not an amount of memory; write for example \"500Mi\", \"1.5Gi\" or \"100KB\" () system[1].runs_on.memory.limit
Wrok: `Wrok` is not known here (did you mean `Work`?) system[1].versions[0].steps[0]
7.0: a text in quotes belongs here, not `7.0` (write \"7.0\") system[1].versions[0].steps[1]
to: the field `to` is given twice (keep one of them) events[0].to
(: the field `when` is missing (add `when: …`) alerts[0]
"
    );
}

#[test]
fn numbers_that_aren_t_numbers_are_refused() {
    #[derive(Debug, Deserialize)]
    struct Numbers {
        #[expect(dead_code, reason = "only its reading matters")]
        a: Vec<f64>,
    }
    let text = "(a: [1, -2.5, 1e3, 0x10, NaN, inf, 1e999, \"1\", 12ms])";
    let told = Document::parse(text).read::<Numbers>().complaints;
    let places: Vec<&str> = told.iter().map(|c| &text[c.span.clone()]).collect();
    assert_eq!(places, ["NaN", "inf", "1e999", "\"1\"", "12ms"]);
}
