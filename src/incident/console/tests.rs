//! The table of commands as data, and lines played against a small world.

use super::stamp::Clock;
use super::*;
use crate::incident::view::EntryState;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::Time;
use crate::sim::random::Seed;
use crate::sim::{Simulation, System};

mod batch;
mod live;
mod machines;

/// A world with a clock and a system; it writes down what it is asked to do.
struct Small {
    now: Time,
    clock: Clock,
    acts: Vec<Act>,
    system: Simulation,
}

impl Default for Small {
    fn default() -> Self {
        Self::of(&System::default())
    }
}

impl Small {
    fn of(system: &System) -> Self {
        let system = Simulation::new(system, Seed(1)).expect("the system can be built");
        Self { now: Time::ZERO, clock: Clock::default(), acts: vec![], system }
    }
}

impl World for Small {
    fn now(&self) -> Time {
        self.now
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn system(&self) -> &Simulation {
        &self.system
    }

    fn operate(&mut self, _: &str, component: &str, operation: Operation) -> Result<Applied, String> {
        self.system.apply(component, &operation).map_err(|refusal| refusal.to_string())
    }

    fn shipped(&self) -> Vec<(String, Span)> {
        world::services(self).map(|(_, one)| (one.settings.name.clone(), Span::from_seconds(10))).collect()
    }

    fn act(&mut self, _: &str, act: Act) -> Result<Vec<String>, String> {
        if act == Act::Resolve {
            return Err("there is nothing to resolve".to_owned());
        }
        self.acts.push(act);
        Ok(vec![])
    }

    fn holds(&mut self, condition: &str) -> Result<bool, String> {
        match condition {
            "later" => Ok(self.now >= Time::from_seconds(90)),
            _ => Err(format!("`{condition}` is no condition")),
        }
    }

    fn named(&self, kind: Named) -> Vec<(String, String)> {
        match kind {
            Named::Firing => vec![("messages late".to_owned(), "94 s > 30 s".to_owned())],
            Named::Metrics => vec![("web.requests".to_owned(), "requests".to_owned())],
            Named::Documents => vec![("runbook: queues".to_owned(), "what to do".to_owned())],
            _ => vec![],
        }
    }

    fn document(&self, name: &str) -> Option<String> {
        (name == "runbook: queues").then(|| "first\nsecond".to_owned())
    }
}

/// Plays a line to its end and returns what it printed.
fn play(console: &mut Console, world: &mut Small, line: &str) -> (String, EntryState) {
    let id = console.type_line(world.now, "", line);
    run(console, world, Time::from_seconds(100_000));
    let entry = &console.entries()[id];
    (entry.output.join("\n"), entry.state)
}

/// Lets time pass up to `until`, or until nothing is due.
fn run(console: &mut Console, world: &mut Small, until: Time) {
    for _ in 0..10_000 {
        let Some(due) = console.next_due().filter(|due| *due <= until) else { return };
        world.now = world.now.max(due);
        world.system.run_until(world.now);
        console.step(world);
    }
    panic!("the console never rests");
}

fn printed(line: &str) -> String {
    play(&mut Console::default(), &mut Small::default(), line).0
}

#[test]
fn every_command_is_named_once_and_explains_itself() {
    let mut names: Vec<&str> = commands().flat_map(|c| c.aliases.iter().chain([&c.name]).copied()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two commands have one name");
    for command in commands() {
        let line = shell::parse(&command.usage.replace(['[', ']', '|', '(', ')'], " ")).expect(command.name);
        let first = line.items[0].stages[0].words[0].known();
        assert_eq!(first, command.name, "the usage of {} begins with it", command.name);
        assert!(command.summary.len() > 4, "{}: the summary says what it does", command.name);
        assert!(!command.summary.ends_with('.') && !command.manual.contains('\t'), "{}", command.name);
    }
}

#[test]
fn lines_run_as_in_a_shell() {
    let table = [
        ("echo a b", "a b"),
        ("echo a | tr a-z A-Z", "A"),
        ("echo a && echo b || echo c", "a\nb"),
        ("false && echo b || echo c", "c"),
        ("false; echo b", "b"),
        ("echo $(echo a b | wc -w) words", "2 words"),
        ("echo x$(echo a b)y", "xa by"),
        ("echo \"x$(echo 'a  b')y\"", "xa  by"),
        ("echo 'a\nb' | xargs -n1 echo got", "got a\ngot b"),
        ("echo 'a\nb' | xargs -I {} echo {}-{}", "a-a\nb-b"),
        ("echo a b | xargs", "a b"),
        ("true | xargs -r echo never", ""),
        ("echo one > f; echo two >> f; cat f | sort -r", "two\none"),
        ("echo a | tee f; cat f", "a\na"),
        ("cat < nothing", "bash: nothing: No such file or directory"),
        ("cat nothing 2>/dev/null", ""),
        ("cat nothing 2>&1 | wc -l", "1"),
        ("cat nothing | wc -l", "cat: nothing: No such file or directory\n0"),
        ("kubetcl get pods", "bash: kubetcl: command not found\n`help` lists what there is"),
        ("hepl", "bash: hepl: command not found\ndid you mean: help? `help` lists what there is"),
        ("echo 'a", "bash: unexpected EOF while looking for matching `''"),
        ("", ""),
        ("# nothing", ""),
        ("watch -n 0 ls", "watch: failed to parse argument: '0'"),
        ("echo a | watch ls", "watch: stands at the beginning of a line: watch \"COMMAND | …\""),
        ("grep x", "grep: nothing to read: put it behind a pipe, or name a file"),
        ("read run", "first\nsecond"),
        ("resolve", "there is nothing to resolve"),
        ("sudo echo a", "a"),
        ("X=1; echo $X ${X}2 \"$X\" '$X' $Y.", "1 12 1 $X ."),
        ("X='a  b'; echo $X; echo \"$X\"", "a b\na  b"),
        ("X=$(echo a b); echo $X | wc -w", "2"),
        ("false; echo $?; echo $?", "1\n0"),
        ("X=1; echo $(X=2; echo $X) $X; X=3 | cat; echo $X", "2 1\n1"),
        ("for x in a b $(echo c d); do echo $x-; done", "a-\nb-\nc-\nd-"),
        ("for x in b a; do echo $x; done | sort", "a\nb"),
        ("for x in 1 2; do for y in $x 3; do echo $x$y; done; done", "11\n13\n22\n23"),
        ("for x in $(seq 3); do [ $x = 2 ] && echo two; done", "two"),
        (
            "for x in 1 2 3; do if [ $x = 2 ]; then continue; elif [ $x = 3 ]; then echo three; else echo $x; fi; done",
            "1\nthree",
        ),
        ("for x in 1 2; do for y in a b; do echo $x$y; [ $x$y = 1a ] && break 2; done; done; echo end", "1a\nend"),
        ("for x in 'a 1' 'b 2 3'; do echo $x; done | while read NAME REST; do echo $REST-$NAME; done", "1-a\n2 3-b"),
        ("echo ${NONE:-no $(echo one)}; X=5; echo ${X:-6}${Y:-}", "no one\n5"),
        ("break", "bash: break: only meaningful in a `for', `while', or `until' loop"),
        ("for x in $(seq 5000); do true; done", "bash: a loop ends after 1000 rounds here"),
        ("echo one > f; for x in f; do cat $x; done", "one"),
        ("echo -e 'a\\tb\\nc'; echo -n x", "a       b\nc\nx"),
        ("export A=5; echo $A; unset A; echo \"<$A>\"", "5\n<>"),
        ("ssh --vrebose x", "ssh: illegal option --vrebose (it takes -t -q -v -A -l -p -i -o -J here)"),
        ("jobs -x", "jobs: invalid option -- 'x' (it takes -l)"),
        ("jobs --help", "Usage: jobs\n  lists what runs in the background\n  more: man jobs"),
        ("whoami; hostname; pwd; clear", "oncall\nbastion\n/home/oncall"),
        ("date +%F_%T; date -u", "2020-01-01_09:00:00\nWed Jan  1 09:00:00 UTC 2020"),
        ("[ 3 -gt 2 ] && echo yes; test a != a || echo no; [ ! -z '' ]; echo $?", "yes\nno\n1"),
        ("echo a b | awk \"{print $2, $NF}\"", "b b"),
    ];
    for (line, expected) in table {
        assert_eq!(printed(line), expected, "{line}");
    }
}

#[test]
fn time_passes_in_a_line_and_lines_wait_for_each_other() {
    let (mut console, mut world) = (Console::default(), Small::default());
    let first = console.type_line(world.now, "", "sleep 1.5; date; sleep 2");
    let second = console.type_line(world.now, "", "date");
    let other = console.type_line(world.now, "Rosa", "date");
    run(&mut console, &mut world, Time::from_seconds(2));
    assert_eq!(console.entries()[first].output, ["Wed Jan  1 09:00:01 UTC 2020"]);
    assert_eq!(console.entries()[first].state, EntryState::Running);
    assert!(console.entries()[second].output.is_empty(), "it waits for the first");
    assert_eq!(console.entries()[other].output, ["Wed Jan  1 09:00:00 UTC 2020"], "it has a shell of its own");
    run(&mut console, &mut world, Time::from_seconds(10));
    assert_eq!(console.entries()[second].at, Time::from_micros(3_500_000));
    assert_eq!(console.entries()[second].output, ["Wed Jan  1 09:00:03 UTC 2020"]);
}

#[test]
fn waiting_ends_with_its_time_or_its_condition() {
    let (mut console, mut world) = (Console::default(), Small::default());
    assert_eq!(play(&mut console, &mut world, "wait 1m"), (String::new(), EntryState::Done));
    assert_eq!(world.now, Time::from_seconds(60));
    assert_eq!(play(&mut console, &mut world, "wait until later").1, EntryState::Done);
    assert_eq!(world.now, Time::from_seconds(90));
    let (refusal, state) = play(&mut console, &mut world, "wait until nonsense");
    assert_eq!((refusal.as_str(), state), ("wait: `nonsense` is no condition", EntryState::Failed));
    console.type_line(world.now, "", "wait 10m");
    console.step(&mut world);
    assert!(console.is_waiting(""));
    assert_eq!(console.interrupt(""), Some(3));
    assert!(!console.is_busy(""));
}

#[test]
fn the_clock_is_told_at_once_while_something_runs() {
    let (mut console, mut world) = (Console::default(), Small::default());
    let wait = console.type_line(world.now, "", "wait 10m");
    console.step(&mut world);
    let pause = console.type_line(world.now, "", "pause");
    console.type_line(world.now, "", "note later");
    assert_eq!(console.next_due(), Some(world.now));
    console.step(&mut world);
    let state = |console: &Console, id: usize| console.entries()[id].state;
    assert_eq!((state(&console, pause), state(&console, wait)), (EntryState::Done, EntryState::Running));
    // What was typed ahead goes with what it waited for.
    console.interrupt("");
    assert!(!console.is_busy("") && console.entries().iter().all(|entry| entry.state != EntryState::Running));
}

#[test]
fn a_sentence_may_hold_whatever_a_person_writes() {
    let (mut console, mut world) = (Console::default(), Small::default());
    for (line, text) in [
        ("status all quiet; more in ten minutes", "all quiet; more in ten minutes"),
        ("status we don't know | yet & that's it", "we don't know | yet & that's it"),
        ("status 'back (for now)'", "back (for now)"),
    ] {
        assert_eq!(play(&mut console, &mut world, line).1, EntryState::Done, "{line}");
        assert_eq!(world.acts.last(), Some(&Act::Status { text: text.to_owned() }));
    }
}

#[test]
fn a_watch_goes_on_in_the_background_until_it_is_stopped() {
    let (mut console, mut world) = (Console::default(), Small::default());
    let watch = console.type_line(world.now, "", "watch -n 5 \"date | cut -c12-19\"");
    run(&mut console, &mut world, Time::from_seconds(11));
    assert_eq!(console.entries()[watch].output, ["Every 5.0s: date | cut -c12-19", "", "09:00:10"]);
    assert_eq!(console.entries()[watch].state, EntryState::Running);
    let jobs = console.type_line(world.now, "", "jobs");
    let stop = console.type_line(world.now, "", "stop");
    run(&mut console, &mut world, Time::from_seconds(30));
    assert_eq!(console.entries()[jobs].output, ["[0]  Running   watch -n 5 \"date | cut -c12-19\""]);
    assert_eq!(console.entries()[watch].state, EntryState::Done);
    assert_eq!(console.entries()[stop].state, EntryState::Done);
    assert_eq!(console.next_due(), None);
}

#[test]
fn a_loop_takes_its_time_and_shows_each_round() {
    let (mut console, mut world) = (Console::default(), Small::default());
    let lines = console.type_line(world.now, "", "X=5; for n in 1 2 3; do echo $n; sleep $X; done; Y=$n");
    let after = console.type_line(world.now, "", "echo $Y $X");
    run(&mut console, &mut world, Time::from_seconds(7));
    assert_eq!(console.entries()[lines].output, ["1", "2"]);
    run(&mut console, &mut world, Time::from_seconds(60));
    assert_eq!((world.now, console.entries()[after].output.join("")), (Time::from_seconds(15), "3 5".to_owned()));
    let forever = console.type_line(world.now, "", "while true; do date +%S; sleep 10; done");
    run(&mut console, &mut world, Time::from_seconds(40));
    assert!(!console.is_busy(""), "what repeats itself runs in the background");
    assert_eq!(console.entries()[forever].output, ["15", "25", "35"]);
    assert_eq!(console.interrupt(""), Some(forever));
    assert_eq!(console.next_due(), None);
}

#[test]
fn an_open_quote_is_named() {
    let table = [
        ("predict \"queue falls in 2m", "predict: the quote \" of `\"queue` has no other: close it, or leave it out"),
        ("predict queue falls\" in 2m", "predict: the quote \" of `falls\"` has no other: close it, or leave it out"),
        ("wait until 'later", "wait: the quote ' of `'later` has no other: close it, or leave it out"),
    ];
    for (line, expected) in table {
        assert_eq!(printed(line), expected, "{line}");
    }
    assert_eq!(printed("predict fired(\"a b\") in 2m"), "", "a quote that closes is part of the condition");
}

#[test]
fn acts_of_the_game_carry_what_was_typed() {
    let table = [
        ("ack", Act::Acknowledge { alert: String::new() }),
        ("ack 'messages late'", Act::Acknowledge { alert: "messages late".to_owned() }),
        (
            "silence messages late --for 5m",
            Act::Silence { alert: "messages late".to_owned(), span: Span::from_seconds(300) },
        ),
        ("declare sev1 all is late", Act::Declare { severity: "SEV1".to_owned(), text: "all is late".to_owned() }),
        ("reply support 1", Act::Reply { person: "support".to_owned(), answer: "1".to_owned() }),
        (
            "predict \"queue falls\" in 2m",
            Act::Predict { what: "queue falls".to_owned(), within: Span::from_seconds(120) },
        ),
        ("speed 6", Act::Speed(Some(6))),
        ("note it's (nearly) > done", Act::Note { text: "it's (nearly) > done".to_owned() }),
        ("graph rate(a.b[1m]) / 5 > 3", Act::Graph { expression: "rate(a.b[1m]) / 5 > 3".to_owned() }),
        ("graph --off a.b", Act::Ungraph { expression: "a.b".to_owned() }),
        ("explore a.b", Act::Explore { expression: "a.b".to_owned() }),
        ("pin for 2", Act::Weigh { hypothesis: 2, speaks_for: true, evidence: None }),
        ("pin against 1 3", Act::Weigh { hypothesis: 1, speaks_for: false, evidence: Some(3) }),
        ("hypothesis it is the code", Act::Hypothesis { text: "it is the code".to_owned() }),
    ];
    for (line, expected) in table {
        let mut world = Small::default();
        let (output, state) = play(&mut Console::default(), &mut world, line);
        assert_eq!((world.acts.as_slice(), state), ([expected].as_slice(), EntryState::Done), "{line}: {output}");
    }
}

#[test]
fn a_pin_takes_the_latest_line_that_holds_the_text() {
    let (mut console, mut world) = (Console::default(), Small::default());
    play(&mut console, &mut world, "echo killed at 1");
    play(&mut console, &mut world, "echo killed at 2");
    let (_, state) = play(&mut console, &mut world, "pin killed --against 1");
    assert_eq!(state, EntryState::Done);
    play(&mut console, &mut world, "pin 0:1");
    let pin = |command: &str, line: &str, hypothesis, speaks_for| Act::Pin {
        command: command.to_owned(),
        line: line.to_owned(),
        around: vec![],
        hypothesis,
        speaks_for,
    };
    let expected =
        [pin("echo killed at 2", "killed at 2", Some(1), false), pin("echo killed at 1", "killed at 1", None, true)];
    assert_eq!(world.acts, expected);
    assert_eq!(play(&mut console, &mut world, "pin nowhere").1, EntryState::Failed);
}

#[test]
fn help_and_manual_come_from_the_table() {
    let help = printed("help");
    for command in commands().filter(|command| (command.exists)(&Small::default())) {
        assert!(help.contains(&format!("  {:<14}{}", command.name, command.summary)), "{} is missing", command.name);
        assert!(printed(&format!("man {}", command.name)).contains(command.usage), "{}", command.name);
    }
    assert!(printed("help wacth").contains("did you mean watch?"));
    assert_eq!(printed("man wait > /dev/null"), "");
}

#[test]
fn no_line_however_odd_runs_away() {
    let (mut console, mut world) = (Console::default(), Small::default());
    let nested = format!("{} echo a", "xargs ".repeat(600));
    for line in ["echo a | xargs xargs xargs xargs echo", nested.as_str(), "echo $(echo $(echo $(echo a)))"] {
        let (output, _) = play(&mut console, &mut world, &format!("true | {line}"));
        assert!(output.len() < 1000);
    }
    for _ in 0..20 {
        play(&mut console, &mut world, "cat f f f f >> g; cat g g g g >> f; echo aaaaaaaaaaaaaaa >> f");
    }
    assert!(console.entries().iter().all(|entry| entry.output.len() < 100));
}

#[test]
fn completion_offers_what_fits_at_the_cursor() {
    let (console, world) = (Console::default(), Small::default());
    let offered = |line: &str| {
        let completion = console.complete(line, line.len(), &world);
        let words: Vec<String> = completion.candidates.into_iter().map(|c| c.word).collect();
        (completion.start, words)
    };
    assert_eq!(offered("hyp"), (0, vec!["hypothesis".to_owned()]));
    assert_eq!(offered("ack mess"), (4, vec!["'messages late'".to_owned()]));
    assert_eq!(offered("ack late"), (4, vec!["'messages late'".to_owned()]));
    assert_eq!(offered("watch \"read ru").0, 12);
    assert_eq!(offered("watch \"read ru").1, ["runbook: queues"]);
    assert_eq!(offered("date | xargs hist"), (13, vec!["history".to_owned()]));
    assert_eq!(offered("date | gr").1[0], "grep");
    assert_eq!(offered("date | grep --inv").1, ["--invert-match"]);
    assert!(offered("").1.contains(&"help".to_owned()));
    assert_eq!(offered("wait ").1, ["until", "1m", "5m"]);
    assert_eq!(offered("graph rate(web.re"), (11, vec!["web.requests".to_owned()]));
    assert_eq!(offered("nonsense x").1, Vec::<String>::new());
    let about = console.complete("hint", 4, &world).candidates[0].about.clone();
    assert_eq!(about, "asks for a hint; it has its price");
    // Inside a character, behind the end: never a panic.
    let _ = console.complete("é", 1, &world);
    let _ = console.complete("a", 99, &world);
}

#[test]
fn waiting_for_a_time_of_day_ends_at_it_and_refuses_one_that_has_passed() {
    let mut world = Small::default();
    world.clock.starts = jiff::civil::datetime(2020, 8, 11, 23, 50, 0, 0);
    let mut console = Console::default();
    let table = [
        ("wait until 23:52", 120, ""),
        ("wait until 23:52:30", 150, ""),
        ("wait until 23:49", 150, "wait: 23:49 has passed: it is 23:52:30"),
        ("wait until 24:10", 150, "wait: 24:10 is no time of day: write it as 00:52"),
        ("wait 23:55", 150, "wait: 23:55 is a time of day: wait until 23:55"),
        ("wait until 00:10 UTC", 1200, ""),
    ];
    for (line, second, expected) in table {
        assert_eq!(play(&mut console, &mut world, line).0, expected, "{line}");
        assert_eq!(world.now, Time::from_seconds(second), "{line}");
    }
}

#[test]
fn help_ends_with_a_line_of_a_tool_that_is_here() {
    let text = printed("help");
    assert!(text.ends_with("lines can be piped: history | tail -3"), "no cluster, no broker, no code: {text}");
}
