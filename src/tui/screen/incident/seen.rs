//! What was seen of the incident at the last look: plain values, looked at a few times a second and drawn as often as needed.

use crate::incident::Incident;
use crate::incident::view::{Entry, EntryState, Graph, Header, Map, Mark, Notebook, Question, Ring, Saying};
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
    /// Where the next line goes to.
    pub shell: String,
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
        incident.shell().clone_into(&mut self.shell);
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
