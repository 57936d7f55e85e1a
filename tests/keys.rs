//! Walks the table of keys: each of them does something where the table says that it does.

#[path = "screens/fixture.rs"]
#[expect(dead_code, reason = "shared with the pictures of the screens, which need more of it")]
mod fixture;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use sev1::incident::view::Debrief;
use sev1::incident::{Incident, Mode};
use sev1::level::catalog;
use sev1::sim::quantity::{Span, Time};
use sev1::tui::app::{App, TICK, Wish};
use sev1::tui::key::{Key, Named};
use sev1::tui::keymap::{BINDINGS, Binding, Pane, Place, intent};
use sev1::tui::store::{LevelCard, Opening, Outcome, Settings, Store, StoreError, Unfinished};
use sev1::tui::theme::{Colours, Look};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const LEVEL: &str = "forty-pods";
const ENTER: Key = Key::Named(Named::Enter);
const DOWN: Key = Key::Named(Named::Down);
const ESC: Key = Key::Named(Named::Esc);

/// A store that starts every level where an incident stands already, and remembers what was recorded.
struct Shelf {
    incident: Incident,
    recorded: Rc<RefCell<Vec<String>>>,
}

/// The built-in level, as it stands after this time, with something printed.
fn after(time: Span) -> Incident {
    let level = catalog::find(LEVEL).expect("it is built in");
    let mut incident = Incident::start(Arc::new(level), 1, Mode::Trainee);
    for line in ["kubectl get pods", "kubectl get nodes"] {
        incident.perform(line);
        incident.advance(Span::from_seconds(10));
    }
    incident.advance(time);
    incident
}

impl Store for Shelf {
    fn levels(&mut self) -> Vec<LevelCard> {
        fixture::levels()
    }
    fn unfinished(&mut self) -> Vec<Unfinished> {
        fixture::unfinished()
    }
    fn start(&mut self, _: &str, _: Option<u64>, _: Option<Mode>, _: Option<u32>) -> Result<Incident, StoreError> {
        Ok(self.incident.clone())
    }
    fn resume(&mut self, run: &str) -> Result<Incident, StoreError> {
        Err(StoreError(format!("the run {run} is gone")))
    }
    fn look_back(&mut self, _: &str) -> Result<Incident, StoreError> {
        Ok(self.incident.clone())
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

/// What brings the game to a place before a key is tried.
#[derive(Clone, Debug)]
enum Step {
    Press(Key),
    Type(&'static str),
    /// So many ticks pass.
    Ticks(usize),
}

use Step::{Press, Ticks, Type};

/// A size at which everything has more than one page.
const SMALL: (u16, u16) = (60, 12);
const USUAL: (u16, u16) = (120, 40);

struct Stage {
    opening: Opening,
    size: (u16, u16),
    steps: Vec<Step>,
}

fn title(steps: &[Step]) -> Stage {
    Stage { opening: Opening::Title, size: USUAL, steps: steps.to_vec() }
}

fn briefing(steps: &[Step]) -> Stage {
    let opening = Opening::Level { level: LEVEL.to_owned(), seed: None, mode: None, speed: None };
    Stage { opening, size: SMALL, steps: steps.to_vec() }
}

/// An incident in its middle, with the console in focus.
fn incident(steps: &[Step]) -> Stage {
    let mut all = vec![Press(ENTER), Type("kubectl get events"), Press(ENTER), Ticks(8)];
    all.extend_from_slice(steps);
    Stage { size: USUAL, steps: all, ..briefing(&[]) }
}

/// The ways to come to a place: a key has to do something in one of them.
fn stages(place: Place) -> Vec<Stage> {
    let pane = |number: char| Press(Key::Alt(number));
    match place {
        Place::Title | Place::Everywhere => vec![title(&[]), title(&[Press(DOWN)])],
        Place::Levels => {
            let list = Press(Key::Char('l'));
            vec![title(std::slice::from_ref(&list)), title(&[list, Press(DOWN), Press(DOWN)])]
        }
        Place::Settings => {
            let settings = Press(Key::Char('s'));
            vec![title(std::slice::from_ref(&settings)), title(&[settings, Press(DOWN), Press(DOWN)])]
        }
        Place::Briefing => vec![briefing(&[]), briefing(&[Press(DOWN), Press(DOWN)])],
        Place::In(Pane::Console) => vec![
            incident(&[]),
            incident(&[Type("kubectl ")]),
            incident(&[Press(Key::Named(Named::Up)), Press(Key::Named(Named::Up))]),
        ],
        Place::Incident => vec![incident(&[]), incident(&[pane('1')]), incident(&[Press(Key::Ctrl('t'))])],
        Place::Scrollback => {
            let back = Press(Key::Named(Named::PageUp));
            vec![incident(std::slice::from_ref(&back)), incident(&[back.clone(), back.clone(), back])]
        }
        Place::Reader => {
            let read = Press(Key::Ctrl('o'));
            let page = Press(Key::Named(Named::PageDown));
            vec![
                incident(&[read.clone(), page]),
                incident(&[read.clone(), Press(Key::Char('/')), Type("pod"), Press(ENTER)]),
                incident(&[read, Press(Key::Named(Named::Left))]),
            ]
        }
        Place::Watching => vec![incident(&[Type("watch date"), Press(ENTER), Ticks(8)])],
        Place::Finding => vec![incident(&[Press(Key::Ctrl('o')), Press(Key::Char('/')), Type("pod")])],
        Place::In(Pane::Map) => vec![incident(&[pane('1')]), incident(&[pane('1'), Press(DOWN), Press(DOWN)])],
        Place::In(Pane::Pager) => vec![incident(&[pane('2')]), incident(&[pane('2'), Press(DOWN)])],
        Place::In(Pane::Graphs) => vec![incident(&[pane('3')]), incident(&[pane('3'), Press(DOWN)])],
        Place::In(Pane::Notebook) => {
            let mut low = incident(&[pane('5'), Press(DOWN), Press(DOWN)]);
            low.size = SMALL;
            vec![low, incident(&[pane('5')])]
        }
        Place::Panes => {
            vec![incident(&[pane('5')]), incident(&[pane('1')]), incident(&[pane('2'), Press(Key::Named(Named::End))])]
        }
        Place::Menu => {
            let menu = [pane('1'), Press(ENTER)];
            vec![incident(&menu), incident(&[menu[0].clone(), menu[1].clone(), Press(DOWN), Press(DOWN)])]
        }
        Place::Filter => {
            let palette = Press(Key::Ctrl('p'));
            vec![incident(std::slice::from_ref(&palette)), incident(&[palette, Press(DOWN), Press(DOWN)])]
        }
        Place::Question => vec![incident(&[pane('1'), Press(Key::Char('R'))])],
        Place::Leaving => vec![incident(&[pane('1'), Press(Key::Char('q'))])],
        Place::Help => {
            let help = Press(Key::Named(Named::F(1)));
            let small = |steps: &[Step]| Stage { size: SMALL, ..incident(steps) };
            vec![small(std::slice::from_ref(&help)), small(&[help, Press(DOWN), Press(DOWN)])]
        }
        Place::Debrief | Place::Over => vec![],
    }
}

fn look() -> Look {
    Look::new("dark", Colours::True, false).expect("the theme is embedded")
}

/// Everything by which the effect of a key can be seen.
#[derive(PartialEq)]
struct Sight {
    frame: Buffer,
    recorded: usize,
    outcome: Option<Outcome>,
}

fn see(app: &mut App<'_>, size: (u16, u16), recorded: &Rc<RefCell<Vec<String>>>) -> Sight {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a backend in memory");
    terminal.draw(|frame| app.draw(frame)).expect("a backend in memory");
    let frame = terminal.backend().buffer().clone();
    Sight { frame, recorded: recorded.borrow().len(), outcome: app.outcome() }
}

fn walk(app: &mut App<'_>, steps: &[Step]) {
    for step in steps {
        match step {
            Press(key) => app.on_key(*key),
            Type(words) => words.chars().for_each(|c| app.on_key(Key::Char(c))),
            Ticks(count) => (0..*count).for_each(|_| app.elapse(TICK)),
        }
    }
}

/// Whether a key does something in a stage; `None` where a narrower place has taken it there.
fn does_something(stage: &Stage, incident: &Incident, binding: &Binding, key: Key) -> Option<bool> {
    let recorded = Rc::new(RefCell::new(vec![]));
    let mut shelf = Shelf { incident: incident.clone(), recorded: Rc::clone(&recorded) };
    let mut app = App::open(stage.opening.clone(), &mut shelf, look());
    see(&mut app, stage.size, &recorded);
    walk(&mut app, &stage.steps);
    let places = app.places();
    assert!(places.contains(&binding.place), "the stage for {:?} leads to {places:?}", binding.place);
    if intent(key, &places) != Some(binding.intent) {
        return None;
    }
    see(&mut app, stage.size, &recorded);
    let before = see(&mut app, stage.size, &recorded);
    app.take_wish();
    app.on_key(key);
    let wishes = app.take_wish() != Wish::default();
    Some(wishes || see(&mut app, stage.size, &recorded) != before)
}

#[test]
fn no_key_of_the_table_is_dead() {
    // Late enough that something rings and somebody has said something.
    let incident = after(Span::from_seconds(540));
    for binding in BINDINGS.iter().filter(|binding| ![Place::Debrief, Place::Over].contains(&binding.place)) {
        let stages = stages(binding.place);
        for key in binding.keys {
            let tried: Vec<Option<bool>> =
                stages.iter().map(|stage| does_something(stage, &incident, binding, *key)).collect();
            assert!(
                tried.contains(&Some(true)),
                "{key} does nothing in {:?} ({}): {tried:?}",
                binding.place,
                binding.help
            );
        }
    }
}

#[test]
fn while_a_command_runs_a_line_is_kept_and_another_shell_works() {
    let incident = after(Span::from_seconds(60));
    let recorded = Rc::new(RefCell::new(vec![]));
    let mut shelf = Shelf { incident, recorded: Rc::clone(&recorded) };
    let mut app = App::open(briefing(&[]).opening, &mut shelf, look());
    let mut words = |app: &mut App<'_>| {
        let frame = see(app, USUAL, &recorded).frame;
        frame.content().iter().map(|cell| cell.symbol()).collect::<String>()
    };
    let (read, tab) = (Press(Key::Ctrl('o')), Press(Key::Ctrl('t')));
    walk(&mut app, &[Press(ENTER), Type("sleep 500"), Press(ENTER), Ticks(1), read, Press(DOWN), Type("p")]);
    assert!(words(&mut app).contains("pinned: node-a1"), "what was kept is told");
    walk(&mut app, &[Type("q"), tab, Type("kubectl get nodes"), Press(ENTER), Ticks(8)]);
    let shown = words(&mut app);
    assert!(shown.contains(" 2 bastion ") && shown.contains("node-a3   Ready"), "the second shell has answered");
    assert_eq!(*recorded.borrow(), ["sleep 500", "pin 1:2", "@2 kubectl get nodes"]);
}

#[test]
fn the_keys_of_the_debrief_turn_its_pages_and_lead_on() {
    // Nobody does anything, so that it ends by itself.
    let incident = after(Span::from_seconds(6000));
    for last in [Key::Char('q'), Key::Char('r')] {
        let recorded = Rc::new(RefCell::new(vec![]));
        let mut shelf = Shelf { incident: incident.clone(), recorded: Rc::clone(&recorded) };
        let mut app = App::open(briefing(&[]).opening, &mut shelf, look());
        walk(&mut app, &[Press(ENTER), Ticks(8)]);
        assert!(app.places().contains(&Place::Over), "it is over: {:?}", app.places());
        // It takes no answer that ends what somebody was typing.
        walk(&mut app, &[Type("kubectl get pods"), Press(ENTER)]);
        assert!(app.places().contains(&Place::Over), "a typed line is no answer: {:?}", app.places());
        walk(&mut app, &[Press(ENTER)]);
        assert!(app.places().contains(&Place::Debrief));
        let start = std::time::Instant::now();
        while !app.rests() {
            assert!(start.elapsed() < std::time::Duration::from_secs(120), "the debrief takes too long");
            std::thread::sleep(std::time::Duration::from_millis(20));
            app.elapse(TICK);
        }
        let keys = BINDINGS.iter().filter(|binding| binding.place == Place::Debrief).flat_map(|binding| binding.keys);
        let leads_on = [Key::Char('q'), Key::Char('r'), Key::Char('?'), ESC, ENTER];
        let moving: Vec<Key> = keys.copied().filter(|key| !leads_on.contains(key)).collect();
        let back = [Named::Up, Named::PageUp, Named::Home].map(Key::Named);
        for key in moving {
            // From the end there is something to go back to.
            let is_back = back.contains(&key) || [Key::Char('k'), Key::Char('g')].contains(&key);
            app.on_key(Key::Named(if is_back { Named::End } else { Named::Home }));
            let before = see(&mut app, SMALL, &recorded);
            app.on_key(key);
            assert!(see(&mut app, SMALL, &recorded) != before, "{key} does nothing in the debrief");
        }
        app.on_key(last);
        assert!(!app.places().contains(&Place::Debrief), "{last} leads on");
    }
}
