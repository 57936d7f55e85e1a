//! A small level from its text to its conditions, what is changed in it, and what is said of a broken one.

use super::schema::Statement;
use super::*;

const SMALL: &str = r#"Level(
    id: "small",
    title: "Small",
    system: [
        Clients(name: "people", load: [(kind: "line", rate: "10/s", publish: "mq/in")]),
        Broker(name: "mq", queues: [(name: "in")]),
        Service(
            name: "worker",
            runs_on: Kubernetes(replicas: 3, memory: (request: "100Mi", limit: "1Gi")),
            consumes: [(queue: "mq/in")],
            runs: "v1",
            versions: [(name: "v1", deployed: "-1d", steps: [Work("10ms"), When(tag: "bad", then: [Allocate("4Gi")]), Ack])],
        ),
    ],
    events: [Publish(name: "the one", at: "1m", to: "mq/in", tags: ["bad"])],
    monitoring: (alerts: [(name: "deep", when: "mq.in.ready > 100 for 1m")]),
    team: [(who: "Ada, support", when: "people.waiting > 50", says: "they wait")],
    goal: (
        mitigated: "p95(people.line.delivery[2m]) < 5s",
        budget: (bad: "people.line.late", of: "people.line", share: "10%"),
        gone: "not exists(mq/*, tag = \"bad\")",
    ),
    solutions: [(name: "wait", script: [("02:00", "wait 5m"), ("+10s", "resolve"), ("when mq.in.ready == 0", "resolve")])],
    proofs: [
        Figure(name: "restarts", expect: "> 3", measure: "worker.restarts", at: "10m"),
        Proof(name: "without it", leave_out: ["the one"], until: "10m", expect: ["worker.restarts == 0", "message(\"the one\").deliveries == 0"]),
        Proof(name: "with room", change: [("worker.runs_on.memory.limit", "\"8Gi\"")], expect: ["worker.restarts == 0"]),
    ],
)"#;

fn told(text: &str) -> Vec<String> {
    let problems = Level::parse(text).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{}: {}", &text[problem.span.clone()], problem.message)).collect()
}

#[test]
fn a_small_level_is_read_with_its_defaults() {
    let level = Level::parse(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(level.warnings(), []);
    assert_eq!(level.clock.limit, crate::sim::quantity::Span::from_seconds(3600));
    assert!((level.goal.budget.allowed - 3600.0).abs() < 1e-6, "a tenth of ten a second for an hour");
    assert_eq!(level.goal.mitigated.metrics().len(), 1);
    assert!(level.condition("worker.restarts > 0").is_ok());
    assert!(level.condition("worker.restart > 0").is_err());
    assert!(SMALL.lines().count() <= 40, "a minimal level has some forty lines");
}

#[test]
fn the_digest_knows_what_a_level_does_and_not_what_it_says() {
    let digest = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        Level::parse(&SMALL.replace(from, to)).unwrap_or_else(|problems| panic!("{problems:#?}")).digest()
    };
    let whole = digest("Small", "Small");
    assert_eq!(whole, digest("they wait", "they are waiting"));
    assert_eq!(whole, digest("\"Small\"", "\"Large\" // a comment"));
    assert_eq!(whole, digest("mq.in.ready > 100 for 1m", "(mq.in.ready  > 100) for 60s"));
    assert_ne!(whole, digest("10/s", "11/s"));
    assert_ne!(whole, digest("> 100", "> 101"));
    assert_ne!(whole, digest("share: \"10%\"", "share: \"11%\""));
    assert_ne!(whole, digest("at: \"1m\"", "at: \"2m\""));
}

#[test]
fn a_changed_level_stands_with_its_conditions() {
    let level = Level::parse(SMALL).unwrap();
    for statement in &level.proofs {
        let changed = level.changed(statement.change()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(changed.proofs.len(), level.proofs.len());
    }
    let Statement::Proof(without) = &level.proofs[1] else { panic!("the second is a proof") };
    let changed = level.changed(&without.but).unwrap();
    assert!(changed.events.is_empty());
    assert!(level.changed(&Change { leave_out: vec!["nobody".into()], ..Change::default() }).is_err());
    let to = |value: &str| Change { change: vec![("worker.workers".into(), value.into())], ..Change::default() };
    assert!(level.changed(&to("4")).is_ok(), "a field that isn't written can be set");
    assert!(level.changed(&to("0")).is_err());
}

#[test]
fn mistakes_of_every_sort_are_told_at_once_each_at_its_place() {
    let mut text = SMALL.to_owned();
    for (from, to) in [
        ("rate: \"10/s\"", "rate: \"10\""),
        ("publish: \"mq/in\"", "publish: \"mq/inn\""),
        (
            "Broker(name: \"mq\", queues: [(name: \"in\")])",
            "Broker(name: \"mq\", queues: [(name: \"in\"), (name: \"in\")])",
        ),
        ("request: \"100Mi\"", "request: \"2Gi\""),
        ("runs: \"v1\"", "runs: \"v2\""),
        ("mq.in.ready > 100 for 1m", "mq.in.redy > 100 for 1m"),
        ("(who: \"Ada, support\",", "(whom: \"Ada\", who: \"Ada, support\","),
        ("p95(people.line.delivery[2m]) < 5s", "p95(people.line.delivery[2m]) < 5"),
        ("of: \"people.line\"", "of: \"people.lines\""),
        ("(\"+10s\", \"resolve\")", "(\"01:00\", \"resolve\")"),
        ("leave_out: [\"the one\"]", "leave_out: [\"the two\"]"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let all = told(&text);
    for (place, message) in [
        ("\"10\"", "is not a rate"),
        ("\"mq/inn\"", "there is no queue called `mq/inn`"),
        ("\"in\"", "there is another queue"),
        ("\"2Gi\"", "more is asked for"),
        ("\"v2\"", "there is no version called `v2`"),
        ("mq.in.redy", "nothing is measured as `mq.in.redy`"),
        ("whom", "there is no field `whom` here"),
        ("p95(people.line.delivery[2m]) < 5", "without a unit"),
        ("\"people.lines\"", "there is no clients or load called"),
        ("\"01:00\"", "before the line above it"),
        ("\"the two\"", "nothing here is called `the two`"),
    ] {
        let hit = all.iter().any(|line| line.starts_with(&format!("{place}: ")) && line.contains(message));
        assert!(hit, "{place}: {message}\n{all:#?}");
    }
}

#[test]
fn bytes_that_are_no_level_are_refused() {
    let (long, deep) = (vec![b'a'; LARGEST + 1], vec![b'['; 100_000]);
    for bytes in [&b""[..], b"\xff\xfe\x00", b"\0\0", &long, b"   ", b"hello", b"(", &deep] {
        let problems = Level::from_bytes(bytes).err().unwrap_or_default();
        assert!(!problems.is_empty() && problems.len() <= 60, "{}", problems.len());
        assert!(problems.iter().all(|problem| problem.message.chars().count() <= 200));
    }
}

#[test]
fn conditions_read_each_metric_where_the_system_tells_it() {
    let small = Level::parse(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    for level in catalog::levels().into_iter().chain([small]) {
        let simulation = crate::sim::Simulation::new(&level.simulated(), crate::sim::random::Seed(1)).unwrap();
        let catalogue = simulation.telemetry().catalogue();
        let measured = compile::measured(&level.sections);
        assert!(!measured.is_empty(), "{}", level.title);
        for (name, metric) in measured {
            let told = match metric.shape {
                condition::Shape::Counter | condition::Shape::Gauge => catalogue.scalar(&name).map(|id| id.0),
                condition::Shape::Latency => catalogue.histogram(&name).map(|id| id.0),
                condition::Shape::Family => catalogue.family(&name).map(|id| id.0),
            };
            assert_eq!(told, Some(metric.index), "{}: {name}", level.title);
        }
    }
}
