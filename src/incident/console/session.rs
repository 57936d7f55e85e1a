//! The shells of everybody who types, and what was typed and printed.
//!
//! Each hand (the player, each colleague) has a shell of its own: sequential, with one line in front, others behind it in
//! the background. The player may have several, by number; they share the files that were kept. Nothing printed here
//! holds a control character.

use super::complete;
use super::running::{Desk, Running, Variables};
use super::shell::Then;
use super::{Wish, World, parse};
use crate::incident::view::{Completion, Entry, EntryState};
use crate::sim::quantity::Time;
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
    /// What each hand has kept on the bastion, by its name.
    files: BTreeMap<String, Files>,
}

type Files = BTreeMap<String, Vec<String>>;

/// A shell: whose, and which of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand<'a> {
    /// Empty for the player.
    pub who: &'a str,
    /// From 1.
    pub number: usize,
}

impl Hand<'_> {
    /// The player's shell of this number.
    #[must_use]
    pub const fn of_player(number: usize) -> Self {
        Self { who: "", number }
    }
}

impl<'a> From<&'a str> for Hand<'a> {
    fn from(who: &'a str) -> Self {
        Self { who, number: 1 }
    }
}

/// Numbers of shells go up to this; higher ones are words like any others.
pub const SHELLS_MAX: usize = 99;

/// The shell that a line of the player's is for, and the line: `@2 uptime` is for the second.
#[must_use]
pub fn addressed(line: &str) -> (usize, &str) {
    let (first, rest) = line.trim_start().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let number = first.strip_prefix('@').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match number.and_then(|digits| digits.parse().ok()) {
        Some(number @ 1..=SHELLS_MAX) => (number, rest.trim_start()),
        _ => (1, line),
    }
}

/// One of a hand's shells.
#[derive(Clone, Debug, Default)]
struct Shell {
    who: String,
    number: usize,
    is_closed: bool,
    /// The machines it has logged in to, one from the other.
    hosts: Vec<String>,
    variables: Variables,
    /// Lines that wait, with their entries.
    waiting: VecDeque<(usize, String)>,
    front: Option<(usize, Running)>,
    jobs: Vec<(usize, Running)>,
}

impl Console {
    /// Types a line into a hand's shell; it starts when that shell is free, or at once where it is about the clock (what
    /// runs may be waiting for it) or keeps a line as evidence. Returns the entry's id.
    pub fn type_line<'a>(&mut self, now: Time, hand: impl Into<Hand<'a>>, line: &str) -> usize {
        let id = self.entries.len();
        let hand = hand.into();
        let shell = self.shell_mut(hand);
        let aside = if is_aside(line) { parse(line).ok() } else { None };
        match aside.and_then(|line| Running::new(line, None, Variables::default(), now).ok()) {
            Some(running) => shell.jobs.push((id, running)),
            None => shell.waiting.push_back((id, line.to_owned())),
        }
        let entry = Entry {
            id,
            at: now,
            who: hand.who.to_owned(),
            tab: hand.number,
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
            let files = self.files.entry(shell.who.clone()).or_default();
            shell.step(&mut Papers { entries: &mut self.entries, files }, world, &mut changed);
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

    /// Where a shell is: `bastion`, or a machine's name.
    #[must_use]
    pub fn place<'a>(&self, hand: impl Into<Hand<'a>>) -> &str {
        self.shell(hand.into()).map_or(BASTION, Shell::place)
    }

    /// What could stand at the cursor of the player's line, best first.
    #[must_use]
    pub fn complete(&self, line: &str, cursor: usize, world: &dyn World) -> Completion {
        self.complete_in(1, line, cursor, world)
    }

    /// What could stand at the cursor of a line in the player's shell of this number, best first.
    #[must_use]
    pub fn complete_in(&self, number: usize, line: &str, cursor: usize, world: &dyn World) -> Completion {
        let host = self.shell(Hand::of_player(number)).and_then(|shell| shell.hosts.last()).map(String::as_str);
        complete::complete(line, cursor, host, &self.entries, world)
    }

    /// Whether a shell has a line in front or waiting.
    #[must_use]
    pub fn is_busy<'a>(&self, hand: impl Into<Hand<'a>>) -> bool {
        self.shell(hand.into()).is_some_and(|shell| shell.front.is_some() || !shell.waiting.is_empty())
    }

    /// Whether a shell has anything running, in front or in the background.
    #[must_use]
    pub fn is_running<'a>(&self, hand: impl Into<Hand<'a>>) -> bool {
        self.shell(hand.into()).is_some_and(|shell| shell.front.is_some() || !shell.jobs.is_empty())
    }

    /// Whether a hand lets time pass with `wait`, in any of its shells.
    #[must_use]
    pub fn is_waiting(&self, who: &str) -> bool {
        let waits = |shell: &Shell| shell.front.as_ref().is_some_and(|(_, running)| running.is_waiting());
        self.shells.iter().any(|shell| shell.who == who && waits(shell))
    }

    /// The player's shells: each one's number, where it is, and whether it has been closed. The first is always there.
    pub fn shells(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let own = self.shells.iter().filter(|shell| shell.who.is_empty() && shell.number > 1);
        let first = std::iter::once((1, self.place(""), false));
        first.chain(own.map(|shell| (shell.number, shell.place(), shell.is_closed)))
    }

    /// Ctrl-C: ends the line in front; without one, the last in the background. What was typed ahead is forgotten, as a
    /// terminal does. Returns its entry.
    pub fn interrupt<'a>(&mut self, hand: impl Into<Hand<'a>>) -> Option<usize> {
        let hand = hand.into();
        let shell = self.shells.iter_mut().find(|shell| shell.is(hand))?;
        let (id, running) = shell.front.take().or_else(|| shell.jobs.pop())?;
        let ahead = std::mem::take(&mut shell.waiting).into_iter().map(|(id, _)| id);
        for other in std::iter::once(id).chain(ahead) {
            self.entries[other].output.push("^C".to_owned());
            self.entries[other].state = EntryState::Failed;
        }
        // What would go on for ever has done what it should.
        if running.repeats() {
            self.entries[id].state = EntryState::Done;
        }
        Some(id)
    }

    /// Ends a certain line in the background of a shell, as `q` ends a `watch`. Returns its entry, where it runs there.
    pub fn end(&mut self, hand: Hand<'_>, id: usize) -> Option<usize> {
        let shell = self.shells.iter_mut().find(|shell| shell.is(hand))?;
        let place = shell.jobs.iter().position(|(job, _)| *job == id)?;
        shell.jobs.remove(place);
        self.entries[id].state = EntryState::Done;
        Some(id)
    }

    /// Closes one of the player's shells, with whatever runs in it; the first stays. Returns what has ended with it.
    pub fn close(&mut self, number: usize) -> Vec<usize> {
        let found = self.shells.iter_mut().find(|shell| shell.is(Hand::of_player(number)) && number > 1);
        found.map_or_else(Vec::new, |shell| shell.close(&mut self.entries))
    }

    fn shell(&self, hand: Hand<'_>) -> Option<&Shell> {
        self.shells.iter().find(|shell| shell.is(hand))
    }

    /// The shell, opened where there is none or it has been closed.
    fn shell_mut(&mut self, hand: Hand<'_>) -> &mut Shell {
        let index = self.shells.iter().position(|shell| shell.is(hand)).unwrap_or_else(|| {
            let (who, number) = (hand.who.to_owned(), hand.number);
            self.shells.push(Shell { who, number, ..Shell::default() });
            self.shells.len() - 1
        });
        self.shells[index].is_closed = false;
        &mut self.shells[index]
    }
}

/// What a shell writes in: the entries of all, and its hand's files.
struct Papers<'a> {
    entries: &'a mut Vec<Entry>,
    files: &'a mut Files,
}

impl Shell {
    fn place(&self) -> &str {
        self.hosts.last().map_or(BASTION, String::as_str)
    }

    fn is(&self, hand: Hand<'_>) -> bool {
        self.who == hand.who && self.number == hand.number
    }

    /// Ends everything in it; what it was logged in to and its variables are gone. Returns what has ended.
    fn close(&mut self, entries: &mut [Entry]) -> Vec<usize> {
        let running = self.front.take().into_iter().chain(std::mem::take(&mut self.jobs));
        let ended: Vec<(usize, bool)> = running
            .map(|(id, running)| (id, running.repeats()))
            .chain(std::mem::take(&mut self.waiting).into_iter().map(|(id, _)| (id, false)))
            .collect();
        for (id, repeats) in &ended {
            entries[*id].state = if *repeats { EntryState::Done } else { EntryState::Failed };
        }
        let (who, number) = (std::mem::take(&mut self.who), self.number);
        *self = Self { who, number, is_closed: true, ..Self::default() };
        ended.into_iter().map(|(id, _)| id).collect()
    }

    fn step(&mut self, papers: &mut Papers<'_>, world: &mut dyn World, changed: &mut Vec<usize>) {
        let now = world.now();
        for (id, mut running) in std::mem::take(&mut self.jobs) {
            if running.due() > now || !self.advance(id, &mut running, papers, world, changed) {
                self.jobs.push((id, running));
            }
        }
        loop {
            if let Some((id, mut running)) = self.front.take() {
                if running.due() > now || !self.advance(id, &mut running, papers, world, changed) {
                    self.front = Some((id, running));
                    return;
                }
                // What runs in the background has a shell of its own.
                if !self.is_closed {
                    self.variables = running.variables;
                }
            }
            let Some((id, line)) = self.waiting.pop_front() else { return };
            self.start(id, &line, papers.entries, now, changed);
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
            let running = Running::new(line, self.hosts.last().cloned(), self.variables.clone(), now)?;
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
                self.variables.ended(2);
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
        papers: &mut Papers<'_>,
        world: &mut dyn World,
        changed: &mut Vec<usize>,
    ) -> bool {
        let mut desk = Desk { who: &self.who, entry: id, entries: papers.entries, files: papers.files };
        world.runs(id);
        let shown = running.step(&mut desk, world);
        let entries = &mut *papers.entries;
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
                Wish::Close => changed.extend(self.close(entries)),
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

/// Whether a line only tells the clock what to do, or keeps a line that has been printed: neither waits for a command.
fn is_aside(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["pause" | "speed", rest @ ..] => rest.iter().all(|word| word.chars().all(char::is_alphanumeric)),
        ["pin", place] | ["pin", place, "--for" | "--against", _] => {
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            place.split_once(':').is_some_and(|(entry, line)| is_number(entry) && is_number(line))
        }
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::{addressed, printable};

    #[test]
    fn a_line_may_name_the_shell_it_is_for() {
        assert_eq!(addressed("@2 ssh node-a1"), (2, "ssh node-a1"));
        assert_eq!(addressed(" @12  ls | wc "), (12, "ls | wc "));
        assert_eq!(addressed("@3"), (3, ""));
        for line in ["ls @2", "@", "@0 ls", "@100 ls", "@x ls", "@+2 ls", ""] {
            assert_eq!(addressed(line), (1, line));
        }
    }

    #[test]
    fn nothing_that_moves_the_cursor_is_printed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\r"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        assert_eq!(printable("name\tready"), "name    ready");
        assert_eq!(printable("plain é"), "plain é");
    }
}
