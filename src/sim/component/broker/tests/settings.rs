//! Settings as they are read, and everything that is wrong with them.

use super::*;

#[test]
fn settings_are_read_as_a_level_writes_them_and_unknown_fields_are_refused() {
    let read = |text: &str| serde_json::from_str::<Settings>(text).map_err(|error| error.to_string());
    let broker = read(
        r#"{"name": "rabbit", "flavour": {"RabbitMq": {"version": "3.8"}}, "watermark": "40%", "message_size": "2KB",
            "queues": [{"name": "x"}, {"name": "y", "kind": {"Quorum": {"delivery_limit": 5}}, "dead_letter": "x",
            "message_ttl": "1m", "requeue": "Tail"}], "policies": [{"name": "p", "pattern": "^y", "max_length": 10}]}"#,
    )
    .unwrap();
    assert_eq!(broker.queues[1].kind, QueueKind::Quorum { delivery_limit: Some(5) });
    assert_eq!((broker.queues[0].kind, broker.queues[0].requeue), (QueueKind::Classic, Requeue::Original));
    assert!(broker.problems().is_empty());
    let refused =
        |queue: &str, more: &str| read(&format!(r#"{{"name": "r", "queues": [{queue}]{more}}}"#)).unwrap_err();
    assert!(refused(r#"{"name": "x", "ttl": "1m"}"#, "").contains("ttl"));
    assert!(refused("", r#", "flavour": {"RabbitMq": {"version": "new"}}"#).contains("\"3.8\""));
    assert!(refused("", r#", "follows": ["m"]"#).contains("follows"));
}

#[test]
fn every_mistake_in_the_settings_is_told_at_its_place() {
    let bad =
        QueueSettings { dead_letter: Some("nowhere".into()), message_ttl: Some(Span::from_seconds(-1)), ..queue("q") };
    let policy = PolicySettings {
        name: "p".into(),
        pattern: "[".into(),
        priority: 0,
        delivery_limit: None,
        dead_letter: None,
        message_ttl: None,
        max_length: None,
    };
    let version = Version::try_from("3.7.4".to_string()).unwrap();
    let settings = Settings {
        flavour: Flavour::RabbitMq { version },
        policies: vec![policy],
        ..broker_of(vec![bad, queue("q"), quorum("r", 1)])
    };
    let places: Vec<String> = settings.problems().into_iter().map(|(place, _)| place).collect();
    let expected =
        ["queues[0].dead_letter", "queues[0].message_ttl", "queues[1].name", "queues[2].kind", "policies[0].pattern"];
    assert_eq!(places, expected);
    // A broker is built all the same.
    Bench::new(&settings).publish(0, 1);
}
