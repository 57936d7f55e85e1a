//! Handlers are data: what a version of a service does with a request, step by step.
//!
//! [`Step`] is how a level says it; [`Program`] is what runs: one flat list of small operations, compiled once, shared by
//! every run and never part of a snapshot. `Repeat` and `When` are jumps. A running handler is a frame
//! ([`super::frame`]); [`Core::step`] moves it until it waits, ends, or needs something that only its component has.

use super::component::database::{Role, RowOp, Statement};
use super::component::job::Ask;
use super::core::{Core, MAX_TAGS};
use super::data::{self, Adds, DataSite, Task};
use super::frame::{Frame, FrameId, NONE, Status};
use super::id::{ComponentId, ProgramId};
use super::log::Severity;
use super::quantity::{Bytes, Duration, Span};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;

/// One step of a handler or a job. Steps run in order; work goes on after the caller has hung up unless a step says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// Keeps a worker busy for this long: `Work("12ms")`, `Work("1s..2s")`, `Work("exp 20ms")`.
    Work(Duration),
    /// Asks for this much memory, fills it at the service's speed, and gives it back when the handler ends. Where the
    /// container's limit comes first, the kernel kills the process at that moment.
    Allocate(Bytes),
    /// Keeps this much memory for as long as the process lives.
    Leak(Bytes),
    /// Starts goroutines that wait for ever: `Strand(count: 2, at: "pubsub.(*Client).await", waits: "chan receive")`. Each
    /// keeps its stack for as long as the process lives; a profile shows where they are.
    Strand {
        /// How many.
        count: u32,
        /// In which function.
        at: String,
        /// What for.
        #[serde(default = "chan_receive")]
        waits: String,
    },
    /// The caller gets its answer here; the steps after it go on.
    Respond,
    /// Does these steps beside the handler, for nobody: a `Panic` among them ends the process, whatever the caller got.
    Spawn(Vec<Step>),
    /// Calls another component and waits for its answer.
    Call {
        /// The component called; with the path where it has several: `cache/images`.
        to: String,
        /// How long the caller waits; without it, for ever.
        #[serde(default)]
        timeout: Option<Span>,
        /// How long it waits for a connection, where that is less.
        #[serde(default)]
        connect_timeout: Option<Span>,
        /// How many more times it tries when an attempt fails.
        #[serde(default)]
        retries: u8,
        /// The pause before each of those.
        #[serde(default)]
        pause: Duration,
        /// Whether the handler goes on when the call has failed; otherwise it fails with the same status.
        #[serde(default)]
        goes_on: bool,
    },
    /// Asks a search cluster and waits for its answer; the search runs on to its end though its caller has gone.
    Search {
        /// The cluster.
        on: String,
        /// Further clusters that hold the same: each query goes to one of them.
        #[serde(default)]
        also: Vec<String>,
        /// The index or alias that is searched.
        #[serde(default)]
        index: String,
        /// How many documents it finds; they come back with the answer.
        #[serde(default)]
        docs: u8,
        /// How long a thread of the cluster works on it.
        work: Duration,
        /// What happens when the cluster has no room for it (429); without it, the handler fails with that.
        #[serde(default)]
        on_reject: Option<Retry>,
        /// Whether the handler goes on when the search has failed; otherwise it fails with the same status.
        #[serde(default)]
        goes_on: bool,
    },
    /// Sends a mail (or whatever can't be taken back) through a gateway and waits until it has been accepted.
    Send {
        /// The gateway.
        via: String,
    },
    /// Ends the handler well where this unit of work has been marked as done: `Dedupe(store: "audit")`.
    Dedupe {
        /// Where marks are kept.
        store: String,
    },
    /// Marks this unit of work as done: `Mark(store: "audit")`.
    Mark {
        /// Where marks are kept.
        store: String,
    },
    /// Sends a message on, with the request's own tags and these: `Publish(to: "broker/queue")`.
    Publish {
        /// `broker/queue`.
        to: String,
        /// Further tags that the message carries.
        #[serde(default)]
        tags: Vec<String>,
    },
    /// Writes a line to the log; `{id}` is the request's id, any other `{word}` a value that is the same for the same id.
    Log(Severity, String),
    /// Makes a file of its own: `Save(to: "/var/lib/shop/sessions", size: "2KB", or: [Fail(500)])`. Where its volume has no
    /// room, it does what stands in `or` instead.
    Save {
        /// The folder.
        to: String,
        /// How large it is.
        size: Bytes,
        /// What is done where there is no room.
        #[serde(default)]
        or: Vec<Step>,
    },
    /// Acknowledges the message that is being handled: the broker forgets it.
    Ack,
    /// Gives the message back: to the queue, or (`requeue: false`) to the dead-letter exchange if there is one.
    Nack {
        /// Whether it goes back to the queue.
        requeue: bool,
    },
    /// What is answered carries these tags, also to those who keep the answer: `Answer(tags: ["stale"])`.
    Answer {
        /// The tags.
        tags: Vec<String>,
    },
    /// Ends the handler well, with this HTTP status.
    Done(u16),
    /// Ends the handler with this HTTP status; a message that is being handled goes back to its queue.
    Fail(u16),
    /// Ends the process, with this on its standard error.
    Panic(String),
    /// Does `then` for requests that carry the tag (or don't: `not_tag`), `otherwise` for the rest.
    When {
        /// The tag looked for.
        #[serde(default)]
        tag: Option<String>,
        /// The tag whose absence is looked for.
        #[serde(default)]
        not_tag: Option<String>,
        /// What is done.
        then: Vec<Step>,
        /// What is done for all others.
        #[serde(default)]
        otherwise: Vec<Step>,
    },
    /// Does the steps this many times: `times: 12`, or `times: "40..1400"` for a number drawn anew each time.
    Repeat {
        /// How often.
        times: Times,
        /// What.
        r#do: Vec<Step>,
    },
    /// Does the steps once for each of a list; `{item}` in a text of theirs stands for it.
    ForEach {
        /// The list.
        of: Vec<String>,
        /// What.
        r#do: Vec<Step>,
    },
    /// Ends the handler if its caller no longer waits.
    StopIfCallerGone,
    /// Writes all documents of a family into a new index of a search cluster.
    Index {
        /// The cluster.
        into: String,
        /// The family.
        family: String,
        /// How long it takes.
        #[serde(default)]
        takes: Duration,
        /// Tags that documents are given in it.
        #[serde(default)]
        adds: Vec<Adds>,
    },
    /// Copies the newest index of a family to another search cluster, where it isn't there yet.
    Reindex {
        /// The family.
        family: String,
        /// From this cluster.
        from: String,
        /// To this one.
        to: String,
        /// How long a copy takes.
        #[serde(default)]
        takes: Duration,
    },
    /// Makes the alias of every family name its newest index, all at one moment.
    Alias {
        /// The cluster.
        on: String,
    },
    /// Asks a database and waits for its answer: `Query(on: "db", work: "40ms")`.
    Query {
        /// The database.
        on: String,
        /// Which of its servers answers.
        #[serde(default)]
        from: Role,
        /// What it is for the server.
        #[serde(default)]
        work: Duration,
        /// How long the caller waits; without it, for ever.
        #[serde(default)]
        timeout: Option<Span>,
        /// Whether the handler goes on when it has failed.
        #[serde(default)]
        goes_on: bool,
    },
    /// Changes rows of a table of a database, and waits until that is committed:
    /// `Write(on: "db", table: "users", op: Update, row: "6KB")`. Within a `Transaction` it is committed with the rest.
    Write {
        /// The database.
        on: String,
        /// The table.
        table: String,
        /// What is done to the rows.
        op: RowOp,
        /// How large a row is, with all its columns.
        row: Bytes,
        /// How many rows, one after the other.
        #[serde(default = "one_row")]
        rows: u16,
        /// What it is for the server.
        #[serde(default)]
        work: Duration,
        /// How long the caller waits; without it, for ever.
        #[serde(default)]
        timeout: Option<Span>,
        /// Whether the handler goes on when it has failed.
        #[serde(default)]
        goes_on: bool,
    },
    /// Does the steps, and commits what they have written to the first database among them at their end.
    Transaction(Vec<Step>),
    /// Types a console line in the name of the job's owner, on the job's machine, and waits until it has ended; a job
    /// whose line fails goes no further. Jobs only.
    Run(String),
    /// Goes on only where a condition of the level's language holds; else the job fails with the words of `or`. Jobs
    /// only.
    Require {
        /// The condition.
        that: String,
        /// What the job says where it doesn't hold.
        or: String,
    },
}

const fn one_row() -> u16 {
    1
}

/// How often steps are repeated: a number, or a range that is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// No less often than this.
    pub low: u16,
    /// No more often than this.
    pub high: u16,
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Times;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 12, or a range such as \"40..1400\"")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Times, E> {
                let number = u16::try_from(number).map_err(|_| E::custom("steps are repeated at most 65535 times"))?;
                Ok(Times { low: number, high: number })
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Times, E> {
                let bad = || E::custom("write a number such as 12, or a range such as \"40..1400\"");
                let (low, high) = text.split_once("..").ok_or_else(bad)?;
                let number = |text: &str| text.trim().parse::<u16>().map_err(|_| bad());
                let times = Times { low: number(low)?, high: number(high)? };
                if times.low > times.high { Err(bad()) } else { Ok(times) }
            }
        }
        deserializer.deserialize_any(Written)
    }
}

fn chan_receive() -> String {
    "chan receive".into()
}

/// The waits of a client that is told to come back later: `Retry(first: "1s", cap: "30s")`. Each is drawn between half
/// and one and a half times a length that begins at `first` and doubles up to `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename = "Retry")]
pub struct Retry {
    /// The length of the first wait.
    pub first: Span,
    /// The longest.
    pub cap: Span,
}

impl Retry {
    /// The wait before the attempt after so many failures, as bounds of an even draw.
    fn pause(self, failures: u8) -> Duration {
        let length = (self.first * (1_i64 << failures.min(30))).min(self.cap).micros();
        Duration::Uniform(Span::from_micros(length / 2), Span::from_micros(length + length / 2))
    }
}

/// One small operation of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Op {
    Work(Duration),
    Allocate(u16),
    Leak(u16),
    Strand(u16),
    Respond,
    /// What is spawned stands behind this; the handler itself goes on there.
    Spawn(u16),
    Call(u16),
    Search(u16),
    /// Asks a store to make, copy or point at data.
    Data(u16),
    /// Ends well where the unit is marked in this store.
    Dedupe(u16),
    Mark(u16),
    Publish(u16),
    /// Takes over the tags of the answer of this number.
    Answer(u16),
    Log(u16),
    /// As `Log`, for a service that decides itself which lines are written, and where.
    Write(u16),
    Save(u16),
    Ack,
    Nack {
        requeue: bool,
    },
    End(Status),
    Panic(u16),
    Jump(u16),
    /// Jumps unless the frame carries the tag.
    Unless {
        tag: u8,
        to: u16,
    },
    /// Jumps where the frame carries the tag.
    If {
        tag: u8,
        to: u16,
    },
    LoopStart {
        depth: u8,
        times: Times,
        /// Where it goes on when it is done no times at all.
        end: u16,
    },
    LoopBack {
        depth: u8,
        to: u16,
    },
    StopIfCallerGone,
    Ask(u16),
    Statement(u16),
}

/// A call as a program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct CallSite {
    pub to: ComponentId,
    pub path: u8,
    pub timeout: Option<super::agenda::LaneId>,
    /// How long a connection may take, and how long is left for the answer then.
    pub connect: Option<[super::agenda::LaneId; 2]>,
    pub retries: u8,
    pub pause: Duration,
    pub goes_on: bool,
}

/// A search as a program asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct SearchSite {
    pub to: Vec<ComponentId>,
    pub index: String,
    pub docs: u8,
    pub work: Duration,
    pub on_reject: Option<Retry>,
    pub goes_on: bool,
}

/// Goroutines that a program leaves behind, with the numbers of the texts that say where and for what they wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct StrandSite {
    pub count: u32,
    pub at: u16,
    pub waits: u16,
}

/// A publication as a program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct PublishSite {
    pub to: ComponentId,
    pub queue: u16,
    pub tags: u64,
}

/// A statement as a program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct StatementSite {
    pub to: ComponentId,
    pub timeout: Option<super::agenda::LaneId>,
    pub goes_on: bool,
    pub statement: Statement,
}

/// A question as a job's program asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct AskSite {
    pub ask: Ask,
    /// What the job says where the answer is no.
    pub or: String,
}

/// A file as a program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct SaveSite {
    pub folder: std::sync::Arc<str>,
    pub size: Bytes,
}

/// What a version of a service does, ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Program {
    pub ops: Vec<Op>,
    pub sizes: Vec<Bytes>,
    pub calls: Vec<CallSite>,
    pub strands: Vec<StrandSite>,
    pub searches: Vec<SearchSite>,
    pub publishes: Vec<PublishSite>,
    /// Tags of answers, a bit each.
    pub answers: Vec<u64>,
    pub saves: Vec<SaveSite>,
    /// Severity and the number of the text in the model's list.
    pub logs: Vec<(Severity, u16)>,
    pub asks: Vec<AskSite>,
    pub data: Vec<DataSite>,
    pub statements: Vec<StatementSite>,
    /// Whether the steps that are compiled now belong to a transaction.
    in_transaction: bool,
}

/// What names mean while steps are compiled.
pub(in crate::sim) trait Names {
    fn component(&mut self, name: &str) -> Option<ComponentId>;
    /// The component called by `to`, and the number of the path there.
    fn callee(&mut self, to: &str) -> Option<(ComponentId, u8)>;
    fn queue(&mut self, path: &str) -> Option<(ComponentId, u16)>;
    fn tag(&mut self, name: &str) -> Option<u8>;
    fn template(&mut self, text: &str) -> u16;
    fn store(&mut self, name: &str) -> u16;
    fn lane(&mut self, delay: Span) -> super::agenda::LaneId;
    /// Whether the component decides itself which lines are written, and where.
    fn keeps_its_log(&self) -> bool {
        false
    }
}

/// Loops may be nested this deep; a frame keeps a counter for each.
pub(in crate::sim) const MAX_LOOPS: u8 = 2;

/// Why steps can't be compiled, in words for the level's author.
pub(in crate::sim) type StepError = String;

impl Program {
    /// Compiles the steps; a program always ends with an end.
    pub fn compile(steps: &[Step], names: &mut dyn Names) -> Result<Self, StepError> {
        let mut program = Self::default();
        program.add(steps, 0, names)?;
        program.ops.push(Op::End(Status::OK));
        if program.ops.len() > usize::from(u16::MAX) {
            return Err("these are more steps than a handler can have (65535)".into());
        }
        Ok(program)
    }

    fn add(&mut self, steps: &[Step], depth: u8, names: &mut dyn Names) -> Result<(), StepError> {
        steps.iter().try_for_each(|step| self.add_one(step, depth, names))
    }

    fn add_one(&mut self, step: &Step, depth: u8, names: &mut dyn Names) -> Result<(), StepError> {
        let op = match step {
            Step::Work(duration) => Op::Work(*duration),
            Step::Allocate(size) => Op::Allocate(place(&mut self.sizes, *size)),
            Step::Leak(size) => Op::Leak(place(&mut self.sizes, *size)),
            Step::Call { to, timeout, connect_timeout, retries, pause, goes_on } => {
                let (component, path) = names.callee(to).ok_or_else(|| format!("no component is called `{to}`"))?;
                let connect = connect_timeout.filter(|connect| timeout.is_none_or(|timeout| *connect < timeout));
                // Without an end to the answer, a day is as good as for ever.
                let whole = timeout.unwrap_or(Span::from_seconds(86_400));
                let connect = connect.map(|connect| [names.lane(connect), names.lane(whole + connect * -1)]);
                let site = CallSite {
                    to: component,
                    path,
                    timeout: timeout.map(|delay| names.lane(delay)),
                    connect,
                    retries: *retries,
                    pause: *pause,
                    goes_on: *goes_on,
                };
                Op::Call(place(&mut self.calls, site))
            }
            Step::Search { on, also, index, docs, work, on_reject, goes_on } => {
                let mut to = vec![];
                for name in std::iter::once(on).chain(also) {
                    to.push(names.component(name).ok_or_else(|| format!("no component is called `{name}`"))?);
                }
                let (index, docs) = (index.clone(), *docs);
                let site = SearchSite { to, index, docs, work: *work, on_reject: *on_reject, goes_on: *goes_on };
                Op::Search(place(&mut self.searches, site))
            }
            Step::Send { via } => {
                let to = names.component(via).ok_or_else(|| format!("no component is called `{via}`"))?;
                let pause = Duration::default();
                let site = CallSite { to, path: 0, timeout: None, connect: None, retries: 0, pause, goes_on: false };
                Op::Call(place(&mut self.calls, site))
            }
            Step::Dedupe { store } => Op::Dedupe(names.store(store)),
            Step::Mark { store } => Op::Mark(names.store(store)),
            Step::Answer { tags } => {
                let mut bits = 0;
                for tag in tags {
                    bits |= 1 << tag_number(tag, names)?;
                }
                Op::Answer(place(&mut self.answers, bits))
            }
            Step::Publish { to, tags } => {
                let (component, queue) = names.queue(to).ok_or_else(|| format!("no queue is called `{to}`"))?;
                let mut bits = 0;
                for tag in tags {
                    bits |= 1 << tag_number(tag, names)?;
                }
                Op::Publish(place(&mut self.publishes, PublishSite { to: component, queue, tags: bits }))
            }
            Step::Log(severity, text) => {
                let template = names.template(text);
                let index = place(&mut self.logs, (*severity, template));
                if names.keeps_its_log() { Op::Write(index) } else { Op::Log(index) }
            }
            Step::Save { to, size, or } => {
                let folder = to.trim_end_matches('/').into();
                self.ops.push(Op::Save(place(&mut self.saves, SaveSite { folder, size: *size })));
                let skip = self.ops.len();
                self.ops.push(Op::Jump(0));
                self.add(or, depth, names)?;
                self.ops[skip] = Op::Jump(self.ops.len() as u16);
                return Ok(());
            }
            Step::Strand { count, at, waits } => {
                let site = StrandSite { count: *count, at: names.template(at), waits: names.template(waits) };
                Op::Strand(place(&mut self.strands, site))
            }
            Step::Respond => Op::Respond,
            Step::Spawn(steps) => {
                let start = self.ops.len();
                self.ops.push(Op::Spawn(0));
                self.add(steps, depth, names)?;
                self.ops.push(Op::End(Status::OK));
                self.ops[start] = Op::Spawn(self.ops.len() as u16);
                return Ok(());
            }
            Step::Ack => Op::Ack,
            Step::Nack { requeue } => Op::Nack { requeue: *requeue },
            Step::Index { into, family, takes, adds } => {
                let task = Task::Make { family: family.clone(), takes: *takes, adds: data::bits(adds, names)? };
                self.add_data(into, task, names)?
            }
            Step::Reindex { family, from, to, takes } => {
                let from = names.component(from).ok_or_else(|| format!("no component is called `{from}`"))?;
                self.add_data(to, Task::Copy { family: family.clone(), from, takes: *takes }, names)?
            }
            Step::Alias { on } => self.add_data(on, Task::Point, names)?,
            Step::Done(status) | Step::Fail(status) => Op::End(Status(*status)),
            Step::Panic(text) => Op::Panic(names.template(text)),
            Step::StopIfCallerGone => Op::StopIfCallerGone,
            Step::When { tag, not_tag, then, otherwise } => {
                return self.add_when(tag.as_deref(), not_tag.as_deref(), [then, otherwise], depth, names);
            }
            Step::Repeat { times, r#do } => return self.add_repeat(*times, r#do, depth, names),
            Step::Query { on, from, work, timeout, goes_on } => {
                let statement = Statement::Query { from: *from, work: *work };
                self.statement(on, *timeout, *goes_on, statement, names)?
            }
            Step::Write { on, table, op, row, rows, work, timeout, goes_on } => {
                let (table, in_transaction) = (table.clone(), self.in_transaction);
                let (op, row, rows, work) = (*op, *row, *rows, *work);
                let statement = Statement::Write { table, op, row, rows, work, in_transaction };
                self.statement(on, *timeout, *goes_on, statement, names)?
            }
            Step::Transaction(steps) => {
                let Some(on) = first_written(steps) else {
                    return Err("a `Transaction` without a `Write` commits nothing".into());
                };
                if self.in_transaction {
                    return Err("a `Transaction` can't lie within another".into());
                }
                self.in_transaction = true;
                self.add(steps, depth, names)?;
                self.in_transaction = false;
                self.statement(on, None, false, Statement::Commit, names)?
            }
            Step::ForEach { of, r#do } => {
                for item in of {
                    let steps: Vec<Step> = r#do.iter().map(|step| step.with_item(item)).collect();
                    self.add(&steps, depth, names)?;
                }
                return Ok(());
            }
            Step::Run(line) => {
                let or = format!("`{line}` failed");
                names.template(&or);
                Op::Ask(place(&mut self.asks, AskSite { ask: Ask::Line(line.clone()), or }))
            }
            Step::Require { that, or } => {
                names.template(or);
                let site = AskSite { ask: Ask::Condition(that.clone()), or: or.clone() };
                Op::Ask(place(&mut self.asks, site))
            }
        };
        self.ops.push(op);
        Ok(())
    }

    fn add_data(&mut self, on: &str, task: Task, names: &mut dyn Names) -> Result<Op, StepError> {
        let on = names.component(on).ok_or_else(|| format!("no component is called `{on}`"))?;
        Ok(Op::Data(place(&mut self.data, DataSite { on, task })))
    }

    fn statement(
        &mut self,
        on: &str,
        timeout: Option<Span>,
        goes_on: bool,
        statement: Statement,
        names: &mut dyn Names,
    ) -> Result<Op, StepError> {
        let to = names.component(on).ok_or_else(|| format!("no component is called `{on}`"))?;
        let timeout = timeout.map(|delay| names.lane(delay));
        Ok(Op::Statement(place(&mut self.statements, StatementSite { to, timeout, goes_on, statement })))
    }

    fn add_when(
        &mut self,
        tag: Option<&str>,
        not_tag: Option<&str>,
        branches: [&Vec<Step>; 2],
        depth: u8,
        names: &mut dyn Names,
    ) -> Result<(), StepError> {
        let ((Some(name), None) | (None, Some(name))) = (tag, not_tag) else {
            return Err("a `When` looks for one thing: give it `tag` or `not_tag`".into());
        };
        let number = tag_number(name, names)?;
        let test = self.ops.len();
        self.ops.push(Op::Jump(0));
        self.add(branches[0], depth, names)?;
        if branches[1].is_empty() {
            self.patch(test, tag.is_some(), number);
        } else {
            let skip = self.ops.len();
            self.ops.push(Op::Jump(0));
            self.patch(test, tag.is_some(), number);
            self.add(branches[1], depth, names)?;
            self.ops[skip] = Op::Jump(self.ops.len() as u16);
        }
        Ok(())
    }

    /// Makes the operation at `test` jump to here where the test fails.
    fn patch(&mut self, test: usize, wants_tag: bool, tag: u8) {
        let to = self.ops.len() as u16;
        self.ops[test] = if wants_tag { Op::Unless { tag, to } } else { Op::If { tag, to } };
    }

    fn add_repeat(&mut self, times: Times, steps: &[Step], depth: u8, names: &mut dyn Names) -> Result<(), StepError> {
        if depth == MAX_LOOPS {
            return Err(format!("`Repeat` can be nested {MAX_LOOPS} deep, no deeper"));
        }
        if times.high == 0 {
            return Ok(());
        }
        let head = self.ops.len();
        self.ops.push(Op::LoopStart { depth, times, end: 0 });
        let start = self.ops.len() as u16;
        self.add(steps, depth + 1, names)?;
        self.ops.push(Op::LoopBack { depth, to: start });
        self.ops[head] = Op::LoopStart { depth, times, end: self.ops.len() as u16 };
        Ok(())
    }
}

/// The database that steps write to first.
fn first_written(steps: &[Step]) -> Option<&str> {
    steps.iter().find_map(|step| match step {
        Step::Write { on, .. } => Some(on.as_str()),
        Step::Repeat { r#do, .. } | Step::ForEach { r#do, .. } => first_written(r#do),
        Step::When { then, otherwise, .. } => first_written(then).or_else(|| first_written(otherwise)),
        _ => None,
    })
}

impl Step {
    /// The step with an item of a list in the place of `{item}`.
    fn with_item(&self, item: &str) -> Self {
        let fill = |text: &String| text.replace("{item}", item);
        let all = |steps: &[Self]| steps.iter().map(|step| step.with_item(item)).collect::<Vec<_>>();
        match self {
            Self::Run(line) => Self::Run(fill(line)),
            Self::Require { that, or } => Self::Require { that: fill(that), or: fill(or) },
            Self::Log(severity, text) => Self::Log(*severity, fill(text)),
            Self::Panic(text) => Self::Panic(fill(text)),
            Self::Call { to, timeout, connect_timeout, retries, pause, goes_on } => Self::Call {
                to: fill(to),
                timeout: *timeout,
                connect_timeout: *connect_timeout,
                retries: *retries,
                pause: *pause,
                goes_on: *goes_on,
            },
            Self::Publish { to, tags } => Self::Publish { to: fill(to), tags: tags.iter().map(fill).collect() },
            Self::When { tag, not_tag, then, otherwise } => Self::When {
                tag: tag.as_ref().map(fill),
                not_tag: not_tag.as_ref().map(fill),
                then: all(then),
                otherwise: all(otherwise),
            },
            Self::Repeat { times, r#do } => Self::Repeat { times: *times, r#do: all(r#do) },
            Self::Spawn(steps) => Self::Spawn(all(steps)),
            Self::Transaction(steps) => Self::Transaction(all(steps)),
            Self::Write { on, table, op, row, rows, work, timeout, goes_on } => Self::Write {
                on: fill(on),
                table: fill(table),
                op: *op,
                row: *row,
                rows: *rows,
                work: *work,
                timeout: *timeout,
                goes_on: *goes_on,
            },
            Self::ForEach { of, r#do } => Self::ForEach { of: of.iter().map(fill).collect(), r#do: all(r#do) },
            Self::Index { into, family, takes, adds } => {
                Self::Index { into: fill(into), family: fill(family), takes: *takes, adds: adds.clone() }
            }
            Self::Reindex { family, from, to, takes } => {
                Self::Reindex { family: fill(family), from: fill(from), to: fill(to), takes: *takes }
            }
            Self::Alias { on } => Self::Alias { on: fill(on) },
            other => other.clone(),
        }
    }
}

fn tag_number(name: &str, names: &mut dyn Names) -> Result<u8, StepError> {
    names.tag(name).ok_or_else(|| format!("a level can have {MAX_TAGS} tags; `{name}` is one too many"))
}

fn place<T>(list: &mut Vec<T>, value: T) -> u16 {
    list.push(value);
    (list.len() - 1) as u16
}

/// Why a frame stopped moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Flow {
    /// It waits for an answer.
    Waits,
    /// It has come to its end.
    Ends(Status),
    /// It wants a worker for this long.
    Works(Span),
    /// It wants this much memory until it ends.
    Allocates(Bytes),
    /// It keeps this much memory for good.
    Leaks(Bytes),
    /// It leaves goroutines behind.
    Strands(u16),
    /// Its caller gets its answer.
    Responds,
    /// It begins what stands here beside itself.
    Spawns(u16),
    /// It has something to say in its log.
    Writes(Severity, u16),
    /// It makes a file.
    Saves(u16),
    /// It is done with its message.
    Acks,
    /// It gives its message back.
    Nacks { requeue: bool },
    /// It takes the process down, with the text of this number.
    Panics(u16),
    /// It waits for the answer to this question of its program.
    Asks(u16),
}

impl Core {
    /// Moves a frame from where it stands until it waits, ends or needs its component.
    #[expect(clippy::inline_always, reason = "every event goes through it, from two places")]
    #[inline(always)]
    pub fn step(&mut self, id: FrameId) -> Flow {
        loop {
            let frame = &mut self.frames[id];
            let program = &self.model.programs[frame.program.0 as usize];
            let op = program.ops[usize::from(frame.pc)];
            frame.pc += 1;
            match op {
                Op::Work(duration) => return Flow::Works(self.draw_work(id, duration)),
                Op::Allocate(index) => return Flow::Allocates(program.sizes[usize::from(index)]),
                Op::Leak(index) => return Flow::Leaks(program.sizes[usize::from(index)]),
                Op::Strand(index) => return Flow::Strands(index),
                Op::Respond => return Flow::Responds,
                Op::Spawn(to) => {
                    let body = frame.pc;
                    frame.pc = to;
                    return Flow::Spawns(body);
                }
                Op::Call(index) => {
                    frame.tries = 0;
                    self.call(id, index);
                    return Flow::Waits;
                }
                Op::Search(index) => {
                    frame.tries = 0;
                    self.search(id, index);
                    return Flow::Waits;
                }
                Op::Data(index) => {
                    self.move_data(id, index);
                    return Flow::Waits;
                }
                Op::Statement(index) => {
                    frame.tries = 0;
                    self.state(id, index);
                    return Flow::Waits;
                }
                Op::Dedupe(store) => {
                    if self.marks.contains(&(store, frame.unit)) {
                        return Flow::Ends(Status::OK);
                    }
                }
                Op::Mark(store) => _ = self.marks.insert((store, frame.unit)),
                Op::Publish(index) => self.publish_from(id, index),
                Op::Answer(index) => frame.tags |= program.answers[usize::from(index)],
                Op::Log(index) => {
                    let (severity, template) = program.logs[usize::from(index)];
                    let (component, unit, instance) = (frame.component, frame.unit, frame.instance);
                    self.log(component, instance, unit, severity, template);
                }
                Op::Write(index) => {
                    let (severity, template) = program.logs[usize::from(index)];
                    return Flow::Writes(severity, template);
                }
                Op::Save(index) => return Flow::Saves(index),
                Op::Ack => return Flow::Acks,
                Op::Nack { requeue } => return Flow::Nacks { requeue },
                Op::End(status) => return Flow::Ends(status),
                Op::Panic(template) => return Flow::Panics(template),
                Op::Jump(to) => frame.pc = to,
                Op::Unless { tag, to } => {
                    if frame.tags & (1 << tag) == 0 {
                        frame.pc = to;
                    }
                }
                Op::If { tag, to } => {
                    if frame.tags & (1 << tag) != 0 {
                        frame.pc = to;
                    }
                }
                Op::LoopStart { depth, times, end } => {
                    let count = self.draw_times(id, times);
                    let frame = &mut self.frames[id];
                    frame.loops[usize::from(depth)] = count;
                    if count == 0 {
                        frame.pc = end;
                    }
                }
                Op::Ask(index) => return Flow::Asks(index),
                Op::LoopBack { depth, to } => {
                    let left = &mut frame.loops[usize::from(depth)];
                    *left -= 1;
                    if *left > 0 {
                        frame.pc = to;
                    }
                }
                Op::StopIfCallerGone => {
                    if self.caller_is_gone(id) {
                        return Flow::Ends(Status::CALLER_GONE);
                    }
                }
            }
        }
    }

    /// Makes the call that stands before the frame's program counter.
    fn call(&mut self, id: FrameId, index: u16) {
        self.call_instance(id, index, NONE);
    }

    /// The same, where one instance of those called is meant.
    pub fn call_instance(&mut self, id: FrameId, index: u16, instance: u32) {
        // Two calls of one handler to the same component are two calls: each draws its own numbers.
        let draws = self.frames[id].calls.wrapping_mul(37);
        self.frames[id].calls = self.frames[id].calls.wrapping_add(1);
        let frame = &self.frames[id];
        let site = &self.model.programs[frame.program.0 as usize].calls[usize::from(index)];
        let (to, path, connects) = (site.to, site.path, site.connect.is_some());
        let timeout = site.connect.map(|[connect, _]| connect).or(site.timeout);
        let (from, unit, tags) = (frame.component, frame.unit, frame.tags);
        let (key, weight) = (frame.key, frame.weight);
        let attempt = frame.attempt.wrapping_add(u16::from(frame.tries));
        let child = self.frames.add(Frame {
            unit,
            tags,
            parent: id,
            parent_serial: frame.serial,
            component: to,
            attempt,
            instance,
            key,
            path,
            connects,
            kind: frame.kind,
            weight,
            draws,
            started: self.now,
            ..Frame::EMPTY
        });
        if let Some(lane) = timeout {
            self.frames[child].timeout = self.set_timeout(lane, child);
        }
        self.deliver(from, to, child);
    }

    /// Asks for the search that stands before the frame's program counter. The request carries the place of its site.
    fn search(&mut self, id: FrameId, index: u16) {
        let frame = &mut self.frames[id];
        // Searches of one handler are different searches: each draws its own work.
        frame.draws = frame.draws.wrapping_add(1);
        let (from, program, draws) = (frame.component, frame.program, frame.draws);
        let asked = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: id,
            parent_serial: frame.serial,
            attempt: frame.attempt,
            weight: frame.weight,
            key: frame.key,
            program,
            pc: index,
            draws: draws.wrapping_mul(37),
            started: self.now,
            ..Frame::EMPTY
        };
        let clusters = self.model.programs[program.0 as usize].searches[usize::from(index)].to.len() as u32;
        let which = if clusters > 1 { self.draw_route(from, id, clusters) } else { 0 };
        let to = self.model.programs[program.0 as usize].searches[usize::from(index)].to[which as usize];
        let child = self.frames.add(Frame { component: to, ..asked });
        self.deliver(from, to, child);
    }

    /// Sends the statement that stands before the frame's program counter. The request carries the place of its site.
    fn state(&mut self, id: FrameId, index: u16) {
        let frame = &mut self.frames[id];
        frame.draws = frame.draws.wrapping_add(1);
        let (from, program, draws) = (frame.component, frame.program, frame.draws);
        // A job makes more statements than a byte can count.
        frame.attempt = frame.attempt.wrapping_add(u16::from(draws == 0));
        let asked = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: id,
            parent_serial: frame.serial,
            attempt: frame.attempt,
            weight: frame.weight,
            program,
            pc: index,
            draws: draws.wrapping_mul(37),
            started: self.now,
            ..Frame::EMPTY
        };
        let site = &self.model.programs[program.0 as usize].statements[usize::from(index)];
        let (to, timeout) = (site.to, site.timeout);
        let child = self.frames.add(Frame { component: to, ..asked });
        if let Some(lane) = timeout {
            self.frames[child].timeout = self.set_timeout(lane, child);
        }
        self.deliver(from, to, child);
    }

    /// What a statement that has arrived at its database says.
    pub fn statement_of(&self, id: FrameId) -> &StatementSite {
        let frame = &self.frames[id];
        &self.model.programs[frame.program.0 as usize].statements[usize::from(frame.pc)]
    }

    /// What a search that has arrived at its cluster asks for.
    pub fn search_of(&self, id: FrameId) -> &SearchSite {
        let frame = &self.frames[id];
        &self.model.programs[frame.program.0 as usize].searches[usize::from(frame.pc)]
    }

    /// A call has its connection: from now on it is the answer that is waited for.
    pub fn wait_for_answer(&mut self, id: FrameId) {
        let parent = self.frames[id].parent;
        self.frames[id].connects = false;
        self.frames[id].timeout = 0;
        let caller = &self.frames[parent];
        let program = &self.model.programs[caller.program.0 as usize];
        let Some(Op::Call(index)) = usize::from(caller.pc).checked_sub(1).map(|pc| program.ops[pc]) else { return };
        if let Some([_, answer]) = program.calls[usize::from(index)].connect {
            self.frames[id].timeout = self.set_timeout(answer, id);
        }
    }

    /// A call has been answered: tries again where it may, else says whether the handler goes on.
    ///
    /// Returns `None` where it goes on (or waits for a further attempt), else how it ends.
    #[inline]
    pub fn answered(&mut self, id: FrameId, status: Status) -> Answered {
        if status.is_ok() {
            return Answered::GoesOn;
        }
        let frame = &self.frames[id];
        let program = &self.model.programs[frame.program.0 as usize];
        let (pause, goes_on) = match program.ops[usize::from(frame.pc) - 1] {
            Op::Call(index) => {
                let site = &program.calls[usize::from(index)];
                ((frame.tries < site.retries).then_some(site.pause), site.goes_on)
            }
            Op::Search(index) => {
                let site = &program.searches[usize::from(index)];
                let retry = site.on_reject.filter(|_| status == Status::REJECTED);
                (retry.map(|retry| retry.pause(frame.tries)), site.goes_on)
            }
            Op::Data(_) => (None, false),
            Op::Statement(index) => (None, program.statements[usize::from(index)].goes_on),
            _ => return Answered::GoesOn,
        };
        if let Some(pause) = pause {
            let frame = &mut self.frames[id];
            frame.tries = frame.tries.saturating_add(1);
            frame.retries_call = true;
            let pause = self.draw_pause(id, pause);
            if pause == Span::ZERO {
                self.retry(id);
            } else {
                self.wake_after(id, pause);
            }
            return Answered::TriesAgain;
        }
        if goes_on { Answered::GoesOn } else { Answered::Fails(status) }
    }

    /// The pause before another attempt is over.
    pub fn retry(&mut self, id: FrameId) {
        let frame = &mut self.frames[id];
        frame.retries_call = false;
        let (pc, program) = (frame.pc, frame.program);
        match self.model.programs[program.0 as usize].ops[usize::from(pc) - 1] {
            Op::Call(index) => self.call(id, index),
            Op::Search(index) => self.search(id, index),
            _ => {}
        }
    }

    /// The program that a component runs.
    pub fn program(&self, id: ProgramId) -> &Program {
        &self.model.programs[id.0 as usize]
    }
}

/// What an answer means for the handler that waited for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Answered {
    GoesOn,
    TriesAgain,
    Fails(Status),
}
