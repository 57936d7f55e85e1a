//! What can be asked in a condition, as a table: each function with its signature and its meaning. The reference of the
//! format and the messages are made from it.

/// What a function does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A counter over a window, per second.
    Rate,
    /// A counter over a window.
    Increase,
    /// A part of a latency's lengths of time are below this.
    Quantile(u8),
    /// One number of the instances' numbers.
    Of(Gathering),
    /// One number of all values in a window, or since the beginning.
    Over(Gathering),
    /// The last value that there was.
    Last,
    /// Whether a condition has always held.
    Always,
    /// Whether a condition has ever held.
    Ever,
    /// For how much of the time a condition has held.
    CountOver,
    /// When a condition first held.
    First,
    /// The same in the run in which nobody did anything.
    Untouched,
    /// The same as monitoring has it.
    Scraped,
    /// Something that a player, a person or an alert has done.
    Told(Told),
    /// Whether a message or a thing is still there.
    Exists,
    /// What has become of a message.
    Message,
}

/// How several numbers are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gathering {
    /// Their sum.
    Sum,
    /// How many there are that aren't zero.
    Count,
    /// The least.
    Least,
    /// The most.
    Most,
    /// The mean.
    Mean,
    /// The one in the middle.
    Median,
}

/// What has been done or said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// A text has been on the player's screen.
    Seen,
    /// Somebody was asked.
    Asked,
    /// Somebody was paged.
    Paged,
    /// Somebody said something.
    Said,
    /// The player replied something to somebody.
    Replied,
    /// An alert has fired.
    Fired,
    /// An alert was acknowledged.
    Acknowledged,
    /// A command was typed.
    Ran,
}

/// A function of the language.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub signature: &'static str,
    /// What it means, in a line.
    pub meaning: &'static str,
    pub(super) role: Role,
}

const fn function(name: &'static str, signature: &'static str, meaning: &'static str, role: Role) -> Function {
    Function { name, signature, meaning, role }
}

/// Every function, in the order of the reference.
pub const FUNCTIONS: [Function; 32] = [
    function("rate", "rate(counter[window])", "how many a second, over the window", Role::Rate),
    function("increase", "increase(counter[window])", "how many in the window", Role::Increase),
    function(
        "p50",
        "p50(latency[window])",
        "half are shorter; without a window, since the beginning",
        Role::Quantile(50),
    ),
    function("p90", "p90(latency[window])", "nine of ten are shorter", Role::Quantile(90)),
    function("p95", "p95(latency[window])", "nineteen of twenty are shorter", Role::Quantile(95)),
    function("p99", "p99(latency[window])", "ninety-nine of a hundred are shorter", Role::Quantile(99)),
    function("sum", "sum(instances)", "the sum over all instances", Role::Of(Gathering::Sum)),
    function("count", "count(instances)", "how many instances tell something other than 0", Role::Of(Gathering::Count)),
    function("min", "min(instances)", "the least of all instances", Role::Of(Gathering::Least)),
    function("max", "max(instances)", "the most of all instances", Role::Of(Gathering::Most)),
    function("avg", "avg(instances)", "the mean of all instances", Role::Of(Gathering::Mean)),
    function("median", "median(instances)", "the instance in the middle", Role::Of(Gathering::Median)),
    function(
        "min_over",
        "min_over(number[window])",
        "the least it was; without a window, since the beginning",
        Role::Over(Gathering::Least),
    ),
    function(
        "max_over",
        "max_over(number[window])",
        "the most it was; without a window, since the beginning",
        Role::Over(Gathering::Most),
    ),
    function(
        "avg_over",
        "avg_over(number[window])",
        "its mean; without a window, since the beginning",
        Role::Over(Gathering::Mean),
    ),
    function("last", "last(number)", "the last value there was, however long ago", Role::Last),
    function("always", "always(condition, after = time)", "it has held every second since then", Role::Always),
    function("ever", "ever(condition, after = time)", "it has held at some second since then", Role::Ever),
    function(
        "count_over",
        "count_over(condition, after = time)",
        "the share of the time in which it held",
        Role::CountOver,
    ),
    function("first", "first(condition, after = time)", "the time at which it first held", Role::First),
    function(
        "untouched",
        "untouched(number)",
        "the same in the run in which nobody does anything; in proofs only",
        Role::Untouched,
    ),
    function(
        "scraped",
        "scraped(number)",
        "the same as monitoring has it, at the last scrape; in proofs only",
        Role::Scraped,
    ),
    function(
        "exists",
        "exists(broker/queue, tag = \"…\")",
        "something with that tag is still there; `broker/*` is every queue",
        Role::Exists,
    ),
    function(
        "message",
        "message(\"event\").deliveries",
        "how often the message of that event has been delivered",
        Role::Message,
    ),
    function("seen", "seen(\"text\")", "the player has had that text on the screen", Role::Told(Told::Seen)),
    function("asked", "asked(\"name\")", "the player has asked that person", Role::Told(Told::Asked)),
    function(
        "paged",
        "paged(\"name\")",
        "that person has been paged, or that alert has called",
        Role::Told(Told::Paged),
    ),
    function("said", "said(\"name\", \"text\")", "that person has said it", Role::Told(Told::Said)),
    function(
        "replied",
        "replied(\"name\", \"text\")",
        "the player has replied so to that person",
        Role::Told(Told::Replied),
    ),
    function("fired", "fired(\"alert\")", "that alert has fired", Role::Told(Told::Fired)),
    function(
        "acknowledged",
        "acknowledged(\"alert\")",
        "the player has taken that alert",
        Role::Told(Told::Acknowledged),
    ),
    function("ran", "ran(\"text\")", "the player has typed a command with that text in it", Role::Told(Told::Ran)),
];

/// Words that stand for something by themselves, with their meaning.
pub const WORDS: [(&str, &str); 6] = [
    ("time", "the time since the incident began"),
    ("budget.used", "the share of the error budget that is used up"),
    ("declared", "the player has declared an incident"),
    ("mitigated", "the goal holds"),
    ("resolved", "the incident is closed"),
    ("lost", "the error budget is used up, or what may never happen has happened"),
];
