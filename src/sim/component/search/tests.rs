//! Threads, places in line, rejections: a cluster between clients and nothing.

use crate::sim::component::Settings;
use crate::sim::operation::Operation;
use crate::sim::quantity::{Span, Time};
use crate::sim::random::Seed;
use crate::sim::{Simulation, System};

fn build(parts: &[String]) -> Simulation {
    let components: Vec<Settings> = parts.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
    let system = System { components, warm_up: Span::ZERO, ..System::default() };
    Simulation::new(&system, Seed(1)).unwrap()
}

fn system(rate: &str, patience: &str, cluster: &str, search: &str) -> Simulation {
    let clients = format!(
        r#"{{"Clients": {{"name": "c", "load": [{{"kind": "q", "rate": "{rate}", "call": "api", "patience": "{patience}"}}]}}}}"#
    );
    let steps = format!(r#"[{{"Search": {{"on": "es", {search}}}}}]"#);
    let service = format!(
        r#"{{"Service": {{"name": "api", "workers": 9999, "runs": "v", "versions": [{{"name": "v", "steps": {steps}}}]}}}}"#
    );
    build(&[clients, service, format!(r#"{{"SearchCluster": {{"name": "es", {cluster}}}}}"#)])
}

fn metric(simulation: &Simulation, name: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(name).unwrap())
}

#[test]
fn what_finds_neither_a_thread_nor_a_place_is_rejected() {
    let mut full = system("50/s", "60s", r#""nodes": 2, "search": {"threads": 3, "queue": 4}"#, r#""work": "100s""#);
    full.run_until(Time::from_seconds(10));
    assert_eq!((metric(&full, "es.active"), metric(&full, "es.queue")), (6, 8));
    assert_eq!(metric(&full, "es.rejected"), metric(&full, "es.requests") - 14);
    assert_eq!(metric(&full, "c.q.failed"), metric(&full, "es.rejected"), "without a retry a rejection is a failure");
}

#[test]
fn a_query_runs_on_though_nobody_waits_for_it() {
    let mut slow = system("2/s", "1s", r#""nodes": 1"#, r#""work": "4s""#);
    slow.run_until(Time::from_seconds(60));
    assert!(metric(&slow, "c.q.failed") + 12 > metric(&slow, "c.q.requests"));
    assert!(metric(&slow, "es.completed") > 80, "{}", metric(&slow, "es.completed"));
}

#[test]
fn who_is_rejected_comes_back_with_growing_pauses_until_there_is_room() {
    let retry = r#""work": "2s", "on_reject": {"first": "1s", "cap": "30s"}"#;
    let mut burst = system("1/s", "1000s", r#""nodes": 1, "search": {"threads": 1, "queue": 0}"#, retry);
    burst.run_until(Time::from_seconds(100));
    // One thread, 2 s each: never idle for long, and nobody has failed.
    assert!(metric(&burst, "es.completed") > 40, "{}", metric(&burst, "es.completed"));
    assert_eq!(metric(&burst, "c.q.failed"), 0);
    let tries = metric(&burst, "es.requests");
    assert!(tries < 100 * 12, "pauses grow: {tries}");
}

#[test]
fn a_cancelled_query_frees_its_thread_for_the_next() {
    let mut full = system("1/s", "900s", r#""nodes": 1, "search": {"threads": 1}"#, r#""work": "500s""#);
    full.run_until(Time::from_seconds(30));
    let before = metric(&full, "es.queue");
    full.apply("es", &Operation::CancelTasks { task: Some((0, 1)) }).unwrap();
    full.run_until(Time::from_micros(30_900_000));
    let super::Settings { search, .. } = match full.component("es") {
        Some(crate::sim::component::Component::SearchCluster(cluster)) => {
            assert_eq!(cluster.nodes[0].tasks[0].number, 2);
            assert_eq!(cluster.nodes[0].queued() as i64, before - 1);
            cluster.settings.clone()
        }
        _ => panic!("no cluster"),
    };
    assert_eq!((search.threads, metric(&full, "c.q.failed")), (1, 1));
}

#[test]
fn searches_of_one_handler_differ_in_length() {
    let clients = r#"{"Clients": {"name": "c", "load": [{"kind": "q", "rate": "1/s", "call": "api"}]}}"#;
    let steps = r#"[{"Repeat": {"times": 6, "do": [{"Call": {"to": "data"}}]}}]"#;
    let api = format!(
        r#"{{"Service": {{"name": "api", "workers": 9, "runs": "v", "versions": [{{"name": "v", "steps": {steps}}}]}}}}"#
    );
    let search = r#"[{"Search": {"on": "es", "work": "100ms..300ms"}}]"#;
    let data = format!(
        r#"{{"Service": {{"name": "data", "workers": 9, "runs": "v", "versions": [{{"name": "v", "steps": {search}}}]}}}}"#
    );
    let es = r#"{"SearchCluster": {"name": "es", "slow_log": "0s"}}"#;
    let mut simulation = build(&[clients.to_string(), api, data, es.to_string()]);
    simulation.run_until(Time::from_seconds(30));
    let Some(crate::sim::component::Component::SearchCluster(cluster)) = simulation.component("es") else {
        panic!("no cluster")
    };
    let first = cluster.slow[0].unit;
    let mut lengths: Vec<Span> = cluster.slow.iter().filter(|q| q.unit == first).map(|q| q.took).collect();
    lengths.sort();
    lengths.dedup();
    assert_eq!(lengths.len(), 6);
}
