//! Where a queue's patience ends: delivery limits, time to live, length, memory.

use super::*;

#[test]
fn a_quorum_queue_gives_a_message_up_after_its_delivery_limit() {
    let mut bench =
        Bench::with(vec![QueueSettings { dead_letter: Some("dlq".into()), ..quorum("q", 5) }, queue("dlq")]);
    bench.publish(0, 2);
    let mut deaths = 0;
    for instance in 0..20 {
        let got = bench.subscribe(0, consumer(instance), 1);
        if got.first().is_some_and(|got| got.ordinal == 0) {
            deaths += 1;
            bench.disconnect(consumer(instance));
        }
    }
    assert_eq!(deaths, 6, "a limit of five lets it come back five times");
    assert_eq!(bench.ready("dlq"), [0]);
    assert_eq!(bench.tally("q").dead_lettered, 1);
}

#[test]
fn without_a_dead_letter_queue_it_is_dropped_and_lost() {
    let mut bench = Bench::with(vec![quorum("q", 0)]);
    bench.publish(0, 1);
    let got = bench.subscribe(0, consumer(1), 1);
    assert_eq!(bench.settle(got[0], Settle::Requeue), []);
    assert_eq!((bench.tally("q").dropped, bench.metric("lost")), (1, 1));
}

#[test]
fn the_default_delivery_limit_is_the_versions() {
    for (version, deliveries) in [("3.8", 50), ("4.0", 21)] {
        let version = Version::try_from(version.to_string()).unwrap();
        let kind = QueueKind::Quorum { delivery_limit: None };
        let flavour = Flavour::RabbitMq { version };
        let mut bench = Bench::new(&Settings { flavour, ..broker_of(vec![QueueSettings { kind, ..queue("q") }]) });
        bench.publish(0, 1);
        for epoch in 0..50 {
            let life = Consumer { epoch, ..consumer(1) };
            bench.subscribe(0, life, 1);
            bench.disconnect(life);
        }
        assert_eq!(bench.tally("q").delivered, deliveries);
    }
}

#[test]
fn a_message_expires_at_the_head_and_not_while_it_is_out() {
    let ttl =
        QueueSettings { message_ttl: Some(Span::from_seconds(10)), dead_letter: Some("dlq".into()), ..queue("q") };
    let mut bench = Bench::with(vec![ttl, queue("dlq")]);
    bench.subscribe(0, consumer(1), 1);
    bench.publish(0, 1);
    bench.wait(Span::from_seconds(4));
    bench.publish(0, 1);
    bench.wait(Span::from_seconds(9));
    assert_eq!(bench.ready("q"), [1]);
    bench.wait(Span::from_seconds(1));
    assert_eq!((bench.ready("q"), bench.ready("dlq")), (vec![], vec![1]));
    // The one that was out for longer than it may wait expires as soon as it comes back.
    bench.disconnect(consumer(1));
    assert_eq!(bench.ready("dlq"), [1, 0]);
    assert_eq!(bench.tally("q").dead_lettered, 2);
}

#[test]
fn a_queue_of_dead_letters_with_a_time_to_live_is_a_delayed_retry() {
    let retry = QueueSettings { message_ttl: Some(Span::from_seconds(5)), dead_letter: Some("q".into()), ..queue("r") };
    let mut bench = Bench::with(vec![QueueSettings { dead_letter: Some("r".into()), ..queue("q") }, retry]);
    bench.subscribe(0, consumer(1), 1);
    let got = bench.publish(0, 1);
    bench.wait(Span::from_seconds(60));
    bench.settle(got[0], Settle::Reject);
    bench.wait(Span::from_seconds(4));
    assert!(bench.deliveries().is_empty(), "its time begins where it enters the retry queue");
    bench.wait(Span::from_seconds(1));
    assert_eq!(ordinals(&bench.deliveries()), [0]);
}

#[test]
fn a_full_queue_drops_from_its_head() {
    let short = QueueSettings { max_length: Some(3), dead_letter: Some("dlq".into()), ..queue("q") };
    let mut bench = Bench::with(vec![short, queue("dlq")]);
    bench.publish(0, 5);
    assert_eq!((bench.ready("q"), bench.ready("dlq")), (vec![2, 3, 4], vec![0, 1]));
}

#[test]
fn a_queue_that_is_its_own_dead_letter_queue_drops_what_nobody_rejected() {
    let own = QueueSettings { dead_letter: Some("q".into()), message_ttl: Some(Span::from_seconds(1)), ..queue("q") };
    let mut bench = Bench::with(vec![own]);
    bench.subscribe(0, consumer(1), 1);
    let got = bench.publish(0, 2);
    let again = bench.settle(got[0], Settle::Reject);
    assert_eq!((ordinals(&again), bench.ready("q")), (vec![1], vec![0]));
    bench.wait(Span::from_seconds(1));
    assert_eq!((bench.tally("q").dropped, bench.tally("q").dead_lettered), (1, 1));
}

#[test]
fn a_circle_of_dead_letters_comes_to_an_end() {
    let into =
        |name: &str, to: &str| QueueSettings { max_length: Some(0), dead_letter: Some(to.into()), ..queue(name) };
    let at_once = QueueSettings { message_ttl: Some(Span::ZERO), ..into("c", "c") };
    let mut bench = Bench::with(vec![into("a", "b"), into("b", "a"), at_once]);
    bench.publish(0, 1);
    bench.publish(2, 1);
    assert_eq!(bench.metric("lost"), 2);
}

#[test]
fn above_the_watermark_publishers_wait_and_consumers_drain() {
    let mut bench = Bench::new(&Settings {
        memory: Bytes(20_000),
        watermark: Share(500_000),
        ..broker_of(vec![queue("q"), queue("other")])
    });
    bench.publish(0, 7);
    bench.publish_tagged(1, 1);
    assert_eq!((bench.metric("rabbit.q.ready"), bench.metric("rabbit.blocked")), (5, 1));
    assert_eq!((bench.broker.held_back(), bench.broker.queue("q").unwrap().state), (3, "flow"));
    assert!(bench.broker.holds_tag(1), "held up is still here");
    assert_eq!(bench.metric("rabbit.memory"), 10_000);
    let mut out = bench.subscribe(0, consumer(1), 1);
    let mut order = Vec::new();
    while let Some(got) = out.pop() {
        order.push(got.ordinal);
        out = bench.settle(got, Settle::Ack);
    }
    assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!((bench.metric("rabbit.blocked"), bench.ready("other")), (0, vec![7]));
}
