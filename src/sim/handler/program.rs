//! Programs: steps as one flat list of small operations, compiled once.

use super::step::{Retry, Step, Times, first_written};
use crate::sim::ask::Ask;
use crate::sim::core::MAX_TAGS;
use crate::sim::data::{self, DataSite, Task};
use crate::sim::frame::Status;
use crate::sim::id::ComponentId;
use crate::sim::log::Severity;
use crate::sim::quantity::{Bytes, Duration, Span};
use crate::sim::sql::Statement;

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
    /// Goes on where the setting of this number leaves room for it.
    Enter(u16),
    /// Leaves that room to the next.
    Leave(u16),
    Ask(u16),
    Statement(u16),
}

/// A call as a program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct CallSite {
    pub to: ComponentId,
    pub path: u8,
    pub timeout: Option<crate::sim::agenda::LaneId>,
    /// How long a connection may take, and how long is left for the answer then.
    pub connect: Option<[crate::sim::agenda::LaneId; 2]>,
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
    /// What a dump of all goroutines says of each.
    pub trace: u16,
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
    pub timeout: Option<crate::sim::agenda::LaneId>,
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
    /// Whether they are for so many at a time.
    is_limited: bool,
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
    fn lane(&mut self, delay: Span) -> crate::sim::agenda::LaneId;
    /// The place of a key in the component's settings.
    fn setting(&self, _key: &str) -> Option<u16> {
        None
    }
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
                let trace = names.template(&format!("goroutine {{goroutines}} [{waits}]:\n{at}(…)\n"));
                let site = StrandSite { count: *count, at: names.template(at), waits: names.template(waits), trace };
                Op::Strand(place(&mut self.strands, site))
            }
            Step::Respond => Op::Respond,
            Step::Spawn(steps) => {
                let start = self.ops.len();
                if self.is_limited {
                    return Err("a `Spawn` within a `Limit` would be held back for nobody".into());
                }
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
            Step::Limit { by, r#do } => return self.add_limit(by, r#do, depth, names),
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

    fn add_limit(&mut self, by: &str, steps: &[Step], depth: u8, names: &mut dyn Names) -> Result<(), StepError> {
        let Some(key) = names.setting(by) else {
            return Err(format!("a `Limit` needs a number: add (key: \"{by}\", is: \"…\") to the service's `config`"));
        };
        if std::mem::replace(&mut self.is_limited, true) {
            return Err("a `Limit` can't lie within another".into());
        }
        self.ops.push(Op::Enter(key));
        self.add(steps, depth, names)?;
        self.ops.push(Op::Leave(key));
        self.is_limited = false;
        Ok(())
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

fn tag_number(name: &str, names: &mut dyn Names) -> Result<u8, StepError> {
    names.tag(name).ok_or_else(|| format!("a level can have {MAX_TAGS} tags; `{name}` is one too many"))
}

fn place<T>(list: &mut Vec<T>, value: T) -> u16 {
    list.push(value);
    (list.len() - 1) as u16
}
