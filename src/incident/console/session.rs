//! The shells of everybody who types, and what was typed and printed.
//!
//! Each hand (the player, each colleague) has a shell of its own: sequential, with one line in front, others behind it in
//! the background. Nothing printed here holds a control character.

use super::complete;
use super::host;
use super::running::{Desk, Running};
use super::shell::Then;
use super::{Call, Command, Place, Progress, Runs, Wish, World, always, candidate, nothing, parse};
use crate::incident::view::{Completion, Entry, EntryState};
use crate::sim::quantity::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// Lines of output that an entry keeps.
const OUTPUT_MAX: usize = 5_000;
/// Lines that one hand may have in the background.
const JOBS_MAX: usize = 8;
/// What the place is called where engineers have their tools.
const BASTION: &str = "bastion";

/// Every shell, and everything that was typed and printed.
#[derive(Clone, Debug, Default)]
pub struct Console {
    entries: Vec<Entry>,
    shells: Vec<Shell>,
}

/// One hand's shell.
#[derive(Clone, Debug, Default)]
struct Shell {
    who: String,
    /// The machines it has logged in to, one from the other.
    hosts: Vec<String>,
    files: BTreeMap<String, Vec<String>>,
    /// Lines that wait, with their entries.
    waiting: VecDeque<(usize, String)>,
    front: Option<(usize, Running)>,
    jobs: Vec<(usize, Running)>,
}

impl Console {
    /// Types a line into a hand's shell; it starts when that shell is free, or at once where it is about the clock: what
    /// runs may be waiting for it. Returns the entry's id.
    pub fn type_line(&mut self, now: Time, who: &str, line: &str) -> usize {
        let id = self.entries.len();
        let shell = self.shell_mut(who);
        let clock = if is_of_the_clock(line) { parse(line).ok() } else { None };
        match clock.and_then(|line| Running::new(line, None, now).ok()) {
            Some(running) => shell.jobs.push((id, running)),
            None => shell.waiting.push_back((id, line.to_owned())),
        }
        let entry = Entry {
            id,
            at: now,
            who: who.to_owned(),
            shell: shell.place().to_owned(),
            line: printable(&line.replace('\n', " ")),
            output: vec![],
            state: EntryState::Running,
        };
        self.entries.push(entry);
        id
    }

    /// When [`Self::step`] has something to do next; earlier than now where a line has just been typed.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        let due = |shell: &Shell| {
            let waits = if shell.front.is_none() { shell.waiting.front() } else { None };
            let waits = waits.and_then(|(id, _)| self.entries.get(*id)).map(|entry| entry.at);
            waits.into_iter().chain(shell.front.iter().chain(&shell.jobs).map(|(_, running)| running.due())).min()
        };
        self.shells.iter().filter_map(due).min()
    }

    /// Runs everything that is due now; returns the entries that have printed or ended, each once.
    pub fn step(&mut self, world: &mut dyn World) -> Vec<usize> {
        let mut changed = vec![];
        for shell in &mut self.shells {
            shell.step(&mut self.entries, world, &mut changed);
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// What was typed and printed, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where a hand's next line goes: `bastion`, or a machine's name.
    #[must_use]
    pub fn place(&self, who: &str) -> &str {
        self.shell(who).map_or(BASTION, Shell::place)
    }

    /// The machine that a hand is logged in to.
    #[must_use]
    pub fn host(&self, who: &str) -> Option<&str> {
        self.shell(who).and_then(|shell| shell.hosts.last()).map(String::as_str)
    }

    /// What could stand at the cursor of the player's line, best first.
    #[must_use]
    pub fn complete(&self, line: &str, cursor: usize, world: &dyn World) -> Completion {
        complete::complete(line, cursor, self.host(""), &self.entries, world)
    }

    /// Whether a hand's shell has a line in front or waiting.
    #[must_use]
    pub fn is_busy(&self, who: &str) -> bool {
        self.shell(who).is_some_and(|shell| shell.front.is_some() || !shell.waiting.is_empty())
    }

    /// Whether a hand lets time pass with `wait`.
    #[must_use]
    pub fn is_waiting(&self, who: &str) -> bool {
        self.shell(who).and_then(|shell| shell.front.as_ref()).is_some_and(|(_, running)| running.is_waiting())
    }

    /// Ctrl-C: ends the line in front; without one, the last in the background. What was typed ahead is forgotten, as a
    /// terminal does. Returns its entry.
    pub fn interrupt(&mut self, who: &str) -> Option<usize> {
        let shell = self.shells.iter_mut().find(|shell| shell.who == who)?;
        let (id, _) = shell.front.take().or_else(|| shell.jobs.pop())?;
        let ahead = std::mem::take(&mut shell.waiting).into_iter().map(|(id, _)| id);
        for id in std::iter::once(id).chain(ahead) {
            self.entries[id].output.push("^C".to_owned());
            self.entries[id].state = EntryState::Failed;
        }
        Some(id)
    }

    fn shell(&self, who: &str) -> Option<&Shell> {
        self.shells.iter().find(|shell| shell.who == who)
    }

    fn shell_mut(&mut self, who: &str) -> &mut Shell {
        let index = self.shells.iter().position(|shell| shell.who == who).unwrap_or_else(|| {
            self.shells.push(Shell { who: who.to_owned(), ..Shell::default() });
            self.shells.len() - 1
        });
        &mut self.shells[index]
    }
}

impl Shell {
    fn place(&self) -> &str {
        self.hosts.last().map_or(BASTION, String::as_str)
    }

    fn step(&mut self, entries: &mut [Entry], world: &mut dyn World, changed: &mut Vec<usize>) {
        let now = world.now();
        for (id, mut running) in std::mem::take(&mut self.jobs) {
            if running.due() > now || !self.advance(id, &mut running, entries, world, changed) {
                self.jobs.push((id, running));
            }
        }
        loop {
            if let Some((id, mut running)) = self.front.take()
                && (running.due() > now || !self.advance(id, &mut running, entries, world, changed))
            {
                self.front = Some((id, running));
                return;
            }
            let Some((id, line)) = self.waiting.pop_front() else { return };
            self.start(id, &line, entries, now, changed);
        }
    }

    /// Starts a line that has waited for the shell.
    fn start(&mut self, id: usize, line: &str, entries: &mut [Entry], now: Time, changed: &mut Vec<usize>) {
        let entry = &mut entries[id];
        entry.at = entry.at.max(now);
        self.place().clone_into(&mut entry.shell);
        changed.push(id);
        let prepared = parse(line).map_err(|error| error.to_string()).and_then(|line| {
            let meanwhile = line.items.iter().any(|item| item.then == Then::Meanwhile);
            let running = Running::new(line, self.hosts.last().cloned(), now)?;
            let behind = meanwhile || running.is_lengthy();
            if behind && self.jobs.len() >= JOBS_MAX {
                return Err(format!("{JOBS_MAX} lines run in the background already: stop one with `stop NUMBER`"));
            }
            Ok((running, behind))
        });
        match prepared {
            Ok((running, false)) => self.front = Some((id, running)),
            Ok((running, true)) => self.jobs.push((id, running)),
            Err(error) => {
                entry.output = vec![printable(&error)];
                entry.state = EntryState::Failed;
            }
        }
    }

    /// Steps a line; `true` where it has ended.
    fn advance(
        &mut self,
        id: usize,
        running: &mut Running,
        entries: &mut [Entry],
        world: &mut dyn World,
        changed: &mut Vec<usize>,
    ) -> bool {
        let mut desk = Desk { who: &self.who, entry: id, entries, files: &mut self.files };
        world.runs(id);
        let shown = running.step(&mut desk, world);
        let entry = &mut entries[id];
        let more = shown.lines.len().saturating_sub(OUTPUT_MAX);
        // Of what follows something the end is shown, of anything else the beginning.
        let skipped = if running.is_lengthy() { more } else { 0 };
        let kept = shown.lines.iter().skip(skipped).take(OUTPUT_MAX);
        let mut output: Vec<String> = kept.map(|line| printable(line)).collect();
        if more > 0 && skipped == 0 {
            output.push(format!("({more} more lines: a filter such as `| tail` shows them)"));
        }
        if entry.output != output || shown.ended.is_some() {
            changed.push(id);
        }
        entry.output = output;
        let Some(code) = shown.ended else { return false };
        entry.state = if code == 0 { EntryState::Done } else { EntryState::Failed };
        for wish in std::mem::take(&mut running.wishes) {
            match wish {
                Wish::Enter(host) => self.hosts.push(host),
                Wish::Leave => drop(self.hosts.pop()),
                Wish::Stop(which) => self.stop(which, id, entries, changed),
            }
        }
        true
    }

    fn stop(&mut self, which: Option<usize>, asker: usize, entries: &mut [Entry], changed: &mut Vec<usize>) {
        let index = match which {
            Some(id) => self.jobs.iter().position(|(job, _)| *job == id),
            None => self.jobs.len().checked_sub(1),
        };
        if let Some(index) = index {
            let (id, _) = self.jobs.remove(index);
            entries[id].state = EntryState::Done;
            changed.push(id);
        } else {
            entries[asker].output.push("stop: nothing of yours runs in the background under that number".to_owned());
            entries[asker].state = EntryState::Failed;
        }
    }
}

/// Whether a line only tells the clock what to do.
fn is_of_the_clock(line: &str) -> bool {
    let mut words = line.split_whitespace();
    matches!(words.next(), Some("pause" | "speed")) && words.all(|word| word.chars().all(char::is_alphanumeric))
}

/// A line as a terminal would show it: tabs as spaces, no other control characters.
fn printable(line: &str) -> String {
    if !line.contains(|c: char| c.is_control() || is_bidirectional(c)) {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for c in line.chars() {
        match c {
            '\t' => {
                let gap = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', gap));
                column += gap;
            }
            _ if c.is_control() || is_bidirectional(c) => {
                out.push('\u{fffd}');
                column += 1;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// Marks that change the direction of text, with which one line can pass for another.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What the shell itself offers.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "watch",
        aliases: &[],
        usage: "watch [-n SECONDS] \"LINE\"",
        summary: "runs a line again and again, in the background, and shows the last result",
        manual: "The line is run every 2 seconds, or every SECONDS. It goes on until `stop`.\n\nwatch -n 5 \"kubectl get pods | grep -v Running\"",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Shell(out_of_place),
        complete: nothing,
    },
    Command {
        name: "xargs",
        aliases: &[],
        usage: "xargs [-r] [-n COUNT] [-I MARK] COMMAND [WORD…]",
        summary: "runs a command with the words that are piped in as its arguments",
        manual: "-r doesn't run it where there are no words, -n takes COUNT words at a time, -I runs it once a line and puts the line where MARK stands.\n\nkubectl get pods -o name | head -5 | xargs kubectl delete",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Shell(out_of_place),
        complete: nothing,
    },
    Command {
        name: "jobs",
        aliases: &[],
        usage: "jobs",
        summary: "lists what runs in the background",
        manual: "What repeats itself or follows something runs in the background: `watch`, `-w`, `-f`, `rollout status`, and any line with `&` at its end. `stop NUMBER` ends it.",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(jobs),
        complete: nothing,
    },
    Command {
        name: "stop",
        aliases: &[],
        usage: "stop [NUMBER]",
        summary: "ends a line that runs in the background: the last, or the one with that number",
        manual: "`jobs` lists the numbers. What the line has already done stays done.",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(stop),
        complete: |typed, _| {
            let own = typed.entries.iter().filter(|entry| entry.state == EntryState::Running && entry.who.is_empty());
            own.map(|entry| candidate(entry.id.to_string(), entry.line.clone())).collect()
        },
    },
    Command {
        name: "history",
        aliases: &[],
        usage: "history",
        summary: "lists what you have typed",
        manual: "Every line that you have typed, with its number: `pin NUMBER:LINE` takes it.",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|call, _| {
            let own = call.entries.iter().filter(|entry| entry.who == call.who);
            let lines: Vec<String> = own.map(|entry| format!("{:>5}  {}", entry.id, entry.line)).collect();
            call.say_all(lines);
            Progress::Done(0)
        }),
        complete: nothing,
    },
    Command {
        name: "echo",
        aliases: &[],
        usage: "echo [WORD…]",
        summary: "prints its words",
        manual: "",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|call, _| {
            let words = call.arguments();
            let words =
                if words.first().is_some_and(|word| word == "-n" || word == "-e") { &words[1..] } else { words };
            let text = words.join(" ");
            text.split('\n').for_each(|line| call.say(line));
            Progress::Done(0)
        }),
        complete: nothing,
    },
    Command {
        name: "tee",
        aliases: &[],
        usage: "tee [-a] FILE",
        summary: "keeps what is piped in under a name, and prints it",
        manual: "`> FILE` does the same without printing. `cat FILE` shows it again.\n\nkubectl logs deployment/NAME --previous | tee before.log | tail -5",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(tee),
        complete: nothing,
    },
    Command {
        name: "ls",
        aliases: &[],
        usage: "ls [-lh] [PATH]",
        summary: "lists the files that you have kept; on a machine, those of a folder",
        manual: "Files are made with `> FILE` and `tee FILE`. On a machine: ls -lh /var/log",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|call, world| {
            if call.host.is_some_and(|host| super::database::is_server(world, host)) {
                return super::database::list(call, world);
            }
            if call.host.is_some() {
                return host::ls(call, world);
            }
            let mut names: Vec<String> = call.files.keys().cloned().collect();
            names.extend(host::code::paths(world));
            call.say_all(names);
            Progress::Done(0)
        }),
        complete: nothing,
    },
    Command {
        name: "sleep",
        aliases: &[],
        usage: "sleep SECONDS",
        summary: "lets time pass in a line of commands",
        manual: "kubectl scale deployment/NAME --replicas=0 && sleep 5 && kubectl get pods",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|call, _| {
            let given = call.arguments().first().cloned().unwrap_or_default();
            let span = given.parse::<Span>().or_else(|_| format!("{given}s").parse());
            match span {
                Ok(span) if span.micros() >= 0 && call.visit == 0 && span > Span::ZERO => Progress::Again(span),
                Ok(span) if span.micros() >= 0 => Progress::Done(0),
                _ => call.fail(format!("sleep: invalid time interval '{given}'")),
            }
        }),
        complete: nothing,
    },
    Command {
        name: "date",
        aliases: &[],
        usage: "date",
        summary: "tells the time",
        manual: "",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|call, world| {
            let text = world.clock().date(world.now());
            call.say(text);
            Progress::Done(0)
        }),
        complete: nothing,
    },
    Command {
        name: "true",
        aliases: &[],
        usage: "true",
        summary: "ends well",
        manual: "",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|_, _| Progress::Done(0)),
        complete: nothing,
    },
    Command {
        name: "false",
        aliases: &[],
        usage: "false",
        summary: "fails",
        manual: "",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|_, _| Progress::Done(1)),
        complete: nothing,
    },
];

/// `watch` in a pipe, `xargs` without one.
fn out_of_place(call: &mut Call, _: &mut dyn World) -> Progress {
    let name = call.words[0].clone();
    call.fail(format!("{name}: stands at the beginning of a line: {name} \"COMMAND | …\""))
}

fn jobs(call: &mut Call, _: &mut dyn World) -> Progress {
    let runs = |entry: &&Entry| entry.who == call.who && entry.state == EntryState::Running && entry.id < call.entry;
    let own = call.entries.iter().filter(runs);
    let lines: Vec<String> = own.map(|entry| format!("[{}]  Running   {}", entry.id, entry.line)).collect();
    if lines.is_empty() {
        call.complain("nothing runs in the background");
    }
    call.say_all(lines);
    Progress::Done(0)
}

fn stop(call: &mut Call, _: &mut dyn World) -> Progress {
    let which = match call.arguments() {
        [] => None,
        [number] => match number.trim_start_matches('%').parse() {
            Ok(number) => Some(number),
            Err(_) => return call.fail(format!("stop: `{number}` is no number: `jobs` lists them")),
        },
        _ => return call.fail("usage: stop [NUMBER]"),
    };
    *call.wish = Some(Wish::Stop(which));
    Progress::Done(0)
}

fn tee(call: &mut Call, world: &mut dyn World) -> Progress {
    let has = |flag: &str| call.arguments().iter().any(|word| word == flag);
    let (append, quiet) = (has("-a"), has("--quiet"));
    let Some(file) = call.arguments().iter().find(|word| !word.starts_with('-')).cloned() else {
        return call.fail("usage: tee [-a] FILE");
    };
    if let Some(progress) = host::code::write(call, world, &file) {
        return progress;
    }
    if call.host.is_some()
        && let Some(progress) = host::overwrite(call, world, &file, append)
    {
        return progress;
    }
    let lines: Vec<String> = call.input.unwrap_or_default().to_vec();
    if let Some(result) = super::host::write(call, &file, &lines, append, world) {
        return result;
    }
    if !call.files.contains_key(&file) && call.files.len() >= 100 {
        return call.fail(format!("tee: {file}: No space left on device"));
    }
    let kept = call.files.entry(file).or_default();
    if !append {
        kept.clear();
    }
    kept.extend(lines.iter().cloned());
    kept.truncate(20_000);
    if !quiet {
        call.say_all(lines);
    }
    Progress::Done(0)
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_moves_the_cursor_is_printed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\r"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        assert_eq!(printable("name\tready"), "name    ready");
        assert_eq!(printable("plain é"), "plain é");
    }
}
