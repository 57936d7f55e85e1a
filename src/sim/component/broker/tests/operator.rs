//! What operators do to queues, and what they see.

use super::*;

#[test]
fn purging_loses_what_is_ready_and_leaves_what_is_out() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.subscribe(0, consumer(1), 2);
    let got = bench.publish(0, 10);
    assert_eq!(bench.operate(&Operation::Purge { queue: "q".into() }), Ok(Applied::Count(8)));
    assert_eq!((bench.tally("q").dropped, bench.metric("lost"), bench.metric("rabbit.q.unacked")), (8, 8, 2));
    bench.settle(got[0], Settle::Ack);
    assert_eq!(bench.metric("delivered"), 1);
    let refused = bench.operate(&Operation::Purge { queue: "p".into() });
    assert_eq!(refused, Err("no queue 'p' in vhost '/'".into()));
}

#[test]
fn getting_with_requeue_shows_messages_and_keeps_their_places() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 4);
    let seen = bench.get("q", 2, Settle::Requeue);
    assert_eq!(seen.iter().map(|m| (m.unit.ordinal(), m.redelivered)).collect::<Vec<_>>(), [(0, false), (1, false)]);
    assert_eq!(bench.ready("q"), [0, 1, 2, 3]);
    assert!(bench.get("q", 1, Settle::Requeue)[0].redelivered);
}

#[test]
fn getting_without_requeue_takes_the_head_out_for_good() {
    let mut bench = Bench::with(vec![QueueSettings { dead_letter: Some("dlq".into()), ..queue("q") }, queue("dlq")]);
    bench.publish_tagged(0, 0b10);
    bench.publish(0, 3);
    assert!(bench.broker.holds_tag(0b10));
    assert_eq!(bench.get("q", 1, Settle::Ack).len(), 1);
    assert!(!bench.broker.holds_tag(0b10));
    assert_eq!((bench.metric("lost"), bench.metric("delivered")), (1, 0));
    bench.get("q", 1, Settle::Reject);
    assert_eq!((bench.ready("q"), bench.ready("dlq")), (vec![2, 3], vec![1]));
    assert_eq!(bench.get("q", 50, Settle::Ack).len(), 2);
    assert!(bench.get("q", 1, Settle::Ack).is_empty());
}

#[test]
fn the_policy_with_the_highest_priority_applies_and_of_equals_the_latest() {
    let mut bench = Bench::with(vec![queue("chat.in"), queue("chat.out"), queue("dlq")]);
    let length = |priority, max| Policy { priority, max_length: Some(max), ..Policy::default() };
    bench.publish(0, 10);
    bench.set_policy("short", "^chat\\.", length(0, 5)).unwrap();
    assert_eq!(bench.ready("chat.in").len(), 5);
    bench.set_policy("longer", "in$", length(0, 4)).unwrap();
    assert_eq!((bench.ready("chat.in").len(), bench.broker.queue("chat.in").unwrap().policy), (4, Some("longer")));
    assert_eq!(bench.broker.queue("chat.out").unwrap().policy, Some("short"));
    bench.set_policy("short", "^chat\\.", length(1, 3)).unwrap();
    assert_eq!(bench.ready("chat.in").len(), 3);
    assert_eq!(bench.set_policy("short", "^chat\\.", length(1, 3)), Ok(Applied::Unchanged));
    let clear = |name: &str| Operation::Policy { name: name.into(), pattern: String::new(), definition: None };
    assert_eq!(bench.operate(&clear("short")), Ok(Applied::Done));
    assert_eq!(bench.broker.queue("chat.in").unwrap().policy, Some("longer"));
    assert!(bench.operate(&clear("short")).is_err());
    let refused = bench.set_policy("bad", "(", length(0, 1)).unwrap_err();
    assert!(refused.starts_with("pattern should be regular expression but is invalid"), "{refused}");
}

#[test]
fn a_delivery_limit_by_policy_holds_for_quorum_queues_only() {
    for (settings, deliveries) in [(queue("q"), 50), (quorum("q", -1), 3), (quorum("q", 1), 2)] {
        let mut bench = Bench::with(vec![settings]);
        let limit = Policy { delivery_limit: Some(2), ..Policy::default() };
        bench.set_policy("limit", ".*", limit).unwrap();
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
fn a_policy_can_give_a_backlog_a_time_to_live() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 3);
    bench.wait(Span::from_seconds(50));
    bench.publish(0, 2);
    let ttl = Policy { message_ttl: Some(Span::from_seconds(60)), ..Policy::default() };
    bench.set_policy("ttl", "q", ttl).unwrap();
    bench.wait(Span::from_seconds(10));
    assert_eq!(bench.ready("q"), [3, 4]);
    bench.wait(Span::from_seconds(50));
    assert_eq!((bench.ready("q"), bench.tally("q").dropped), (vec![], 5));
}

#[test]
fn a_shovel_moves_a_backlog_in_order_into_a_queue_that_it_declares() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 3);
    let shovel = |to: &str| Operation::Shovel { from: "q".into(), to: to.into() };
    assert_eq!(bench.operate(&shovel("aside")), Ok(Applied::Count(3)));
    assert_eq!((bench.ready("q"), bench.ready("aside")), (vec![], vec![0, 1, 2]));
    assert_eq!((bench.metric("rabbit.aside.ready"), bench.metric("lost")), (3, 0));
    assert!(bench.operate(&shovel("q")).is_err());
}

#[test]
fn declaring_a_queue_twice_is_declaring_it_once() {
    let mut bench = Bench::with(vec![queue("q")]);
    let declare = |name: &str, quorum| Operation::Declare { queue: name.into(), quorum };
    assert_eq!(bench.operate(&declare("new", true)), Ok(Applied::Done));
    assert_eq!(bench.operate(&declare("new", true)), Ok(Applied::Unchanged));
    assert!(bench.operate(&declare("q", true)).unwrap_err().contains("received 'quorum' but current is 'classic'"));
    for number in 0..498 {
        assert_eq!(bench.operate(&declare(&format!("n{number}"), false)), Ok(Applied::Done));
    }
    assert!(bench.operate(&declare("one more", false)).unwrap_err().contains("queue limit (500)"));
}

#[test]
fn a_message_that_is_followed_counts_its_deliveries_and_shows_what_it_says() {
    let mut bench = Bench::with(vec![queue("q")]);
    let line = |name: Option<&str>, tag: &str, count| Operation::Publish {
        queue: "q".into(),
        tags: vec![tag.into()],
        count,
        name: name.map(Into::into),
        body: "100%".into(),
    };
    assert_eq!(bench.operate(&line(Some("somebody"), "bad", 3)), Ok(Applied::Count(3)));
    assert_eq!(bench.operate(&line(Some("the line"), "worse", 1)), Ok(Applied::Count(1)));
    for epoch in 0..5 {
        let life = Consumer { epoch, ..consumer(1) };
        assert_eq!(bench.subscribe(0, life, 0).len(), 4);
        bench.disconnect(life);
    }
    assert_eq!(bench.metric("message.the_line.deliveries"), 5);
    let seen = bench.get("q", 4, Settle::Ack);
    assert_eq!(bench.broker.name_of(seen[3].unit), Some("the line"));
    assert_eq!((bench.broker.name_of(seen[2].unit), bench.broker.body(seen[2].unit)), (Some("somebody"), Some("100%")));
    assert!(bench.operate(&line(None, "unheard of", 1)).is_err());
}

#[test]
fn a_queue_is_shown_with_its_arguments_consumers_and_what_is_out() {
    let mut bench =
        Bench::with(vec![QueueSettings { dead_letter: Some("q".into()), max_length: Some(9), ..quorum("q", 3) }]);
    bench.subscribe(0, consumer(4), 1);
    bench.publish(0, 3);
    let view = bench.broker.queue("q").unwrap();
    assert_eq!((view.ready, view.unacked, view.consumers, view.waiting_consumers), (2, 1, 1, 0));
    let names: Vec<_> = view.arguments().into_iter().map(|(name, _)| name).collect();
    let expected =
        ["x-dead-letter-exchange", "x-dead-letter-routing-key", "x-delivery-limit", "x-max-length", "x-queue-type"];
    assert_eq!(names, expected);
    let consumers: Vec<_> = bench.broker.consumers("q").collect();
    assert_eq!((consumers[0].instance, consumers[0].unacked, consumers[0].active), (4, 1, false));
    let out: Vec<_> = bench.broker.unacked("q").map(|(message, by)| (message.unit.ordinal(), by.instance)).collect();
    assert_eq!(out, [(0, 4)]);
    assert_eq!(bench.broker.consumers("no such queue").count(), 0);
}
