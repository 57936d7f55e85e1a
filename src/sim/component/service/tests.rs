//! Processes on machines: what their supervisors do when they die, and what an operator can tell them.

use super::{Service, Stage};
use crate::sim::component::{Component, Settings};
use crate::sim::operation::{Applied, FileChange, Operation, Verb};
use crate::sim::quantity::{Bytes, Time};
use crate::sim::random::Seed;
use crate::sim::{Simulation, System};
use serde_json::{Value, json};

fn simulation(components: Value) -> Simulation {
    let components: Vec<Settings> = serde_json::from_value(components).unwrap_or_else(|error| panic!("{error}"));
    Simulation::new(&System { components, ..System::default() }, Seed(1)).unwrap()
}

/// Two machines under a supervisor; a request that carries a tag takes its process down.
fn shop(supervisor: &Value, bad: &str) -> Simulation {
    simulation(json!([
        {"Clients": {"name": "people", "load": [
            {"kind": "look", "rate": "50/s", "call": "shop"},
            {"kind": "crash", "rate": bad, "call": "shop", "tags": ["bad"]},
        ]}},
        {"Service": {
            "name": "shop", "runs_on": {"Hosts": {"names": ["web-1", "web-2"], "supervisor": supervisor}}, "exits_with": 2,
            "runs": "v1", "versions": [
                {"name": "v1", "steps": [{"Work": "5ms"}, {"When": {"tag": "bad", "then": [{"Panic": "oh"}]}}]},
                {"name": "v2", "steps": [{"Work": "5ms"}]},
            ],
        }},
    ]))
}

fn service(simulation: &Simulation) -> &Service {
    match simulation.component("shop") {
        Some(Component::Service(service)) => service,
        _ => panic!("no shop"),
    }
}

fn value(simulation: &Simulation, name: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(name).unwrap_or_else(|| panic!("no metric {name}")))
}

fn tell(simulation: &mut Simulation, instance: &str, verb: Verb) -> Applied {
    simulation.apply("shop", &Operation::Unit { instance: instance.into(), verb }).unwrap()
}

#[test]
fn upstart_starts_a_dead_process_again_at_once_and_says_so() {
    let mut shop = shop(&json!({"Upstart": {"job": "app", "respawn": {}, "starts_in": "1s"}}), "0.05/s");
    shop.run_until(Time::from_seconds(600));
    let deaths = value(&shop, "people.crash.failed");
    assert!(deaths > 15, "{deaths}");
    assert_eq!(value(&shop, "shop.restarts"), deaths);
    assert_eq!(service(&shop).ready_count(), 2, "{deaths} deaths");
    let said: Vec<&str> = service(&shop).journal.iter().map(|entry| entry.text.as_str()).collect();
    assert!(said[0].starts_with("app main process (") && said[0].ends_with(") terminated with status 2"), "{said:?}");
    assert_eq!(said[1], "app main process ended, respawning");
}

#[test]
fn upstart_gives_up_after_ten_starts_in_five_seconds() {
    let mut quick = shop(&json!({"Upstart": {"respawn": {"times": 10, "in": "5s"}, "starts_in": "10ms"}}), "40/s");
    quick.run_until(Time::from_seconds(20));
    assert!(service(&quick).instances.iter().all(|instance| instance.stage == Stage::Stopped));
    assert!(service(&quick).journal.iter().any(|entry| entry.text == "shop respawning too fast, stopped"));
    assert_eq!(service(&quick).instances[0].restarts, 10);
    // Every request since then is refused.
    assert!(value(&quick, "people.look.failed") > 700);

    let mut slow = shop(&json!({"Upstart": {"respawn": {"times": 10, "in": "5s"}, "starts_in": "1s"}}), "40/s");
    slow.run_until(Time::from_seconds(20));
    assert!(service(&slow).instances.iter().all(|instance| instance.stage != Stage::Stopped));
}

#[test]
fn without_a_word_systemd_starts_nothing_again() {
    let mut shop = shop(&json!({"Systemd": {}}), "1/s");
    shop.run_until(Time::from_seconds(60));
    assert_eq!(service(&shop).ready_count(), 0);
    assert_eq!(service(&shop).status_word(0, shop.now()), "failed");
    assert_eq!(tell(&mut shop, "web-1", Verb::Start), Applied::Done);
    assert_eq!(service(&shop).status_word(0, shop.now()), "activating");
}

#[test]
fn a_process_that_is_stopped_stays_down_until_it_is_started() {
    let mut shop =
        shop(&json!({"Systemd": {"unit": "web", "restart": "Always", "starts_in": "2s", "stops_in": "500ms"}}), "0/s");
    shop.run_until(Time::from_seconds(10));
    tell(&mut shop, "web-1", Verb::Stop);
    tell(&mut shop, "web-2", Verb::Stop);
    shop.run_until(Time::from_seconds(60));
    assert_eq!(service(&shop).status_word(0, shop.now()), "inactive");
    let failed = value(&shop, "people.look.failed");
    assert!(failed > 2_000, "{failed}");
    tell(&mut shop, "web-2", Verb::Start);
    shop.run_until(Time::from_seconds(63));
    let failed = value(&shop, "people.look.failed");
    shop.run_until(Time::from_seconds(100));
    assert_eq!(value(&shop, "people.look.failed"), failed, "one of two is enough");
    assert_eq!(tell(&mut shop, "web-2", Verb::Start), Applied::Unchanged);
}

#[test]
fn a_killed_process_comes_back_by_the_rules() {
    let mut shop = shop(&json!({"Systemd": {"restart": "Always", "starts_in": "2s"}}), "0/s");
    shop.run_until(Time::from_seconds(10));
    shop.apply("shop", &Operation::Kill { instance: "web-1".into(), signal: 9 }).unwrap();
    assert_eq!(service(&shop).ready_count(), 1);
    shop.run_until(Time::from_seconds(13));
    assert_eq!(service(&shop).ready_count(), 2);
    assert!(service(&shop).journal[0].text.contains("code=killed, status=9/KILL"));
}

#[test]
fn a_deploy_to_machines_goes_from_one_to_the_next() {
    let mut shop = shop(&json!({"Systemd": {"starts_in": "2s", "stops_in": "1s"}}), "0/s");
    shop.run_until(Time::from_seconds(10));
    shop.apply("shop", &Operation::SetVersion { version: "v2".into() }).unwrap();
    for second in 11..=17 {
        shop.run_until(Time::from_seconds(second));
        assert!(service(&shop).ready_count() >= 1, "both are down at once");
    }
    assert_eq!(service(&shop).ready_count(), 2);
    assert!(service(&shop).instances.iter().all(|instance| instance.version == 1));
    assert_eq!(value(&shop, "people.look.failed"), value(&shop, "shop.failed"));
}

/// One machine whose disk a log fills: a megabyte a second, ten seconds until it is full. A request writes a line, and
/// then saves a file of its own or doesn't, by its tag.
fn logging(level: &str) -> Simulation {
    simulation(json!([
        {"Clients": {"name": "people", "load": [
            {"kind": "save", "rate": "50/s", "call": "shop", "tags": ["save"]},
            {"kind": "look", "rate": "50/s", "call": "shop"},
        ]}},
        {"Service": {
            "name": "shop", "workers": 20, "logs": "/var/log/shop.log", "line": [["Debug", "10KB"], ["Info", "100B"]],
            "runs_on": {"Hosts": {
                "names": ["web-1"], "supervisor": {"Systemd": {"starts_in": "1s", "stops_in": "100ms"}},
            }},
            "config": [{"key": "LOG_LEVEL", "is": "info", "but": [["web-1", level]]}],
            "runs": "v1", "versions": [{"name": "v1", "steps": [
                {"Work": "1ms"}, {"Log": ["Debug", "all of {id}"]}, {"Log": ["Info", "{id}"]},
                {"When": {"tag": "save", "then": [{"Save": {"to": "/var/lib/shop", "size": "1KB", "or": [{"Fail": 500}]}}]}},
            ]}],
        }},
        {"Hosts": {
            "name": "web-1", "volumes": [{"mount": "/", "size": "1GB", "used": "990MB", "reserved": "0%"}],
            "files": [{"path": "/var/log/shop.log", "size": "500MB"}],
        }},
    ]))
}

fn on_file(simulation: &mut Simulation, change: FileChange) {
    let operation = Operation::File { machine: "web-1".into(), path: "/var/log/shop.log".into(), change };
    simulation.apply("web-1", &operation).unwrap();
}

/// Requests of both kinds that have failed in the ten seconds up to then, and what is free.
fn after(simulation: &mut Simulation, second: i64) -> (i64, i64, i64) {
    simulation.run_until(Time::from_seconds(second - 10));
    let before = [value(simulation, "people.save.failed"), value(simulation, "people.look.failed")];
    simulation.run_until(Time::from_seconds(second));
    let now = [value(simulation, "people.save.failed"), value(simulation, "people.look.failed")];
    (now[0] - before[0], now[1] - before[1], value(simulation, "web-1.root.free"))
}

#[test]
fn a_log_fills_the_disk_and_only_those_fail_who_need_room() {
    let mut shop = logging("debug");
    let (save, look, free) = after(&mut shop, 30);
    assert!(save > 400 && look == 0 && free < 100, "{save} {look} {free}");
    let said: Vec<&str> = service(&shop).journal.iter().map(|entry| entry.text.as_str()).collect();
    assert!(said.iter().any(|line| line.ends_with("No space left on device")), "{said:?}");
    let mut quiet = logging("info");
    let (save, look, free) = after(&mut quiet, 30);
    assert!(save == 0 && look == 0 && free > 8_000_000, "{save} {look} {free}");
}

#[test]
fn a_deleted_log_frees_nothing_until_the_process_lets_go() {
    for (verb, is_free) in [(None, false), (Some(Verb::Reload), true), (Some(Verb::Restart), true)] {
        let mut shop = logging("debug");
        shop.run_until(Time::from_seconds(30));
        on_file(&mut shop, FileChange::Remove);
        shop.run_until(Time::from_seconds(35));
        if let Some(verb) = verb {
            tell(&mut shop, "web-1", verb);
        }
        let (save, _, free) = after(&mut shop, 50);
        assert_eq!((save == 0, free > 400_000_000), (is_free, is_free), "{verb:?}: {save} failed, {free} free");
    }
}

#[test]
fn a_new_start_alone_frees_nothing_and_a_cut_frees_all_at_once() {
    let mut shop = logging("debug");
    shop.run_until(Time::from_seconds(30));
    tell(&mut shop, "web-1", Verb::Restart);
    let (save, _, free) = after(&mut shop, 50);
    assert!(save > 400 && free < 100, "{save} {free}");
    on_file(&mut shop, FileChange::Truncate(Bytes(0)));
    let (save, _, free) = after(&mut shop, 61);
    assert!(save == 0 && free > 450_000_000, "{save} {free}");
}

#[test]
fn a_setting_is_read_when_a_process_starts() {
    let mut shop = logging("debug");
    shop.run_until(Time::from_seconds(5));
    let configure = Operation::Configure { key: "LOG_LEVEL".into(), value: "info".into() };
    assert_eq!(shop.apply("shop", &configure), Ok(Applied::Done));
    shop.run_until(Time::from_seconds(8));
    let before = value(&shop, "shop.logged");
    shop.run_until(Time::from_seconds(28));
    let logged = value(&shop, "shop.logged") - before;
    assert!((150_000..250_000).contains(&logged), "{logged} bytes in twenty seconds");
    assert_eq!(shop.apply("shop", &configure), Ok(Applied::Unchanged));
}

/// Fifty requests a second, of which so many at a time may do what takes a second.
fn limited(most: &str, then: &Value) -> Simulation {
    simulation(json!([
        {"Clients": {"name": "people", "load": [{"kind": "look", "rate": "50/s", "call": "shop"}]}},
        {"Service": {
            "name": "shop", "runs_on": {"Hosts": {"names": ["web-1"], "supervisor": {"Systemd": {}}}}, "workers": 60000,
            "config": [{"key": "BATCH_MAX", "is": most}],
            "runs": "v1", "versions": [{"name": "v1", "steps": [
                {"Limit": {"by": "BATCH_MAX", "do": [{"Call": {"to": "store"}}]}},
            ]}],
        }},
        {"Service": {
            "name": "store", "runs_on": {"Hosts": {}}, "workers": 60000,
            "runs": "v1", "versions": [{"name": "v1", "steps": [{"Work": "1s"}, then]}],
        }},
    ]))
}

#[test]
fn a_limit_lets_so_many_through_and_makes_the_others_wait() {
    // Also where what is limited fails: who leaves makes room, however he leaves.
    for then in [json!({"Done": 200}), json!({"Fail": 500})] {
        for (most, a_minute) in [("none", 2800..3200), ("10", 580..601), ("1", 58..61)] {
            let mut shop = limited(most, &then);
            shop.run_until(Time::from_seconds(60));
            let before = value(&shop, "store.requests");
            shop.run_until(Time::from_seconds(120));
            let through = value(&shop, "store.requests") - before;
            assert!(a_minute.contains(&through), "{most}, {then}: {through} a minute");
        }
    }
}

#[test]
fn a_limit_is_read_when_a_process_starts() {
    let mut shop = limited("1", &json!({"Done": 200}));
    shop.run_until(Time::from_seconds(20));
    shop.apply("shop", &Operation::Configure { key: "BATCH_MAX".into(), value: "none".into() }).unwrap();
    shop.run_until(Time::from_seconds(30));
    let before = value(&shop, "store.requests");
    shop.run_until(Time::from_seconds(40));
    let through = value(&shop, "store.requests") - before;
    assert!((400..600).contains(&through), "{through} in ten seconds");
}

#[test]
fn a_process_in_go_shows_its_goroutines_and_ends() {
    let mut shop = simulation(json!([
        {"Clients": {"name": "people", "load": [{"kind": "look", "rate": "10/s", "call": "shop"}]}},
        {"Service": {
            "name": "shop", "runs_on": {"Hosts": {"names": ["web-1"], "supervisor": {"Upstart": {}}}}, "exits_with": 2,
            "stderr": "/var/log/upstart/shop.log", "runtime": {"Go": {}},
            "runs": "v1", "versions": [{"name": "v1", "steps": [
                {"Strand": {"count": 1, "at": "queue.(*Reader).wait"}},
            ]}],
        }},
    ]));
    shop.run_until(Time::from_seconds(30));
    let before = service(&shop).goroutines_of(0);
    shop.apply("shop", &Operation::Kill { instance: "web-1".into(), signal: 3 }).unwrap();
    let log = shop.log(shop.id_of("shop").unwrap());
    let texts: Vec<String> = log.iter().map(|record| shop.line(record)).collect();
    assert!(texts[0].starts_with("SIGQUIT: quit"), "{texts:?}");
    let stacks = texts.iter().filter(|text| text.contains(" [chan receive]:\nqueue.(*Reader).wait(")).count();
    assert!(stacks > 200 && stacks as u64 <= before, "{stacks} of {before}");
    assert_eq!(service(&shop).instances[0].last_exit.unwrap().code, 2);
    assert!(service(&shop).goroutines_of(0) < 20);
}
