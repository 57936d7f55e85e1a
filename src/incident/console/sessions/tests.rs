//! Sessions seen and ended, queues and commands of jobs, in a whole incident.

use crate::incident::{Incident, Mode};
use crate::level::Level;
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

const LEVEL: &str = r#"Level(
    id: "jobs", title: "Jobs", clock: (warm_up: "1m", limit: "30m"),
    system: [
        Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
        Service(name: "web", runs_on: Kubernetes(replicas: 2), runs: "one", versions: [
            (name: "one", deployed: "-1d", steps: [Work("5ms")]), (name: "two", steps: [Work("5ms")]),
        ]),
        Nodes(name: "pool", names: "node-{n}", count: 2, memory: "16Gi"),
        Job(name: "session", by: "Ana, community", on: "console1", at: "-40s", types: "clean up", steps: [Work("20m")]),
        Job(name: "release", by: "Ben", at: "5m", queued: true, steps: [Run("kubectl scale deployment/web --replicas=3")]),
        Job(name: "sync", by: "Cleo", command: "sync-all --now", steps: [
            Require(that: "people.page.requests > 100", or: "nothing new to sync"),
            ForEach(of: ["4", "5"], do: [Run("kubectl scale deployment/web --replicas={item}"), Log(Info, "scaled {item}")]),
        ]),
    ],
    goal: (mitigated: "time > 10s", budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
)"#;

fn incident() -> Incident {
    let level = Level::parse(LEVEL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    Incident::start(Arc::new(level), 1, Mode::OnCall)
}

fn typed(incident: &mut Incident, line: &str) -> Vec<String> {
    let entry = incident.perform(line);
    incident.advance(Span::from_seconds(5));
    incident.console()[entry].output.clone()
}

fn replicas(incident: &Incident) -> i64 {
    let telemetry = incident.stage.simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar("web.replicas").unwrap())
}

#[test]
fn somebody_elses_session_is_seen_and_ended_on_its_machine() {
    let mut incident = incident();
    assert!(
        typed(&mut incident, "ssh console1 ps aux")
            .iter()
            .any(|line| line.contains("ana") && line.ends_with("clean up"))
    );
    assert!(typed(&mut incident, "ssh console1 who")[0].starts_with("ana"));
    assert_eq!(typed(&mut incident, "ssh console1 pkill -INT -f 'clean'"), Vec::<String>::new());
    assert!(!typed(&mut incident, "ssh console1 ps aux").iter().any(|line| line.contains("clean up")));
    assert!(incident.holds("session.killed == 1").unwrap());
}

#[test]
fn what_waits_in_the_queue_happens_unless_it_is_taken_out() {
    let mut first = incident();
    let listed = typed(&mut first, "atq");
    let number = listed[0].split_whitespace().next().unwrap().to_owned();
    let mut second = first.clone();
    typed(&mut second, &format!("atrm {number}"));
    for world in [&mut first, &mut second] {
        world.advance(Span::from_seconds(400));
    }
    assert_eq!((replicas(&first), replicas(&second)), (3, 2));
    let by_ben = first.console().iter().find(|entry| entry.who == "Ben").unwrap();
    assert_eq!(by_ben.line, "kubectl scale deployment/web --replicas=3");
}

#[test]
fn a_job_is_begun_by_its_command_and_checks_what_it_requires() {
    let mut incident = incident();
    assert!(typed(&mut incident, "sync-all --now").iter().any(|line| line.contains("nothing new to sync")));
    incident.advance(Time::from_seconds(150).since(incident.now()));
    let entry = incident.perform("sync-all --now");
    incident.advance(Span::from_seconds(30));
    assert!(incident.console()[entry].output.iter().any(|line| line.contains("scaled 5")), "{:?}", incident.console());
    assert_eq!(replicas(&incident), 5);
    assert!(incident.console().iter().any(|entry| entry.who == "sync" && entry.line.contains("=4")));
}
