//! Goroutines that never end, answers before the end, work for nobody, and a machine that is full.

use super::{read, value};
use sev1::sim::component::Component;
use sev1::sim::component::service::Service;
use sev1::sim::quantity::{Span, Time};
use sev1::sim::random::Seed;
use sev1::sim::{Simulation, System};

/// One machine with a process that does these steps, forty times a second.
fn system(steps: &str, swap: &str, load: &str) -> Simulation {
    let text = format!(
        "[Clients(name: \"people\", load: [(kind: \"api\", rate: \"10/s\", call: \"app\", patience: \"10s\", stands_for: 4, {load})]),
          Service(name: \"app\", workers: 1, holds: OwnWork, runs: \"1\", memory: (idle: \"50MB\"), exits_with: 2,
            runtime: Go(scan: \"1us\"), versions: [(name: \"1\", steps: [{steps}])],
            runs_on: Hosts(names: [\"box-1\"], supervisor: Upstart(respawn: (), starts_in: \"2s\"))),
          Hosts(name: \"boxes\", names: [\"box-1\"], memory: \"400MB\", swap: \"{swap}\")]"
    );
    let system = System { components: read(&text), warm_up: Span::from_seconds(1), ..System::default() };
    Simulation::new(&system, Seed(1)).unwrap()
}

fn app(simulation: &Simulation) -> &Service {
    let Some(Component::Service(service)) = simulation.component("app") else { panic!("no service") };
    service
}

const LEAKS: &str = "Work(\"1ms\"), Strand(count: 2, at: \"wait\")";

#[test]
fn what_waits_for_ever_keeps_its_stack_until_the_process_ends() {
    let mut simulation = system(LEAKS, "0B", "");
    simulation.run_until(Time::from_seconds(100));
    let leaked = value(&simulation, "app.leaked");
    // Ten requests a second, each of which stands for four and leaves two behind.
    assert!((7_000..9_500).contains(&leaked), "{leaked}");
    assert_eq!(leaked % 8, 0);
    let goroutines = app(&simulation).goroutines_of(0) as i64;
    assert!((100..=102).contains(&(goroutines - leaked)), "{goroutines}");
    let memory = app(&simulation).memory_of(0, simulation.now()).0 as i64;
    assert!((memory - 50_000_000 - leaked * 8192).abs() < 100_000, "{memory}");
}

#[test]
fn with_swap_a_full_machine_is_of_no_use_and_without_it_the_process_is_killed_and_comes_back() {
    let mut with_swap = system(LEAKS, "400MB", "");
    let mut without = system(LEAKS, "0B", "");
    for simulation in [&mut with_swap, &mut without] {
        simulation.run_until(Time::from_seconds(1500));
    }
    assert_eq!(value(&with_swap, "app.oom_kills"), 0);
    let (failed, all) = (value(&with_swap, "people.api.failed"), value(&with_swap, "people.api.requests"));
    assert!(failed * 2 > all, "{failed} of {all}");
    assert!(app(&with_swap).swapped_of(0).0 > 0);
    assert!(value(&without, "app.oom_kills") >= 2);
    let failed = value(&without, "people.api.failed");
    assert!(failed * 50 < all, "{failed} of {all}");
    let journal = &app(&without).journal;
    assert!(journal.iter().any(|entry| entry.who == "kernel" && entry.text.starts_with("Out of memory: Kill process")));
}

#[test]
fn the_caller_has_its_answer_before_what_was_spawned_ends_the_process() {
    let steps = "Respond, Spawn([When(tag: \"odd\", then: [Panic(\"boom\")])]), Work(\"30ms\")";
    let mut simulation = system(steps, "0B", "tags: [(tag: \"odd\", share: \"0.1%\")]");
    simulation.run_until(Time::from_seconds(600));
    let exits = value(&simulation, "app.exits");
    // 40 a second for 600 s, one in a thousand; two seconds of each are lost.
    assert!((12..=36).contains(&exits), "{exits}");
    // Those that came while nobody listened; nobody's answer was torn off.
    let refused = value(&simulation, "people.api.failed");
    assert!((exits * 50..=exits * 120).contains(&refused), "{refused} for {exits}");
    let said = app(&simulation).journal.iter().filter(|entry| entry.text.contains("terminated with status 2")).count();
    assert_eq!(said as i64, exits);
}

#[test]
fn who_dies_ten_times_in_five_seconds_is_given_up() {
    let text = "[Clients(name: \"people\", load: [(kind: \"api\", rate: \"100/s\", call: \"app\")]),
          Service(name: \"app\", workers: 9, runs: \"1\", versions: [(name: \"1\", steps: [Panic(\"at once\")])],
            runs_on: Hosts(names: [\"box-1\"], supervisor: Upstart(respawn: (), starts_in: \"50ms\")))]";
    let system = System { components: read(text), warm_up: Span::from_seconds(1), ..System::default() };
    let mut simulation = Simulation::new(&system, Seed(1)).unwrap();
    simulation.run_until(Time::from_seconds(60));
    assert_eq!(value(&simulation, "app.available"), 0);
    assert!((9..=12).contains(&value(&simulation, "app.exits")), "{}", value(&simulation, "app.exits"));
    assert!(app(&simulation).journal.iter().any(|entry| entry.text == "app respawning too fast, stopped"));
}
