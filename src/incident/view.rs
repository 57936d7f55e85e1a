//! What an incident looks like at this moment, as plain values: the contract between the incident and whoever draws it.
//!
//! The screen, plain mode and tests read these and nothing else. No value here knows a colour, a width or a key; a
//! number carries its unit, a state is a word. Everything that can be done is a console line.

use crate::level::condition::{Unit, written};
use crate::sim::quantity::{Span, Time};

/// How a part is doing; a drawer gives each its own glyph as well as its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Health {
    /// Works.
    #[default]
    Good,
    /// Works, under strain: starting, nearly full, slow.
    Strained,
    /// Fails.
    Failing,
    /// Not in use: scaled to nothing, switched off.
    Idle,
}

/// Where an incident stands (DESIGN 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Nothing has rung yet; it can still be prevented.
    #[default]
    Quiet,
    /// A page has rung.
    Paged,
    /// The player has declared an incident.
    Declared,
    /// The goal holds: the bleeding has stopped.
    Mitigated,
    /// Over: diagnosed, and the cause is out of the system.
    Resolved,
    /// Over: the error budget is spent, or what may never happen has happened.
    Failed,
    /// Over: the time limit has passed without either.
    Expired,
}

impl Phase {
    /// The word for it, as the header and the run show it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Paged => "paged",
            Self::Declared => "declared",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Whether the debrief comes next.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Failed | Self::Expired)
    }
}

/// The one line that answers: what hurts, since when, how bad.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Header {
    /// The level's title, which gives nothing away.
    pub title: String,
    /// Where the incident stands.
    pub phase: Phase,
    /// The level's local time: `Tue 09:47:12 PDT`.
    pub clock: String,
    /// Time since the incident began.
    pub elapsed: Span,
    /// How many simulated seconds pass in a real one, now.
    pub speed: u32,
    /// Whether the clock has slowed by itself because something happened.
    pub slowed: bool,
    /// Whether the player has paused.
    pub paused: bool,
    /// The part of the error budget that is left, in 0..=1.
    pub budget_left: f64,
    /// What the customers feel now, in the level's words: `1 204 waiting`.
    pub hurt: Hurt,
    /// Since when customers have been hurt; `None` before the impact.
    pub hurt_since: Option<Time>,
}

/// How many customers are hurt, and where it is going.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Hurt {
    /// How many right now.
    pub count: u64,
    /// Of what: `late`, `failing`, `waiting`.
    pub word: String,
    /// Change per minute; positive is worse.
    pub per_minute: i64,
}

/// The living system: parts and what moves between them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Map {
    /// The parts in the order of the flow of work: `column` from left to right, then `row`.
    pub parts: Vec<Part>,
    /// What moves between two parts.
    pub edges: Vec<Edge>,
}

/// A component, as the map shows it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Part {
    /// The component's name; what menus and commands call it.
    pub name: String,
    /// What it is, in a word or two: `RabbitMQ 3.8`, `deployment`, `clients`.
    pub kind: String,
    /// What runs there and since when: `v2  15d`. May be empty.
    pub version: String,
    /// How it does.
    pub health: Health,
    /// Its place in the flow of work, from 0 at the customers.
    pub column: usize,
    /// Its place within the column.
    pub row: usize,
    /// One line that sums it up: `3/40 ready  412 restarts`.
    pub line: String,
    /// Queues, pools, disks, memory.
    pub bars: Vec<Bar>,
    /// Pods, virtual machines, nodes; a cell each.
    pub cells: Vec<Cell>,
    /// What rings about it, and what has been done to it lately: `▲` alerts are drawn from these words.
    pub badges: Vec<String>,
}

/// A level between nothing and full, or a queue with no end.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Bar {
    /// What it is: a queue, a disk, a pool.
    pub label: String,
    /// How much, with its unit: `9 120 ready`.
    pub text: String,
    /// How full in 0..=1; for something without an end, against the worst so far.
    pub fill: f64,
    /// How it does.
    pub health: Health,
    /// -1 falling, 0 steady, 1 rising.
    pub trend: i8,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cell {
    /// The pod's or the machine's name.
    pub name: String,
    /// How it does.
    pub health: Health,
    /// Its state in the tool's word: `Running`, `CrashLoopBackOff`.
    pub state: String,
}

/// Work that moves from one part to another.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Edge {
    /// Index of the part that it leaves.
    pub from: usize,
    /// Index of the part that it reaches.
    pub to: usize,
    /// The bar of `to` at which it arrives, where it has several (a broker's queue).
    pub to_bar: Option<usize>,
    /// The bar of `from` that it leaves.
    pub from_bar: Option<usize>,
    /// Things a second, over the last ten seconds.
    pub rate: f64,
    /// How it does.
    pub health: Health,
}

/// Something that rings, or has rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// The alert's name; `ack NAME` silences it.
    pub name: String,
    /// Whether it wakes people (a page) or goes to a channel (a note).
    pub is_page: bool,
    /// Since when it fires.
    pub since: Time,
    /// What was measured against what: `p95 delivery 94 s > 30 s`.
    pub text: String,
    /// How it stands.
    pub state: RingState,
}

/// Whether anybody has to do something about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RingState {
    /// Rings, and nobody has taken it.
    #[default]
    Ringing,
    /// Fires, and somebody has taken it.
    Acknowledged,
    /// Fires, and is silenced until a time.
    Silenced,
    /// No longer fires.
    Over,
}

impl RingState {
    /// The lower, the sooner somebody has to look.
    #[must_use]
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Ringing => 0,
            Self::Acknowledged => 1,
            Self::Silenced => 2,
            Self::Over => 3,
        }
    }
}

/// One line in the incident's channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    /// When.
    pub at: Time,
    /// The level's local time of it: `09:43`.
    pub clock: String,
    /// Who: `Ada, payments`; `you` for the player.
    pub who: String,
    /// What.
    pub text: String,
    /// What the player can answer, as (words, console line), while it is open.
    pub answers: Vec<(String, String)>,
}

/// A command in the console and what it printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// A number that never changes, from 0.
    pub id: usize,
    /// When it took effect.
    pub at: Time,
    /// Who typed it: empty for the player, else a colleague's name.
    pub who: String,
    /// The number of the shell it was typed in, from 1; people other than the player have one.
    pub tab: usize,
    /// Where that shell was: `bastion`, `node-a1`.
    pub shell: String,
    /// The line.
    pub line: String,
    /// What it printed so far.
    pub output: Vec<String>,
    /// How it ended.
    pub state: EntryState,
}

impl Entry {
    /// Whether it runs a line again and again and shows the last result only, as long as it runs and afterwards.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        self.who.is_empty() && self.state != EntryState::Failed && self.line.split_whitespace().next() == Some("watch")
    }

    /// The line as the player would type it in the first shell: `@2 uptime` where it is another's.
    #[must_use]
    pub fn addressed(&self) -> String {
        if self.tab > 1 { format!("@{} {}", self.tab, self.line) } else { self.line.clone() }
    }
}

/// One of the player's shells.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Shell {
    /// Its number, from 1; `@2 LINE` types a line in the second.
    pub number: usize,
    /// Where it is: `bastion`, `node-a1`.
    pub place: String,
    /// Whether it has a line in front, so that the next one would wait for it.
    pub is_busy: bool,
    /// Whether it has been closed; a line that is typed there opens it again.
    pub is_closed: bool,
}

/// Whether a command is still going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EntryState {
    /// Still running; it may print more.
    Running,
    /// Ended well.
    #[default]
    Done,
    /// Refused or failed; the output says why.
    Failed,
}

/// What the player has written down.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Notebook {
    /// Guesses at the cause, with how many pins speak for and against each.
    pub hypotheses: Vec<Hypothesis>,
    /// Lines of output kept as evidence.
    pub pins: Vec<Pin>,
    /// What the player expects, and whether it came true.
    pub predictions: Vec<Prediction>,
    /// Free notes.
    pub notes: Vec<(Time, String)>,
    /// The timeline that writes itself: alerts, deaths, deploys, the player's own acts.
    pub timeline: Vec<(Time, String)>,
}

/// A guess at the cause.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Hypothesis {
    /// Its number, as `pin for N` takes it.
    pub number: usize,
    /// What it says.
    pub text: String,
    /// Pins that speak for it.
    pub speaks_for: usize,
    /// Pins that speak against it.
    pub speaks_against: usize,
}

/// A kept line.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pin {
    /// When it was pinned.
    pub at: Time,
    /// The command that printed it.
    pub command: String,
    /// The line.
    pub line: String,
    /// The lines beside it: who keeps a line of a block means the block.
    pub around: Vec<String>,
    /// The hypotheses it is about, by number, and whether it speaks for each.
    pub about: Vec<(usize, bool)>,
}

/// Something the player expects.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// When it was made.
    pub at: Time,
    /// What, and by when: `queue falls in 2m`.
    pub text: String,
    /// When it is judged.
    pub due: Time,
    /// Whether it came true; `None` while it is open.
    pub came_true: Option<bool>,
}

/// A question to answer once the bleeding has stopped (or before).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Question {
    /// `What kills the consumers?`
    pub text: String,
    /// Possible answers as (id, words); `diagnose ID` answers.
    pub causes: Vec<(String, String)>,
    /// What the player has answered.
    pub given: Option<String>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Judged {
    /// The question.
    pub question: String,
    /// What the player answered, in words.
    pub given: String,
    /// What it was.
    pub right: String,
    /// What shows it, and whether the player kept it.
    pub evidence: Vec<Piece>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Piece {
    /// What it shows.
    pub says: String,
    /// The command that prints it; `*` stands for anything.
    pub see: String,
    /// Whether the player pinned it.
    pub was_pinned: bool,
}

/// A line of values over time, for a graph. `None` is a gap: nothing was scraped.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Graph {
    /// The metric or condition drawn.
    pub title: String,
    /// What people call it: the alert that watches it, or whom it is about; may be empty.
    pub name: String,
    /// Its unit, for the axis: `s`, `Mi`, `/s`, `%`, or nothing for a plain count.
    pub unit: String,
    /// (time, value) at equal steps.
    pub points: Vec<(Time, Option<f64>)>,
    /// The last value with its unit: `9 120`, `94 s`.
    pub last: String,
    /// A level at which an alert fires, if one watches this.
    pub threshold: Option<f64>,
    /// Whether that alert fires below the level, not above it.
    pub fires_below: bool,
}

impl Graph {
    /// Whether an alert on it would fire at this value.
    #[must_use]
    pub fn fires(&self, value: f64) -> bool {
        self.threshold.is_some_and(|level| if self.fires_below { value < level } else { value > level })
    }
}

/// Something worth a mark on a graph's time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// What kind.
    pub kind: MarkKind,
    /// In a word or two: `limits 3Gi`.
    pub text: String,
}

/// Where a mark comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// An alert began to ring.
    Alert,
    /// A deploy, a rollout, a scaling, by anybody.
    Deploy,
    /// The player's own command.
    Own,
}

/// Something that can be looked at or done, with the console line that does it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Choice {
    /// What it does, in plain words: `Show the last log lines of a dead pod`.
    pub label: String,
    /// The console line; a `…` at its end means that the player goes on typing.
    pub line: String,
    /// Whether it changes the system (and a drawer asks first), or only looks.
    pub changes: bool,
    /// What doing it will do, for the confirmation; empty where it only looks.
    pub warning: String,
}

/// What the console offers at the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Candidate {
    /// The word that would stand there.
    pub word: String,
    /// What it is: `pod`, `flag: only this container`, `subcommand: …`.
    pub about: String,
}

/// Completions of the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Completion {
    /// Where that word begins in the line, in bytes.
    pub start: usize,
    /// What could stand there, best first.
    pub candidates: Vec<Candidate>,
}

/// Something that happened, in the order in which it did: plain mode prints these, the screen reacts to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// The level's local time of it.
    pub clock: String,
    /// What.
    pub what: Happened,
}

/// The kinds of things that happen to a player.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// An alert began to ring (again).
    Rang { name: String, is_page: bool, text: String },
    /// An alert ended.
    Quieted { name: String },
    /// Somebody said something; answers as in [`Saying`].
    Said { who: String, text: String, answers: Vec<(String, String)> },
    /// A command printed; the whole entry is in the console.
    Printed { entry: usize },
    /// The phase changed; since when that is so, and in words: `mitigated since 09:47:50`.
    Turned { phase: Phase, since: Time, words: String },
    /// Part of the system visibly changed: `web: 12 of 40 ready`.
    Changed { part: String, text: String, health: Health },
    /// A prediction was judged.
    Judged { text: String, came_true: bool },
}

/// The whole story afterwards.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Debrief {
    /// How it ended.
    pub outcome: Phase,
    /// The letter: `A` to `F`.
    pub grade: String,
    /// The numbers behind the letter, as (what, figure, remark).
    pub score: Vec<(String, String, String)>,
    /// The story: its own title, author and where it was published.
    pub source: Vec<String>,
    /// What really happened, in paragraphs.
    pub what_happened: Vec<String>,
    /// The chain from latent cause to customer, a link a line.
    pub chain: Vec<String>,
    /// What the authors learned.
    pub lessons: Vec<String>,
    /// You, they, nobody, as comparable lines.
    pub compared: Vec<Compared>,
    /// The player's run, move by move.
    pub moves: Vec<Move>,
    /// What moves that did the same come to together, where each alone looks like little; else empty.
    pub together: String,
    /// What is counted as hurt: `visits`.
    pub unit: String,
    /// Whether everything has been played again that is compared; before that only the story is there.
    pub is_whole: bool,
    /// The real team's commands with their times.
    pub their_moves: Vec<(Time, String)>,
    /// How each question was answered: (question, given, right answer, evidence pinned of how many).
    pub diagnosis: Vec<Judged>,
    /// What the player took for the cause on the way.
    pub hypotheses: Vec<Hypothesis>,
    /// What the player kept as evidence, and what it was said to speak for and against.
    pub pins: Vec<Pin>,
    /// What came of the predictions.
    pub predictions: Vec<Prediction>,
    /// The timeline that wrote itself.
    pub timeline: Vec<(Time, String)>,
    /// What the compared curves count, in the level's words: `failed in a minute`.
    pub hurt: String,
    /// What rang in the player's run: its name, from when to when; no end where it rang to the end.
    pub rings: Vec<(String, Time, Option<Time>)>,
    /// How the player's run stood, and since when.
    pub phases: Vec<(Time, Phase)>,
    /// What the graphs of the player's run showed, and what was true; worked out with the rest.
    pub graphs: Vec<Twofold>,
}

/// A metric over a whole run: as monitoring had it, and as it was.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Twofold {
    /// The metric or condition.
    pub title: String,
    /// Its unit, as in [`Graph`].
    pub unit: String,
    /// What was scraped.
    pub shown: Vec<(Time, Option<f64>)>,
    /// What was so.
    pub truth: Vec<(Time, Option<f64>)>,
    /// Whether nobody collected it, so that no graph could show it.
    pub is_hidden: bool,
    /// A level at which an alert fires, if one watches this.
    pub threshold: Option<f64>,
}

impl Twofold {
    /// One of its values with the unit.
    #[must_use]
    pub fn words(&self, value: f64) -> String {
        let unit = match self.unit.as_str() {
            "s" => Unit::Seconds,
            "B" => Unit::Bytes,
            "/s" => Unit::PerSecond,
            "%" => return format!("{} %", written(value, Unit::Plain)),
            _ => Unit::Plain,
        };
        written(value, unit)
    }
}

/// One way the incident went or could have gone.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Compared {
    /// `you`, `they`, `nobody`.
    pub who: String,
    /// `resolved in 18 min 40 s`, `never mitigated`.
    pub outcome: String,
    /// What customers felt in all of the run: `684 visits hurt`.
    pub impact: String,
    /// The metric that hurts, over the whole incident.
    pub curve: Vec<(Time, f64)>,
}

/// One of the player's commands, judged by what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// When.
    pub at: Time,
    /// The level's local time of it.
    pub clock: String,
    /// The line.
    pub line: String,
    /// What the run without it would have been: customers spared (positive) or hurt (negative).
    pub spared: i64,
    /// What it did, in a line.
    pub remark: String,
}
