//! The game by mouse alone: whatever can be clicked does something, and a level can be played without a key.

#[expect(dead_code, reason = "shared with the tests of the keys and of the screens, which need more of it")]
mod play;

use play::{Hand, Shelf, briefing_of, forty_pods_after};
use ratatui::layout::Position;
use sev1::sim::quantity::Span;
use sev1::tui::hit::Target;
use sev1::tui::key::{Key, MouseAct, Named};
use sev1::tui::keymap::{Pane, Place};
use sev1::tui::store::Opening;

/// What a hand does with the mouse alone.
trait ByMouse {
    /// Opens a part's menu by a double click, chooses from it, and says yes where that is asked.
    fn choose(&mut self, part: &str, words: &str);
    /// Goes down a list until these words are in sight, and chooses them.
    fn choose_below(&mut self, words: &str);
    /// Lets time pass until these words can be clicked.
    fn wait_for(&mut self, words: &str);
}

impl ByMouse for Hand<'_> {
    fn choose(&mut self, part: &str, words: &str) {
        let (x, y) = self.find(part).unwrap_or_else(|| panic!("no {part}:\n{}", self.rows().join("\n")));
        self.mouse(x, y, MouseAct::Click);
        self.mouse(x, y, MouseAct::Click);
        self.choose_below(words);
        self.wait(24);
    }

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

    fn wait_for(&mut self, words: &str) {
        for _ in 0..600 {
            if self.find(words).is_some() {
                return;
            }
            self.wait(8);
        }
        panic!("`{words}` never came:\n{}", self.rows().join("\n"));
    }
}

#[test]
fn a_level_is_played_by_mouse_alone() {
    for size in [(120, 40), (80, 24)] {
        let mut shelf = Shelf::default();
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
        hand.mouse(prompt.x + 4, prompt.y, MouseAct::Click);
        if hand.find("more ▼").is_none() {
            hand.mouse(prompt.x + 4, prompt.y, MouseAct::Click);
        }
        hand.click("more ▼");
        hand.mouse(prompt.x + 4, prompt.y, MouseAct::Click);
        // A sentence from a list, where the rest is free.
        hand.click("do anything");
        hand.choose_below("Tell everybody");
        hand.click("mitigated, watching");
        hand.click("Enter run");
        hand.choose("✕ web-2", "How full");
        assert!(hand.recorded.borrow().iter().any(|line| line.contains("df")), "{:?}", hand.recorded.borrow());
        if size.0 < 100 {
            let tab = hand.app.hits().place_of(&Target::Pane(Pane::Notebook)).expect("its tab");
            hand.mouse(tab.x + 1, tab.y, MouseAct::Click);
        }
        hand.click("diagnose");
        hand.click("The shop's own log");
        hand.wait(8);
        assert!(hand.recorded.borrow().iter().any(|line| line == "diagnose log"), "{:?}", hand.recorded.borrow());
        let speed = hand.app.hits().place_of(&Target::Speed).expect("it is in the header");
        (0..6).for_each(|_| hand.mouse(speed.x, speed.y, MouseAct::Click));
        hand.click("do anything");
        hand.choose_below("Close the incident");
        // Closed well or not, the end leads to the debrief.
        hand.wait_for("the debrief");
        // It takes no answer at once.
        hand.wait(8);
        hand.click("the debrief");
        assert!(hand.app.places().contains(&Place::Debrief), "{:?}", hand.app.places());
        hand.click("what if");
        let lines = hand.recorded.borrow().join("\n");
        assert!(lines.contains("status mitigated, watching") && lines.contains("resolve"), "{lines}");
    }
}

/// Ways to screens on which everything is clicked.
fn stages() -> Vec<(Opening, Vec<Key>)> {
    let level = || briefing_of("forty-pods");
    let enter = Key::Named(Named::Enter);
    let in_level = |keys: &[Key]| (level(), [&[enter], keys].concat());
    let watched: Vec<Key> = "watch kubectl get pods".chars().map(Key::Char).chain([enter]).collect();
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
        in_level(&watched),
        in_level(&[Key::Ctrl('t')]),
        in_level(&[Key::Alt('1'), enter]),
        in_level(&[Key::Alt('2')]),
        in_level(&[Key::Alt('5')]),
        in_level(&[Key::Alt('3'), Key::Char('h')]),
        in_level(&[Key::Alt('e')]),
        in_level(&[Key::Alt('e'), enter]),
        in_level(&[Key::Ctrl('p')]),
        in_level(&[Key::Alt('1'), Key::Char('R')]),
        in_level(&[Key::Alt('1'), Key::Char('q')]),
    ]
}

#[test]
fn whatever_can_be_clicked_does_something() {
    let incident = forty_pods_after(Span::from_seconds(540));
    for (number, (opening, keys)) in stages().into_iter().enumerate() {
        for size in [(80, 24), (120, 40)] {
            // The large size, where all panes are in sight, is looked at in every third.
            if size.0 > 80 && number % 3 != 0 {
                continue;
            }
            let mut known: Vec<Target> = vec![];
            loop {
                let mut shelf = Shelf::in_the_middle_of(&incident);
                let mut hand = Hand::on(&mut shelf, opening.clone(), size);
                for key in &keys {
                    hand.press(*key);
                    hand.see();
                }
                // What is measured while drawing shows in the frame after it.
                hand.see();
                let Some((target, at)) = next_target(&hand, &known) else { break };
                known.push(target.clone());
                let does_something = hand.does_something(|hand| hand.mouse(at.x, at.y, MouseAct::Click));
                assert!(
                    does_something,
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
    let mut shelf = Shelf::default();
    let mut hand = Hand::on(&mut shelf, briefing_of("first-page"), (120, 40));
    hand.click("take the pager");
    for clicks in [2, 3] {
        hand.press(Key::Named(Named::Esc));
        hand.press(Key::Alt('4'));
        hand.see();
        let (x, y) = hand.find("customers ─").expect("it is on the map");
        (0..clicks).for_each(|_| hand.mouse(x, y, MouseAct::Click));
        assert!(hand.app.places().contains(&Place::Menu), "{clicks} clicks: {:?}", hand.app.places());
    }
    // A click on a dialog's border changes nothing; one beside it closes it.
    let inside = hand.app.hits().place_of(&Target::Inside).expect("the menu");
    hand.mouse(inside.x, inside.bottom() - 1, MouseAct::Click);
    assert!(hand.app.places().contains(&Place::Menu));
    hand.mouse(0, 3, MouseAct::Click);
    assert!(!hand.app.places().contains(&Place::Menu));
}

#[test]
fn a_moment_is_read_where_the_mouse_points_and_goes_with_it_while_the_button_is_held() {
    let incident = forty_pods_after(Span::from_seconds(540));
    for (open, size) in [(Key::Alt('3'), (80, 24)), (Key::Alt('e'), (120, 40))] {
        let mut shelf = Shelf::in_the_middle_of(&incident);
        let mut hand = Hand::on(&mut shelf, briefing_of("forty-pods"), size);
        hand.press(Key::Named(Named::Enter));
        hand.press(open);
        hand.see();
        hand.see();
        let chart = hand.app.hits().all().find(|(_, target)| matches!(target, Target::Chart(_)));
        let plot = chart.map(|(area, _)| *area).expect("a chart is in sight");
        let read = |hand: &Hand<'_>| hand.rows().into_iter().find(|row| row.contains(" ago") && row.contains('['));
        assert_eq!(read(&hand), None, "nothing is read yet");
        hand.mouse(plot.x + 10, plot.y, MouseAct::Click);
        let clicked = read(&hand);
        hand.mouse(plot.x + 20, plot.y + 1, MouseAct::Drag);
        let dragged = read(&hand);
        assert!(clicked.is_some() && dragged.is_some() && clicked != dragged, "{clicked:?}\n{dragged:?}");
    }
}
