//! The shells of everybody who types, and what was typed and printed.
//!
//! Each hand (the player, each colleague) has a shell of its own: sequential, with one line in front, others behind it in
//! the background. Nothing printed here holds a control character.

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
}

/// One hand's shell.
#[derive(Clone, Debug, Default)]
struct Shell {
    who: String,
    /// The machines it has logged in to, one from the other.
    hosts: Vec<String>,
    files: BTreeMap<String, Vec<String>>,
    variables: Variables,
    /// Lines that wait, with their entries.
    waiting: VecDeque<(usize, String)>,
    front: Option<(usize, Running)>,
    jobs: Vec<(usize, Running)>,
}

impl Console {
    /// Types a line into a hand's shell; it starts when that shell is free, or at once where it is about the clock (what
    /// runs may be waiting for it) or keeps a line as evidence. Returns the entry's id.
    pub fn type_line(&mut self, now: Time, who: &str, line: &str) -> usize {
        let id = self.entries.len();
        let shell = self.shell_mut(who);
        let aside = if is_aside(line) { parse(line).ok() } else { None };
        match aside.and_then(|line| Running::new(line, None, Variables::default(), now).ok()) {
            Some(running) => shell.jobs.push((id, running)),
            None => shell.waiting.push_back((id, line.to_owned())),
        }
        let entry = Entry {
            id,
            at: now,
            who: who.to_owned(),
            tab: 1,
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

    /// Whether a hand has anything running, in front or in the background.
    #[must_use]
    pub fn is_running(&self, who: &str) -> bool {
        self.shell(who).is_some_and(|shell| shell.front.is_some() || !shell.jobs.is_empty())
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
            if let Some((id, mut running)) = self.front.take() {
                if running.due() > now || !self.advance(id, &mut running, entries, world, changed) {
                    self.front = Some((id, running));
                    return;
                }
                // What runs in the background has a shell of its own.
                self.variables = running.variables;
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

/// Whether a line only tells the clock what to do, or keeps a line that has been printed: neither waits for a command.
fn is_aside(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["pause" | "speed", rest @ ..] => rest.iter().all(|word| word.chars().all(char::is_alphanumeric)),
        ["pin", place] => {
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
    use super::printable;

    #[test]
    fn nothing_that_moves_the_cursor_is_printed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\r"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        assert_eq!(printable("name\tready"), "name    ready");
        assert_eq!(printable("plain é"), "plain é");
    }
}
