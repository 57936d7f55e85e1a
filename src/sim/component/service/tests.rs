//! Processes on machines: what their supervisors do when they die, and what an operator can tell them.

use super::{Service, Stage};
use crate::sim::component::{Component, Settings};
use crate::sim::operation::{Applied, Operation, Verb};
use crate::sim::quantity::Time;
use crate::sim::random::Seed;
use crate::sim::{Simulation, System};
use ron::extensions::Extensions;

fn read(text: &str) -> Vec<Settings> {
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Two machines under a supervisor; a request that carries a tag takes its process down.
fn shop(supervisor: &str, bad: &str) -> Simulation {
    let text = format!(
        r#"[
            Clients(name: "people", load: [
                (kind: "look", rate: "50/s", call: "shop"),
                (kind: "crash", rate: "{bad}", call: "shop", tags: ["bad"]),
            ]),
            Service(
                name: "shop", runs_on: Hosts(names: ["web-1", "web-2"], supervisor: {supervisor}), exits_with: 2,
                runs: "v1", versions: [
                    (name: "v1", steps: [Work("5ms"), When(tag: "bad", then: [Panic("oh")])]),
                    (name: "v2", steps: [Work("5ms")]),
                ],
            ),
        ]"#
    );
    let system = System { components: read(&text), ..System::default() };
    Simulation::new(&system, Seed(1)).unwrap()
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
    let mut shop = shop("Upstart(job: \"app\", respawn: (), starts_in: \"1s\")", "0.05/s");
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
    let mut quick = shop("Upstart(respawn: (times: 10, in: \"5s\"), starts_in: \"10ms\")", "40/s");
    quick.run_until(Time::from_seconds(20));
    assert!(service(&quick).instances.iter().all(|instance| instance.stage == Stage::Stopped));
    assert!(service(&quick).journal.iter().any(|entry| entry.text == "shop respawning too fast, stopped"));
    assert_eq!(service(&quick).instances[0].restarts, 10);
    // Every request since then is refused.
    assert!(value(&quick, "people.look.failed") > 700);

    let mut slow = shop("Upstart(respawn: (times: 10, in: \"5s\"), starts_in: \"1s\")", "40/s");
    slow.run_until(Time::from_seconds(20));
    assert!(service(&slow).instances.iter().all(|instance| instance.stage != Stage::Stopped));
}

#[test]
fn without_a_word_systemd_starts_nothing_again() {
    let mut shop = shop("Systemd()", "1/s");
    shop.run_until(Time::from_seconds(60));
    assert_eq!(service(&shop).ready_count(), 0);
    assert_eq!(service(&shop).status_word(0, shop.now()), "failed");
    assert_eq!(tell(&mut shop, "web-1", Verb::Start), Applied::Done);
    assert_eq!(service(&shop).status_word(0, shop.now()), "activating");
}

#[test]
fn a_process_that_is_stopped_stays_down_until_it_is_started() {
    let mut shop = shop("Systemd(unit: \"web\", restart: Always, starts_in: \"2s\", stops_in: \"500ms\")", "0/s");
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
    let mut shop = shop("Systemd(restart: Always, starts_in: \"2s\")", "0/s");
    shop.run_until(Time::from_seconds(10));
    shop.apply("shop", &Operation::Kill { instance: "web-1".into(), signal: 9 }).unwrap();
    assert_eq!(service(&shop).ready_count(), 1);
    shop.run_until(Time::from_seconds(13));
    assert_eq!(service(&shop).ready_count(), 2);
    assert!(service(&shop).journal[0].text.contains("code=killed, status=9/KILL"));
}

#[test]
fn a_deploy_to_machines_goes_from_one_to_the_next() {
    let mut shop = shop("Systemd(starts_in: \"2s\", stops_in: \"1s\")", "0/s");
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
