//! Steps: what a version of a service, or a job, does, as a level says it.

use crate::sim::data::Adds;
use crate::sim::log::Severity;
use crate::sim::quantity::{Bytes, Duration, Span};
use crate::sim::sql::{Role, RowOp};
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
    /// Starts goroutines that wait for ever: `Strand(count: 2, at: "queue.(*Reader).wait", waits: "chan receive")`. Each
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
    /// Lets only so many at a time do these steps in each process; all others wait in line, also those whose caller has
    /// gone. How many stands in the service's `config`, as a number; with any other word there, nobody waits:
    /// `Limit(by: "AT_ONCE", do: [Search(…)])`.
    Limit {
        /// The key in the service's `config`.
        by: String,
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
    pub(super) fn pause(self, failures: u8) -> Duration {
        let length = (self.first * (1_i64 << failures.min(30))).min(self.cap).micros();
        Duration::Uniform(Span::from_micros(length / 2), Span::from_micros(length + length / 2))
    }
}

/// The database that steps write to first.
pub(super) fn first_written(steps: &[Step]) -> Option<&str> {
    steps.iter().find_map(|step| match step {
        Step::Write { on, .. } => Some(on.as_str()),
        Step::Repeat { r#do, .. } | Step::ForEach { r#do, .. } | Step::Limit { r#do, .. } => first_written(r#do),
        Step::When { then, otherwise, .. } => first_written(then).or_else(|| first_written(otherwise)),
        _ => None,
    })
}

impl Step {
    /// The step with an item of a list in the place of `{item}`.
    pub(super) fn with_item(&self, item: &str) -> Self {
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
            Self::Limit { by, r#do } => Self::Limit { by: by.clone(), r#do: all(r#do) },
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
