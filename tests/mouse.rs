//! The game by mouse alone: whatever can be clicked does something, and a level can be played without a key.

#[path = "screens/fixture.rs"]
#[expect(dead_code, reason = "shared with the pictures of the screens, which need more of it")]
mod fixture;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use sev1::incident::view::Debrief;
use sev1::incident::{Incident, Mode};
use sev1::level::catalog;
use sev1::sim::quantity::{Span, Time};
use sev1::tui::app::{App, TICK, Wish};
use sev1::tui::hit::Target;
use sev1::tui::key::{Input, Key, Mouse, MouseAct, Named};
use sev1::tui::keymap::{Pane, Place};
use sev1::tui::store::{LevelCard, Opening, Outcome, Settings, Store, StoreError, Unfinished};
use sev1::tui::theme::{Colours, Look};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A store with two levels, that remembers what was recorded.
struct Shelf {
    incident: Option<Incident>,
    recorded: Rc<RefCell<Vec<String>>>,
}

impl Store for Shelf {
    fn levels(&mut self) -> Vec<LevelCard> {
        let card = |id: &str| {
            let level = catalog::find(id).expect("it is built in");
            LevelCard { level: id.to_owned(), title: level.title.clone(), minutes: 4, ..LevelCard::default() }
        };
        vec![card("first-page"), card("forty-pods")]
    }
    fn unfinished(&mut self) -> Vec<Unfinished> {
        vec![]
    }
    fn start(&mut self, id: &str, _: Option<u64>, _: Option<Mode>, _: Option<u32>) -> Result<Incident, StoreError> {
        let level = catalog::find(id).expect("it is built in");
        Ok(self.incident.clone().unwrap_or_else(|| Incident::start(Arc::new(level), 1, Mode::Trainee)))
    }
    fn resume(&mut self, run: &str) -> Result<Incident, StoreError> {
        Err(StoreError(format!("the run {run} is gone")))
    }
    fn performed(&mut self, _: Time, line: &str) -> Result<(), StoreError> {
        self.recorded.borrow_mut().push(line.to_owned());
        Ok(())
    }
    fn passed(&mut self, _: &Incident) -> Result<(), StoreError> {
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

/// The game and what is in sight of it.
struct Hand<'s> {
    app: App<'s>,
    size: (u16, u16),
    frame: Buffer,
}

impl<'s> Hand<'s> {
    fn on(shelf: &'s mut Shelf, opening: Opening, size: (u16, u16)) -> Self {
        let look = Look::new("dark", Colours::True, false).expect("the theme is embedded");
        let mut hand = Self { app: App::open(opening, shelf, look), size, frame: Buffer::empty(Rect::ZERO) };
        hand.see();
        hand
    }

    fn see(&mut self) {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).expect("a backend in memory");
        terminal.draw(|frame| self.app.draw(frame)).expect("a backend in memory");
        self.frame = terminal.backend().buffer().clone();
    }

    fn act(&mut self, x: u16, y: u16, act: MouseAct) {
        self.app.on_input(Input::Mouse(Mouse { x, y, act }));
        self.see();
    }

    fn rows(&self) -> Vec<String> {
        let (width, height) = self.size;
        (0..height).map(|y| (0..width).map(|x| self.frame[(x, y)].symbol()).collect()).collect()
    }

    /// Where these words stand, and a click does more than to go to a pane or to close a dialog.
    fn find(&self, words: &str) -> Option<(u16, u16)> {
        self.rows().iter().enumerate().find_map(|(y, row)| {
            let start = row.match_indices(words).map(|(at, _)| row[..at].chars().count() as u16 + 1);
            start.map(|x| (x, y as u16)).find(|(x, y)| {
                let target = self.app.hits().at(*x, *y);
                target.is_some_and(|target| !matches!(target, Target::Pane(_) | Target::Outside | Target::Inside))
            })
        })
    }

    fn click(&mut self, words: &str) {
        let Some((x, y)) = self.find(words) else {
            panic!("`{words}` can't be clicked:\n{}", self.rows().join("\n"));
        };
        self.act(x, y, MouseAct::Click);
    }

    /// Opens a part's menu by a double click, chooses from it, and says yes where that is asked.
    fn choose(&mut self, part: &str, words: &str) {
        let (x, y) = self.find(part).unwrap_or_else(|| panic!("no {part}:\n{}", self.rows().join("\n")));
        self.act(x, y, MouseAct::Click);
        self.act(x, y, MouseAct::Click);
        self.choose_below(words);
        self.wait(24);
    }

    /// Goes down a list until these words are in sight, and chooses them.
    fn choose_below(&mut self, words: &str) {
        for _ in 0..80 {
            if self.find(words).is_some() {
                break;
            }
            self.click("choose");
        }
        self.click(words);
        if self.find("y yes").is_some() || self.find("Enter yes").is_some() {
            self.click("Enter yes");
        }
    }

    /// Lets time pass until these words can be clicked.
    fn wait_for(&mut self, words: &str) {
        for _ in 0..600 {
            if self.find(words).is_some() {
                return;
            }
            self.wait(8);
        }
        panic!("`{words}` never came:\n{}", self.rows().join("\n"));
    }

    fn wait(&mut self, ticks: usize) {
        (0..ticks).for_each(|_| self.app.elapse(TICK));
        self.see();
    }
}

#[test]
fn a_level_is_played_by_mouse_alone() {
    for size in [(120, 40), (80, 24)] {
        let recorded = Rc::new(RefCell::new(vec![]));
        let mut shelf = Shelf { incident: None, recorded: Rc::clone(&recorded) };
        let mut hand = Hand::on(&mut shelf, Opening::Title, size);
        hand.click("All levels");
        hand.click("First page");
        hand.click("take the pager");
        hand.wait_for("take the page");
        hand.click("take the page");
        // The map's menus: take the machine out, look at it, mend it.
        hand.choose("lb", "Take web-2 out");
        hand.choose("shop", "Set LOG_LEVEL to info");
        // A word from the list that the prompt offers.
        let prompt = hand.app.hits().place_of(&Target::Prompt).expect("it is in sight");
        hand.act(prompt.x + 4, prompt.y, MouseAct::Click);
        if hand.find("more ▼").is_none() {
            hand.act(prompt.x + 4, prompt.y, MouseAct::Click);
        }
        hand.click("more ▼");
        hand.act(prompt.x + 4, prompt.y, MouseAct::Click);
        // A sentence from a list, where the rest is free.
        hand.click("do anything");
        hand.choose_below("Tell everybody");
        hand.click("mitigated, watching");
        hand.click("Enter run");
        hand.choose("✕ web-2", "How full");
        assert!(recorded.borrow().iter().any(|line| line.contains("df")), "{:?}", recorded.borrow());
        if size.0 < 100 {
            let tab = hand.app.hits().place_of(&Target::Pane(Pane::Notebook)).expect("its tab");
            hand.act(tab.x + 1, tab.y, MouseAct::Click);
        }
        hand.click("diagnose");
        hand.click("Debug logging");
        hand.wait(8);
        assert!(recorded.borrow().iter().any(|line| line == "diagnose debug"), "{:?}", recorded.borrow());
        let speed = hand.app.hits().place_of(&Target::Speed).expect("it is in the header");
        (0..6).for_each(|_| hand.act(speed.x, speed.y, MouseAct::Click));
        hand.click("do anything");
        hand.choose_below("Close the incident");
        // Closed well or not, the end leads to the debrief.
        hand.wait_for("the debrief");
        hand.click("the debrief");
        assert!(hand.app.places().contains(&Place::Debrief), "{:?}", hand.app.places());
        hand.click("what if");
        let lines = recorded.borrow().join("\n");
        assert!(lines.contains("status mitigated, watching") && lines.contains("resolve"), "{lines}");
    }
}

/// Ways to screens on which everything is clicked.
fn stages() -> Vec<(Opening, Vec<Key>)> {
    let level = || Opening::Level { level: "forty-pods".to_owned(), seed: None, mode: None, speed: None };
    let enter = Key::Named(Named::Enter);
    let in_level = |keys: &[Key]| (level(), [&[enter], keys].concat());
    vec![
        (Opening::Title, vec![]),
        (Opening::Title, vec![Key::Char('l')]),
        (Opening::Title, vec![Key::Char('s')]),
        (Opening::Title, vec![Key::Char('?')]),
        (level(), vec![]),
        in_level(&[]),
        in_level(&[Key::Char('k')]),
        in_level(&[Key::Named(Named::Tab)]),
        in_level(&[Key::Named(Named::PageUp)]),
        in_level(&[Key::Ctrl('o')]),
        in_level(&[Key::Alt('1')]),
        in_level(&[Key::Ctrl('t')]),
        in_level(&[Key::Alt('1'), enter]),
        in_level(&[Key::Alt('2')]),
        in_level(&[Key::Alt('5')]),
        in_level(&[Key::Ctrl('p')]),
        in_level(&[Key::Alt('1'), Key::Char('R')]),
        in_level(&[Key::Alt('1'), Key::Char('q')]),
    ]
}

/// Everything by which the effect of a click can be seen.
#[derive(PartialEq)]
struct Sight {
    frame: Buffer,
    recorded: usize,
    outcome: Option<Outcome>,
}

#[test]
fn whatever_can_be_clicked_does_something() {
    let level = catalog::find("forty-pods").expect("it is built in");
    let mut incident = Incident::start(Arc::new(level), 1, Mode::Trainee);
    for line in ["kubectl get pods", "kubectl get nodes"] {
        incident.perform(line);
        incident.advance(Span::from_seconds(10));
    }
    incident.advance(Span::from_seconds(540));
    for (number, (opening, keys)) in stages().into_iter().enumerate() {
        for size in [(80, 24), (120, 40)] {
            // The large size, where all panes are in sight, is looked at in every third.
            if size.0 > 80 && number % 3 != 0 {
                continue;
            }
            let recorded = Rc::new(RefCell::new(vec![]));
            let mut known: Vec<Target> = vec![];
            loop {
                let mut shelf = Shelf { incident: Some(incident.clone()), recorded: Rc::clone(&recorded) };
                let mut hand = Hand::on(&mut shelf, opening.clone(), size);
                for key in &keys {
                    hand.app.on_input(Input::Key(*key));
                    hand.see();
                }
                let Some((target, at)) = next_target(&hand, &known) else { break };
                known.push(target.clone());
                let sight = |hand: &Hand<'_>| Sight {
                    frame: hand.frame.clone(),
                    recorded: recorded.borrow().len(),
                    outcome: hand.app.outcome(),
                };
                let before = sight(&hand);
                hand.app.take_wish();
                hand.act(at.x, at.y, MouseAct::Click);
                let wished = hand.app.take_wish() != Wish::default();
                assert!(
                    wished || sight(&hand) != before,
                    "{target:?} at {at} does nothing after {keys:?} at {size:?}:\n{}",
                    hand.rows().join("\n")
                );
            }
        }
    }
}

/// Something in sight that hasn't been clicked yet. What only repeats is clicked once; what is already where a click
/// leads, or is there to do nothing, is left out.
fn next_target(hand: &Hand<'_>, known: &[Target]) -> Option<(Target, Position)> {
    let is_known = |target: &Target| {
        let is_key = matches!(target, Target::Key(_) | Target::PagerKey(..));
        let kind = std::mem::discriminant(target);
        known.iter().any(|other| if is_key { other == target } else { std::mem::discriminant(other) == kind })
    };
    let hits = hand.app.hits();
    hits.all()
        .filter(|(_, target)| !matches!(target, Target::Pane(_) | Target::Inside | Target::Page(_)))
        .filter(|(_, target)| !is_known(target))
        .find_map(|(area, target)| {
            let on_top = area.positions().find(|at| hits.at(at.x, at.y) == Some(target));
            on_top.map(|at| (target.clone(), at))
        })
}

#[test]
fn a_double_click_opens_and_does_not_close_again() {
    let recorded = Rc::new(RefCell::new(vec![]));
    let mut shelf = Shelf { incident: None, recorded };
    let opening = Opening::Level { level: "first-page".to_owned(), seed: None, mode: None, speed: None };
    let mut hand = Hand::on(&mut shelf, opening, (120, 40));
    hand.click("take the pager");
    for clicks in [2, 3] {
        hand.app.on_input(Input::Key(Key::Named(Named::Esc)));
        hand.app.on_input(Input::Key(Key::Alt('4')));
        hand.see();
        let (x, y) = hand.find("customers ─").expect("it is on the map");
        (0..clicks).for_each(|_| hand.act(x, y, MouseAct::Click));
        assert!(hand.app.places().contains(&Place::Menu), "{clicks} clicks: {:?}", hand.app.places());
    }
    // A click on a dialog's border changes nothing; one beside it closes it.
    let inside = hand.app.hits().place_of(&Target::Inside).expect("the menu");
    hand.act(inside.x, inside.bottom() - 1, MouseAct::Click);
    assert!(hand.app.places().contains(&Place::Menu));
    hand.act(0, 3, MouseAct::Click);
    assert!(!hand.app.places().contains(&Place::Menu));
}
