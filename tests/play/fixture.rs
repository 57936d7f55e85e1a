//! An incident in the middle, as plain values: what the screens are drawn from in tests.

use sev1::incident::view::{
    Bar, Cell, Compared, Debrief, Edge, Entry, EntryState, Graph, Header, Health, Hurt, Hypothesis, Judged, Map, Mark,
    MarkKind, Move, Notebook, Part, Phase, Piece, Pin, Prediction, Question, Ring, RingState, Saying, Shell, Twofold,
};
use sev1::sim::quantity::{Span, Time};
use sev1::tui::screen::incident::seen::Seen;
use sev1::tui::store::{Best, LevelCard, Unfinished};

const fn at(second: i64) -> Time {
    Time::from_seconds(second)
}

/// Forty consumers crash: nine minutes in, customers wait, nobody knows why.
pub fn forty_pods() -> Seen {
    Seen {
        header: header(),
        map: map(),
        rings: rings(),
        sayings: sayings(),
        shells: vec![Shell { number: 1, place: "bastion".to_owned(), ..Shell::default() }],
        console: console(),
        notebook: notebook(),
        questions: questions(),
        graphs: vec![
            Ok(queue_graph()),
            Ok(restarts_graph()),
            Ok(late_graph()),
            Err("`chat.lines.redy` is not collected; did you mean `chat.lines.ready`?".to_owned()),
        ],
        graph_count: 7,
        readings: vec![],
        marks: vec![
            Mark { at: at(190), kind: MarkKind::Alert, text: "queue depth".to_owned() },
            Mark { at: at(430), kind: MarkKind::Own, text: "limits 3Gi".to_owned() },
        ],
    }
}

/// The same system before anything happens: nothing rings, nothing hurts.
pub fn quiet() -> Seen {
    let mut seen = forty_pods();
    seen.header.phase = Phase::Quiet;
    seen.header.budget_left = 1.0;
    seen.header.hurt = Hurt { word: "waiting".to_owned(), ..Hurt::default() };
    seen.header.hurt_since = None;
    for part in &mut seen.map.parts {
        part.badges.clear();
        for bar in &mut part.bars {
            (bar.health, bar.trend, bar.fill) = (Health::Good, 0, bar.fill / 20.0);
        }
        for cell in &mut part.cells {
            (cell.health, cell.state) = (Health::Good, "Running".to_owned());
        }
        if part.health != Health::Idle {
            part.health = Health::Good;
        }
    }
    for edge in seen.map.edges.iter_mut().filter(|edge| edge.health != Health::Idle) {
        edge.health = Health::Good;
    }
    (seen.rings, seen.sayings, seen.console, seen.marks) = (vec![], vec![], vec![], vec![]);
    seen.notebook = Notebook::default();
    seen
}

fn header() -> Header {
    Header {
        title: "Forty pods".to_owned(),
        phase: Phase::Declared,
        clock: "Tue 09:47:12 PDT".to_owned(),
        elapsed: Span::from_seconds(552),
        speed: 3,
        slowed: false,
        paused: false,
        budget_left: 0.61,
        hurt: Hurt { count: 1204, word: "waiting".to_owned(), per_minute: 212 },
        hurt_since: Some(at(140)),
    }
}

fn map() -> Map {
    let bar = |label: &str, text: &str, fill, health, trend| Bar {
        label: label.to_owned(),
        text: text.to_owned(),
        fill,
        health,
        trend,
    };
    let cells = (0..40)
        .map(|index| {
            let (health, state) = match index {
                3 | 18 => (Health::Good, "Running"),
                5 | 33 => (Health::Strained, "ContainerCreating"),
                _ => (Health::Failing, "CrashLoopBackOff"),
            };
            Cell { name: format!("chat-consumer-6c9f7d9c5b-{index:05}"), health, state: state.to_owned() }
        })
        .collect();
    let parts = vec![
        Part {
            name: "visitors".to_owned(),
            kind: "clients".to_owned(),
            column: 0,
            line: "31 040 online".to_owned(),
            ..Part::default()
        },
        Part {
            name: "rabbit".to_owned(),
            kind: "RabbitMQ".to_owned(),
            version: "3.8".to_owned(),
            health: Health::Strained,
            column: 1,
            bars: vec![
                bar("chat.visitor_to_operator", "9 120 ready", 0.7, Health::Failing, 1),
                bar("presence.operator_groups", "18 423 ready", 0.95, Health::Failing, 1),
            ],
            line: "480 unacked   0 consumers idle".to_owned(),
            ..Part::default()
        },
        Part {
            name: "chat-consumer".to_owned(),
            kind: "deployment".to_owned(),
            version: "py3  15d".to_owned(),
            health: Health::Failing,
            column: 2,
            line: "2/40 ready   412 restarts".to_owned(),
            bars: vec![bar("memory", "1.5 Gi of 1.5", 1.0, Health::Strained, 0)],
            cells,
            badges: vec!["messages late".to_owned()],
            ..Part::default()
        },
        Part {
            name: "chat-consumer-py2".to_owned(),
            kind: "deployment".to_owned(),
            version: "py2  400d".to_owned(),
            health: Health::Idle,
            column: 2,
            row: 1,
            line: "0/0 not running".to_owned(),
            ..Part::default()
        },
    ];
    let edge = |from, to, rate, health, from_bar, to_bar| Edge { from, to, to_bar, from_bar, rate, health };
    let edges = vec![
        edge(0, 1, 120.0, Health::Good, None, Some(0)),
        edge(0, 1, 80.0, Health::Good, None, Some(1)),
        edge(1, 2, 3.4, Health::Failing, Some(0), None),
        edge(1, 2, 0.8, Health::Failing, Some(1), None),
        edge(1, 3, 0.0, Health::Idle, None, None),
    ];
    Map { parts, edges }
}

fn rings() -> Vec<Ring> {
    vec![
        Ring {
            name: "messages late".to_owned(),
            is_page: true,
            since: at(422),
            text: "p95 delivery 94 s > 30 s".to_owned(),
            state: RingState::Ringing,
        },
        Ring {
            name: "queue depth".to_owned(),
            is_page: false,
            since: at(190),
            text: "chat.visitor_to_operator ready 9 120 > 500".to_owned(),
            state: RingState::Acknowledged,
        },
    ]
}

fn sayings() -> Vec<Saying> {
    let say = |second: i64, clock: &str, who: &str, text: &str, answers: &[(&str, &str)]| Saying {
        at: at(second),
        clock: clock.to_owned(),
        who: who.to_owned(),
        text: text.to_owned(),
        answers: answers.iter().map(|(words, line)| ((*words).to_owned(), (*line).to_owned())).collect(),
    };
    vec![
        say(320, "09:43", "Rosa, core chat", "the consumers are crashlooping. all 40 of them", &[]),
        say(420, "09:45", "support", "three customers on the phone. what do I tell them?", &[]),
        say(470, "09:45", "you", "messages arrive late, none is lost so far", &[]),
        say(
            520,
            "09:46",
            "Dev",
            "can't be the code, it ran for two weeks. more memory?",
            &[("yes, try 4 Gi", "reply Dev 1"), ("not yet, look at the nodes first", "reply Dev 2")],
        ),
    ]
}

fn console() -> Vec<Entry> {
    let entry = |id, shell: &str, who: &str, line: &str, output: &[&str], state| Entry {
        id,
        at: at(400 + id as i64 * 20),
        who: who.to_owned(),
        tab: 1,
        shell: shell.to_owned(),
        line: line.to_owned(),
        output: output.iter().map(|line| (*line).to_owned()).collect(),
        state,
    };
    vec![
        entry(
            0,
            "bastion",
            "",
            "kubectl get pods | grep -v Running | head -3",
            &[
                "NAME                             READY   STATUS             RESTARTS   AGE",
                "chat-consumer-6c9f7d9c5b-2xk8p   0/1     CrashLoopBackOff   7          15d",
                "chat-consumer-6c9f7d9c5b-7hzjd   0/1     Error              8          15d",
            ],
            EntryState::Done,
        ),
        entry(
            1,
            "bastion",
            "",
            "kubectl get pod",
            &["error: you must be logged in to the cluster"],
            EntryState::Failed,
        ),
        entry(
            2,
            "bastion",
            "Dev",
            "kubectl set resources deployment/chat-consumer --limits=memory=3Gi",
            &["deployment.apps/chat-consumer resource requirements updated"],
            EntryState::Done,
        ),
        entry(
            3,
            "bastion",
            "",
            "ssh node-a1 dmesg | tail -2",
            &[
                "[8623419.136] Memory cgroup out of memory: Kill process 3187861 (python) score 1994 or sacrifice child",
                "[8623419.145] Killed process 3187861 (python) total-vm:2410016kB, anon-rss:1563932kB, file-rss:0kB",
            ],
            EntryState::Done,
        ),
        entry(
            4,
            "bastion",
            "",
            "kubectl rollout status deployment/chat-consumer",
            &[
                "Waiting for deployment \"chat-consumer\" rollout to finish: 10 out of 40 new replicas have been updated...",
            ],
            EntryState::Running,
        ),
    ]
}

fn notebook() -> Notebook {
    Notebook {
        hypotheses: vec![
            Hypothesis { number: 1, text: "memory leak".to_owned(), speaks_for: 1, speaks_against: 1 },
            Hypothesis { number: 2, text: "one message kills them".to_owned(), speaks_for: 1, speaks_against: 0 },
        ],
        pins: vec![
            Pin {
                at: at(500),
                command: "ssh node-a1 dmesg | tail -2".to_owned(),
                line:
                    "[8623419.145] Killed process 3187861 (python) total-vm:2410016kB, anon-rss:1563932kB, file-rss:0kB"
                        .to_owned(),
                around: vec![],
                about: vec![(1, true), (2, true)],
            },
            Pin {
                at: at(380),
                command: "kubectl describe pod chat-consumer-6c9f7d9c5b-2xk8p".to_owned(),
                line: "Warning  BackOff  2m3s (x72 over 20m)  kubelet, node-a1  Back-off restarting failed container"
                    .to_owned(),
                around: vec![],
                about: vec![(1, false)],
            },
        ],
        predictions: vec![
            Prediction { at: at(400), text: "restarts stop in 2m".to_owned(), due: at(520), came_true: Some(false) },
            Prediction { at: at(540), text: "queue falls in 2m".to_owned(), due: at(660), came_true: None },
        ],
        notes: vec![(at(450), "limit raised to 3Gi, no change".to_owned())],
        timeline: vec![
            (at(190), "note: queue depth".to_owned()),
            (at(422), "PAGE: messages late".to_owned()),
            (at(430), "Dev: memory limit of chat-consumer to 3Gi".to_owned()),
        ],
    }
}

fn questions() -> Vec<Question> {
    vec![Question {
        text: "What kills the consumers?".to_owned(),
        causes: vec![
            ("poison".to_owned(), "One message: handling it allocates without bound".to_owned()),
            ("leak".to_owned(), "The new version leaks memory".to_owned()),
            ("limit".to_owned(), "The memory limit is too low for today's load".to_owned()),
        ],
        given: None,
    }]
}

fn graph(title: &str, unit: &str, last: &str, threshold: Option<f64>, value: impl Fn(i64) -> Option<f64>) -> Graph {
    let points = (-48..=552).step_by(3).map(|second| (at(second), value(second))).collect();
    let name = if title.contains("delivery") { "messages late" } else { "" };
    Graph {
        name: name.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        points,
        last: last.to_owned(),
        threshold,
        fires_below: false,
    }
}

fn queue_graph() -> Graph {
    graph("rabbit.chat.visitor_to_operator.ready", "", "9 120", Some(500.0), |second| {
        Some(if second < 120 { 12.0 } else { ((second - 120) / 60 * 60) as f64 * 21.1 })
    })
}

fn restarts_graph() -> Graph {
    graph("rate(chat-consumer.restarts[1m])", "/min", "14/min", None, |second| {
        (!(300..360).contains(&second)).then_some(if second < 150 { 0.0 } else { 9.0 + (second / 30 % 4) as f64 * 1.6 })
    })
}

fn late_graph() -> Graph {
    graph("p95(visitors.chat_line.delivery[2m])", "s", "94 s", Some(30.0), |second| {
        Some(if second < 200 { 0.4 } else { (second - 200) as f64 * 0.27 })
    })
}

/// Three levels, one of them played.
pub fn levels() -> Vec<LevelCard> {
    let card = |level: &str, title: &str, summary: &str, difficulty: &str, minutes| {
        LevelCard {
        level: level.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        difficulty: difficulty.to_owned(),
        minutes,
        year: "2020".to_owned(),
        teaches: vec![
            "restarts and back-off".to_owned(),
            "redelivery".to_owned(),
            "revert without a theory".to_owned(),
            "what a 60 s scrape can't see".to_owned(),
        ],
        tools: ["kubectl", "rabbitmqctl", "ssh", "dmesg", "deploy"].map(str::to_owned).to_vec(),
        briefing: vec![
            "You are on call for a chat service that tens of thousands of businesses use to talk to their visitors. \
             Each line that a visitor writes goes through a queue, and forty consumers take it from there to an operator."
                .to_owned(),
            "It is Tuesday morning, and 31 000 visitors are on. Nobody has deployed for two weeks. Rosa from core chat is \
             awake, Dev has just sat down."
                .to_owned(),
            "A minute ago your pager said: queue depth.".to_owned(),
        ],
        story: None,
        best: None,
    }
    };
    let mut all = vec![
        card("first-page", "First page", "A pager, a disk, a night. The first one is short.", "easy", 4),
        card(
            "forty-pods",
            "Forty pods",
            "Forty consumers crash, and crash again. Nobody has deployed for two weeks.",
            "medium",
            12,
        ),
        card(
            "groups",
            "A hundred thousand groups",
            "Writes get slower by the hour, on a table that nobody has touched.",
            "hard",
            15,
        ),
    ];
    all[0].best = Some(Best { grade: "B+".to_owned(), outcome: Phase::Resolved });
    all[0].story = Some("The night the log ate the disk, 2019".to_owned());
    all
}

/// An incident that was left.
pub fn unfinished() -> Vec<Unfinished> {
    vec![Unfinished {
        run: "r1".to_owned(),
        title: "Forty pods".to_owned(),
        at: at(745),
        left: "yesterday 21:40".to_owned(),
    }]
}

/// The story afterwards.
pub fn debrief() -> Debrief {
    let curve = |peak: f64, end: i64| -> Vec<(Time, f64)> {
        (0..=1900)
            .step_by(20)
            .map(|second| {
                let rising = ((second - 120).max(0) as f64 * 11.0).min(peak);
                let falling = if second > end { (second - end) as f64 * 30.0 } else { 0.0 };
                (at(second), (rising - falling).max(0.0))
            })
            .collect()
    };
    let compared = |who: &str, outcome: &str, impact: &str, curve| Compared {
        who: who.to_owned(),
        outcome: outcome.to_owned(),
        impact: impact.to_owned(),
        curve,
    };
    let one = |second: i64, clock: &str, line: &str, spared, remark: &str| Move {
        at: at(second),
        clock: clock.to_owned(),
        line: line.to_owned(),
        spared,
        remark: remark.to_owned(),
    };
    Debrief {
        is_whole: true,
        hurt: "lines waiting".to_owned(),
        outcome: Phase::Resolved,
        grade: "B+".to_owned(),
        score: vec![
            ("customers".to_owned(), "11 % late".to_owned(), "27 % in the real outage, 94 % had nobody done anything".to_owned()),
            ("time to mitigate".to_owned(), "11 min 20 s".to_owned(), "the team took 31 min".to_owned()),
            ("diagnosis".to_owned(), "right".to_owned(), "2 pieces of evidence of 3".to_owned()),
            ("harm".to_owned(), "61 restarts".to_owned(), "by one rollout that changed nothing".to_owned()),
        ],
        source: vec!["The day a chat message blew up prod".to_owned(), "published 2020".to_owned()],
        what_happened: vec![
            "A visitor sent a line with a percent sign in it. Two weeks before, the logger had been made idiomatic: it took \
             the text of the line for a format, and the line asked for a field two thousand million characters wide."
                .to_owned(),
            "The kernel killed the process at its memory limit, the broker put the unacknowledged line back at the head of \
             the queue, and the next consumer took it."
                .to_owned(),
        ],
        chain: vec![
            "a format string that comes from outside".to_owned(),
            "one line allocates more than any limit".to_owned(),
            "the kill leaves the line unacknowledged; it is delivered again, first".to_owned(),
            "back-off keeps more and more pods down".to_owned(),
            "lines wait for minutes".to_owned(),
        ],
        lessons: vec!["Revert first; a theory can come later.".to_owned(), "A queue needs a place for what can't be handled.".to_owned()],
        compared: vec![
            compared("you", "resolved, mitigated after 9m40s", "4 120 chat lines late", curve(7400.0, 660)),
            compared("they", "resolved, mitigated after 24m10s", "10 870 chat lines late", curve(14_000.0, 1500)),
            compared("nobody", "never mitigated", "66 210 chat lines late", curve(18_000.0, 4000)),
        ],
        moves: vec![
            one(180, "09:41", "kubectl get pods", 0, "first look at what died"),
            one(360, "09:44", "ssh node-a1 dmesg", 0, "the only place that says who kills them"),
            one(
                480,
                "09:46",
                "kubectl set resources deployment/chat-consumer --limits=memory=3Gi",
                -840,
                "61 more restarts; the kill at exactly 1.5 Gi (pinned 09:46) hinted at it",
            ),
            one(660, "09:49", "rabbitmqadmin get queue=chat.visitor_to_operator ackmode=ack_requeue_false", 2110, "ends it"),
        ],
        together: "Moves 3 and 4 do partly the same: without both of them: 2 380 more chat lines late.".to_owned(),
        unit: "chat lines late".to_owned(),
        their_moves: vec![
            (at(240), "kubectl get pods -l app=chat-consumer".to_owned()),
            (at(600), "kubectl set resources deployment/chat-consumer --limits=memory=3Gi".to_owned()),
            (at(1860), "kubectl scale deployment/chat-consumer-py2 --replicas=40".to_owned()),
        ],
        diagnosis: vec![Judged {
            question: "What kills the consumers?".to_owned(),
            given: "One message: handling it allocates without bound".to_owned(),
            right: "One message: handling it allocates without bound".to_owned(),
            evidence: vec![
                Piece {
                    says: "the kernel kills them, each at its limit".to_owned(),
                    see: "ssh * dmesg*".to_owned(),
                    was_pinned: true,
                },
                Piece {
                    says: "one message has been received hundreds of times".to_owned(),
                    see: "logs search*".to_owned(),
                    was_pinned: false,
                },
            ],
        }],
        rings: vec![("queue depth".to_owned(), at(190), None), ("messages late".to_owned(), at(420), Some(at(900)))],
        phases: vec![(at(420), Phase::Paged), (at(430), Phase::Declared), (at(680), Phase::Mitigated)],
        graphs: vec![Twofold {
            title: "rabbit.chat.visitor_to_operator.ready".to_owned(),
            unit: String::new(),
            shown: queue_graph().points,
            truth: (0..=660).step_by(3).map(|second| (at(second), Some((second - 100).max(0) as f64 * 21.1))).collect(),
            is_hidden: false,
            threshold: Some(500.0),
        }],
        hypotheses: notebook().hypotheses,
        pins: notebook().pins,
        predictions: vec![Prediction {
            at: at(400),
            text: "restarts stop in 2m".to_owned(),
            due: at(520),
            came_true: Some(false),
        }],
        timeline: vec![(at(190), "note: queue depth".to_owned()), (at(422), "PAGE: messages late".to_owned())],
    }
}

/// The last answer is longer than a screen.
pub fn answers_at_length(seen: &mut Seen) {
    let answer = seen.console.last_mut().expect("there is one");
    "ssh node-a1 dmesg".clone_into(&mut answer.line);
    answer.output = (0..90)
        .map(|n| match n % 9 {
            4 => format!("[8623{n:03}.136] Memory cgroup out of memory: Kill process 31{n:03} (python) score 1994"),
            _ => format!("[8623{n:03}.145] eth0: link is up at 1000 Mbps"),
        })
        .collect();
}

/// A second shell, on a machine, in which something is watched and something has failed.
pub fn watches_in_a_second_tab(seen: &mut Seen) {
    let mut watch = seen.console[0].clone();
    let mut failed = seen.console[1].clone();
    let pods = (0..9).map(|n| {
        let (ready, status) = if n == 6 { ("0/1", "CrashLoopBackOff") } else { ("1/1", "Running") };
        format!("chat-consumer-6c9f7d9c5b-{n}q7fw   {ready}     {status:<16}   {n}          15d")
    });
    watch.output.extend(pods);
    watch.output.splice(0..0, ["Every 2.0s: kubectl get pods".to_owned(), String::new()]);
    (watch.id, watch.tab, watch.line) = (10, 2, "watch kubectl get pods".to_owned());
    watch.state = EntryState::Running;
    (failed.id, failed.tab, failed.shell) = (11, 2, "node-a1".to_owned());
    seen.console.extend([watch, failed]);
    seen.shells[0].is_busy = true;
    seen.shells.push(Shell { number: 2, place: "node-a1".to_owned(), ..Shell::default() });
}
