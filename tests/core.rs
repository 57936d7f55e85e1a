//! The core with whole systems: what emerges, and that it is the same every time.
#![expect(clippy::print_stdout, reason = "what was measured is worth reading with --nocapture")]

use sev1::sim::component::Settings;
use sev1::sim::quantity::{Share, Span, Time};
use sev1::sim::random::Seed;
use sev1::sim::{Link, Simulation, System};

#[path = "components/balancer.rs"]
mod balancer;
#[path = "components/runtime.rs"]
mod runtime;

fn read(text: &str) -> Vec<Settings> {
    use ron::extensions::Extensions;
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

fn forty_pods() -> System {
    System {
        components: read(include_str!("systems/forty-pods.ron")),
        warm_up: Span::from_seconds(600),
        follows: vec!["the line".into()],
        ..System::default()
    }
}

fn publish_the_line(simulation: &mut Simulation) {
    let operation = sev1::sim::operation::Operation::Publish {
        queue: "chat.visitor_to_operator".into(),
        tags: vec!["percent-padding".into()],
        count: 1,
        name: Some("the line".into()),
        body: "100%".into(),
    };
    simulation.apply("rabbit", &operation).unwrap();
}

fn value(simulation: &Simulation, name: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(name).unwrap_or_else(|| panic!("no metric {name}")))
}

#[test]
fn one_message_kills_all_forty_and_without_it_nothing_happens() {
    for seed in 1..=3 {
        let mut quiet = Simulation::new(&forty_pods(), Seed(seed)).unwrap();
        quiet.run_until(Time::from_seconds(3600));
        assert_eq!(value(&quiet, "chat-consumer.restarts"), 0);
        assert!(value(&quiet, "visitors.chat_line.late") == 0);

        let mut simulation = Simulation::new(&forty_pods(), Seed(seed)).unwrap();
        simulation.run_until(Time::from_seconds(90));
        publish_the_line(&mut simulation);
        let mut all_died = None;
        let mut up = 0;
        for second in 91..=1890 {
            simulation.run_until(Time::from_seconds(second));
            let family = simulation.telemetry().catalogue().family("chat-consumer.pods.restarts").unwrap();
            let died =
                simulation.telemetry().members(family).iter().filter(|m| m.series.at(second - 1) > Some(0)).count();
            if died == 40 && all_died.is_none() {
                all_died = Some(second - 90);
            }
            up += value(&simulation, "chat-consumer.available");
        }
        let kills = value(&simulation, "chat-consumer.oom_kills");
        println!(
            "seed {seed}: kills {kills}, all died after {all_died:?} s, mean up {:.1}, late {}, waiting {}, deliveries {}, events {}",
            up as f64 / 1800.0,
            value(&simulation, "visitors.chat_line.late"),
            value(&simulation, "visitors.waiting"),
            value(&simulation, "message.the_line.deliveries"),
            simulation.events(),
        );
        assert!((380..=440).contains(&kills), "{kills} kills");
        assert!(all_died.is_some_and(|after| after <= 240), "{all_died:?}");
    }
}

#[test]
fn two_runs_are_the_same_to_the_bit_and_seeds_differ() {
    let run = |seed: u64, pause: bool| {
        let mut simulation = Simulation::new(&forty_pods(), Seed(seed)).unwrap();
        simulation.run_until(Time::from_seconds(90));
        publish_the_line(&mut simulation);
        simulation.run_until(Time::from_micros(200_123_456));
        if pause {
            simulation = simulation.clone();
        }
        simulation.run_until(Time::from_seconds(400));
        simulation.digest()
    };
    assert_eq!(run(1, false), run(1, true));
    assert_ne!(run(1, false), run(2, false));
}

#[test]
fn the_tandem_settles_where_theory_says() {
    let system = System {
        components: read(include_str!("systems/tandem.ron")),
        links: vec![
            Link { from: "clients".into(), to: "pods".into(), latency: Span::from_millis(1), loss: Share::default() },
            Link { from: "pods".into(), to: "database".into(), latency: Span::ZERO, loss: Share::default() },
        ],
        ..System::default()
    };
    let mut simulation = Simulation::new(&system, Seed(42)).unwrap();
    let began = std::time::Instant::now();
    simulation.run_until(Time::from_seconds(600));
    let wall = began.elapsed();
    let requests = value(&simulation, "clients.page.requests");
    println!(
        "requests {requests}, failed {}, events {} ({:.2} a request), {:.0} ns a request",
        value(&simulation, "clients.page.failed"),
        simulation.events(),
        simulation.events() as f64 / requests as f64,
        wall.as_nanos() as f64 / requests as f64,
    );
    assert!(requests > 290_000);
}

#[test]
fn one_request_that_stands_for_ten_counts_ten_on_its_whole_way() {
    let system = System {
        components: read(
            r#"[
                Clients(name: "people", load: [(kind: "page", rate: "20/s", call: "front", stands_for: 10)]),
                Service(name: "front", workers: 100, runs: "v1", versions: [(name: "v1", steps: [Call(to: "back")])]),
                Service(name: "back", workers: 1, queue: 0, runs: "v1", versions: [(name: "v1", steps: [Work("20ms")])]),
            ]"#,
        ),
        ..System::default()
    };
    let mut simulation = Simulation::new(&system, Seed(1)).unwrap();
    simulation.run_until(Time::from_seconds(60));
    let asked = value(&simulation, "people.page.requests");
    assert!((11_000..13_000).contains(&asked), "{asked} in a minute at 200/s");
    let failed = value(&simulation, "people.page.failed");
    assert!(failed > 0 && failed % 10 == 0, "{failed}");
    assert_eq!(value(&simulation, "back.failed"), failed);
    assert_eq!(value(&simulation, "front.requests"), asked);
    assert_eq!(value(&simulation, "back.requests") / 10 * 10, value(&simulation, "back.requests"));
}

#[test]
fn as_many_arrive_as_the_rate_says_even_where_a_microsecond_is_long() {
    let components = read(
        r#"[
            Clients(name: "many", load: [(kind: "page", rate: "50000/s", call: "web")]),
            Service(name: "web", runs_on: Hosts(count: 1), holds: OwnWork, runs: "v1", versions: [(name: "v1", steps: [Done(200)])]),
        ]"#,
    );
    let mut simulation =
        Simulation::new(&System { components, ..System::default() }, Seed(1)).expect("this can be built");
    simulation.run_until(Time::from_seconds(4));
    // One standard deviation is 447.
    let made = value(&simulation, "many.page.requests");
    assert!((made - 200_000).abs() < 1500, "{made} instead of 200,000");
}

#[test]
fn what_a_link_loses_the_caller_learns_by_its_patience_alone() {
    let components = read(
        r#"[
            Clients(name: "people", load: [(kind: "page", rate: "100/s", call: "web", patience: "2s")]),
            Service(name: "web", holds: OwnWork, runs: "v1", versions: [(name: "v1", steps: [Call(to: "store", goes_on: true), Done(200)])]),
            Service(name: "store", holds: OwnWork, runs: "v1", versions: [(name: "v1", steps: [Done(200)])]),
        ]"#,
    );
    let link = |from: &str, to: &str, loss: &str| Link {
        from: from.into(),
        to: to.into(),
        latency: Span::from_millis(1),
        loss: loss.parse().unwrap(),
    };
    let run = |links: Vec<Link>| {
        let system = System { components: components.clone(), links, ..System::default() };
        let mut simulation = Simulation::new(&system, Seed(1)).unwrap();
        simulation.run_until(Time::from_seconds(1200));
        simulation
    };
    // Each way loses a tenth: 81 % come through both. Whoever asks has given up after two seconds, and nothing is left of it.
    let lossy = run(vec![link("people", "web", "10%")]);
    let (asked, failed) = (value(&lossy, "people.page.requests"), value(&lossy, "people.page.failed"));
    assert!((failed as f64 / asked as f64 - 0.19).abs() < 0.01, "{failed} of {asked}");
    let taken = value(&lossy, "web.requests");
    assert!((taken as f64 / asked as f64 - 0.9).abs() < 0.01, "{taken} of {asked}");
    assert!(lossy.in_flight() < 2000, "{} in flight", lossy.in_flight());
    // A call without a timeout hangs until the kernel gives up, a quarter of an hour later: two a second, for 925 seconds,
    // each with its handler.
    let hung = run(vec![link("web", "store", "1%")]);
    let waits = i64::from(hung.in_flight());
    assert!((3300..4100).contains(&waits), "{waits} in flight");
    // A link that loses nothing is the link that says nothing of it.
    let whole = run(vec![link("people", "web", "0%")]);
    assert_eq!(value(&whole, "people.page.failed"), 0);
}

#[test]
fn what_goes_to_a_broker_over_a_bad_link_comes_late_and_not_never() {
    let components = read(
        r#"[
            Clients(name: "people", load: [(kind: "line", rate: "100/s", publish: "post/lines")]),
            Broker(name: "post", queues: [(name: "lines")]),
            Service(name: "reader", workers: 20, consumes: [(queue: "post/lines", prefetch: 20)], runs: "v1",
                    versions: [(name: "v1", steps: [Ack])]),
        ]"#,
    );
    let links = vec![Link {
        from: "people".into(),
        to: "post".into(),
        latency: Span::from_millis(1),
        loss: "2%".parse().unwrap(),
    }];
    let mut simulation = Simulation::new(&System { components, links, ..System::default() }, Seed(1)).unwrap();
    simulation.run_until(Time::from_seconds(600));
    let (sent, handled) = (value(&simulation, "people.line"), value(&simulation, "people.line.delivered"));
    assert!((0..20).contains(&(sent - handled)), "{handled} of {sent}");
    assert_eq!(value(&simulation, "people.line.duplicates"), 0);
    let telemetry = simulation.telemetry();
    let delivery = telemetry.histogram(telemetry.catalogue().histogram("people.line.delivery").unwrap());
    let at = |share| delivery.quantile(share, 0, 600).unwrap() / 1e3;
    assert!(at(0.97) < 10.0, "{} ms", at(0.97));
    assert!(at(0.99) > 200.0, "{} ms", at(0.99));
}

#[test]
fn a_first_packet_that_is_dropped_is_sent_again_and_the_caller_only_sees_that_it_takes_longer() {
    let system = System {
        components: read(
            r#"[
                Clients(name: "people", load: [(kind: "page", rate: "3.5/s", call: "web", patience: "130s")]),
                Service(name: "web", runs_on: Hosts(names: ["web1"]), workers: 100, runs: "v1", versions: [(name: "v1", steps: [Work("20ms")])]),
                Hosts(name: "machines", names: ["web1"], kernel: (conntrack: (max: 9, time_wait: "2s"), measured: true)),
            ]"#,
        ),
        ..System::default()
    };
    let listed = |simulation: &mut Simulation| {
        let change = sev1::sim::kernel::Change::List(sev1::sim::kernel::Table::Nat);
        let (machine, by) = ("web1".to_owned(), String::new());
        let operation =
            sev1::sim::operation::Operation::Kernel { machine, by, command: "iptables -t nat -L".to_owned(), change };
        simulation.apply("machines", &operation).unwrap();
    };
    let latency_after = |lists: bool| {
        let mut simulation = Simulation::new(&system, Seed(1)).unwrap();
        simulation.run_until(Time::from_seconds(10));
        if lists {
            listed(&mut simulation);
        }
        simulation.run_until(Time::from_seconds(120));
        let id = simulation.telemetry().catalogue().histogram("people.page.latency").unwrap();
        let p90 = simulation.telemetry().histogram(id).quantile(0.90, 20, 120).unwrap();
        (p90 / 1e6, value(&simulation, "web1.conntrack.dropped"), value(&simulation, "people.page.failed"))
    };
    let (plain, dropped, _) = latency_after(false);
    assert!(plain < 0.1 && dropped == 0, "{plain} s, {dropped} dropped");
    let (tracked, dropped, failed) = latency_after(true);
    assert!(tracked > 0.9 && dropped > 10 && failed == 0, "{tracked} s, {dropped} dropped, {failed} failed");
}
