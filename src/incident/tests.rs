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
