//! Walks the table of keys: each of them does something where the table says that it does.

#[expect(dead_code, reason = "shared with the tests of the mouse and of the screens, which need more of it")]
mod play;

use play::{Hand, Shelf, briefing_of, forty_pods_after};
use sev1::incident::Incident;
use sev1::sim::quantity::Span;
use sev1::tui::key::{Key, Named};
use sev1::tui::keymap::{BINDINGS, Binding, Pane, Place, intent};
use sev1::tui::store::Opening;

const LEVEL: &str = "forty-pods";
const ENTER: Key = Key::Named(Named::Enter);
const DOWN: Key = Key::Named(Named::Down);
const ESC: Key = Key::Named(Named::Esc);

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
    Stage { opening: briefing_of(LEVEL), size: SMALL, steps: steps.to_vec() }
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
        Place::Watching => {
            let watch = [Type("watch kubectl get pods"), Press(ENTER), Ticks(8)];
            let down = Press(Key::CtrlNamed(Named::Down));
            vec![incident(&watch), incident(&[watch.as_slice(), &[down.clone(), down]].concat())]
        }
        Place::Finding => vec![incident(&[Press(Key::Ctrl('o')), Press(Key::Char('/')), Type("pod")])],
        Place::In(Pane::Map) => vec![incident(&[pane('1')]), incident(&[pane('1'), Press(DOWN), Press(DOWN)])],
        Place::In(Pane::Pager) => vec![incident(&[pane('2')]), incident(&[pane('2'), Press(DOWN)])],
        Place::In(Pane::Graphs) => vec![incident(&[pane('3')]), incident(&[pane('3'), Press(DOWN)])],
        Place::Query => {
            let open = |keys: &[Key]| {
                let steps: Vec<Step> = [Key::Alt('e')].iter().chain(keys).map(|key| Press(*key)).collect();
                incident(&steps)
            };
            vec![open(&[]), open(&[DOWN, DOWN, DOWN]), open(&[Key::Char('q')])]
        }
        Place::Explore => {
            let open = [Press(Key::Alt('e')), Press(DOWN), Press(ENTER)];
            let up = Press(Key::Named(Named::Up));
            vec![incident(&open), incident(&[open.as_slice(), &[up]].concat())]
        }
        Place::Reading => vec![incident(&[pane('3'), Press(Key::Named(Named::Left))])],
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
            vec![incident(&menu), incident(&[menu[0].clone(), menu[1].clone(), Press(DOWN)])]
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
        Place::Debrief | Place::Timeline | Place::Over => vec![],
    }
}

fn walk(hand: &mut Hand<'_>, steps: &[Step]) {
    for step in steps {
        match step {
            Press(key) => hand.press(*key),
            Type(words) => hand.type_text(words),
            Ticks(count) => hand.wait(*count),
        }
    }
}

/// Whether a key does something in a stage; `None` where a narrower place has taken it there.
fn does_something(stage: &Stage, incident: &Incident, binding: &Binding, key: Key) -> Option<bool> {
    let mut shelf = Shelf::in_the_middle_of(incident);
    let mut hand = Hand::on(&mut shelf, stage.opening.clone(), stage.size);
    walk(&mut hand, &stage.steps);
    let places = hand.app.places();
    assert!(places.contains(&binding.place), "the stage for {:?} leads to {places:?}", binding.place);
    if intent(key, &places) != Some(binding.intent) {
        return None;
    }
    Some(hand.does_something(|hand| hand.press(key)))
}

#[test]
fn no_key_of_the_table_is_dead() {
    // Late enough that something rings and somebody has said something.
    let incident = forty_pods_after(Span::from_seconds(540));
    let later = [Place::Debrief, Place::Timeline, Place::Over];
    for binding in BINDINGS.iter().filter(|binding| !later.contains(&binding.place)) {
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

/// Tries the keys of a place in the debrief; those that go back are tried at the end, `others` among them.
fn turn_its_keys(hand: &mut Hand<'_>, place: Place, others: &[Key]) {
    let keys = BINDINGS.iter().filter(|binding| binding.place == place).flat_map(|binding| binding.keys);
    let leads_on = [Key::Char('q'), Key::Char('r'), Key::Char('?'), ESC, ENTER, Key::Named(Named::F(10))];
    let moving: Vec<Key> = keys.copied().filter(|key| !leads_on.contains(key)).collect();
    let back = [Named::Up, Named::PageUp, Named::Home].map(Key::Named);
    for key in moving {
        // From the end there is something to go back to.
        let is_back = [back.as_slice(), others, &[Key::Char('k'), Key::Char('g')]].concat().contains(&key);
        hand.press(Key::Named(if is_back { Named::End } else { Named::Home }));
        assert!(hand.does_something(|hand| hand.press(key)), "{key} does nothing in {place:?}");
    }
}

#[test]
fn while_a_command_runs_a_line_is_kept_and_another_shell_works() {
    let mut shelf = Shelf::in_the_middle_of(&forty_pods_after(Span::from_seconds(60)));
    let recorded = std::rc::Rc::clone(&shelf.recorded);
    let mut hand = Hand::on(&mut shelf, briefing_of(LEVEL), USUAL);
    let (read, tab) = (Press(Key::Ctrl('o')), Press(Key::Ctrl('t')));
    // What runs is read first, and has printed nothing; before it stands an answer.
    let before = Press(Key::Named(Named::Left));
    walk(&mut hand, &[Press(ENTER), Type("sleep 500"), Press(ENTER), Ticks(1), read, before, Press(DOWN), Type("p")]);
    hand.see();
    assert!(hand.rows().join("\n").contains("pinned: node-a1"), "what was kept is told");
    walk(&mut hand, &[Type("q"), tab, Type("kubectl get nodes"), Press(ENTER), Ticks(8)]);
    let shown = hand.rows().join("\n");
    assert!(shown.contains(" 2 bastion ") && shown.contains("node-a3   Ready"), "the second shell has answered");
    assert_eq!(*recorded.borrow(), ["sleep 500", "pin 1:2", "@2 kubectl get nodes"]);
}

#[test]
fn the_keys_of_the_debrief_turn_its_pages_and_lead_on() {
    // Nobody does anything, so that it ends by itself.
    let incident = forty_pods_after(Span::from_seconds(6000));
    for last in [Key::Named(Named::F(10)), Key::Char('r')] {
        let mut shelf = Shelf::in_the_middle_of(&incident);
        let mut hand = Hand::on(&mut shelf, briefing_of(LEVEL), SMALL);
        walk(&mut hand, &[Press(ENTER), Ticks(8)]);
        assert!(hand.app.places().contains(&Place::Over), "it is over: {:?}", hand.app.places());
        // It takes no answer that ends what somebody was typing.
        walk(&mut hand, &[Type("kubectl get pods"), Press(ENTER)]);
        assert!(hand.app.places().contains(&Place::Over), "a typed line is no answer: {:?}", hand.app.places());
        walk(&mut hand, &[Press(ENTER)]);
        assert!(hand.app.places().contains(&Place::Debrief));
        hand.wait_for_rest();
        turn_its_keys(&mut hand, Place::Debrief, &[]);
        for _ in 0..5 {
            if !hand.app.places().contains(&Place::Timeline) {
                hand.press(Key::Named(Named::BackTab));
            }
        }
        assert!(hand.app.places().contains(&Place::Timeline), "{:?}", hand.app.places());
        hand.resize(USUAL);
        turn_its_keys(&mut hand, Place::Timeline, &[Key::Named(Named::Left), Key::Char('h'), Key::Char('M')]);
        hand.press(last);
        assert!(!hand.app.places().contains(&Place::Debrief), "{last} leads on");
    }
}

#[test]
fn evidence_is_weighed_by_keys_and_a_replay_of_the_lines_thinks_the_same() {
    let incident = forty_pods_after(Span::from_seconds(540));
    let mut shelf = Shelf::in_the_middle_of(&incident);
    let recorded = std::rc::Rc::clone(&shelf.recorded);
    let mut hand = Hand::on(&mut shelf, briefing_of(LEVEL), USUAL);
    let line = |words: &'static str| [Type(words), Press(ENTER)];
    walk(&mut hand, &[Press(ENTER)]);
    walk(&mut hand, &line("hypothesis a memory leak"));
    walk(&mut hand, &line("pin 0:2"));
    // The only hypothesis there is needs no choosing.
    walk(&mut hand, &[Press(Key::Alt('5')), Press(DOWN), Press(Key::Char('+')), Press(Key::Alt('4'))]);
    walk(&mut hand, &line("hypothesis one message kills them"));
    walk(&mut hand, &[Press(Key::Alt('5')), Press(Key::Char('-'))]);
    assert!(hand.app.places().contains(&Place::Menu), "of two, one is chosen: {:?}", hand.app.places());
    walk(&mut hand, &[Press(DOWN), Press(ENTER)]);
    hand.see();
    let screen = hand.rows().join("\n");
    assert!(screen.contains("+1 −0") && screen.contains("+0 −1"), "{screen}");
    let lines = recorded.borrow().clone();
    assert!(lines.iter().any(|line| line == "pin for 1 1") && lines.iter().any(|line| line == "pin against 2 1"));
    let mut again = incident;
    for line in &lines {
        again.perform(line);
    }
    let weighed: Vec<(usize, usize)> =
        again.notebook().hypotheses.iter().map(|one| (one.speaks_for, one.speaks_against)).collect();
    assert_eq!(weighed, [(1, 0), (0, 1)]);
    let debrief = again.told();
    assert_eq!((debrief.hypotheses.len(), debrief.pins.len()), (2, 1), "the debrief has it, too");
}
