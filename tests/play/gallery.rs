//! Every screen of the game, drawn from fixed values at any size in any look: what the snapshots, the pictures and the
//! tests of all screens are made of.

use super::{Hand, Shelf, begin, briefing_of, fixture};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sev1::incident::view::Phase;
use sev1::incident::{Incident, Mode};
use sev1::level::Level;
use sev1::sim::quantity::{Span, Time};
use sev1::tui::hit::Hits;
use sev1::tui::key::{Key, Named};
use sev1::tui::keymap::{Intent, Pane, Place};
use sev1::tui::local_time::LocalTime;
use sev1::tui::panel::dialog::{Item, ListDialog, Question};
use sev1::tui::panel::keys;
use sev1::tui::screen::debrief::DebriefScreen;
use sev1::tui::screen::help;
use sev1::tui::screen::incident::seen::Seen;
use sev1::tui::screen::incident::{Chosen, Dialog, IncidentScreen};
use sev1::tui::store::Opening;
use sev1::tui::theme::{Colours, Look};
use std::sync::Arc;

/// The three classes of size.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The screens by name.
pub const SCREENS: [&str; 29] = [
    "title",
    "levels",
    "settings",
    "briefing",
    "help",
    "incident-map",
    "incident-pager",
    "incident-graphs",
    "incident-console",
    "incident-notebook",
    "incident-zoomed",
    "incident-quiet",
    "explore",
    "explore-charts",
    "scrollback",
    "reader",
    "watch",
    "completion",
    "menu",
    "palette",
    "question",
    "leaving",
    "over",
    "debrief-story",
    "debrief-run",
    "debrief-theirs",
    "debrief-what-if",
    "debrief-begun",
    "debrief-timeline",
];

/// The looks by name: every theme as a terminal of many colours shows it, and one with neither colours nor UTF-8.
pub fn looks() -> Vec<(String, Look)> {
    let mut looks: Vec<(String, Look)> = sev1::tui::theme::names()
        .into_iter()
        .map(|name| (name.clone(), Look::new(&name, Colours::True, false).expect("the theme is embedded")))
        .collect();
    looks.push(("ascii".to_owned(), Look::new("mono", Colours::None, true).expect("the theme is embedded")));
    looks
}

/// Whether a screen shows something over another one.
pub fn is_covered(screen: &str) -> bool {
    ["help", "completion", "menu", "palette", "question", "leaving", "over"].contains(&screen)
}

/// Draws a screen.
pub fn draw(screen: &str, size: (u16, u16), look: &Look) -> Buffer {
    let press = |keys: &[char]| keys.iter().map(|key| Key::Char(*key)).collect::<Vec<_>>();
    match screen {
        "title" => draw_app(Opening::Title, &[], size, look),
        "levels" => draw_app(Opening::Title, &[press(&['l']), vec![Key::Named(Named::Down)]].concat(), size, look),
        "settings" => draw_app(Opening::Title, &press(&['s']), size, look),
        "briefing" => draw_app(briefing_of("forty-pods"), &[], size, look),
        "help" => draw_help(size, look),
        "explore" => draw_explored(&press(&['r', 'e', 'a', 'd', 'y']), size, look),
        "explore-charts" => {
            let keys = [press(&['p', '9', '5']), vec![Key::Named(Named::Enter), Key::Named(Named::Left)]].concat();
            draw_explored(&keys, size, look)
        }
        _ => match screen.split_once('-') {
            Some(("debrief", page)) => draw_debrief(page, size, look),
            _ => draw_incident(&mut incident(screen), size, look),
        },
    }
}

fn draw_app(opening: Opening, keys: &[Key], size: (u16, u16), look: &Look) -> Buffer {
    let mut shelf = Shelf::default();
    let mut hand = Hand::with_look(&mut shelf, opening, size, look.clone());
    for key in keys {
        hand.press(*key);
    }
    hand.see();
    hand.see();
    hand.frame
}

/// What is measured, at the beginning of a level, after these keys.
fn draw_explored(keys: &[Key], size: (u16, u16), look: &Look) -> Buffer {
    let all = [&[Key::Named(Named::Enter), Key::Alt('e')], keys].concat();
    draw_app(briefing_of("forty-pods"), &all, size, look)
}

/// Draws an incident's screen as the game does, twice: what is measured while drawing shows in the next frame.
pub fn draw_incident(screen: &mut IncidentScreen, size: (u16, u16), look: &Look) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a backend in memory");
    for _ in 0..2 {
        let places: Vec<Place> = screen.places().into_iter().chain([Place::Everywhere]).collect();
        let refused = screen.refused();
        terminal
            .draw(|frame| {
                screen.draw(frame, frame.area(), &places, &refused, &mut Hits::default(), look);
                look.finish(frame.buffer_mut());
            })
            .expect("a backend in memory");
    }
    terminal.backend().buffer().clone()
}

/// The help over an incident, as the game draws it.
fn draw_help(size: (u16, u16), look: &Look) -> Buffer {
    let places = [Place::In(Pane::Map), Place::Panes, Place::Incident, Place::Everywhere];
    let mut screen = incident("incident-map");
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a backend in memory");
    terminal
        .draw(|frame| {
            let area = frame.area();
            let body = Rect { height: area.height - 1, ..area };
            screen.draw(frame, area, &[Place::Help, Place::Everywhere], &[], &mut Hits::default(), look);
            help::draw(frame, body, &places, &mut 0, &mut Hits::default(), &look.theme);
            look.finish(frame.buffer_mut());
        })
        .expect("a backend in memory");
    terminal.backend().buffer().clone()
}

fn draw_debrief(page: &str, size: (u16, u16), look: &Look) -> Buffer {
    let mut screen = DebriefScreen::new("Forty pods".to_owned(), "forty-pods".to_owned(), LocalTime::default());
    let mut debrief = fixture::debrief();
    debrief.is_whole = page != "begun";
    screen.debrief = Some(debrief);
    let pages = ["story", "run", "theirs", "what-if", "timeline"];
    screen.turn_to(pages.iter().position(|known| *known == page).unwrap_or(3));
    screen.go_to(Time::from_seconds(480));
    let place = if screen.is_timeline() { Place::Timeline } else { Place::Debrief };
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a backend in memory");
    terminal
        .draw(|frame| {
            let area = frame.area();
            let body = Rect { height: area.height - 1, ..area };
            screen.draw(frame, body, &mut Hits::default(), look);
            let refused: &[Intent] = if screen.has_more() || screen.is_timeline() { &[] } else { &[Intent::Down] };
            let words = keys::Words { first: &[], refused };
            let last = Rect { y: body.bottom(), height: 1, ..area };
            keys::draw(
                frame,
                last,
                &[place, Place::Debrief, Place::Everywhere],
                words,
                &mut Hits::default(),
                &look.theme,
            );
            look.finish(frame.buffer_mut());
        })
        .expect("a backend in memory");
    terminal.backend().buffer().clone()
}

/// An incident's screen on which this was seen.
pub fn incident_with(seen: &Seen, focus: Pane) -> IncidentScreen {
    let incident = Incident::start(Arc::new(Level::default()), 1, Mode::OnCall);
    let mut screen = IncidentScreen::new(incident, "forty-pods".to_owned());
    screen.seen = seen.clone();
    screen.focus_on(focus);
    screen.seen = seen.clone();
    screen
}

/// A level in trouble: customers have been hurt for two minutes, a page rings, and nobody has done anything yet.
pub fn in_trouble(level: &str) -> Incident {
    let mut incident = begin(level);
    let hurts = |incident: &Incident| incident.header().hurt.count > 0 && incident.header().phase >= Phase::Paged;
    while !hurts(&incident) {
        incident.advance(Span::from_seconds(10));
        assert!(!incident.header().phase.is_over(), "{level} ends before anybody is hurt");
    }
    incident.advance(Span::from_seconds(120));
    incident
}

/// What a player sees who looks at an incident for the first time.
pub fn first_sight(incident: &Incident, size: (u16, u16), look: &Look) -> Buffer {
    let mut screen = IncidentScreen::new(incident.clone(), incident.level().id.clone());
    draw_incident(&mut screen, size, look);
    // How many graphs there is room for is known once they are drawn.
    screen.look();
    draw_incident(&mut screen, size, look)
}

fn incident(name: &str) -> IncidentScreen {
    let mut shelf = Shelf::default();
    let mut seen = if name == "incident-quiet" { fixture::quiet() } else { fixture::forty_pods() };
    let focus = match name {
        "incident-pager" => Pane::Pager,
        "incident-graphs" => Pane::Graphs,
        "incident-console" | "incident-quiet" | "completion" | "scrollback" | "reader" | "watch" => Pane::Console,
        "incident-notebook" => Pane::Notebook,
        _ => Pane::Map,
    };
    if name == "reader" {
        fixture::answers_at_length(&mut seen);
    }
    let mut screen = incident_with(&seen, focus);
    let question = |title: &str, text: &str, line: &str| Question {
        title: title.to_owned(),
        text: text.to_owned(),
        line: line.to_owned(),
    };
    match name {
        "incident-zoomed" => _ = screen.on_intent(Intent::Zoom, &mut shelf),
        "scrollback" => _ = screen.on_intent(Intent::PageUp, &mut shelf),
        "reader" => {
            for intent in [Intent::Read, Intent::PageDown, Intent::Find] {
                screen.on_intent(intent, &mut shelf);
            }
            "kill".chars().for_each(|c| _ = screen.on_text(Key::Char(c), &mut shelf));
            screen.on_intent(Intent::FindNext, &mut shelf);
        }
        "watch" => {
            screen.on_intent(Intent::NewTab, &mut shelf);
            fixture::watches_in_a_second_tab(&mut seen);
        }
        "completion" => {
            screen.on_text(Key::Char('h'), &mut shelf);
            screen.on_intent(Intent::Complete, &mut shelf);
        }
        "menu" => {
            let mut list = ListDialog::menu("chat-consumer", choices(), Some((70, 4)));
            list.step(4);
            screen.dialog = Some(Dialog::List(list, Chosen::Run));
        }
        "palette" => {
            let mut list = ListDialog::filtered("do anything", choices());
            "pods".chars().for_each(|c| _ = list.edit(Key::Char(c)));
            screen.dialog = Some(Dialog::List(list, Chosen::Run));
        }
        "question" => {
            let text = "All 40 pods are replaced, ten at a time. What their logs hold is lost.";
            let line = "kubectl rollout restart deployment/chat-consumer";
            screen.dialog = Some(Dialog::Ask(question("do it?", text, line)));
        }
        "leaving" => _ = screen.on_intent(Intent::Leave, &mut shelf),
        "over" => {
            let text = "Nobody is hurt any more, and the cause is gone. The debrief tells what really happened.";
            screen.dialog = Some(Dialog::Over(question("resolved", text, "")));
        }
        _ => {}
    }
    screen.seen = seen;
    screen
}

fn choices() -> Vec<Item> {
    let item = |label: &str, line: &str, warning: Option<&str>| Item {
        label: label.to_owned(),
        line: line.to_owned(),
        warning: warning.map(str::to_owned),
    };
    vec![
        item("List its pods", "kubectl get pods -l app=chat-consumer", None),
        item("Why the last pod died", "kubectl describe pod chat-consumer-6c9f7d9c5b-2xk8p", None),
        item("The last lines of a dead pod", "kubectl logs --previous chat-consumer-6c9f7d9c5b-2xk8p --tail=20", None),
        item("Memory and processor of its pods", "kubectl top pods", None),
        item("Restart all pods", "kubectl rollout restart deployment/chat-consumer", Some("All 40 pods are replaced.")),
        item(
            "Back to the version before",
            "kubectl rollout undo deployment/chat-consumer",
            Some("All pods are replaced."),
        ),
        item(
            "Another number of pods",
            "kubectl scale deployment/chat-consumer --replicas=…",
            Some("Pods start or end."),
        ),
    ]
}
