//! Whatever happens in whatever order: no message is lost or doubled, and all leave in order.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Act {
    Publish,
    Subscribe { instance: u32, prefetch: u32 },
    Settle { which: usize, how: Settle },
    SettleAgain { which: usize },
    Disconnect { instance: u32 },
    Purge,
    Get { count: u32, then: Settle },
}

fn settles() -> impl Strategy<Value = Settle> {
    prop_oneof![4 => Just(Settle::Ack), 2 => Just(Settle::Requeue), 1 => Just(Settle::Reject)]
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => Just(Act::Publish),
        6 => (0..6_u32, 0..4_u32).prop_map(|(instance, prefetch)| Act::Subscribe { instance, prefetch }),
        16 => (any::<usize>(), settles()).prop_map(|(which, how)| Act::Settle { which, how }),
        3 => any::<usize>().prop_map(|which| Act::SettleAgain { which }),
        5 => (0..6_u32).prop_map(|instance| Act::Disconnect { instance }),
        1 => Just(Act::Purge),
        2 => (0..4_u32, settles()).prop_map(|(count, then)| Act::Get { count, then }),
    ]
}

/// What the world outside knows: which messages must be ready, which are out and with whom, which have left.
#[derive(Default)]
struct Outside {
    ready: BTreeSet<u64>,
    out: Vec<Got>,
    been_out: BTreeSet<u64>,
    settled: Vec<Got>,
    lives: [u32; 6],
    dead: BTreeSet<u64>,
    gone: u64,
}

impl Outside {
    fn left(&mut self, ordinal: u64, how: Settle) {
        match how {
            Settle::Ack => self.gone += 1,
            Settle::Requeue | Settle::Hide(_) => _ = self.ready.insert(ordinal),
            Settle::Reject => _ = self.dead.insert(ordinal),
        }
    }

    /// Deliveries have come: each must be the oldest that was ready.
    fn got(&mut self, all: &[Got]) -> Result<(), TestCaseError> {
        for got in all {
            prop_assert_eq!(self.ready.pop_first(), Some(got.ordinal), "not the oldest that was ready");
            prop_assert_eq!(got.redelivered, self.been_out.contains(&got.ordinal));
            self.been_out.insert(got.ordinal);
            self.out.push(*got);
        }
        Ok(())
    }

    fn act(&mut self, act: &Act, bench: &mut Bench, published: &mut u64) -> Vec<Got> {
        match *act {
            Act::Publish => {
                self.ready.insert(*published);
                *published += 1;
                bench.publish(0, 1)
            }
            Act::Subscribe { instance, prefetch } => {
                let epoch = self.lives[instance as usize];
                bench.subscribe(0, Consumer { epoch, ..consumer(instance) }, prefetch)
            }
            Act::Settle { which, how } => {
                if self.out.is_empty() {
                    return Vec::new();
                }
                let got = self.out.swap_remove(which % self.out.len());
                self.left(got.ordinal, how);
                self.settled.push(got);
                bench.settle(got, how)
            }
            Act::SettleAgain { which } => {
                let Some(got) = self.settled.get(which % self.settled.len().max(1)).copied() else { return Vec::new() };
                bench.settle(got, Settle::Ack)
            }
            Act::Disconnect { instance } => {
                let epoch = self.lives[instance as usize];
                self.lives[instance as usize] += 1;
                let theirs = |got: &Got| got.consumer.instance == instance;
                self.ready.extend(self.out.iter().filter(|got| theirs(got)).map(|got| got.ordinal));
                self.out.retain(|got| !theirs(got));
                bench.disconnect(Consumer { epoch, ..consumer(instance) })
            }
            Act::Purge => {
                self.gone += self.ready.len() as u64;
                self.ready.clear();
                bench.operate(&Operation::Purge { queue: "q".into() }).unwrap();
                bench.deliveries()
            }
            Act::Get { count, then } => {
                let seen: Vec<u64> = self.ready.iter().copied().take(count as usize).collect();
                for ordinal in seen {
                    self.ready.remove(&ordinal);
                    self.been_out.insert(ordinal);
                    self.left(ordinal, then);
                }
                bench.operate(&Operation::Get { queue: "q".into(), count, then }).unwrap();
                bench.deliveries()
            }
        }
    }

    fn agrees(&self, bench: &mut Bench, published: u64) -> Result<(), TestCaseError> {
        let ready: Vec<u64> = self.ready.iter().copied().collect();
        prop_assert_eq!(bench.ready("q"), ready, "the ready ones, in order");
        let mut dead = bench.ready("dlq");
        dead.sort_unstable();
        prop_assert_eq!(dead, self.dead.iter().copied().collect::<Vec<_>>());
        let view = bench.broker.queue("q").unwrap();
        prop_assert_eq!(view.unacked, self.out.len() as u64);
        prop_assert!(view.ready == 0 || view.waiting_consumers == 0, "somebody waits though something is ready");
        for known in bench.broker.consumers("q") {
            prop_assert!(known.prefetch == 0 || known.unacked <= known.prefetch, "{:?}", known);
        }
        prop_assert!(bench.broker.queues.iter().all(Queue::is_conserved));
        let all = self.ready.len() + self.out.len() + self.dead.len();
        prop_assert_eq!(published, all as u64 + self.gone);
        prop_assert_eq!(bench.broker.stored, all as u64);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled_and_the_oldest_leaves_first(acts in prop::collection::vec(acts(), 0..200)) {
        let dead_letters = QueueSettings { dead_letter: Some("dlq".into()), ..queue("q") };
        let mut bench = Bench::with(vec![dead_letters, queue("dlq")]);
        let mut outside = Outside::default();
        let mut published = 0;
        for act in &acts {
            let got = outside.act(act, &mut bench, &mut published);
            outside.got(&got)?;
            outside.agrees(&mut bench, published)?;
        }
    }
}
