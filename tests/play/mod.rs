//! The game as tests play it: levels and runs in memory, a hand at the keys and the mouse, and what it sees.

pub mod fixture;
pub mod gallery;
pub mod picture;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sev1::incident::view::Debrief;
use sev1::incident::{Incident, Mode};
use sev1::level::catalog;
use sev1::sim::quantity::{Span, Time};
use sev1::tui::app::{App, TICK, Wish};
use sev1::tui::hit::Target;
use sev1::tui::key::{Input, Key, Mouse, MouseAct};
use sev1::tui::store::{LevelCard, Opening, Outcome, Settings, Store, StoreError, Unfinished};
use sev1::tui::theme::{Colours, Look};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The lines that a [`Shelf`] was told, while the game holds the shelf itself.
pub type Recorded = Rc<RefCell<Vec<String>>>;

/// The digests that a [`Shelf`] was shown, with their moments.
pub type Digests = Rc<RefCell<Vec<(Time, u64)>>>;

/// A store in memory: a few levels, one incident that was left, nothing kept. It remembers the lines that were played.
#[derive(Default)]
pub struct Shelf {
    /// What every level starts with; without it, the built-in level from its beginning.
    pub incident: Option<Incident>,
    /// The lines that were played.
    pub recorded: Recorded,
    /// The digest at each moment that passed.
    pub digests: Digests,
}

impl Shelf {
    /// A shelf on which every level starts where this incident stands already.
    pub fn in_the_middle_of(incident: &Incident) -> Self {
        Self { incident: Some(incident.clone()), ..Self::default() }
    }
}

impl Store for Shelf {
    fn levels(&mut self) -> Vec<LevelCard> {
        fixture::levels()
    }
    fn unfinished(&mut self) -> Vec<Unfinished> {
        fixture::unfinished()
    }
    fn start(&mut self, id: &str, _: Option<u64>, _: Option<Mode>, _: Option<u32>) -> Result<Incident, StoreError> {
        Ok(self.incident.clone().unwrap_or_else(|| begin(id)))
    }
    fn resume(&mut self, run: &str) -> Result<Incident, StoreError> {
        Err(StoreError(format!("the run {run} is gone")))
    }
    fn look_back(&mut self, level: &str) -> Result<Incident, StoreError> {
        Ok(self.incident.clone().unwrap_or_else(|| begin(level)))
    }
    fn performed(&mut self, _: Time, line: &str) -> Result<(), StoreError> {
        self.recorded.borrow_mut().push(line.to_owned());
        Ok(())
    }
    fn passed(&mut self, incident: &Incident) -> Result<(), StoreError> {
        self.digests.borrow_mut().push((incident.now(), incident.digest()));
        Ok(())
    }
    fn finish(&mut self, _: &Incident, _: &Debrief) -> Result<(), StoreError> {
        Ok(())
    }
    fn settings(&self) -> Settings {
        Settings { mode: Mode::Trainee, ..Settings::default() }
    }
    fn keep(&mut self, _: &Settings) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A built-in level at its beginning.
pub fn begin(level: &str) -> Incident {
    let level = catalog::find(level).unwrap_or_else(|| panic!("no built-in level is called {level}"));
    Incident::start(Arc::new(level), 1, Mode::Trainee)
}

/// Forty pods, so long after its beginning, with something printed on the console.
pub fn forty_pods_after(time: Span) -> Incident {
    let mut incident = begin("forty-pods");
    for line in ["kubectl get pods", "kubectl get nodes"] {
        incident.perform(line);
        incident.advance(Span::from_seconds(10));
    }
    incident.advance(time);
    incident
}

/// The briefing of a level.
pub fn briefing_of(level: &str) -> Opening {
    Opening::Level { level: level.to_owned(), seed: None, mode: None, speed: None }
}

/// The usual look.
pub fn dark() -> Look {
    Look::new("dark", Colours::True, false).expect("the theme is embedded")
}

/// Everything by which the effect of a key or a click can be seen.
#[derive(PartialEq)]
pub struct Sight {
    pub frame: Buffer,
    recorded: usize,
    outcome: Option<Outcome>,
}

/// The game on a screen in memory, and what is in sight of it.
pub struct Hand<'s> {
    pub app: App<'s>,
    /// The screen, as drawn last.
    pub frame: Buffer,
    pub recorded: Recorded,
    size: (u16, u16),
}

impl<'s> Hand<'s> {
    pub fn on(shelf: &'s mut Shelf, opening: Opening, size: (u16, u16)) -> Self {
        Self::with_look(shelf, opening, size, dark())
    }

    pub fn with_look(shelf: &'s mut Shelf, opening: Opening, size: (u16, u16), look: Look) -> Self {
        let recorded = Rc::clone(&shelf.recorded);
        let mut hand = Self { app: App::open(opening, shelf, look), frame: Buffer::empty(Rect::ZERO), recorded, size };
        hand.see();
        hand
    }

    /// Draws what there is to see.
    pub fn see(&mut self) {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).expect("a backend in memory");
        terminal.draw(|frame| self.app.draw(frame)).expect("a backend in memory");
        self.frame = terminal.backend().buffer().clone();
    }

    /// Looks again, for comparing.
    pub fn sight(&mut self) -> Sight {
        self.see();
        Sight { frame: self.frame.clone(), recorded: self.recorded.borrow().len(), outcome: self.app.outcome() }
    }

    /// Whether this changes anything that can be seen, or asks something of the terminal.
    pub fn does_something(&mut self, act: impl FnOnce(&mut Self)) -> bool {
        // What is measured while drawing shows in the frame after it.
        self.see();
        let before = self.sight();
        self.app.take_wish();
        act(self);
        let wishes = self.app.take_wish() != Wish::default();
        wishes || self.sight() != before
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.app.on_input(Input::Resize(size.0, size.1));
        self.see();
    }

    /// Presses a key. Nothing is drawn, as where keys come faster than frames.
    pub fn press(&mut self, key: Key) {
        self.app.on_input(Input::Key(key));
    }

    pub fn type_text(&mut self, words: &str) {
        words.chars().for_each(|c| self.press(Key::Char(c)));
    }

    pub fn mouse(&mut self, x: u16, y: u16, act: MouseAct) {
        self.app.on_input(Input::Mouse(Mouse { x, y, act }));
        self.see();
    }

    pub fn wait(&mut self, ticks: usize) {
        (0..ticks).for_each(|_| self.app.elapse(TICK));
        self.see();
    }

    pub fn rows(&self) -> Vec<String> {
        rows(&self.frame)
    }

    /// Where these words stand, and a click does more than to go to a pane or to close a dialog.
    pub fn find(&self, words: &str) -> Option<(u16, u16)> {
        self.rows().iter().enumerate().find_map(|(y, row)| {
            let start = row.match_indices(words).map(|(at, _)| row[..at].chars().count() as u16 + 1);
            start.map(|x| (x, y as u16)).find(|(x, y)| {
                let target = self.app.hits().at(*x, *y);
                target.is_some_and(|target| !matches!(target, Target::Pane(_) | Target::Outside | Target::Inside))
            })
        })
    }

    pub fn click(&mut self, words: &str) {
        let Some((x, y)) = self.find(words) else {
            panic!("`{words}` can't be clicked:\n{}", self.rows().join("\n"));
        };
        self.mouse(x, y, MouseAct::Click);
    }

    /// Waits for the debrief's replays, which run beside the game.
    pub fn wait_for_rest(&mut self) {
        let start = std::time::Instant::now();
        while !self.app.rests() {
            assert!(start.elapsed() < std::time::Duration::from_secs(120), "it never comes to rest");
            std::thread::sleep(std::time::Duration::from_millis(20));
            self.app.elapse(TICK);
        }
        self.see();
    }
}

/// A screen's characters, row by row.
pub fn rows(frame: &Buffer) -> Vec<String> {
    let area = frame.area;
    (0..area.height).map(|y| (0..area.width).map(|x| frame[(x, y)].symbol()).collect()).collect()
}
