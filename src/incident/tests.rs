//! Small incidents from their beginning to their debrief.

use super::{Incident, Mode};
use crate::level::Level;
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

/// Something rings after a minute, and Ben takes it; it hurts from the second minute to the fifth; Cem and Dan ask.
const SMALL: &str = r#"Level(
        id: "small", title: "Small", clock: (starts: "2020-08-11 09:30", zone: "PDT", warm_up: "1m", limit: "30m"),
        system: [Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
                 Service(name: "web", runs: "one", versions: [
                    (name: "one", deployed: "-1d", steps: [Work("5ms")]), (name: "two", deployed: "-9d", steps: [Work("4ms")])])],
        monitoring: (alerts: [(name: "slow", when: "time > 1m")]),
        team: [
            (who: "Ben", at: "90s", says: "I have it", does: ["ack slow"]),
            (who: "Cem, web", at: "2m", says: "shall I go back?", offers: [(reply: "yes", says: "on it", does: ["deploy web two"]), (reply: "no")]),
            (who: "Eva, support", at: "4m", says: "people write", offers: [(reply: "we see it, next word in ten minutes", tells: true)]),
            (who: "Dan", at: "2m", says: "what do I tell them?", offers: [(reply: "nothing", says: "fine")]),
        ],
        goal: (mitigated: "time > 5m", hold: "1m", impact: "time > 2m",
               budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
    )"#;

fn incident() -> Incident {
    let level = Level::parse(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    Incident::start(Arc::new(level), 1, Mode::OnCall)
}

fn typed(incident: &mut Incident, line: &str) -> String {
    let entry = incident.perform(line);
    incident.advance(Span::from_seconds(1));
    incident.console()[entry].output.join("\n")
}

#[test]
fn whoever_takes_what_somebody_has_is_told_who_had_it() {
    let mut incident = incident();
    incident.advance(Span::from_seconds(100));
    assert_eq!(typed(&mut incident, "ack slow"), "slow: Ben had it; it is yours now");
    assert_eq!(typed(&mut incident, "ack slow"), "slow: you have it already");
    assert!(incident.told().timeline.iter().any(|(_, text)| text == "acknowledged: slow, which Ben had"));
}

#[test]
fn questions_are_listed_with_their_answers_until_they_are_answered() {
    let mut incident = incident();
    incident.advance(Span::from_seconds(130));
    let both = "Cem, web: shall I go back?\n  reply Cem 1  yes\n  reply Cem 2  no\nDan: what do I tell them?\n  reply Dan 1  nothing";
    assert_eq!(typed(&mut incident, "reply"), both);
    typed(&mut incident, "reply Cem 2");
    assert_eq!(typed(&mut incident, "reply"), "Dan: what do I tell them?\n  reply Dan 1  nothing");
}

#[test]
fn mitigated_means_the_same_moment_wherever_it_is_said() {
    let mut incident = incident();
    incident.advance(Span::from_seconds(330));
    let early = typed(&mut incident, "resolve");
    assert_eq!(early, "not yet: it is well since 09:35:01, and has to be for 1m to be mitigated");
    incident.advance(Span::from_seconds(100));
    assert!(typed(&mut incident, "status").contains(": mitigated since 09:35:01"));
    assert_eq!(incident.header().hurt_since, None, "who is mitigated is hurt no more");
    assert_eq!(
        typed(&mut incident, "resolve"),
        "closed; mitigated since 09:35:01, 3m after customers began to be hurt"
    );
    let told = incident.told();
    assert_eq!(told.compared[0].outcome, "resolved, mitigated after 3m");
    assert!(told.score.iter().any(|(what, _, remark)| what == "time to mitigate" && remark.starts_with("3m")));
    let at = Time::from_seconds(301);
    assert!(told.timeline.contains(&(at, "mitigated".to_owned())), "{:?}", told.timeline);
    assert!(told.phases.iter().any(|(since, phase)| (*since, phase.word()) == (at, "mitigated")));
}

#[test]
fn a_page_of_the_manual_gives_nobody_a_cue() {
    let text = SMALL.replace(r#"at: "90s""#, r#"when: "seen(\"anon-rss\")""#);
    let level = Level::parse(&text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut incident = Incident::start(Arc::new(level), 1, Mode::OnCall);
    let page = typed(&mut incident, "man dmesg");
    assert!(page.contains("anon-rss"), "{page}");
    incident.advance(Span::from_seconds(10));
    assert_eq!(incident.sayings().len(), 0);
    typed(&mut incident, "echo anon-rss");
    incident.advance(Span::from_seconds(10));
    assert_eq!(incident.sayings().len(), 1);
}

#[test]
fn a_move_is_what_changed_the_system_by_whomever() {
    let mut incident = incident();
    incident.advance(Span::from_seconds(130));
    for line in ["ack slow", "ask Dan anything?", "reply Dan 1", "reply Cem 1", "status all is well"] {
        typed(&mut incident, line);
    }
    incident.advance(Span::from_seconds(600));
    let moves: Vec<String> = incident.debrief().moves.into_iter().map(|one| one.line).collect();
    assert_eq!(moves, ["reply Cem 1"]);
}

#[test]
fn who_answers_whoever_speaks_to_customers_has_told_them() {
    let mut incident = incident();
    incident.advance(Span::from_seconds(250));
    let communication = |incident: &Incident| {
        let score = incident.told().score;
        score.into_iter().find(|(what, ..)| what == "communication").map(|(_, points, _)| points).unwrap_or_default()
    };
    typed(&mut incident, "reply Dan 1");
    assert_eq!(communication(&incident), " 0 of  5", "who is told nothing tells nothing");
    typed(&mut incident, "reply Eva 1");
    assert_eq!(communication(&incident), " 2 of  5");
}

#[test]
fn moves_that_do_the_same_are_told_together() {
    let text = r#"Level(
        id: "twice", title: "Twice", clock: (warm_up: "1m", limit: "20m"),
        system: [Clients(name: "people", load: [(kind: "page", rate: "4/s", call: "web")]),
                 Service(name: "web", runs: "bad", pipeline: "10s", versions: [
                    (name: "bad", deployed: "-1d", steps: [Fail(500)]),
                    (name: "good", deployed: "-9d", steps: [Work("4ms")]), (name: "better", steps: [Work("4ms")])])],
        goal: (mitigated: "time > 1h", budget: (bad: "people.page.failed", of: "people.page", share: "99%", word: "pages failed")),
    )"#;
    let level = Level::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut incident = Incident::start(Arc::new(level), 1, Mode::OnCall);
    for (after, line) in [(60, "deploy web good"), (120, "deploy web better"), (300, "note so much for that")] {
        incident.advance(Span::from_seconds(after));
        typed(&mut incident, line);
    }
    incident.advance(Span::from_seconds(1200));
    let debrief = incident.debrief();
    let spared: Vec<bool> = debrief.moves.iter().map(|one| one.spared > 0).collect();
    assert_eq!(spared, [true, false], "{:#?}", debrief.moves);
    assert!(debrief.moves[1].remark.ends_with("; move 1 does that here"), "{:#?}", debrief.moves);
    assert!(debrief.together.starts_with("Moves 1 and 2 do in part the same"), "{}", debrief.together);
    assert!(debrief.together.ends_with(" more pages failed."), "{}", debrief.together);
}

#[test]
fn a_look_at_the_kernel_is_announced_to_nobody_and_leaves_its_traces_on_the_machine() {
    let text = r#"Level(
        id: "look", title: "Look", clock: (starts: "2012-08-13 16:34", zone: "CEST", offset: "+02:00", warm_up: "1m", limit: "30m"),
        system: [Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
                 Service(name: "web", runs_on: Hosts(names: ["web-1"], supervisor: Upstart()), process: "nginx", runs: "one",
                    versions: [(name: "one", deployed: "-1d", steps: [Work("5ms")])]),
                 Hosts(name: "machines", names: ["web-1"], cores: 1, memory: "1Gi", kernel: (version: "3.2.0-29-generic"))],
        events: [Type(name: "look", at: "1m", by: "Holger", quietly: true, lines: ["ssh web-1 iptables -L"])],
        goal: (mitigated: "time > 1h", budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
    )"#;
    let level = Level::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut incident = Incident::start(Arc::new(level), 1, Mode::OnCall);
    incident.advance(Span::from_seconds(70));
    let badges = |incident: &Incident| incident.map().parts.iter().map(|part| part.badges.len()).sum::<usize>();
    assert_eq!(badges(&incident), 0);
    typed(&mut incident, "ssh web-1 iptables -t nat -L");
    incident.advance(Span::from_seconds(5));
    assert_eq!(badges(&incident), 0, "nor is one's own");
    let mut shown = |line: &str| {
        let entry = incident.perform(line);
        incident.advance(Span::from_seconds(3));
        incident.console()[entry].output.join("\n")
    };
    assert!(shown("ssh web-1 last").contains("holger   pts/0        bastion          Mon Aug 13 14:35"));
    assert!(shown("ssh web-1 ls /var/log").contains("auth.log\nkern.log"));
    assert!(shown("ssh web-1 cat /var/log/auth.log").contains("COMMAND=/sbin/iptables -L"));
    assert_eq!(shown("ssh web-1 history"), "", "what was typed elsewhere");
    assert!(shown("ssh web-1 dmesg").contains("gcc version 4.6.3"));
}
