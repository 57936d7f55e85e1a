//! What lies where on the screen that was drawn last, so that a click finds it.

use super::keymap::{Intent, Pane};
use super::panel::chart::Axis;
use crate::sim::quantity::Time;
use ratatui::layout::{Position, Rect};

/// Something that can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pane, or its tab.
    Pane(Pane),
    /// A part of the map, by its place in the list.
    Part(usize),
    /// A row of the pager: an alert or something that was said.
    PagerRow(usize),
    /// A line of the console's output: the entry's id and the line, from 0 for the command itself.
    Output(usize, usize),
    /// A tab of the console, by the number of its shell.
    Tab(usize),
    /// The result of a `watch`, by the number of its entry.
    Watch(usize),
    /// The mark that closes the tab in sight.
    CloseTab,
    /// A line of the answer that is read over the whole screen, from 0.
    ReaderLine(usize),
    /// An item of the list that lies over everything.
    Item(usize),
    /// A word that was offered for completion.
    Candidate(usize),
    /// A page of the debrief.
    Page(usize),
    /// A key's name, wherever it is drawn: does what the key does.
    Key(Intent),
    /// The line that is being typed.
    Prompt,
    /// A key's name at a row of the pager: does it to that row.
    PagerKey(usize, Intent),
    /// An answer that somebody waits for: what was said, and the answer's place.
    Answer(usize, usize),
    /// `more` at the edge of a pane: shows it.
    More(Pane),
    /// The clock's speed.
    Speed,
    /// A key's name at the edge of a pane: does it there.
    PaneKey(Pane, Intent),
    /// A series in the explore view, by its place.
    Series(usize),
    /// A key's name at a series: does it to that one.
    SeriesKey(usize, Intent),
    /// A chart: the moment that is pointed at is read.
    Chart(Axis),
    /// A piece of evidence in the notebook, by its place.
    Evidence(usize),
    /// Something that happened at a moment: goes there.
    Moment(Time),
    /// Within a dialog, where nothing is to be chosen: does nothing, and closes nothing.
    Inside,
    /// Beside a dialog: closes it.
    Outside,
}

/// The places of the last frame.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Rect, Target)>);

impl Hits {
    /// Begins a new frame.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Something can be clicked here; what comes later lies on top.
    pub fn add(&mut self, area: Rect, target: Target) {
        self.0.push((area, target));
    }

    /// What lies on top at this place.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<&Target> {
        self.0.iter().rev().find(|(area, _)| area.contains(Position::new(x, y))).map(|(_, target)| target)
    }

    /// Everything that can be clicked, what lies on top last.
    pub fn all(&self) -> impl Iterator<Item = &(Rect, Target)> {
        self.0.iter()
    }

    /// The first place of something, for tests that click it.
    #[must_use]
    pub fn place_of(&self, target: &Target) -> Option<Rect> {
        self.0.iter().rev().find(|(_, other)| other == target).map(|(area, _)| *area)
    }
}
