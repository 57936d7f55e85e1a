//! A daemon, its queue and what it posts to, together.

use super::daemon::Failure;
use crate::sim::component::{Component, Settings};
use crate::sim::operation::{Operation, QueueChange};
use crate::sim::quantity::{Span, Time};
use crate::sim::random::Seed;
use crate::sim::{Simulation, System};

/// One instance, `count` messages at second 1, a handler of this length, and these settings.
fn system(count: u32, work: &str, daemon: &str, queue: &str) -> Simulation {
    let schedule = format!(
        r#"{{"Schedule": {{"name": "cron", "publishes": [{{"at": "1s", "count": {count}, "to": "sqs/units"}}]}}}}"#
    );
    let broker = format!(
        r#"{{"Broker": {{"name": "sqs", "flavour": "Sqs", "queues": [{{"name": "units"{queue}}}, {{"name": "dead"}}]}}}}"#
    );
    let service = format!(
        r#"{{"Service": {{"name": "w", "runs_on": {{"Beanstalk": {{"instances": 1, "names": "w-{{n}}"}}}}, "workers": 9999,
            "daemon": {{"queue": "sqs/units"{daemon}}}, "runs": "v",
            "versions": [{{"name": "v", "steps": [{{"Work": "{work}"}}, {{"Send": {{"via": "mail"}}}}]}}]}}}}"#
    );
    let gateway = r#"{"Gateway": {"name": "mail"}}"#.to_string();
    let parts = [schedule, broker, service, gateway];
    let components: Vec<Settings> = parts.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
    Simulation::new(&System { components, ..System::default() }, Seed(1)).unwrap()
}

fn metric(simulation: &Simulation, name: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(name).unwrap())
}

fn lines(simulation: &Simulation) -> Vec<super::daemon::Line> {
    match simulation.component("w") {
        Some(Component::Service(service)) => service.daemon.as_ref().unwrap().lines.iter().copied().collect(),
        _ => vec![],
    }
}

#[test]
fn what_is_done_in_time_is_deleted_and_sent_once() {
    let mut quick = system(30, "5s", r#", "connections": 10"#, "");
    quick.run_until(Time::from_seconds(60));
    assert_eq!((metric(&quick, "mail.sent"), metric(&quick, "mail.duplicates")), (30, 0));
    assert_eq!((metric(&quick, "sqs.units.ready"), metric(&quick, "sqs.units.unacked")), (0, 0));
    assert_eq!(metric(&quick, "sqs.units.delivered"), 30);
}

#[test]
fn a_post_given_up_frees_its_place_and_its_handler_works_on() {
    let daemon = r#", "connections": 2, "inactivity": "10s", "visibility": "60s", "error_visibility": "100s""#;
    let mut slow = system(6, "45s", daemon, "");
    slow.run_until(Time::from_seconds(34));
    // Two at a time, ten seconds each: all six have been begun by now, two of them still waited for at most.
    assert_eq!(metric(&slow, "w.abandoned"), 6, "{}", metric(&slow, "w.open"));
    slow.run_until(Time::from_seconds(80));
    assert_eq!((metric(&slow, "mail.sent"), metric(&slow, "w.abandoned")), (6, 0));
    assert_eq!(metric(&slow, "sqs.units.acked"), 0, "nobody has deleted them");
    assert_eq!(lines(&slow).len(), 6);
    assert!(lines(&slow).iter().all(|line| line.failure == Failure::HungUp && line.receives == 1));
}

#[test]
fn of_several_patiences_the_shortest_counts_and_says_how_it_looks() {
    for (daemon, failure, seconds) in [
        (r#", "inactivity": "9s""#, Failure::HungUp, 9),
        (r#", "proxy": "8s", "inactivity": "9s""#, Failure::Answered(504), 8),
        (r#", "server": "9s", "inactivity": "9s""#, Failure::Answered(502), 9),
        (r#", "server": "300s", "inactivity": "300s""#, Failure::Answered(504), 60),
    ] {
        let mut slow = system(1, "500s", daemon, "");
        slow.run_until(Time::from_seconds(70));
        let line = lines(&slow)[0];
        assert_eq!((line.failure, line.took.seconds()), (failure, seconds), "{daemon}");
    }
}

#[test]
fn a_message_received_too_often_is_put_aside() {
    let daemon = r#", "connections": 5, "inactivity": "10s", "error_visibility": "20s""#;
    let mut dead = system(5, "300s", daemon, r#", "max_receives": 3, "dead_letter": "dead""#);
    dead.run_until(Time::from_seconds(200));
    assert_eq!((metric(&dead, "sqs.dead.ready"), metric(&dead, "sqs.units.delivered")), (5, 15));
    dead.run_until(Time::from_seconds(600));
    assert_eq!(metric(&dead, "mail.most"), 3, "each attempt sends");
}

#[test]
fn what_an_instance_had_in_hand_comes_back_when_it_was_to_be_visible() {
    let mut gone = system(5, "40s", r#", "visibility": "120s""#, "");
    gone.run_until(Time::from_seconds(10));
    gone.apply("w", &Operation::Scale { replicas: 0 }).unwrap();
    gone.run_until(Time::from_seconds(100));
    assert_eq!((metric(&gone, "sqs.units.unacked"), metric(&gone, "mail.sent")), (5, 0));
    gone.run_until(Time::from_seconds(130));
    assert_eq!((metric(&gone, "sqs.units.ready"), metric(&gone, "w.abandoned")), (5, 0));
    gone.apply("w", &Operation::Scale { replicas: 1 }).unwrap();
    gone.run_until(Time::from_seconds(400));
    assert_eq!(metric(&gone, "mail.sent"), 5, "the next instance finds them");
}

#[test]
fn a_message_that_shows_again_while_it_is_worked_on_can_still_be_deleted() {
    // One place, forty seconds, visible again after thirty: nobody is free to receive it a second time.
    let mut hidden = system(1, "40s", r#", "connections": 1, "visibility": "30s""#, "");
    hidden.run_until(Time::from_seconds(35));
    assert_eq!(metric(&hidden, "sqs.units.ready"), 1);
    hidden.run_until(Time::from_seconds(60));
    assert_eq!((metric(&hidden, "sqs.units.ready"), metric(&hidden, "sqs.units.acked")), (0, 1));
    assert_eq!((metric(&hidden, "sqs.units.delivered"), metric(&hidden, "mail.sent")), (1, 1));
}

#[test]
fn options_change_what_the_daemon_does_from_now_on() {
    let mut slow = system(40, "30s", r#", "connections": 10"#, "");
    let set = |option: &str, value: &str| Operation::SetOption { option: option.into(), value: value.into() };
    slow.run_until(Time::from_seconds(5));
    slow.apply("w", &set("HttpConnections", "3")).unwrap();
    slow.run_until(Time::from_seconds(40));
    assert_eq!(metric(&slow, "w.open"), 3);
    slow.apply("w", &set("HttpConnections", "20")).unwrap();
    slow.run_until(Time::from_seconds(42));
    assert_eq!(metric(&slow, "w.open"), 20);
    assert!(slow.apply("w", &set("HttpConnections", "900")).is_err());
    assert!(slow.apply("w", &set("Colour", "red")).unwrap_err().to_string().contains("HttpConnections"));
    let change = QueueChange { visibility: Some(Span::from_seconds(99_999)), ..QueueChange::default() };
    assert!(slow.apply("sqs", &Operation::SetQueue { queue: "units".into(), change }).is_err());
}

#[test]
fn a_lower_number_of_connections_holds_from_the_first_message_on() {
    let mut idle = system(40, "30s", r#", "connections": 10"#, "");
    idle.run_until(Time::from_micros(500_000));
    let option = Operation::SetOption { option: "HttpConnections".into(), value: "4".into() };
    idle.apply("w", &option).unwrap();
    idle.run_until(Time::from_seconds(5));
    assert_eq!(metric(&idle, "w.open"), 4);
}

#[test]
fn a_purge_takes_all_of_them_and_not_twice_in_a_minute() {
    let mut full = system(20, "30s", r#", "connections": 5"#, "");
    full.run_until(Time::from_seconds(5));
    let purge = Operation::Purge { queue: "units".into() };
    full.apply("sqs", &purge).unwrap();
    full.run_until(Time::from_seconds(60));
    assert_eq!(metric(&full, "sqs.units.dropped"), 20);
    assert_eq!(metric(&full, "mail.sent"), 5, "what is at work goes on");
    assert!(full.apply("sqs", &purge).is_err());
}

#[test]
fn dead_letters_go_back_at_their_rate_and_are_received_as_new() {
    // One attempt each, cut after 10 s; what was begun ends and has sent its mail.
    let daemon = r#", "connections": 50, "inactivity": "10s", "visibility": "60s""#;
    let mut slow = system(40, "20s", daemon, r#", "max_receives": 1, "dead_letter": "dead""#);
    slow.run_until(Time::from_seconds(200));
    assert_eq!((metric(&slow, "sqs.dead.ready"), metric(&slow, "mail.sent")), (40, 40));
    let redrive = |from: &str, rate| Operation::Redrive { from: from.into(), to: None, rate };
    assert!(slow.apply("sqs", &redrive("units", None)).unwrap_err().to_string().contains("Dead Letter Queue"));
    assert!(slow.apply("sqs", &redrive("dead", Some(501))).is_err());
    slow.apply("sqs", &redrive("dead", Some(10))).unwrap();
    assert!(slow.apply("sqs", &redrive("dead", None)).unwrap_err().to_string().contains("already a task running"));
    slow.run_until(Time::from_micros(202_500_000));
    assert_eq!(metric(&slow, "sqs.dead.ready"), 20, "ten a second");
    slow.apply("sqs", &Operation::StopRedrive { from: "dead".into() }).unwrap();
    slow.run_until(Time::from_seconds(400));
    // Twenty were begun once more, which is their first receive; each of those had a mail before.
    assert_eq!((metric(&slow, "mail.sent"), metric(&slow, "mail.duplicates")), (60, 20));
    assert_eq!((metric(&slow, "sqs.dead.ready"), metric(&slow, "sqs.units.ready")), (40, 0), "and they came back");
}
