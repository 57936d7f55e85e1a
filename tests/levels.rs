//! The built-in levels, played: what must come out of them on every seed, and what must not depend on anything but what
//! they say.
#![expect(clippy::print_stdout, reason = "what was measured is worth reading with --nocapture")]

use regex::Regex;
use sev1::incident::proof;
use sev1::incident::script::{Script, advance_to};
use sev1::incident::view::Phase;
use sev1::incident::{Incident, Mode};
use sev1::level::Level;
use sev1::level::catalog;
use sev1::level::document::Document;
use sev1::level::schema::{Change, Statement};
use sev1::sim::quantity::{Span, Time};
use std::sync::Arc;

const FORTY_PODS: &str = include_str!("../levels/10-forty-pods.ron");

fn level(text: &str) -> Arc<Level> {
    Arc::new(Level::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn started(level: &Arc<Level>, seed: u64) -> Incident {
    Incident::start(Arc::clone(level), seed, Mode::OnCall)
}

/// What a level states of the run in which nobody acts, on these seeds: (id and name, measured, whether it holds).
fn plain_statements(level: &Arc<Level>, seeds: std::ops::RangeInclusive<u64>) -> Vec<(String, String, bool)> {
    statements(level, seeds, |statement| *statement.change() == Change::default())
}

/// What a level states of itself, as far as it is wanted; all of it must be of one world.
fn statements(
    level: &Arc<Level>,
    seeds: std::ops::RangeInclusive<u64>,
    wanted: impl Fn(&Statement) -> bool,
) -> Vec<(String, String, bool)> {
    let world = proof::worlds(level).into_iter().find_map(|world| world.only(level, &wanted)).expect("it is stated");
    let answers: Vec<_> = seeds.map(|seed| world.run(level, seed)).collect();
    let first = answers[0].as_ref().expect("it can be played");
    let asked: Vec<usize> = first.iter().map(|answer| answer.statement).collect();
    let verdicts = proof::verdicts(level, &answers).into_iter().enumerate();
    let answered = verdicts.filter(|(index, _)| asked.contains(index));
    answered.map(|(_, figure)| (figure.name, figure.measured, figure.ok)).collect()
}

#[test]
fn who_does_what_the_tutor_says_at_the_pace_of_who_reads_everything_gets_an_a() {
    let level = level(include_str!("../levels/01-first-page.ron"));
    let solution = level.solution("step by step").expect("it is there");
    let mut incident = Incident::start(Arc::clone(&level), 1, Mode::Trainee);
    let menu = |incident: &Incident| incident.menu("web-2").iter().any(|choice| choice.line.contains("truncate"));
    assert!(!menu(&incident), "the menu names no file that nothing has shown");
    let script = Script::of(&solution.script).expect("it can be read");
    script.play(&mut incident, Time::ZERO + level.clock.limit).expect("it can be played");
    assert!(menu(&incident));
    let debrief = incident.told();
    assert_eq!(debrief.grade, "A", "{:#?}", debrief.score);
    assert!(debrief.diagnosis.iter().flat_map(|judged| &judged.evidence).all(|piece| piece.was_pinned));
    // Each thing that is done there is said before, and by nobody twice.
    let said: Vec<String> = incident.sayings().into_iter().map(|saying| saying.text).collect();
    let all = said.join("\n");
    for word in [
        "F3",
        "Take web-2 out",
        "the journal",
        "How full",
        "p. then",
        "What takes",
        "r on the map",
        "settings",
        "d on the map",
    ] {
        assert_eq!(all.matches(word).count(), 1, "{word}:\n{all}");
    }
}

#[test]
fn on_twenty_seeds_nobody_acts_and_all_forty_pods_die_of_one_message() {
    let level = level(FORTY_PODS);
    let mut spread = vec![];
    for seed in 1..=20 {
        let mut incident = started(&level, seed);
        for wanted in ["chat-consumer.oom_kills", "first(min(chat-consumer.pods.restarts) > 0)"] {
            incident.trace(wanted).unwrap();
        }
        advance_to(&mut incident, Time::from_seconds(30 + 1800));
        let traces = incident.traces();
        let kills = traces[0].1.last().unwrap().1;
        let all_dead = traces[1].1.last().expect("all have died").1 - 30.0;
        let report = incident.report();
        let paged = report.paged_at.expect("it pages").second();
        assert!((380.0..=440.0).contains(&kills), "seed {seed}: {kills} kills");
        assert!(all_dead <= 240.0, "seed {seed}: all dead after {all_dead} s");
        assert!((480..=660).contains(&paged), "seed {seed}: paged at {paged} s");
        advance_to(&mut incident, Time::ZERO + level.clock.limit);
        assert_eq!(incident.report().outcome, Phase::Failed, "seed {seed}");
        spread.push((kills as i64, all_dead as i64, paged));
    }
    let of = |pick: fn(&(i64, i64, i64)) -> i64| {
        let mut values: Vec<i64> = spread.iter().map(pick).collect();
        values.sort_unstable();
        (values[0], values[10], values[19])
    };
    println!(
        "kills {:?}, all dead after {:?} s, paged at {:?} s (least, median, most)",
        of(|s| s.0),
        of(|s| s.1),
        of(|s| s.2)
    );
}

/// Every name that a level gives in its system, with another in its place: components, machines, queues, versions, tags.
fn other_names(text: &str) -> Vec<(String, String)> {
    let from = text.find("\n    system: [").expect("a level has a system");
    let to = from + text[from..].find("\n    monitoring: (").expect("and is watched");
    let pattern = |of: &str| Regex::new(of).expect("a pattern");
    let quoted = pattern("\"([^\"]+)\"");
    let one = pattern("\\b(?:name|tag|not_tag|primary|runs): \"([^\"]+)\"");
    let several = pattern("\\b(?:names|hosts|replicas|tags): (\\[[^\\]]*\\]|\"[^\"]*\")");
    let system = &text[from..to];
    let listed = several.captures_iter(system).map(|found| found.get(1).map_or("", |list| list.as_str()));
    let mut names: Vec<String> = one.captures_iter(system).map(|found| found[1].to_owned()).collect();
    // A list of tags with shares names them one by one, with lengths of time between.
    let plain = listed.filter(|list| !list.starts_with("[("));
    names.extend(plain.flat_map(|list| quoted.captures_iter(list)).map(|found| found[1].to_owned()));
    names.sort();
    names.dedup();
    let is_name = pattern("^[a-z0-9][a-zA-Z0-9._-]*$");
    let stems: Vec<String> = names.iter().filter_map(|name| name.strip_suffix("{n}")).map(str::to_owned).collect();
    names.retain(|name| is_name.is_match(name));
    names.extend(stems.iter().cloned());
    names.sort();
    names.dedup();
    let mut changed: Vec<(String, String)> =
        names.into_iter().enumerate().map(|(number, name)| (name, format!("q{number}z"))).collect();
    // A family's newest index has a name of two parts.
    if let Some(alias) = pattern("\\balias: \"([^\"]+)\"").captures(system).map(|found| found[1].to_owned()) {
        let families: Vec<_> =
            changed.iter().map(|(old, new)| (format!("{old}-{alias}"), format!("{new}-{alias}"))).collect();
        changed.extend(families);
    }
    for stem in stems {
        let new = changed.iter().find(|(old, _)| *old == stem).expect("it is among them").1.clone();
        changed.extend((1..=40).map(|n| (format!("{stem}{n}"), format!("{new}{n}"))));
    }
    changed
}

#[test]
fn every_figure_stays_when_all_names_are_changed() {
    for file in catalog::files() {
        let document = Document::parse(file.text);
        let names = other_names(file.text);
        assert!(names.len() > 5, "{}: {names:?}", file.id());
        let pairs: Vec<(&str, &str)> = names.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        let renamed = level(&document.rename(&pairs));
        assert_ne!(renamed.digest(), level(file.text).digest(), "{}", file.id());
        let found = plain_statements(&renamed, 1..=3);
        assert!(!found.is_empty(), "{}", file.id());
        for (name, measured, ok) in found {
            assert!(ok, "{}: {name}: {measured}", file.id());
        }
    }
}

#[test]
fn a_level_whose_physics_are_bent_fails_its_own_proofs_and_says_by_how_much() {
    let tail = "[(name: \"chat.visitor_to_operator\", requeue: Tail), (name: \"presence.operator_groups\")]";
    let early = "[Ack, Work(\"60ms\"), When(tag: \"percent-padding\", then: [Allocate(\"7.0Gi\")])]";
    let bent = [
        ("rabbit.queues", tail),
        ("chat-consumer.versions.py3.steps", early),
        ("chat-consumer.runs_on.back_off", "(first: \"2s\", cap: \"20s\")"),
    ];
    for (path, value) in bent {
        let text = Document::parse(FORTY_PODS).replace(path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
        let failed: Vec<_> = plain_statements(&level(&text), 1..=1).into_iter().filter(|(_, _, ok)| !ok).collect();
        assert!(!failed.is_empty(), "{path} = {value} went unnoticed");
        println!("{path} = {value}: {failed:?}");
    }
}

#[test]
fn an_allocation_of_half_the_size_fits_where_the_story_says_that_four_gigabytes_did_not_help() {
    let (path, value) = ("chat-consumer.versions.py3.steps[2].then", "[Allocate(\"3.5Gi\")]");
    let text = Document::parse(FORTY_PODS).replace(path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
    let bent = level(&text);
    // At three it still dies, at four no longer: the last to be killed held three.
    for (id, measured) in [("A.limit-3", "2.99Gi"), ("A.limit-4", "2.99Gi"), ("A.check.3.4Gi", "0s")] {
        let failed: Vec<_> = statements(&bent, 1..=1, |statement| statement.id() == id);
        let (name, found, ok) = failed.iter().find(|(name, ..)| name.starts_with(&format!("{id} "))).expect(id);
        println!("{path} = {value}: {name}: {found}");
        assert!(found.starts_with(measured), "{name}: {found}");
        assert_eq!(*ok, id == "A.limit-3", "{name}: {found}");
    }
}

#[test]
fn two_plays_are_the_same_to_the_bit_and_a_copy_goes_on_like_its_original() {
    let level = level(FORTY_PODS);
    let solution = level.solutions.iter().find(|solution| solution.name == "take it out").unwrap();
    let script = Script::of(&solution.script).unwrap();
    let until = Time::from_seconds(900);
    let play = |seed| {
        let mut incident = started(&level, seed);
        script.play(&mut incident, until).unwrap();
        incident
    };
    let (first, second) = (play(7), play(7));
    assert_eq!(first.digest(), second.digest());
    assert_ne!(first.digest(), play(8).digest());
    let (mut on, mut copy) = (first.clone(), first);
    advance_to(&mut on, Time::from_seconds(1200));
    advance_to(&mut copy, Time::from_seconds(1050));
    let mut copy = copy.clone();
    advance_to(&mut copy, Time::from_seconds(1200));
    assert_eq!(on.digest(), copy.digest());
}

/// A screen stops the clock at every frame, a script only where it types: nothing may depend on it, what colleagues type
/// when they are answered and the lines of their jobs as little as anything.
#[test]
fn how_often_the_clock_stops_on_its_way_changes_nothing() {
    let last = Time::from_seconds(1200);
    for level in all_levels() {
        let mut model = started(&level, 1);
        let script = level.solution("as-it-happened").map(|solution| Script::of(&solution.script).unwrap());
        script.unwrap().play(&mut model, last).unwrap();
        let mut lines = model.typed().to_vec();
        // Every answer is given now and then, whether anybody waits for it or not.
        let answer = |name: &str, number: usize| format!("reply {name} {}", number + 1);
        let offers = level.team.iter().flat_map(|saying| (0..saying.offers.len()).map(|n| answer(saying.name(), n)));
        let offers: Vec<String> = offers.collect();
        let moment = |place: i64| Time::ZERO + Span::from_millis(19_549) * place;
        lines.extend(
            offers.iter().cycle().take(60).enumerate().map(|(place, line)| (moment(place as i64), line.clone())),
        );
        lines.push((last, "clock".to_owned()));
        lines.sort();
        let [rarely, often] = [30_000, 17].map(|stop| {
            let mut incident = started(&level, 1);
            for (at, line) in &lines {
                let mut before = Time::from_micros(i64::MIN);
                while incident.now() < *at && before != incident.now() {
                    before = incident.now();
                    incident.advance(Span::from_millis(stop).min(at.since(before)));
                }
                incident.perform(line);
            }
            (incident.digest(), incident.now(), incident.sayings().len())
        });
        assert_eq!(rarely, often, "{}", level.id);
    }
}

#[test]
fn the_digest_is_the_same_in_every_build() {
    // Debug and release, and every machine: this changes only where what happens is changed on purpose.
    let mut incident = started(&level(FORTY_PODS), 1);
    advance_to(&mut incident, Time::from_seconds(300));
    assert_eq!(format!("{:016x}", incident.digest()), DIGEST_AT_FIVE_MINUTES);
}

const DIGEST_AT_FIVE_MINUTES: &str = "d73315d739f330e9";

#[test]
fn closing_with_the_cause_still_there_pages_again() {
    let level = level(FORTY_PODS);
    let mut incident = started(&level, 1);
    let script = Script::of(&[
        ("08:00".to_owned(), "kubectl scale deployment/chat-consumer --replicas=0".to_owned()),
        ("09:00".to_owned(), "resolve".to_owned()),
    ]);
    script.unwrap().play(&mut incident, Time::from_seconds(620)).unwrap();
    // Nothing is delivered: it isn't over, and the console says so.
    assert!(!incident.header().phase.is_over());
    let last = incident.console().last().unwrap();
    assert!(last.output.iter().any(|line| line.starts_with("not yet")), "{:?}", last.output);
}

#[test]
fn who_takes_the_cause_away_before_anybody_is_hurt_is_judged_by_the_diagnosis() {
    let level = level(FORTY_PODS);
    let mut incident = started(&level, 1);
    let script = Script::of(&[
        ("01:00".to_owned(), "kubectl set resources deployment/chat-consumer --limits=memory=8Gi".to_owned()),
        ("04:00".to_owned(), "diagnose poison".to_owned()),
        ("04:10".to_owned(), "resolve".to_owned()),
    ]);
    script.unwrap().play(&mut incident, Time::from_seconds(300)).unwrap();
    let report = incident.report();
    assert_eq!(report.impact_at, None);
    assert_eq!(report.grade, "A", "{report:?}");
    assert!((92..=95).contains(&report.score), "no evidence was pinned, and a little handled twice: {report:?}");
    let mut guessed = started(&level, 1);
    let lines = [
        ("01:00", "kubectl set resources deployment/chat-consumer --limits=memory=8Gi"),
        ("04:00", "diagnose memory"),
        ("04:10", "resolve"),
    ];
    Script::of(&lines.map(|(at, line)| (at.to_owned(), line.to_owned())))
        .unwrap()
        .play(&mut guessed, Time::from_seconds(300))
        .unwrap();
    assert!(guessed.report().score + 15 <= report.score, "{:?}", guessed.report());
}

/// Every level that the program brings along.
fn all_levels() -> Vec<Arc<Level>> {
    let mut paths: Vec<_> = std::fs::read_dir("levels").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
    paths.sort();
    paths.into_iter().map(|path| level(&std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn nothing_gives_an_answer_away_before_it_is_asked() {
    for level in all_levels() {
        let mut incident = started(&level, 1);
        assert_eq!(incident.questions(), [], "{}: nothing has rung yet", level.id);
        let offered = |incident: &Incident| {
            let all = incident.palette().into_iter().map(|choice| choice.label);
            all.collect::<Vec<_>>().join("\n")
        };
        let before = offered(&incident);
        for question in &level.diagnosis {
            for cause in &question.causes {
                assert!(!before.contains(&cause.says), "{}: the palette says {}", level.id, cause.says);
            }
        }
        // The second question tells what the answer to the first one is.
        let id = incident.perform("diagnose");
        let shown = incident.console()[id].output.join("\n");
        for question in level.diagnosis.iter().skip(1) {
            assert!(!shown.contains(&question.question), "{}: {shown}", level.id);
        }
    }
}

#[test]
fn what_nobody_has_written_is_offered_once_somebody_has_said_what_it_is_for() {
    let mut incident = started(&level(FORTY_PODS), 1);
    let offers = |incident: &Incident| {
        incident.palette().into_iter().filter(|choice| choice.line.contains("py3-safe-logger")).collect::<Vec<_>>()
    };
    // The question has come up, with the first page.
    advance_to(&mut incident, Time::from_seconds(12 * 60));
    assert_eq!(offers(&incident), []);
    let listed = |incident: &mut Incident| {
        let id = incident.perform("deploy");
        advance_to(incident, incident.now() + Span::from_seconds(5));
        incident.console()[id].output.join("\n").contains("py3-safe-logger")
    };
    assert!(!listed(&mut incident));
    incident.perform("diagnose poison");
    assert!(listed(&mut incident));
    let offered = offers(&incident);
    assert!(offered[0].warning.starts_with("It takes about 25m to write first."), "{offered:?}");
}

#[test]
fn waiting_ends_when_customers_begin_to_be_hurt_or_something_rings() {
    let mut incident = started(&level(FORTY_PODS), 1);
    let id = incident.perform("wait 25m");
    advance_to(&mut incident, Time::from_seconds(25 * 60));
    let entry = &incident.console()[id];
    let stopped = entry.output.last().expect("it says why it ended");
    assert!(stopped.contains(" stopped: "), "{stopped}");
}

#[test]
fn a_move_that_acts_minutes_later_is_judged_and_the_clock_is_no_move() {
    let level = level(FORTY_PODS);
    let mut incident = started(&level, 1);
    let lines = [
        ("00:30", "speed 4"),
        ("00:40", "kubectl get pods | head -3"),
        ("01:00", "deploy chat-consumer py3-safe-logger"),
        ("08:00", "kubectl set resources deployment/chat-consumer --limits=memory=8Gi"),
    ];
    let script = Script::of(&lines.map(|(at, line)| (at.to_owned(), line.to_owned()))).unwrap();
    script.play(&mut incident, Time::ZERO + level.clock.limit).unwrap();
    let moves = incident.debrief().moves;
    let named: Vec<&str> = moves.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(named, [lines[2].1, lines[3].1]);
    assert!(moves.iter().all(|one| one.spared != 0 || !one.remark.is_empty()), "{moves:?}");
}
