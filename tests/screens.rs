//! Every screen at three sizes in every look: compared with what it looked like before, and held against what has to be
//! true of all of them.

#![expect(clippy::print_stdout, reason = "a test tells what it measured")]

#[expect(dead_code, reason = "shared with the tests of the keys and of the mouse, which need more of it")]
mod play;

use play::gallery::{self, SCREENS, SIZES, draw, is_covered, looks};
use play::{Hand, Shelf, briefing_of, dark, fixture, picture, rows};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;
use sev1::incident::view::{EntryState, Health, Part, Phase, RingState};
use sev1::level::catalog;
use sev1::sim::quantity::Time;
use sev1::tui::app::{App, TICK};
use sev1::tui::hit::Hits;
use sev1::tui::key::{Input, Key, Mouse, MouseAct, Named};
use sev1::tui::keymap::{BINDINGS, Intent, Pane, Place, intent};
use sev1::tui::pen::grouped;
use sev1::tui::screen::incident::seen::Seen;
use sev1::tui::store::Opening;
use sev1::tui::surface::Surface;
use sev1::tui::theme::{Colours, Look};
use std::collections::BTreeSet;

/// Each screen at each size, in the usual colours.
fn all() -> impl Iterator<Item = (String, &'static str, (u16, u16))> {
    SCREENS.into_iter().flat_map(|screen| {
        SIZES.into_iter().map(move |(width, height)| (format!("{screen}-{width}x{height}"), screen, (width, height)))
    })
}

#[test]
fn every_screen_looks_as_it_did() {
    for (name, screen, size) in all() {
        let quoted: Vec<String> = rows(&draw(screen, size, &dark())).iter().map(|row| format!("\"{row}\"")).collect();
        insta::assert_snapshot!(name, quoted.join("\n"));
    }
}

/// With `PICTURES=folder`, every screen is also kept as a picture and as text: a folder for each look.
#[test]
fn every_screen_is_drawn_where_somebody_wants_pictures() {
    let Ok(folder) = std::env::var("PICTURES") else { return };
    for (look_name, look) in looks() {
        let folder = std::path::Path::new(&folder).join(&look_name);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (name, screen, size) in all() {
            let frame = draw(screen, size, &look);
            let file = |ending: &str| folder.join(format!("{name}.{ending}"));
            std::fs::write(file("svg"), picture::svg(&frame, &look_name)).expect("the folder is there");
            std::fs::write(file("txt"), rows(&frame).join("\n") + "\n").expect("the folder is there");
        }
    }
}

#[test]
fn every_level_is_drawn_where_somebody_wants_pictures() {
    let Ok(folder) = std::env::var("PICTURES") else { return };
    let folder = std::path::Path::new(&folder).join("levels");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    for file in catalog::files() {
        let incident = gallery::in_trouble(file.id());
        for (width, height) in SIZES {
            let frame = gallery::first_sight(&incident, (width, height), &dark());
            let name = format!("{}-{width}x{height}", file.id());
            std::fs::write(folder.join(format!("{name}.svg")), picture::svg(&frame, "dark"))
                .expect("the folder is there");
            std::fs::write(folder.join(format!("{name}.txt")), rows(&frame).join("\n") + "\n")
                .expect("the folder is there");
        }
    }
}

#[test]
fn every_level_tells_at_first_sight_what_hurts_since_when_and_how_bad() {
    for file in catalog::files() {
        let incident = gallery::in_trouble(file.id());
        let (header, map, rings) = (incident.header(), incident.map(), incident.rings());
        for size in SIZES {
            let drawn = rows(&gallery::first_sight(&incident, size, &dark()));
            let screen = drawn.join("\n");
            let what = format!("{} at {size:?}:\n{screen}", file.id());
            let first = &drawn[0];
            assert!(first.contains(&format!("{} {}", grouped(header.hurt.count), header.hurt.word)), "what: {what}");
            assert!(first.contains(" for "), "since when: {what}");
            assert!(first.contains(header.phase.word()), "the phase: {what}");
            let told = |part: &Part| part.line.split("  ").all(|piece| screen.contains(piece.trim()));
            let clients: Vec<&Part> = map.parts.iter().filter(|part| part.kind == "clients").collect();
            assert!(
                clients.iter().filter(|part| part.health == Health::Failing).all(|part| told(part)),
                "whom: {what}"
            );
            let worst = map.parts.iter().find(|part| part.health == Health::Failing).expect("something fails");
            assert!(screen.contains(&format!("✕ {}", worst.name)), "where: {what}");
            if let Some(page) = rings.iter().find(|ring| ring.is_page && ring.state == RingState::Ringing) {
                let told = screen.contains("▲ PAGE") || drawn[1].contains("2 pager ▲");
                assert!(told && screen.contains("take the page"), "{} rings: {what}", page.name);
            }
            let tells_budget = first.contains(&format!("{} %", (header.budget_left * 100.0).floor()));
            assert!(tells_budget || size.0 < 100, "how bad: {what}");
        }
    }
}

/// The words of a text: letters in a row, three at least.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() >= 3)
}

/// Whatever may stand on a screen as a word: everything that is drawn where there is room for it, and the values from
/// which it is drawn.
fn known_words() -> BTreeSet<String> {
    let mut texts: Vec<String> = SCREENS.iter().flat_map(|screen| rows(&draw(screen, (400, 120), &dark()))).collect();
    texts.push(format!("{:?}", (fixture::forty_pods(), fixture::levels(), fixture::debrief())));
    texts.extend(BINDINGS.iter().map(|binding| format!("{} {}", binding.label, binding.help)));
    texts.iter().flat_map(|text| words(text)).map(str::to_owned).collect()
}

#[test]
fn no_word_is_cut_without_a_sign() {
    let known = known_words();
    for (name, screen, size) in all() {
        for row in rows(&draw(screen, size, &dark())) {
            for word in words(&row).filter(|word| !known.contains(*word)) {
                // What a dialog covers is cut by it; where something is left out, an ellipsis says so.
                let after = row.split(word).nth(1).and_then(|rest| rest.chars().next());
                let before = row.split(word).next().and_then(|rest| rest.chars().next_back());
                let covered = is_covered(screen) && after.into_iter().chain(before).any(|c| "│╭╮╰╯".contains(c));
                assert!(covered || after == Some('…'), "`{word}` on {name}: {row}");
            }
        }
    }
}

/// The boxes of a screen: whatever has four corners and whole sides. A screen with a broken one is refused.
fn boxes(name: &str, frame: &Buffer) -> Vec<Rect> {
    let at = |x: u16, y: u16| if frame.area.contains((x, y).into()) { frame[(x, y)].symbol() } else { "" };
    let is_side = |symbol: &str| ["│", "├", "┤"].contains(&symbol);
    let mut all = vec![];
    for corner in frame.area.positions().filter(|corner| at(corner.x, corner.y) == "╭") {
        let (x, y) = (corner.x, corner.y);
        // The corner of an edge that turns has no side below it.
        if !is_side(at(x, y + 1)) {
            continue;
        }
        let bottom = (y + 1..frame.area.height).find(|below| !is_side(at(x, *below))).expect("the screen ends");
        let right = (x + 1..frame.area.width).find(|right| at(*right, bottom) == "╯" && at(*right, y) == "╮");
        let right = right.unwrap_or_else(|| panic!("the box at {x},{y} of {name} is open"));
        assert_eq!(at(x, bottom), "╰", "the box at {x},{y} of {name} has a left side");
        let is_whole = (y + 1..bottom).all(|row| is_side(at(right, row)));
        assert!(is_whole, "the box at {x},{y} of {name} has a right side");
        all.push(Rect { x, y, width: right - x + 1, height: bottom - y + 1 });
    }
    all
}

#[test]
fn no_pane_overlaps_another_or_breaks_its_border() {
    for (name, screen, size) in all().filter(|(_, screen, _)| !is_covered(screen)) {
        let boxes = boxes(&name, &draw(screen, size, &dark()));
        assert!(screen == "title" || !boxes.is_empty(), "{name} has panes");
        for (index, one) in boxes.iter().enumerate() {
            for other in &boxes[index + 1..] {
                let both = one.intersection(*other);
                assert!(both.is_empty() || both == *one || both == *other, "{one} and {other} of {name}");
            }
        }
    }
}

#[test]
fn every_look_shows_the_same() {
    let usual = |row: &str, look: &str| row.replace(&format!("{look:<12}"), "dark        ");
    for (name, screen, size) in all() {
        let dark_rows = rows(&draw(screen, size, &dark()));
        for (look_name, look) in looks() {
            let frame = draw(screen, size, &look);
            let drawn = rows(&frame);
            if look.ascii {
                assert!(drawn.iter().all(|row| row.is_ascii()), "{name} in ASCII:\n{}", drawn.join("\n"));
            } else {
                let drawn: Vec<String> = drawn.iter().map(|row| usual(row, &look_name)).collect();
                assert_eq!(drawn, dark_rows, "{name} in {look_name}");
            }
            if look_name == "mono" || look.ascii {
                let has_colour = |cell: &Cell| [cell.fg, cell.bg].iter().any(|colour| *colour != Color::Reset);
                assert!(!frame.content.iter().any(has_colour), "{name} in {look_name} has no colour");
            }
        }
    }
}

/// Everything on an incident's screen that has states, the pane that shows it, and how it is put into each of them.
type States = (&'static str, Pane, usize, fn(&mut Seen, usize));

const HEALTH: [Health; 4] = [Health::Good, Health::Strained, Health::Failing, Health::Idle];

const STATES: [States; 9] = [
    ("the health of a part", Pane::Map, 4, |seen, state| seen.map.parts[1].health = HEALTH[state]),
    ("the health of an instance", Pane::Map, 4, |seen, state| seen.map.parts[2].cells[0].health = HEALTH[state]),
    // A bar that is not in use is empty.
    ("the health of a bar", Pane::Map, 3, |seen, state| seen.map.parts[1].bars[0].health = HEALTH[state]),
    ("the direction of a bar", Pane::Map, 3, |seen, state| seen.map.parts[1].bars[0].trend = state as i8 - 1),
    ("an alert", Pane::Pager, 4, |seen, state| {
        use RingState::{Acknowledged, Over, Ringing, Silenced};
        seen.rings[1].state = [Ringing, Acknowledged, Silenced, Over][state];
    }),
    ("the phase", Pane::Map, 7, |seen, state| {
        use Phase::{Declared, Expired, Failed, Mitigated, Paged, Quiet, Resolved};
        seen.header.phase = [Quiet, Paged, Declared, Mitigated, Resolved, Failed, Expired][state];
    }),
    ("where it goes", Pane::Map, 3, |seen, state| seen.header.hurt.per_minute = [-400, 0, 400][state]),
    ("a prediction", Pane::Notebook, 3, |seen, state| {
        seen.notebook.predictions[0].came_true = [None, Some(true), Some(false)][state];
    }),
    ("a command", Pane::Console, 3, |seen, state| {
        seen.console[4].state = [EntryState::Running, EntryState::Done, EntryState::Failed][state];
    }),
];

#[test]
fn states_differ_without_colour() {
    let look = Look::new("mono", Colours::None, true).expect("the theme is embedded");
    for (what, pane, count, put) in STATES {
        for size in SIZES {
            let drawn: Vec<Vec<String>> = (0..count)
                .map(|state| {
                    let mut seen = fixture::forty_pods();
                    put(&mut seen, state);
                    rows(&gallery::draw_incident(&mut gallery::incident_with(&seen, pane), size, &look))
                })
                .collect();
            for (one, other) in (0..count).flat_map(|one| (0..one).map(move |other| (one, other))) {
                assert!(drawn[one] != drawn[other], "{what} at {size:?}: {one} looks like {other}");
            }
        }
    }
    // What flows along an edge is drawn where there is room for boxes.
    let edges: Vec<Vec<String>> = HEALTH
        .iter()
        .map(|health| {
            let mut seen = fixture::forty_pods();
            seen.map.edges[2].health = *health;
            if *health == Health::Idle {
                seen.map.edges[2].rate = 0.0;
            }
            rows(&gallery::draw_incident(&mut gallery::incident_with(&seen, Pane::Map), (120, 40), &look))
        })
        .collect();
    assert_eq!(edges.iter().collect::<BTreeSet<_>>().len(), 4, "the health of an edge");
}

#[test]
fn any_size_is_drawn_without_a_panic_and_a_small_one_says_what_it_needs() {
    let look = dark();
    let mut screen = gallery::incident_with(&fixture::forty_pods(), Pane::Console);
    for (width, height) in
        (20..=400).step_by(19).flat_map(|width| (5..=120).step_by(5).map(move |height| (width, height)))
    {
        for focus in Pane::ALL {
            screen.focus_on(focus);
            screen.seen = fixture::forty_pods();
            let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a backend in memory");
            let mut hits = Hits::default();
            let places: Vec<Place> = screen.places().into_iter().chain([Place::Everywhere]).collect();
            terminal
                .draw(|frame| screen.draw(frame, frame.area(), &places, &[], &mut hits, &look))
                .expect("a backend in memory");
            let small = width < 80 || height < 24;
            assert_eq!(terminal.backend().to_string().contains("80×24"), small, "{width}x{height}");
        }
    }
}

#[test]
fn what_is_typed_on_the_screen_is_recorded_as_it_is_played() {
    let mut shelf = Shelf::default();
    let mut app = App::open(briefing_of("forty-pods"), &mut shelf, dark());
    app.on_input(Input::Key(Key::Named(Named::Enter)));
    for c in "kubectl get pods".chars() {
        app.on_input(Input::Key(Key::Char(c)));
    }
    app.on_input(Input::Key(Key::Named(Named::Enter)));
    app.on_input(Input::Key(Key::Named(Named::F(2))));
    drop(app);
    assert_eq!(*shelf.recorded.borrow(), ["kubectl get pods", "hint"]);
}

#[test]
fn a_run_that_is_gone_is_told_on_the_title() {
    let mut shelf = Shelf::default();
    let mut app = App::open(Opening::Resume { run: "r9".to_owned() }, &mut shelf, dark());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a backend in memory");
    terminal.draw(|frame| app.draw(frame)).expect("a backend in memory");
    assert!(terminal.backend().to_string().contains("the run r9 is gone"));
}

#[test]
fn a_frame_of_the_largest_class_is_drawn_in_a_fraction_of_a_tick() {
    let look = dark();
    let mut screen = gallery::incident_with(&fixture::forty_pods(), Pane::Console);
    let size = ratatui::layout::Size::new(200, 60);
    let mut terminal = Terminal::new(Surface::new(std::io::sink(), size)).expect("a surface in memory");
    let mut times = vec![];
    for second in 0..300 {
        // Each frame another number, another row of output and another place of the moving dots.
        screen.seen.header.hurt.count += 7;
        let line = format!("[{second}.136] Memory cgroup out of memory: Kill process {second} (python)");
        screen.seen.console[3].output.push(line);
        for graph in screen.seen.graphs.iter_mut().flatten() {
            graph.points.rotate_left(1);
        }
        let places: Vec<Place> = screen.places().into_iter().chain([Place::Everywhere]).collect();
        let mut hits = Hits::default();
        let start = std::time::Instant::now();
        terminal
            .draw(|frame| screen.draw(frame, frame.area(), &places, &[], &mut hits, &look))
            .expect("a surface in memory");
        times.push(start.elapsed());
    }
    times.sort();
    let (median, late) = (times[150], times[296]);
    println!("a frame at 200x60: median {median:?}, p99 {late:?}");
    // The goal is 1.5 ms; a busy machine gets ten times that before this test says that something is wrong.
    assert!(median < std::time::Duration::from_millis(15), "median {median:?}");
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_thousand_random_keys_and_sizes_break_nothing() {
    let mut shelf = Shelf::default();
    let mut app = App::open(briefing_of("forty-pods"), &mut shelf, dark());
    let mut terminal =
        Terminal::new(Surface::new(std::io::sink(), ratatui::layout::Size::new(80, 24))).expect("a surface in memory");
    let mut dice = Dice::new();
    let keys: Vec<Key> = BINDINGS.iter().flat_map(|binding| binding.keys).copied().collect();
    for _ in 0..1000 {
        match dice.below(10) {
            0 => {
                let size = ratatui::layout::Size::new(dice.below(400) as u16 + 1, dice.below(120) as u16 + 1);
                terminal.backend_mut().resize(size);
                app.on_input(Input::Resize(size.width, size.height));
            }
            1 => app.elapse(std::time::Duration::from_millis(125)),
            2 => {
                let (x, y) = (dice.below(200) as u16, dice.below(60) as u16);
                let act =
                    [MouseAct::Click, MouseAct::Menu, MouseAct::WheelUp, MouseAct::WheelDown][dice.below(4) as usize];
                app.on_input(Input::Mouse(Mouse { x, y, act }));
            }
            3 => app.on_input(Input::Paste("kubectl get pods\n\u{1b}[A ü日本".to_owned())),
            4..=6 => app.on_input(Input::Key(Key::Char(char::from(b' ' + dice.below(95) as u8)))),
            _ => app.on_input(Input::Key(keys[dice.below(keys.len() as u64) as usize])),
        }
        terminal.draw(|frame| app.draw(frame)).expect("a surface in memory");
    }
}

/// Whether a key only looks: it changes what is in sight, and neither the system nor the clock.
fn only_looks(key: Key, places: &[Place]) -> bool {
    match intent(key, places) {
        None => matches!(key, Key::Char(_)) && !places.contains(&Place::Menu) && !places.contains(&Place::Leaving),
        Some(Intent::Open) => places.contains(&Place::In(Pane::Map)),
        Some(found) => {
            matches!(
                found,
                Intent::Up
                    | Intent::Down
                    | Intent::Left
                    | Intent::Right
                    | Intent::PageUp
                    | Intent::PageDown
                    | Intent::First
                    | Intent::Last
                    | Intent::Back
                    | Intent::Help
                    | Intent::Theme
                    | Intent::NextPane
                    | Intent::PreviousPane
                    | Intent::Pane(_)
                    | Intent::Zoom
                    | Intent::Palette
                    | Intent::Closer
                    | Intent::Farther
                    | Intent::Complete
                    | Intent::Search
                    | Intent::Older
                    | Intent::Newer
                    | Intent::LookBack
                    | Intent::Copy
            ) && !places.contains(&Place::Leaving)
        }
    }
}

/// Plays forty pods by typing, on a screen that is shaken before each step of the clock, or not; returns the lines that
/// were played, and the digest at each moment.
fn played(shakes: u64) -> (Vec<String>, Vec<(Time, u64)>) {
    const TICKS: u64 = 2200;
    let mut shelf = Shelf::default();
    let (recorded, digests) = (shelf.recorded.clone(), shelf.digests.clone());
    let mut hand = Hand::on(&mut shelf, briefing_of("forty-pods"), (120, 40));
    hand.press(Key::Named(Named::Enter));
    // So fast as it is where it has slowed by itself: a key keeps it slow, and would shift what is typed after it.
    let mut lines = ["speed 2", "kubectl get pods", "ack", "kubectl rollout restart deployment/chat-consumer"]
        .into_iter()
        .chain(["rabbitmqctl list_queues", "kubectl scale deployment/chat-consumer --replicas=20", "status we look"]);
    let keys: Vec<Key> = BINDINGS.iter().flat_map(|binding| binding.keys).copied().collect();
    let mut dice = Dice::new();
    for tick in 0..TICKS {
        if tick % 200 == 0 {
            // Out of whatever is open, to an empty prompt.
            (0..3).for_each(|_| hand.press(Key::Named(Named::Esc)));
            hand.press(Key::Alt('4'));
            hand.press(Key::Ctrl('u'));
            assert_eq!(hand.app.places()[0], Place::In(Pane::Console), "at tick {tick}");
            if let Some(line) = lines.next() {
                hand.type_text(line);
                hand.press(Key::Named(Named::Enter));
            }
        }
        let this_time = shakes * (tick + 1) / TICKS - shakes * tick / TICKS;
        for _ in 0..this_time {
            match dice.below(4) {
                0 => hand.resize((20 + dice.below(381) as u16, 5 + dice.below(116) as u16)),
                1 => {
                    let (x, y) = (dice.below(200) as u16, dice.below(60) as u16);
                    hand.mouse(x, y, [MouseAct::WheelUp, MouseAct::WheelDown][dice.below(2) as usize]);
                }
                _ => {
                    let letter = Key::Char(char::from(b'a' + dice.below(26) as u8));
                    let key = if dice.below(4) == 0 { letter } else { keys[dice.below(keys.len() as u64) as usize] };
                    if only_looks(key, &hand.app.places()) {
                        hand.press(key);
                        hand.see();
                    }
                }
            }
        }
        hand.app.elapse(TICK);
    }
    let lines = recorded.borrow().clone();
    let digests = digests.borrow().clone();
    (lines, digests)
}

#[test]
fn a_thousand_random_sizes_and_looks_leave_the_incident_as_it_is_without_them() {
    let (lines, digests) = played(0);
    assert!(lines.len() >= 7 && digests.last().is_some_and(|(at, _)| *at > Time::from_seconds(500)), "{lines:?}");
    let (shaken_lines, shaken_digests) = played(1000);
    assert_eq!(shaken_lines, lines);
    assert_eq!(shaken_digests, digests);
}
