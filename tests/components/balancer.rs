//! The load balancer in front of a service on machines.

use super::{read, value};
use sev1::sim::component::Component;
use sev1::sim::component::load_balancer::{Backend, LoadBalancer, State};
use sev1::sim::operation::{Operation, Verb};
use sev1::sim::quantity::{Span, Time};
use sev1::sim::random::Seed;
use sev1::sim::{Simulation, System};

/// Twenty requests a second to four machines, whose processes take two seconds to start.
fn system(balancer: &str, rate: &str) -> Simulation {
    let text = format!(
        "[Clients(name: \"people\", load: [(kind: \"api\", rate: \"{rate}\", call: \"lb\", patience: \"10s\")]),
          LoadBalancer(name: \"lb\", to: \"app\", {balancer}),
          Service(name: \"app\", workers: 50, runs: \"1\", versions: [(name: \"1\", steps: [Work(\"20ms\")])],
            runs_on: Hosts(count: 4, supervisor: Upstart(respawn: (), starts_in: \"2s\", stops_in: \"0s\")))]"
    );
    let system = System { components: read(&text), warm_up: Span::from_seconds(60), ..System::default() };
    Simulation::new(&system, Seed(1)).unwrap()
}

fn balancer(simulation: &Simulation) -> &LoadBalancer {
    let Some(Component::LoadBalancer(balancer)) = simulation.component("lb") else { panic!("no balancer") };
    balancer
}

fn backend<'a>(simulation: &'a Simulation, name: &str) -> &'a Backend {
    balancer(simulation).backends.iter().find(|backend| &*backend.name == name).unwrap()
}

fn kill(simulation: &mut Simulation, instance: &str) {
    simulation.apply("app", &Operation::Kill { instance: instance.into(), signal: 9 }).unwrap();
}

fn unit(simulation: &mut Simulation, instance: &str, verb: Verb) {
    simulation.apply("app", &Operation::Unit { instance: instance.into(), verb }).unwrap();
}

#[test]
fn a_restart_of_two_seconds_is_a_dot_and_nothing_else() {
    let mut simulation = system("flavour: Elb", "20/s");
    for minute in 0..60 {
        simulation.run_until(Time::from_seconds(minute * 60 + 7));
        kill(&mut simulation, "app-2");
    }
    simulation.run_until(Time::from_seconds(3700));
    let errors = value(&simulation, "lb.backend_connection_errors");
    // Every third request meets the closed port, since the one after it takes what was refused: 6.7 a second, for two
    // seconds, sixty times; and now and then a check.
    assert!((700..=900).contains(&errors), "{errors}");
    assert_eq!(backend(&simulation, "app-2").state, State::InService);
    assert_eq!(backend(&simulation, "app-1").refused, 0);
    // Only what was in hand when the process died is lost: hardly anything.
    let failed = value(&simulation, "people.api.failed");
    assert!(failed < 15, "{failed}");
    assert!(value(&simulation, "lb.retries") > 650);
}

#[test]
fn without_another_try_the_callers_see_every_refusal() {
    let mut simulation = system("flavour: Elb, retries: 0", "20/s");
    kill(&mut simulation, "app-2");
    simulation.run_until(Time::from_seconds(10));
    let errors = value(&simulation, "lb.backend_connection_errors");
    assert!((5..=15).contains(&errors), "{errors}");
    assert!(value(&simulation, "people.api.failed") >= errors - 1);
}

#[test]
fn two_strikes_take_a_machine_out_and_ten_good_answers_bring_it_back() {
    let mut simulation = system("flavour: Elb", "20/s");
    simulation.run_until(Time::ZERO);
    unit(&mut simulation, "app-3", Verb::Stop);
    simulation.run_until(Time::from_seconds(25));
    assert_eq!(backend(&simulation, "app-3").state, State::InService);
    simulation.run_until(Time::from_seconds(65));
    assert_eq!(backend(&simulation, "app-3").state, State::OutOfService);
    let errors = value(&simulation, "lb.backend_connection_errors");
    unit(&mut simulation, "app-3", Verb::Start);
    simulation.run_until(Time::from_seconds(300));
    assert_eq!(backend(&simulation, "app-3").state, State::OutOfService, "nine good answers aren't ten");
    simulation.run_until(Time::from_seconds(420));
    assert_eq!(backend(&simulation, "app-3").state, State::InService);
    // Out of service it gets nothing; while it was still down a check or two was refused.
    assert!(value(&simulation, "lb.backend_connection_errors") <= errors + 2);
}

#[test]
fn who_is_taken_out_gets_nothing_new_and_is_not_looked_at() {
    let mut simulation = system("flavour: Elb", "20/s");
    simulation.run_until(Time::ZERO);
    simulation.apply("lb", &Operation::Deregister { backend: "app-1".into() }).unwrap();
    let sent = backend(&simulation, "app-1").sent;
    simulation.run_until(Time::from_seconds(1));
    unit(&mut simulation, "app-1", Verb::Stop);
    simulation.run_until(Time::from_seconds(120));
    assert_eq!(backend(&simulation, "app-1").sent, sent);
    assert_eq!(value(&simulation, "lb.backend_connection_errors"), 0);
    assert_eq!(value(&simulation, "people.api.failed"), 0, "what it had in hand it finished");
    unit(&mut simulation, "app-1", Verb::Start);
    simulation.apply("lb", &Operation::Register { backend: "app-1".into() }).unwrap();
    assert_eq!(backend(&simulation, "app-1").state, State::Registering);
    simulation.run_until(Time::from_seconds(155));
    assert_eq!(backend(&simulation, "app-1").state, State::InService, "the first good answer is enough for a new one");
    assert!(simulation.apply("lb", &Operation::Register { backend: "nobody".into() }).is_err());
}

#[test]
fn with_nobody_in_service_the_callers_get_a_503() {
    let mut simulation = system("flavour: Elb", "20/s");
    simulation.run_until(Time::ZERO);
    for machine in ["app-1", "app-2", "app-3", "app-4"] {
        unit(&mut simulation, machine, Verb::Stop);
    }
    simulation.run_until(Time::from_seconds(90));
    assert_eq!(balancer(&simulation).in_service(), 0);
    let errors = value(&simulation, "lb.backend_connection_errors");
    simulation.run_until(Time::from_seconds(150));
    let failed = value(&simulation, "lb.status_5xx");
    assert!(failed > 2500, "{failed}");
    assert!(value(&simulation, "lb.backend_connection_errors") - errors <= 8, "only checks are refused");
}

#[test]
fn nginx_leaves_alone_who_has_refused_it_for_ten_seconds() {
    let mut simulation = system("flavour: Nginx", "40/s");
    simulation.run_until(Time::ZERO);
    unit(&mut simulation, "app-4", Verb::Stop);
    simulation.run_until(Time::from_seconds(60));
    let errors = value(&simulation, "lb.backend_connection_errors");
    assert!((5..=7).contains(&errors), "one in ten seconds: {errors}");
    assert_eq!(value(&simulation, "people.api.failed"), 0);
}

#[test]
fn haproxy_sees_a_machine_go_within_six_seconds_by_connecting() {
    let mut simulation = system("flavour: HaProxy", "20/s");
    simulation.run_until(Time::ZERO);
    unit(&mut simulation, "app-4", Verb::Stop);
    simulation.run_until(Time::from_seconds(7));
    assert_eq!(backend(&simulation, "app-4").state, State::OutOfService);
}
