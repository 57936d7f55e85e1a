//! The game's own commands: what a person does in an incident apart from touching the system.
//!
//! Each turns its words into an [`Act`] and prints what comes back. What an act does is none of the console's business.

mod evidence;
mod page;
mod wait;

use super::arguments::{Given, valued};
use super::{Act, Call, Command, Named, Progress, Runs, Typed, World, candidate, commands, nothing};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;

/// A command of the game: it takes no time and can be typed anywhere.
const fn game(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    manual: &'static str,
    run: fn(&mut Call, &mut dyn World) -> Progress,
    complete: fn(&Typed, &dyn World) -> Vec<Candidate>,
) -> Command {
    Command { name, usage, summary, manual, runs: Runs::Command(run), complete, ..Command::PLAIN }
}

/// Those whose arguments are a sentence up to the end of the line, with whatever marks stand in it.
pub(super) const SENTENCES: [&str; 5] = ["status", "declare", "ask", "hypothesis", "note"];

/// The game's own commands, in the order in which an incident needs them.
pub const COMMANDS: &[Command] = &[
    game(
        "help",
        "help [COMMAND]",
        "lists the commands, or says how one is written",
        "`help` lists what there is in this incident. `help COMMAND` shows how a command is written, `man COMMAND` everything about it. Tab completes what you type.",
        page::help,
        |_, world| existing(world),
    ),
    game("man", "man COMMAND", "the manual of a command, with examples", "man man", page::manual, |_, world| {
        existing(world)
    }),
    game(
        "read",
        "read [DOCUMENT]",
        "lists the documents at hand, or shows one",
        "Runbooks, the list of deploys, mails. Any part of a document's name is enough. In a loop that something is piped into, `read NAME…` takes a line of that.\n\nread runbook\nkubectl get pods -o name | while read POD; do echo $POD; done",
        read,
        |_, world| named(world, Named::Documents),
    ),
    game(
        "ack",
        "ack [ALERT]",
        "takes an alert: 'I have it'",
        "Stops an alert from ringing and from going on to somebody else. Without a name it takes the most urgent one that rings.\n\nack",
        |call, world| {
            let alert = call.arguments().join(" ");
            act(call, world, Act::Acknowledge { alert })
        },
        |_, world| named(world, Named::Firing),
    ),
    game(
        "silence",
        "silence ALERT [--for 30m]",
        "keeps an alert from ringing for a while",
        "It goes on being measured. What is silenced rings nobody, also when it gets worse.\n\nsilence 'queue depth' --for 30m",
        silence,
        |typed, world| with_flag(typed, named(world, Named::Alerts), "--for", "how long"),
    ),
    game(
        "declare",
        "declare [SEV1|SEV2|SEV3] [TEXT…]",
        "declares an incident, so that people know",
        "Opens the incident's channel and tells the company that somebody is on it. SEV1: all or most customers are hurt; SEV2: a part; SEV3: hardly anybody.\n\ndeclare SEV1 messages arrive late",
        declare,
        |typed, _| match typed.before.len() {
            1 => vec![
                candidate("SEV1", "all or most customers are hurt, or data is lost"),
                candidate("SEV2", "a part of the customers, or a part of the product"),
                candidate("SEV3", "slower or clumsier, but it works"),
            ],
            _ => vec![],
        },
    ),
    game(
        "status",
        "status [TEXT…]",
        "tells everybody how it stands; without words, shows how it stands",
        "Customers and the company would rather know little than nothing.\n\nstatus we know what it is, messages are late, next update in 15 minutes",
        |call, world| {
            let text = call.arguments().join(" ");
            act(call, world, Act::Status { text })
        },
        nothing,
    ),
    game(
        "page",
        "page PERSON",
        "wakes a specialist",
        "It takes people some minutes to get up and look.",
        |call, world| {
            let person = call.arguments().join(" ");
            if person.is_empty() {
                return list(call, world, Named::People, "page PERSON: who can be paged:");
            }
            act(call, world, Act::Page { person })
        },
        |_, world| named(world, Named::People),
    ),
    game(
        "ask",
        "ask PERSON QUESTION…",
        "asks somebody something",
        "People answer what they know, and they may be wrong.\n\nask Dev what changed last week?",
        |call, world| match call.arguments().split_first() {
            Some((person, text)) if !text.is_empty() => {
                let (person, text) = (person.clone(), text.join(" "));
                act(call, world, Act::Ask { person, text })
            }
            _ => list(call, world, Named::People, "ask PERSON QUESTION: who can be asked:"),
        },
        |typed, world| if typed.before.len() == 1 { named(world, Named::People) } else { vec![] },
    ),
    game(
        "reply",
        "reply PERSON NUMBER|TEXT…",
        "answers somebody, with one of the answers on offer or in your own words",
        "reply support 1",
        |call, world| match call.arguments().split_first() {
            Some((person, answer)) if !answer.is_empty() => {
                let (person, answer) = (person.clone(), answer.join(" "));
                act(call, world, Act::Reply { person, answer })
            }
            _ => answers(call, world),
        },
        reply_candidates,
    ),
    game(
        "chat",
        "chat [NUMBER]",
        "what people have said, the latest last",
        "Without a number the last twenty. What waits for an answer stands below, as `reply` takes it.\n\nchat 5\nchat 100 | grep -i deploy",
        chat,
        nothing,
    ),
    game(
        "note",
        "note TEXT…",
        "writes a note with the time",
        "note 09:44 limit raised to 3Gi, no change",
        |call, world| {
            let text = call.arguments().join(" ");
            if text.is_empty() {
                return call.fail("usage: note TEXT…");
            }
            act(call, world, Act::Note { text })
        },
        nothing,
    ),
    game(
        "pin",
        "pin TEXT|ENTRY:LINE [--for N|--against N] | pin for|against N [EVIDENCE]",
        "keeps a line of output as evidence, for or against a hypothesis",
        "TEXT is a part of the line, the latest that holds it is pinned. Or give the number of the entry (`history` shows them) and of the line within it, from 1.\n\npin anon-rss --for 1\n\nWhat is pinned can be weighed afterwards: `pin for 2` says that the latest evidence speaks for hypothesis 2, `pin against 2 1` that the first speaks against it.",
        evidence::pin,
        |typed, world| {
            let about = "the hypothesis that it is about";
            match typed.before {
                [_] => {
                    return vec![
                        candidate("for", "the latest evidence speaks for a hypothesis"),
                        candidate("against", "the latest evidence speaks against a hypothesis"),
                    ];
                }
                [_, word] if word == "for" || word == "against" => return named(world, Named::Hypotheses),
                [_, word, _] if word == "for" || word == "against" => return named(world, Named::Pins),
                _ => {}
            }
            let mut all = with_flag(typed, vec![], "--for", about);
            all.extend(with_flag(typed, vec![], "--against", about));
            if typed.before.last().is_some_and(|word| word == "--for" || word == "--against") {
                all = named(world, Named::Hypotheses);
            }
            all
        },
    ),
    game(
        "unpin",
        "unpin TEXT",
        "takes a pinned line off again",
        "",
        |call, world| {
            let line = call.arguments().join(" ");
            if line.is_empty() {
                return call.fail("usage: unpin TEXT");
            }
            act(call, world, Act::Unpin { line })
        },
        nothing,
    ),
    game(
        "hypothesis",
        "hypothesis TEXT…",
        "writes down what you think it is",
        "Pins can speak for it or against it. A guess that is written down is easier to give up.\n\nhypothesis memory leak in the new version",
        |call, world| {
            let text = call.arguments().join(" ");
            if text.is_empty() {
                return call.fail("usage: hypothesis TEXT…");
            }
            act(call, world, Act::Hypothesis { text })
        },
        nothing,
    ),
    game(
        "predict",
        "predict \"WHAT\" in TIME",
        "says what you expect to see, before you act",
        "WHAT is a condition over metrics, or a metric with a word: `falls`, `rises`, `stops`. The debrief compares it with what came.\n\npredict \"queue falls\" in 2m",
        predict,
        |_, world| named(world, Named::Metrics),
    ),
    game(
        "wait",
        "wait TIME | wait until CLOCK|CONDITION",
        "lets time pass",
        "wait 10m\nwait until 14:30\nwait until rate(NAME.restarts[2m]) == 0\n\nCLOCK is the level's local time, as the header shows it, with seconds or without. Conditions see what monitoring sees, when it sees it. It ends as soon as something rings, customers begin to be hurt, or somebody asks you something; Ctrl-C ends it at once.",
        wait::wait,
        |typed, world| match typed.before.get(1).map(String::as_str) {
            None => vec![
                candidate("until", "a time of day, or a condition that holds"),
                candidate("1m", "a minute"),
                candidate("5m", ""),
            ],
            Some("until") => named(world, Named::Metrics),
            Some(_) => vec![],
        },
    ),
    game(
        "graph",
        "graph [--off] EXPRESSION",
        "keeps a graph of a metric on the screen, or takes it off again",
        "graph rate(NAME.restarts[1m])",
        graph,
        |typed, world| with_flag(typed, named(world, Named::Metrics), "--off", "take it off the screen"),
    ),
    game(
        "explore",
        "explore [EXPRESSION]",
        "what is measured: shows the last ten minutes of a metric; on a screen, several at once",
        "explore rate(NAME.restarts[1m])\n\nWithout an expression it lists what is collected. On a screen it opens a view of its own, with a cursor to read values; e opens it, too.",
        |call, world| match words_of_expression("explore", call) {
            Err(error) => call.fail(error),
            Ok(None) => list(call, world, Named::Metrics, "explore EXPRESSION: what is collected:"),
            Ok(Some(expression)) => act(call, world, Act::Explore { expression }),
        },
        |_, world| named(world, Named::Metrics),
    ),
    game(
        "hint",
        "hint",
        "asks for a hint; it has its price",
        "The hints go from a nudge to the answer, one at a time.",
        |call, world| act(call, world, Act::Hint),
        nothing,
    ),
    game(
        "diagnose",
        "diagnose [CAUSE]",
        "says what the cause is; without one, asks the question that stands",
        "Counts with the evidence that is pinned. It can be changed until the incident is closed.",
        |call, world| match call.arguments() {
            [] => {
                let question = world.named(Named::Asking).into_iter().next();
                let question = question.map_or_else(|| "what it could be:".to_owned(), |(question, _)| question);
                list(call, world, Named::Causes, &format!("{question} (diagnose CAUSE)"))
            }
            [cause] => {
                let cause = cause.clone();
                act(call, world, Act::Diagnose { cause })
            }
            _ => call.fail("usage: diagnose CAUSE"),
        },
        |_, world| named(world, Named::Causes),
    ),
    game(
        "resolve",
        "resolve",
        "closes the incident",
        "When customers are well, the cause is known and out of the system. If it is still there, the pager rings again.",
        |call, world| act(call, world, Act::Resolve),
        nothing,
    ),
    game(
        "pause",
        "pause",
        "stops the clock, or lets it run again",
        "",
        |call, world| act(call, world, Act::Pause),
        nothing,
    ),
    game(
        "speed",
        "speed [NUMBER]",
        "how many simulated seconds pass in one real second; without a number, the level's own",
        "speed 6",
        |call, world| {
            let speed = match call.arguments() {
                [] => None,
                [number] => match number.trim_end_matches(['x', '×']).parse::<u32>() {
                    Ok(speed @ 1..=3600) => Some(speed),
                    _ => return call.fail(format!("speed: `{number}` is no speed: a whole number from 1 to 3600")),
                },
                _ => return call.fail("usage: speed [NUMBER]"),
            };
            act(call, world, Act::Speed(speed))
        },
        |_, _| ["1", "3", "6", "15", "60"].map(|speed| candidate(speed, "simulated seconds a second")).to_vec(),
    ),
];

/// Does it, and prints what comes of it.
fn act(call: &mut Call, world: &mut dyn World, act: Act) -> Progress {
    match world.act(call.who, act) {
        Ok(lines) => {
            call.say_all(lines);
            Progress::Done(0)
        }
        Err(refusal) => call.fail(refusal),
    }
}

fn named(world: &dyn World, kind: Named) -> Vec<Candidate> {
    world.named(kind).into_iter().map(|(name, about)| candidate(name, about)).collect()
}

fn existing(world: &dyn World) -> Vec<Candidate> {
    commands().filter(|c| (c.exists)(world)).map(|c| candidate(c.name, c.summary)).collect()
}

fn with_flag(typed: &Typed, mut others: Vec<Candidate>, flag: &str, about: &str) -> Vec<Candidate> {
    let given = typed.before.iter().any(|word| word.starts_with(flag));
    if typed.before.len() > 1 && !given {
        others.insert(0, candidate(flag, format!("flag: {about}")));
    }
    others
}

/// Prints what could be named, as the answer to a command without it.
fn list(call: &mut Call, world: &dyn World, kind: Named, title: &str) -> Progress {
    let all = world.named(kind);
    call.say(title);
    if all.is_empty() {
        call.say("  nothing at the moment");
    }
    let width = all.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, about) in all {
        call.say(format!("  {name:<width$}  {about}").trim_end());
    }
    Progress::Done(0)
}

/// As many as are looked at where nobody says how many.
const LATEST: usize = 20;

fn chat(call: &mut Call, world: &mut dyn World) -> Progress {
    let wanted = match call.arguments() {
        [] => Ok(LATEST),
        [number] => number.parse::<usize>(),
        _ => return call.fail("usage: chat [NUMBER]"),
    };
    let Ok(wanted) = wanted else { return call.fail("chat takes a number: `chat 5` shows the last five") };
    let said = world.named(Named::Said);
    if said.is_empty() {
        call.say("nobody has said anything yet");
    }
    for (who, text) in &said[said.len().saturating_sub(wanted)..] {
        call.say(format!("{who}: {text}"));
    }
    for (answer, words) in world.named(Named::Answers) {
        call.say(format!("  reply {answer}   {words}"));
    }
    Progress::Done(0)
}

fn read(call: &mut Call, world: &mut dyn World) -> Progress {
    let wanted = call.arguments().join(" ");
    if wanted.is_empty() {
        return list(call, world, Named::Documents, "read DOCUMENT: what there is to read:");
    }
    let all = world.named(Named::Documents);
    let lower = wanted.to_lowercase();
    let exact = all.iter().find(|(name, _)| *name == wanted);
    // `handover note` is the handover, and `sqsd` is how sqsd works.
    let means = |name: &str| name.contains(&lower) || lower.starts_with(name);
    let found = exact.or_else(|| all.iter().find(|(name, _)| means(&name.to_lowercase())));
    let Some(text) = found.and_then(|(name, _)| world.document(name)) else {
        call.complain(format!("read: there is no document `{wanted}`"));
        list(call, world, Named::Documents, "read DOCUMENT: what there is to read:");
        return Progress::Done(1);
    };
    text.lines().for_each(|line| call.say(line));
    Progress::Done(0)
}

fn silence(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), &[valued(' ', "for", "TIME", "how long")]) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("silence")),
    };
    let alert = given.operands.join(" ");
    if alert.is_empty() {
        return list(call, world, Named::Alerts, "silence ALERT [--for 30m]: the alerts that there are:");
    }
    match given.value("for").unwrap_or("30m").parse::<Span>() {
        Ok(span) if span > Span::ZERO => act(call, world, Act::Silence { alert, span }),
        Ok(_) => call.fail("silence: the time has to be longer than nothing: --for 30m"),
        Err(error) => call.fail(format!("silence: {error}")),
    }
}

fn declare(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments();
    let first = words.first().map(|word| word.to_uppercase().replace('-', "")).unwrap_or_default();
    let (severity, text) = if first.starts_with("SEV") { (first, &words[1..]) } else { (String::new(), words) };
    let text = text.join(" ");
    act(call, world, Act::Declare { severity, text })
}

/// Each question that waits for an answer, with its answers under it as they are typed.
fn answers(call: &mut Call, world: &dyn World) -> Progress {
    let asked = world.named(Named::Asked);
    if asked.is_empty() {
        return list(call, world, Named::Answers, "reply PERSON NUMBER: what can be answered now:");
    }
    for (who, question) in asked {
        call.say(format!("{who}: {question}"));
        for (answer, words) in world.named(Named::Answers) {
            if answer.rsplit_once(' ').is_some_and(|(person, _)| who.split(',').next() == Some(person)) {
                call.say(format!("  reply {answer}  {words}"));
            }
        }
    }
    Progress::Done(0)
}

fn reply_candidates(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let open = world.named(Named::Answers);
    match typed.before {
        [_] => {
            let mut people: Vec<Candidate> = vec![];
            for (answer, about) in open {
                let person = answer.rsplit_once(' ').map_or(answer.as_str(), |(person, _)| person).to_owned();
                if people.iter().all(|known| known.word != person) {
                    people.push(candidate(person, about));
                }
            }
            people
        }
        [_, person] => {
            let answers = open.into_iter().filter_map(|(answer, about)| {
                let (to, number) = answer.rsplit_once(' ')?;
                (to == person).then(|| candidate(number, about))
            });
            answers.collect()
        }
        _ => vec![],
    }
}

/// A quote that nothing closes, as an error of the tool: in a condition it would only confuse.
fn open_quote(tool: &str, words: &[String]) -> Option<String> {
    // Quotes that close are gone by now: one at the beginning of a word is open.
    let begins = words.iter().find(|word| word.starts_with(['"', '\'']));
    let is_odd = words.iter().map(|word| word.matches('"').count()).sum::<usize>() % 2 == 1;
    let word = begins.or_else(|| words.iter().rfind(|word| is_odd && word.contains('"')))?;
    let quote = if word.starts_with('\'') { '\'' } else { '"' };
    Some(format!("{tool}: the quote {quote} of `{word}` has no other: close it, or leave it out"))
}

/// The expression that a command was given.
fn words_of_expression(tool: &str, call: &Call) -> Result<Option<String>, String> {
    match open_quote(tool, call.arguments()) {
        Some(error) => Err(error),
        None => Ok(Some(call.arguments().join(" ")).filter(|expression| !expression.is_empty())),
    }
}

fn graph(call: &mut Call, world: &mut dyn World) -> Progress {
    match words_of_expression("graph", call) {
        Err(error) => call.fail(error),
        Ok(None) => list(call, world, Named::Metrics, "graph EXPRESSION: what is collected:"),
        Ok(Some(expression)) => match expression.strip_prefix("--off ") {
            Some(expression) => act(call, world, Act::Ungraph { expression: expression.trim().to_owned() }),
            None => act(call, world, Act::Graph { expression }),
        },
    }
}

fn predict(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments();
    if let Some(error) = open_quote("predict", words) {
        return call.fail(error);
    }
    let Some(at) = words.iter().rposition(|word| word == "in" || word == "within").filter(|at| *at > 0) else {
        return call.fail("predict: say by when: predict \"queue falls\" in 2m");
    };
    let what = words[..at].join(" ");
    match words[at + 1..].concat().parse::<Span>() {
        Ok(within) if within > Span::ZERO => act(call, world, Act::Predict { what, within }),
        Ok(_) => call.fail("predict: the time has to be longer than nothing: in 2m"),
        Err(error) => call.fail(format!("predict: {error}")),
    }
}
