//! What an operator can do to a system: values that the console writes and a component carries out.

use super::check::Check;
use super::kernel::Change;
use super::message::{Message, Settle};
use super::quantity::{Bytes, Span};
use super::sql::{Grow, Sql};

/// Something done to one component by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Publishes messages to a queue, as somebody with access to the broker can.
    Publish {
        /// The queue.
        queue: String,
        /// The tags that the messages carry.
        tags: Vec<String>,
        /// How many.
        count: u32,
        /// What this message is known as, where it is one that is followed.
        name: Option<String>,
        /// What it says.
        body: String,
    },
    /// Drops every ready message of a queue.
    Purge {
        /// The queue.
        queue: String,
    },
    /// Takes messages from the head of a queue and looks at them.
    Get {
        /// The queue.
        queue: String,
        /// At most so many.
        count: u32,
        /// What becomes of them afterwards.
        then: Settle,
    },
    /// Sets or clears a policy: what matches `pattern` gets these settings.
    Policy {
        /// The policy's name.
        name: String,
        /// Which queues, as a regular expression on their names.
        pattern: String,
        /// The settings; `None` clears the policy.
        definition: Option<Policy>,
    },
    /// Moves every message of a queue to another.
    Shovel {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// Begins to move what is in a dead-letter queue.
    Redrive {
        /// The dead-letter queue.
        from: String,
        /// Where to; without it, back to the queue that it came from.
        to: Option<String>,
        /// How many a second; without it, as fast as the broker can.
        rate: Option<u32>,
    },
    /// Stops that.
    StopRedrive {
        /// The dead-letter queue.
        from: String,
    },
    /// Declares a queue.
    Declare {
        /// Its name.
        queue: String,
        /// Whether it is a quorum queue.
        quorum: bool,
    },
    /// Sets how many pods a deployment should have.
    Scale {
        /// How many.
        replicas: u32,
    },
    /// Changes the memory that the pods of a deployment ask for and may have at most.
    SetResources {
        /// The new limit, or as before.
        limit: Option<Bytes>,
        /// The new request, or as before.
        request: Option<Bytes>,
    },
    /// Runs another version.
    SetVersion {
        /// Its name.
        version: String,
    },
    /// Replaces every pod.
    RolloutRestart,
    /// Goes back to an earlier revision's template.
    RolloutUndo {
        /// Which; the one before where it isn't said.
        to: Option<u32>,
    },
    /// Stops or continues a rollout.
    RolloutPause {
        /// Whether to stop it.
        paused: bool,
    },
    /// Deletes a pod; the deployment makes another.
    DeletePod {
        /// Its name.
        pod: String,
        /// How long it may take to end by itself; zero kills it at once.
        grace: Option<Span>,
    },
    /// Sends a signal to a process in a pod or on a machine.
    Kill {
        /// The instance's name.
        instance: String,
        /// The signal's number: 9 can't be caught.
        signal: u8,
    },
    /// Sets attributes of a queue (SQS).
    SetQueue {
        /// The queue.
        queue: String,
        /// What is to be different.
        change: QueueChange,
    },
    /// Sets an option of the environment that a service runs in (Elastic Beanstalk).
    SetOption {
        /// The option's name: `HttpConnections`.
        option: String,
        /// Its new value, as it is typed.
        value: String,
    },
    /// Switches a schedule, or what a gateway takes, on or off.
    Enable {
        /// Whether it is on from now.
        enabled: bool,
    },
    /// Ends queries that a search cluster works on.
    CancelTasks {
        /// One, by its node (from 0) and its number there; all where none is named.
        task: Option<(u32, u64)>,
    },
    /// Tells the supervisor of a process on a machine to do something.
    Unit {
        /// The machine, which is the instance's name.
        instance: String,
        /// What to do.
        verb: Verb,
    },
    /// Takes a backend out of a load balancer: it gets no new requests, and finishes what it has.
    Deregister {
        /// The backend's name.
        backend: String,
    },
    /// Puts a backend into a load balancer again.
    Register {
        /// The backend's name.
        backend: String,
    },
    /// Sets how a load balancer looks at its backends.
    SetCheck {
        /// From now on.
        check: Check,
    },
    /// Deletes an index of a search cluster; a `*` at its end stands for anything.
    DeleteIndex {
        /// Its name.
        index: String,
    },
    /// Makes aliases of a search cluster name other indices, all at one moment or none.
    MoveAliases {
        /// Alias and index.
        moves: Vec<(String, String)>,
    },
    /// Writes a file of a service's code onto a machine.
    PutFile {
        /// The machine.
        machine: String,
        /// The full path.
        path: String,
        /// What it says.
        text: String,
    },
    /// Makes a cache forget the answers whose address fits a pattern.
    Ban {
        /// The machine; all of them where none is named.
        host: Option<String>,
        /// A regular expression on `/PATH/NUMBER`.
        pattern: String,
    },
    /// Tells a cache what to think of a backend's health.
    SetHealth {
        /// The cache's machine; all of them where none is named.
        host: Option<String>,
        /// The backend's name; a `*` at its end stands for anything.
        backend: String,
        /// What to think.
        admin: Admin,
    },
    /// Changes a setting of a service, everywhere; its processes read it when they start.
    Configure {
        /// Which.
        key: String,
        /// Its new value.
        value: String,
    },
    /// Does something to a file of a machine.
    File {
        /// The machine.
        machine: String,
        /// Which file.
        path: String,
        /// What.
        change: FileChange,
    },
    /// Somebody on a machine changes something about its kernel.
    Kernel {
        /// The machine.
        machine: String,
        /// Who; empty for the player.
        by: String,
        /// The command, as the machine's log has it; empty where it takes no privilege.
        command: String,
        /// What.
        change: Change,
    },
    /// Takes a machine out of scheduling or puts it back.
    Cordon {
        /// The machine.
        node: String,
        /// Whether to take it out.
        cordoned: bool,
    },
    /// Does a statement on a server of a database.
    Sql {
        /// The server.
        server: String,
        /// The statement.
        sql: Sql,
    },
    /// Changes a volume of a server.
    Volume {
        /// The server.
        server: String,
        /// The volume, by name.
        volume: String,
        /// How.
        how: Grow,
    },
    /// Starts a server's process again.
    RestartServer {
        /// The server.
        server: String,
    },
    /// Points the application at another server of a database, for its writes.
    WriteTo {
        /// The server.
        server: String,
    },
    /// Tells everybody outside that it works again: who has given up comes back the sooner.
    Announce,
    /// Begins a job.
    StartJob {
        /// Who; empty for the player.
        by: String,
    },
    /// Takes a job out of at(1)'s queue.
    Unqueue,
    /// Answers a job's question ([`super::ask::Question`]).
    Answer {
        /// Which question.
        ticket: u32,
        /// Whether the line ended well, or the condition holds.
        well: bool,
    },
}

/// What can be done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Takes its name away; its room comes back when no process has it open any more.
    Remove,
    /// Cuts it to this size.
    Truncate(Bytes),
}

/// What a supervisor can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Starts a process that is down.
    Start,
    /// Ends a process, which stays down.
    Stop,
    /// Ends a process and starts it again.
    Restart,
    /// Makes a process read its settings again, and open its log files anew.
    Reload,
}

impl Verb {
    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }
}

/// What is to be different about a queue of SQS; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueChange {
    /// How long a receive hides a message.
    pub visibility: Option<Span>,
    /// How long a message is kept.
    pub retention: Option<Span>,
    /// After so many receives a message goes to the dead-letter queue.
    pub max_receives: Option<u32>,
}

/// What a policy of a broker sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Of several policies that match a queue, the one with the highest priority applies; of equals, the latest.
    pub priority: i32,
    /// After so many deliveries a message is dead-lettered or dropped (quorum queues only).
    pub delivery_limit: Option<u32>,
    /// Where dead letters go: a queue (the exchange of a level routes by queue name).
    pub dead_letter: Option<String>,
    /// How long a message may wait at the head of the queue.
    pub message_ttl: Option<Span>,
    /// How many ready messages a queue holds before it drops from its head.
    pub max_length: Option<u32>,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done,
    /// It was done, and so many things were touched.
    Count(u64),
    /// Messages that were looked at.
    Messages(Vec<Message>),
    /// Nothing had to be changed.
    Unchanged,
}

/// Why an operation can't be done, in the words of the tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    /// A refusal in these words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// What an operator has said about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Admin {
    /// The probe decides.
    #[default]
    Probe,
    /// Healthy whatever the probe says.
    Healthy,
    /// Sick whatever the probe says.
    Sick,
}
