//! `sev1 play --plain`: the whole game as lines of text, for screen readers, pipes and other programs.
//!
//! What happens is printed in the order in which it happens, with the level's local time; what is typed goes to the
//! console. On a terminal the wall clock moves the incident. Read from a pipe it stands still: then only `wait 30s` and
//! what commands take moves time, so that the same lines give the same run.

use super::debrief::{self, grouped};
use super::output::{Output, say, wrapped};
use super::store::folders::plainly;
use super::{Answer, Failure};
use crate::incident::console::addressed;
use crate::incident::view::{Entry, Happened, Happening, Health};
use crate::incident::{INTERRUPT, Incident};
use crate::sim::quantity::{Span, Time};
use crate::tui::store::{LevelCard, Opening, Store};
use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How often the wall clock moves the incident.
const BEAT: Duration = Duration::from_millis(100);
/// How exactly the end of a command is met where no wall clock runs.
const STEP: Span = Span::from_millis(100);
/// Longer lines are cut.
const LINE_MAX: u64 = 8 << 10;
/// What is said is wrapped at this width, or at the terminal's where that is narrower.
const WIDTH: usize = 92;
/// The state of a part is told at most so often, unless it becomes better or worse.
const BETWEEN_CHANGES: Span = Span::from_seconds(60);
/// How many happenings are told again when an incident is gone on with.
const RECALLED: usize = 8;

/// Plays from the opening to the debrief, or until the input or the program is ended.
///
/// # Errors
/// Where the level or the run can't be opened, or nobody reads the output any more.
pub fn play(opening: Opening, store: &mut dyn Store, output: &mut Output) -> Result<Answer, Failure> {
    let input = Input::standard()?;
    let opening = match opening {
        Opening::Title => match choose(store, &input, output)? {
            Some(level) => Opening::Level { level, seed: None, mode: None, speed: None },
            None => return Ok(Answer::Yes),
        },
        opening => opening,
    };
    let is_new = !matches!(opening, Opening::Resume { .. });
    let incident = match opening {
        Opening::Title => return Ok(Answer::Yes),
        Opening::Level { level, seed, mode, speed } => {
            let cards = store.levels();
            if let Some(card) = cards.iter().find(|card| card.level == level) {
                briefing(card, output)?;
            }
            store.start(&level, seed, mode, speed)
        }
        Opening::Resume { run } => store.resume(&run),
    };
    let incident = incident.map_err(|error| Failure::Unusable(error.0))?;
    let mut game = Game::new(incident, store, output, &input);
    if !is_new {
        game.recall();
    }
    game.play()
}

/// Lines that are typed or piped in, and the signals that end the program.
struct Input {
    lines: Receiver<String>,
    ended: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    /// Whether a person types, so that the wall clock runs.
    is_typed: bool,
}

enum Typed {
    Line(String),
    /// Ctrl-C.
    Interrupt,
    Nothing,
    End,
}

impl Input {
    fn standard() -> Result<Self, Failure> {
        let ended = Arc::new(AtomicBool::new(false));
        let interrupted = Arc::new(AtomicBool::new(false));
        watch_signals(&ended, &interrupted)
            .map_err(|error| Failure::Unusable(format!("signals can't be watched: {}", plainly(&error))))?;
        let (sender, lines) = sync_channel(16);
        // The thread ends with the program: there is no way to stop waiting for a line.
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            while let Some(line) = read_line(&mut input) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { lines, ended, interrupted, is_typed: io::stdin().is_terminal() })
    }

    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// What came within a beat of the clock.
    fn next(&self) -> Typed {
        if self.is_ended() {
            return Typed::End;
        }
        if self.interrupted.swap(false, Ordering::Relaxed) {
            return Typed::Interrupt;
        }
        match self.lines.recv_timeout(BEAT) {
            Ok(line) => Typed::Line(line),
            Err(RecvTimeoutError::Timeout) => Typed::Nothing,
            Err(RecvTimeoutError::Disconnected) => Typed::End,
        }
    }

    /// The next line, however long it takes; `None` at the end.
    fn wait(&self) -> Option<String> {
        loop {
            match self.next() {
                Typed::Line(line) => return Some(line),
                Typed::Nothing => {}
                Typed::Interrupt | Typed::End => return None,
            }
        }
    }
}

#[cfg(unix)]
fn watch_signals(ended: &Arc<AtomicBool>, interrupted: &Arc<AtomicBool>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    signal_hook::flag::register(SIGTERM, Arc::clone(ended))?;
    signal_hook::flag::register(SIGHUP, Arc::clone(ended))?;
    signal_hook::flag::register(SIGINT, Arc::clone(interrupted))?;
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as where there are signals")]
fn watch_signals(_ended: &Arc<AtomicBool>, _interrupted: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

/// A line without its end and without control characters; what is longer than a line can be is skipped.
fn read_line(input: &mut impl BufRead) -> Option<String> {
    let mut bytes = vec![];
    if input.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes).ok()? == 0 {
        return None;
    }
    if bytes.last() != Some(&b'\n') && bytes.len() as u64 == LINE_MAX {
        input.skip_until(b'\n').ok()?;
    }
    let text = String::from_utf8_lossy(&bytes).replace('\t', " ");
    Some(text.chars().filter(|c| !c.is_control()).collect())
}

/// How wide prose may be.
fn columns() -> usize {
    let here = io::stdout().is_terminal().then(|| crate::tui::terminal::size().ok()).flatten();
    here.map_or(WIDTH, |size| usize::from(size.width).saturating_sub(1).clamp(40, WIDTH))
}

fn choose(store: &mut dyn Store, input: &Input, output: &mut Output) -> Result<Option<String>, Failure> {
    let cards = store.levels();
    output.line("sev1: live through other people's outages before you have your own.")?;
    output.line("")?;
    for (at, card) in cards.iter().enumerate() {
        output.line(&format!("{}. {} ({}, {} minutes)", at + 1, card.title, card.difficulty, card.minutes))?;
        for line in wrapped(&card.summary, columns() - 4) {
            output.line(&format!("    {line}"))?;
        }
    }
    output.line("")?;
    output.line("Type the number of a level and Enter, or quit.")?;
    loop {
        output.flush()?;
        let Some(line) = input.wait() else {
            return Ok(None);
        };
        let word = line.trim();
        if matches!(word, "quit" | "q" | "exit") {
            return Ok(None);
        }
        let by_number = word.parse::<usize>().ok().and_then(|number| cards.get(number.checked_sub(1)?));
        if let Some(card) = by_number.or_else(|| cards.iter().find(|card| card.level == word)) {
            return Ok(Some(card.level.clone()));
        }
        if !word.is_empty() {
            output.line(&format!("There is no level {word}; type a number from 1 to {}, or quit.", cards.len()))?;
        }
    }
}

fn briefing(card: &LevelCard, output: &mut Output) -> Result<(), Failure> {
    output.line(&card.title.to_uppercase())?;
    for paragraph in &card.briefing {
        for line in wrapped(paragraph, columns()) {
            output.line(&line)?;
        }
        output.line("")?;
    }
    Ok(())
}

/// An incident being played as text.
struct Game<'a> {
    incident: Incident,
    store: &'a mut dyn Store,
    output: &'a mut Output,
    input: &'a Input,
    /// How many happenings have been printed.
    seen: usize,
    /// How many lines of each command's output have been printed.
    printed: BTreeMap<usize, usize>,
    /// The last result of each `watch`.
    watched: BTreeMap<usize, Vec<String>>,
    /// The command whose output was printed last, so that others say whose they are.
    current: Option<usize>,
    /// When each part's state was told last, and what it was.
    told: BTreeMap<String, (Time, Health)>,
    is_hurt: bool,
    /// The number of the shell that is typed in.
    shell: usize,
    /// Whether the cursor stands behind a prompt.
    is_prompted: bool,
    columns: usize,
}

impl<'a> Game<'a> {
    fn new(incident: Incident, store: &'a mut dyn Store, output: &'a mut Output, input: &'a Input) -> Self {
        let (printed, watched) = (BTreeMap::new(), BTreeMap::new());
        let (seen, current, told, is_hurt, is_prompted) = (0, None, BTreeMap::new(), false, false);
        let (shell, columns) = (1, columns());
        Self {
            incident,
            store,
            output,
            input,
            seen,
            printed,
            watched,
            current,
            told,
            is_hurt,
            shell,
            is_prompted,
            columns,
        }
    }

    /// A line of output; what is typed to stands on a line of its own.
    fn say(&mut self, line: &str) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_prompted) {
            self.output.line("")?;
        }
        Ok(self.output.line(line)?)
    }

    /// Where somebody types, a prompt, once nothing is under way.
    fn prompt(&mut self) -> Result<(), Failure> {
        if self.input.is_typed && !self.is_prompted && !self.incident.is_busy(self.shell) {
            let prompt = self.prompt_of(self.shell);
            self.output.data(format!("{prompt} ").as_bytes())?;
            self.is_prompted = true;
        }
        Ok(())
    }

    /// Of what has happened before, only the end is told again.
    fn recall(&mut self) {
        self.seen = self.incident.happenings(0).len().saturating_sub(RECALLED);
    }

    fn play(mut self) -> Result<Answer, Failure> {
        if self.input.is_typed {
            self.say("Type a command and Enter; help lists them, an empty line tells how things stand.")?;
            self.say("quit leaves; the incident waits for you.")?;
            self.say("")?;
        }
        self.standing()?;
        let mut last = Instant::now();
        loop {
            self.tell()?;
            self.come_back()?;
            if !self.incident.header().phase.is_over() {
                self.prompt()?;
            }
            self.output.flush()?;
            if self.incident.header().phase.is_over() {
                return self.finish();
            }
            match self.input.next() {
                // Ctrl-C ends what is under way, and the game where nothing is.
                Typed::Interrupt if self.input.is_typed && self.incident.is_running(self.shell) => {
                    self.is_prompted = false;
                    self.line(INTERRUPT)?;
                }
                Typed::End | Typed::Interrupt => return self.leave(),
                Typed::Line(line) => {
                    self.is_prompted = false;
                    if line.trim() == "quit" {
                        return self.leave();
                    }
                    self.line(line.trim())?;
                }
                Typed::Nothing => {}
            }
            let real = last.elapsed();
            last = Instant::now();
            if self.input.is_typed {
                self.incident.elapse(Span::from_micros(i64::try_from(real.as_micros()).unwrap_or(0)));
                self.passed();
            }
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        if line.is_empty() || line.starts_with('#') {
            return if self.input.is_typed && line.is_empty() { self.standing() } else { Ok(()) };
        }
        // `@2` alone goes to the second shell; what is typed from then on is for that one.
        let (shell, typed) = addressed(line);
        if typed.is_empty() {
            self.shell = shell;
            let prompt = self.prompt_of(shell);
            return self.say(&format!("{prompt} you type here now"));
        }
        let shell = if typed == line { self.shell } else { shell };
        let typed = typed.to_owned();
        let line = if shell == 1 { typed.clone() } else { format!("@{shell} {typed}") };
        self.incident.touched();
        let at = self.incident.now();
        let prompt = self.prompt_of(shell);
        let entry = self.incident.perform(&line);
        if let Err(error) = self.store.performed(at, &line) {
            say(&format!("sev1: {error}"));
        }
        self.current = Some(entry);
        if !self.input.is_typed {
            self.say(&format!("{prompt} {typed}"))?;
            self.settle(shell)?;
        }
        Ok(())
    }

    /// Where the shell that was typed in has been closed, the first one takes over again.
    fn come_back(&mut self) -> Result<(), Failure> {
        if self.incident.shells().iter().any(|one| one.number == self.shell && one.is_closed) {
            self.shell = 1;
            let prompt = self.prompt_of(1);
            self.say(&format!("{prompt} you type here now"))?;
        }
        Ok(())
    }

    /// What stands before a line: `bastion$`, and the number of a shell that isn't the first.
    fn prompt_of(&self, shell: usize) -> String {
        let place = self.incident.shell(shell);
        if shell == 1 { format!("{place}$") } else { format!("{shell} {place}$") }
    }

    /// Where no wall clock runs, what was typed takes the time that it takes; what runs in the background goes on later.
    fn settle(&mut self, shell: usize) -> Result<(), Failure> {
        while self.incident.is_busy(shell) && !self.incident.header().phase.is_over() {
            let before = self.incident.now();
            self.incident.advance(STEP);
            self.passed();
            self.tell()?;
            if self.incident.now() == before || self.input.is_ended() {
                break;
            }
        }
        Ok(())
    }

    fn passed(&mut self) {
        if let Err(error) = self.store.passed(&self.incident) {
            say(&format!("sev1: {error}"));
        }
    }

    /// Prints what has happened since it was last called.
    fn tell(&mut self) -> Result<(), Failure> {
        let new: Vec<Happening> = self.incident.happenings(self.seen).to_vec();
        self.seen += new.len();
        for happening in &new {
            match &happening.what {
                Happened::Printed { entry } => self.tell_output(*entry)?,
                what if self.is_told_already(what) => {}
                what => {
                    self.current = None;
                    for line in told(what) {
                        self.spoken(&format!("{}  {line}", happening.clock))?;
                    }
                }
            }
        }
        let header = self.incident.header();
        let is_hurt = header.hurt_since.is_some();
        if is_hurt != self.is_hurt {
            self.is_hurt = is_hurt;
            let hurt = if is_hurt { "customers are being hurt" } else { "no customer is hurt any more" };
            self.spoken(&format!("{}  {hurt}", header.clock))?;
        }
        Ok(())
    }

    /// Prose, wrapped.
    fn spoken(&mut self, text: &str) -> Result<(), Failure> {
        let indent = text.len() - text.trim_start().len();
        for (at, line) in wrapped(text, self.columns - 4).iter().enumerate() {
            let before = if at == 0 { " ".repeat(indent) } else { " ".repeat(4) };
            self.say(&format!("{before}{}", line.trim_start()))?;
        }
        Ok(())
    }

    /// Whether a part wavers: its state was told a moment ago, and is neither better nor worse.
    fn is_told_already(&mut self, what: &Happened) -> bool {
        let Happened::Changed { part, health, .. } = what else { return false };
        let now = self.incident.now();
        if self.told.get(part).is_some_and(|(at, was)| was == health && now.since(*at) < BETWEEN_CHANGES) {
            return true;
        }
        self.told.insert(part.clone(), (now, *health));
        false
    }

    fn tell_output(&mut self, id: usize) -> Result<(), Failure> {
        let Some(entry) = self.incident.console().iter().rev().find(|entry| entry.id == id) else {
            return Ok(());
        };
        let already = self.printed.get(&id).copied().unwrap_or(0).min(entry.output.len());
        let lines = if entry.is_watch() {
            // Each result takes the place of the one before: what is new in it is told.
            let before = self.watched.insert(id, entry.output.clone()).unwrap_or_default();
            entry.output.iter().filter(|line| !before.contains(line)).cloned().collect()
        } else {
            entry.output[already..].to_vec()
        };
        if lines.is_empty() {
            return Ok(());
        }
        let count = entry.output.len();
        if self.current != Some(id) {
            let heading = heading(entry);
            self.say(&heading)?;
        }
        for line in &lines {
            self.say(line)?;
        }
        self.printed.insert(id, count);
        self.current = Some(id);
        Ok(())
    }

    /// What hurts, since when, how bad, in one line.
    fn standing(&mut self) -> Result<(), Failure> {
        let header = self.incident.header();
        let mut parts = vec![header.clock.clone(), header.phase.word().to_owned()];
        if header.hurt.count > 0 {
            let direction = match header.hurt.per_minute {
                0 => "steady".to_owned(),
                more @ 1.. => format!("{} more a minute", grouped(more.unsigned_abs())),
                fewer => format!("{} fewer a minute", grouped(fewer.unsigned_abs())),
            };
            parts.push(format!("{} {}, {direction}", grouped(header.hurt.count), header.hurt.word));
        }
        if let Some(since) = header.hurt_since {
            parts.push(format!("for {}", self.incident.now().since(since).age()));
        }
        parts.push(format!("{:.0} % of the error budget left", header.budget_left * 100.0));
        self.spoken(&parts.join("; "))
    }

    fn leave(mut self) -> Result<Answer, Failure> {
        self.tell()?;
        self.output.flush()?;
        say("The incident isn't over and waits where you left it: sev1 play --resume");
        Ok(Answer::Yes)
    }

    fn finish(mut self) -> Result<Answer, Failure> {
        self.say("")?;
        self.output.flush()?;
        let told = self.incident.debrief();
        if let Err(error) = self.store.finish(&self.incident, &told) {
            say(&format!("sev1: {error}"));
        }
        for line in debrief::text(&told) {
            self.output.line(&line)?;
        }
        Ok(Answer::Yes)
    }
}

/// Whose output follows.
fn heading(entry: &Entry) -> String {
    if entry.who.is_empty() && entry.tab > 1 {
        format!("{} {}$ {}", entry.tab, entry.shell, entry.line)
    } else if entry.who.is_empty() {
        format!("{}$ {}", entry.shell, entry.line)
    } else {
        format!("{} on {}$ {}", entry.who, entry.shell, entry.line)
    }
}

/// A happening in words, in one line or more.
fn told(what: &Happened) -> Vec<String> {
    match what {
        Happened::Rang { name, is_page: true, text } => vec![format!("PAGE {name}: {text}")],
        Happened::Rang { name, is_page: false, text } => vec![format!("alert {name}: {text}")],
        Happened::Quieted { name } => vec![format!("over: {name}")],
        Happened::Said { who, text, answers } => {
            let mut lines = vec![format!("{who}: {text}")];
            lines.extend(answers.iter().map(|(words, line)| format!("    to answer \"{words}\" type: {line}")));
            lines
        }
        Happened::Printed { .. } => vec![],
        Happened::Turned { words, .. } => vec![format!("the incident is {words}")],
        Happened::Changed { part, text, .. } => vec![format!("{part}: {text}")],
        Happened::Judged { text, came_true: true } => vec![format!("as you predicted: {text}")],
        Happened::Judged { text, came_true: false } => vec![format!("not as you predicted: {text}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_control_characters_and_never_longer_than_a_line_can_be() {
        let text = [b"kubectl\tget \x1b[31mpods\r\n".as_slice(), &vec![b'x'; 20_000], b"\nlast"].concat();
        let mut input = io::Cursor::new(text);
        assert_eq!(read_line(&mut input).as_deref(), Some("kubectl get [31mpods"));
        assert_eq!(read_line(&mut input).map(|line| line.len() as u64), Some(LINE_MAX));
        assert_eq!(read_line(&mut input).as_deref(), Some("last"));
        assert_eq!(read_line(&mut input), None);
    }

    #[test]
    fn a_page_is_told_from_an_alert_and_an_answer_shows_what_to_type() {
        let rang = |is_page| Happened::Rang { name: "late".into(), is_page, text: "94 s > 30 s".into() };
        assert_eq!(told(&rang(true)), ["PAGE late: 94 s > 30 s"]);
        assert_eq!(told(&rang(false)), ["alert late: 94 s > 30 s"]);
        let answers = vec![("yes".into(), "reply dev yes".into())];
        let said = Happened::Said { who: "Dev".into(), text: "more memory?".into(), answers };
        assert_eq!(told(&said), ["Dev: more memory?", "    to answer \"yes\" type: reply dev yes"]);
    }
}
