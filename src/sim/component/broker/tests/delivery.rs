//! How messages reach consumers and come back from them.

use super::*;

#[test]
fn a_message_is_delivered_acknowledged_and_gone() {
    let mut bench = Bench::with(vec![queue("q")]);
    assert!(bench.publish(0, 1).is_empty());
    assert_eq!(bench.metric("rabbit.q.ready"), 1);
    let got = bench.subscribe(0, consumer(1), 20);
    assert_eq!(ordinals(&got), [0]);
    assert!(!got[0].redelivered);
    assert_eq!((bench.metric("rabbit.q.ready"), bench.metric("rabbit.q.unacked")), (0, 1));
    assert_eq!(bench.metric("delivered"), 0);
    bench.settle(got[0], Settle::Ack);
    assert_eq!((bench.metric("rabbit.q.unacked"), bench.metric("rabbit.q.acked")), (0, 1));
    assert_eq!(bench.metric("delivered"), 1);
}

#[test]
fn consumers_take_turns_and_have_no_more_out_than_their_prefetch() {
    let mut bench = Bench::with(vec![queue("q")]);
    for instance in 1..=3 {
        bench.subscribe(0, consumer(instance), 2);
    }
    let got = bench.publish(0, 8);
    assert_eq!(instances(&got), [1, 2, 3, 1, 2, 3]);
    assert_eq!(bench.ready("q"), [6, 7]);
    // The one that acknowledges goes to the end of the ring, which is empty but for it.
    let next = bench.settle(got[1], Settle::Ack);
    assert_eq!((instances(&next), ordinals(&next)), (vec![2], vec![6]));
}

#[test]
fn prefetch_zero_has_no_bound() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 1000);
    assert_eq!(bench.subscribe(0, consumer(1), 0).len(), 1000);
}

#[test]
fn what_a_dead_consumer_had_out_comes_back_in_its_old_order_and_marked() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.subscribe(0, consumer(1), 3);
    let got = bench.publish(0, 5);
    bench.settle(got[1], Settle::Ack);
    assert_eq!(bench.ready("q"), [4]);
    bench.disconnect(consumer(1));
    assert_eq!(bench.ready("q"), [0, 2, 3, 4]);
    let again = bench.subscribe(0, consumer(2), 0);
    let marks: Vec<_> = again.iter().map(|got| (got.ordinal, got.redelivered, got.deliveries)).collect();
    assert_eq!(marks, [(0, true, 2), (2, true, 2), (3, true, 2), (4, false, 1)]);
    assert_eq!((bench.tally("q").requeued, bench.tally("q").redelivered), (3, 3));
}

#[test]
fn a_disconnect_gives_nothing_back_to_another_channel_of_the_same_process() {
    let mut bench = Bench::with(vec![queue("a"), QueueSettings { dead_letter: Some("a".into()), ..quorum("b", 0) }]);
    let second = Consumer { subscription: 1, ..consumer(1) };
    bench.subscribe(0, consumer(1), 5);
    bench.subscribe(1, second, 5);
    bench.subscribe(1, consumer(2), 1);
    bench.publish(1, 1);
    // Over its limit at once, it goes to `a`, where the dying process consumes too.
    let after = bench.disconnect(second);
    assert_eq!(after, []);
    assert_eq!(bench.ready("a"), [0]);
}

#[test]
fn a_requeued_message_returns_to_the_head_unless_the_level_sends_it_to_the_tail() {
    for (requeue, order) in [(Requeue::Original, [0, 1, 2, 3]), (Requeue::Tail, [2, 3, 0, 1])] {
        let mut bench = Bench::with(vec![QueueSettings { requeue, ..queue("q") }]);
        bench.subscribe(0, consumer(1), 2);
        bench.publish(0, 4);
        bench.disconnect(consumer(1));
        assert_eq!(bench.ready("q"), order);
    }
}

#[test]
fn a_poison_message_goes_from_consumer_to_consumer_for_ever_in_a_classic_queue() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 1);
    for epoch in 0..100 {
        let life = Consumer { epoch, ..consumer(7) };
        let got = bench.subscribe(0, life, 20);
        assert_eq!((ordinals(&got), got[0].redelivered), (vec![0], epoch > 0));
        bench.disconnect(life);
    }
    assert_eq!(bench.tally("q").delivered, 100);
    assert_eq!(bench.metric("lost"), 0);
}

#[test]
fn a_rejected_message_goes_to_the_dead_letter_queue_as_if_new() {
    let mut bench = Bench::with(vec![QueueSettings { dead_letter: Some("dlq".into()), ..queue("q") }, queue("dlq")]);
    bench.subscribe(1, consumer(9), 1);
    let got = {
        bench.subscribe(0, consumer(1), 1);
        bench.publish(0, 1)
    };
    let dead = bench.settle(got[0], Settle::Reject);
    assert_eq!((instances(&dead), ordinals(&dead), dead[0].redelivered), (vec![9], vec![0], false));
    assert_eq!(bench.metric("lost"), 0);
    bench.settle(dead[0], Settle::Ack);
    assert_eq!(bench.tally("q").dead_lettered, 1);
    assert_eq!(bench.tally("dlq").acked, 1);
}

#[test]
fn an_acknowledgement_that_is_late_double_or_anothers_changes_nothing() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.subscribe(0, consumer(1), 1);
    let first = bench.publish(0, 3)[0];
    let theirs = Got { consumer: consumer(2), ..first };
    assert_eq!(bench.settle(theirs, Settle::Ack), []);
    let second = bench.settle(first, Settle::Ack)[0];
    assert_eq!(bench.settle(first, Settle::Ack), [], "twice");
    bench.disconnect(consumer(1));
    assert_eq!(bench.settle(second, Settle::Ack), [], "after the connection has gone");
    assert_eq!(bench.ready("q"), [1, 2]);
    assert_eq!((bench.tally("q").acked, bench.tally("q").requeued), (1, 1));
}

#[test]
fn a_process_that_has_gone_cant_subscribe() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.publish(0, 1);
    let life = |epoch| Consumer { epoch, ..consumer(1) };
    bench.disconnect(life(3));
    assert_eq!(bench.subscribe(0, life(2), 1), []);
    assert_eq!(bench.subscribe(0, life(3), 1), []);
    assert_eq!(bench.subscribe(0, life(4), 1).len(), 1);
    assert_eq!(bench.subscribe(0, life(4), 1), [], "twice is once");
    assert_eq!(bench.broker.queue("q").unwrap().consumers, 1);
}

#[test]
fn an_automatic_acknowledgement_loses_what_a_dying_consumer_held() {
    let mut bench = Bench::with(vec![queue("q")]);
    bench.hand(Parcel::Subscribe { queue: 0, consumer: consumer(1), prefetch: 1, auto_ack: true });
    assert_eq!(bench.publish(0, 5).len(), 5);
    bench.disconnect(consumer(1));
    assert!(bench.ready("q").is_empty());
    assert_eq!((bench.tally("q").acked, bench.broker.memory_used()), (5, Bytes(0)));
}
