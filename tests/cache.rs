//! A cache seen from outside: what its clients get, and what it asks for.

use sev1::sim::component::Settings;
use sev1::sim::operation::Operation;
use sev1::sim::quantity::Time;
use sev1::sim::random::Seed;
use sev1::sim::{Simulation, System};

fn read(text: &str) -> Settings {
    use ron::extensions::Extensions;
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Clients that ask ten times a second for one thing, a cache before two machines, and what these answer.
fn system(cache: &str, steps: &str) -> System {
    let service = format!(
        "Service(name: \"app\", runs_on: Hosts(count: 2), runs: \"r1\", versions: [(name: \"r1\", deployed: \"-1d\", steps: {steps})])"
    );
    System {
        components: vec![
            read(
                "Clients(name: \"web\", load: [(kind: \"page\", rate: \"10/s\", call: \"cache/page\", patience: \"5s\")])",
            ),
            read(&format!("Cache(name: \"cache\", {cache})")),
            read(&service),
        ],
        ..System::default()
    }
}

fn run(system: &System, until: i64) -> Simulation {
    let mut simulation = Simulation::new(system, Seed(1)).unwrap();
    simulation.run_until(Time::from_seconds(until));
    simulation
}

fn value(simulation: &Simulation, metric: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(metric).unwrap_or_else(|| panic!("{metric}")))
}

const PAGE: &str = "routes: [(path: \"page\", to: \"app\", ttl: \"10s\")]";

#[test]
fn an_answer_is_fetched_once_in_its_time() {
    let simulation = run(&system(PAGE, "[Work(\"5ms\")]"), 100);
    let fetches = value(&simulation, "cache.fetches");
    // With ten seconds of grace an answer is fetched anew by the first request after its time.
    assert!((9..=11).contains(&fetches), "{fetches}");
    assert_eq!(value(&simulation, "web.page.failed"), 0);
    let hits = value(&simulation, "cache.hits");
    assert!(hits > 900, "{hits}");
}

#[test]
fn what_many_ask_for_at_one_time_is_fetched_once() {
    let simulation = run(&system(PAGE, "[Work(\"2s\")]"), 3);
    // Some twenty ask in the two seconds until the first has its answer.
    assert_eq!(value(&simulation, "cache.fetches"), 1);
    assert!(value(&simulation, "cache.ok") > 20, "{}", value(&simulation, "cache.ok"));
    let failing = run(&system(PAGE, "[Work(\"2s\"), Fail(500)]"), 7);
    // What can't be kept is no answer for others: each asks for itself then, and all of them have one.
    assert_eq!(value(&failing, "cache.hits"), 0);
    assert!(value(&failing, "cache.fetches") > 10, "{}", value(&failing, "cache.fetches"));
}

#[test]
fn errors_are_not_kept() {
    let simulation = run(&system(PAGE, "[Work(\"5ms\"), Fail(500)]"), 10);
    assert_eq!(value(&simulation, "cache.hits"), 0);
    assert_eq!(value(&simulation, "cache.status_500"), value(&simulation, "cache.requests"));
}

#[test]
fn what_was_answered_is_given_back_with_its_tags() {
    let simulation = run(&system(PAGE, "[Answer(tags: [\"stale\"])]"), 5);
    let cache = simulation.id_of("cache");
    assert!(simulation.holds_tag(cache, "stale"));
    assert!(!simulation.holds_tag(cache, "other"));
}

#[test]
fn a_restart_empties_it_and_a_ban_takes_what_it_fits() {
    let mut simulation = run(&system(PAGE, "[Answer(tags: [\"stale\"])]"), 5);
    let cache = simulation.id_of("cache");
    let ban = |pattern: &str| Operation::Ban { host: None, pattern: pattern.into() };
    simulation.apply("cache", &ban("^/image")).unwrap();
    assert!(simulation.holds_tag(cache, "stale"));
    simulation.apply("cache", &ban("^/page")).unwrap();
    assert!(!simulation.holds_tag(cache, "stale"));
    simulation.run_until(Time::from_seconds(8));
    assert!(simulation.holds_tag(cache, "stale"), "it is fetched anew, and as it was");
    let restart = Operation::Unit { instance: "cache-1".into(), verb: sev1::sim::operation::Verb::Restart };
    simulation.apply("cache", &restart).unwrap();
    assert!(!simulation.holds_tag(cache, "stale"));
    assert!(simulation.apply("cache", &ban("(")).is_err());
}

#[test]
fn a_backend_set_sick_is_not_asked_and_without_one_it_answers_503() {
    let cache = "routes: [(path: \"page\", to: \"app\", ttl: \"0s\")], probe: ()";
    let mut simulation = run(&system(cache, "[Work(\"5ms\")]"), 60);
    assert_eq!(value(&simulation, "cache.failed"), 0);
    let sick = |backend: &str| Operation::SetHealth {
        host: None,
        backend: backend.into(),
        admin: sev1::sim::operation::Admin::Sick,
    };
    simulation.apply("cache", &sick("app-1")).unwrap();
    simulation.run_until(Time::from_seconds(120));
    assert_eq!(value(&simulation, "cache.failed"), 0);
    simulation.apply("cache", &sick("app-2")).unwrap();
    simulation.run_until(Time::from_seconds(130));
    let failed = value(&simulation, "cache.status_503");
    assert!(failed > 60 && failed == value(&simulation, "web.page.failed"), "{failed}");
    assert!(simulation.apply("cache", &sick("nobody")).is_err());
}

#[test]
fn within_its_grace_an_answer_is_given_while_nobody_behind_is_there() {
    let with_grace = "routes: [(path: \"page\", to: \"app\", ttl: \"10s\")], grace: \"60s\"";
    let mut simulation = run(&system(with_grace, "[Work(\"5ms\")]"), 5);
    let sick = Operation::SetHealth { host: None, backend: "app*".into(), admin: sev1::sim::operation::Admin::Sick };
    simulation.apply("cache", &sick).unwrap();
    simulation.run_until(Time::from_seconds(60));
    assert_eq!(value(&simulation, "web.page.failed"), 0);
    simulation.run_until(Time::from_seconds(90));
    assert!(value(&simulation, "web.page.failed") > 0);
}

#[test]
fn a_cache_that_keeps_nothing_passes_everything_on() {
    let simulation =
        run(&system("routes: [(path: \"page\", to: \"app\", ttl: \"0s\")], instances: 2", "[Work(\"5ms\")]"), 20);
    assert_eq!(value(&simulation, "cache.fetches"), value(&simulation, "cache.requests"));
    assert_eq!(value(&simulation, "cache.objects"), 0);
    let shares: Vec<u64> = match simulation.component("cache") {
        Some(sev1::sim::component::Component::Cache(cache)) => cache.machines.iter().map(|one| one.requests).collect(),
        _ => vec![],
    };
    assert!(shares.iter().all(|share| *share > 50), "{shares:?}");
}
