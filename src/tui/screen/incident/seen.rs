//! What was seen of the incident at the last look: plain values, looked at a few times a second and drawn as often as needed.

use crate::incident::Incident;
use crate::incident::view::{Entry, EntryState, Graph, Header, Map, Mark, Notebook, Question, Ring, Saying, Shell};
use crate::sim::quantity::{Span, Time};
use crate::tui::local_time::LocalTime;

/// Everything that the incident's screen shows.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Seen {
    /// What hurts, since when, how bad.
    pub header: Header,
    /// The living system.
    pub map: Map,
    /// What rings.
    pub rings: Vec<Ring>,
    /// What people say.
    pub sayings: Vec<Saying>,
    /// The player's shells, also those that have been closed.
    pub shells: Vec<Shell>,
    /// What was typed and printed.
    pub console: Vec<Entry>,
    /// What was written down.
    pub notebook: Notebook,
    /// What is asked about the cause.
    pub questions: Vec<Question>,
    /// The graphs in sight, or why there is none.
    pub graphs: Vec<Result<Graph, String>>,
    /// What each of them had at the cursor.
    pub readings: Vec<Option<String>>,
    /// How many graphs there are in all.
    pub graph_count: usize,
    /// What happened, for the time axes.
    pub marks: Vec<Mark>,
}

/// Which graphs are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The selected part.
    pub part: Option<&'a str>,
    /// The first graph in sight.
    pub first: usize,
    /// How many there is room for.
    pub count: usize,
    /// Over which time.
    pub window: Span,
    /// The end of that time.
    pub until: Time,
    /// The moment at which values are read.
    pub cursor: Option<Time>,
    /// In how many steps.
    pub points: usize,
}

impl Seen {
    /// Looks at the incident again. The console is kept where nothing in it has changed.
    pub fn look(&mut self, incident: &Incident, wanted: &Wanted<'_>) {
        self.header = incident.header();
        self.map = incident.map();
        self.rings = incident.rings();
        self.sayings = incident.sayings();
        self.shells = incident.shells();
        self.notebook = incident.notebook();
        self.questions = incident.questions();
        self.marks = incident.marks();
        self.look_at_console(incident.console());
        let mut names = wanted.part.map_or_else(Vec::new, |part| incident.graphs(Some(part)));
        for name in incident.graphs(None) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        self.graph_count = names.len();
        let names: Vec<&String> = names.iter().skip(wanted.first).take(wanted.count).collect();
        let (until, window) = (wanted.until, wanted.window);
        self.graphs = names.iter().map(|name| incident.graph_until(name, until, window, wanted.points)).collect();
        self.readings =
            wanted.cursor.map_or_else(Vec::new, |at| names.iter().map(|name| incident.reading(name, at)).collect());
    }

    /// What has ended doesn't change any more, so that it needn't be copied again.
    fn look_at_console(&mut self, entries: &[Entry]) {
        self.console.truncate(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            match self.console.get_mut(index) {
                Some(known) if known.state != EntryState::Running && known.state == entry.state => {}
                Some(known) => known.clone_from(entry),
                None => self.console.push(entry.clone()),
            }
        }
    }

    /// Where a shell is; one in which nothing has been typed is where all begin.
    #[must_use]
    pub fn place(&self, tab: usize) -> &str {
        self.shells.iter().find(|shell| shell.number == tab && !shell.is_closed).map_or("bastion", |shell| &shell.place)
    }

    /// What stands in a tab of the console: what was typed there and printed. What only sets the clock or keeps a line is
    /// told where it is done, and left out.
    #[must_use]
    pub fn answers(&self, tab: usize) -> Vec<&Entry> {
        self.console.iter().filter(|entry| entry.tab == tab && !is_aside(entry)).collect()
    }

    /// The moment that was looked at.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::ZERO + self.header.elapsed
    }

    /// How moments are written.
    #[must_use]
    pub fn local(&self) -> LocalTime {
        LocalTime::of(&self.header)
    }
}

/// Whether an entry is an act of the game that the screen tells in its own way, in its last line.
pub(super) fn is_aside(entry: &Entry) -> bool {
    let words: Vec<&str> = entry.line.split_whitespace().take(5).collect();
    let is_told = match words.as_slice() {
        ["pause" | "speed", ..] => true,
        // By its number, as the keys write it; what was typed in words stays.
        ["pin", place] | ["pin", place, "--for" | "--against", _] => place.contains(':'),
        _ => false,
    };
    is_told && entry.who.is_empty() && entry.state != EntryState::Running
}
