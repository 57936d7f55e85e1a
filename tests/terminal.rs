//! The game in a real pseudo-terminal: it starts at once, plays by keys, and always leaves the terminal as it found it.

#![cfg(unix)]

mod pty;

use pty::Player;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GAME: &str = env!("CARGO_BIN_EXE_sev1");
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";

struct Game {
    player: Player,
    _home: TempDir,
}

fn game_with(arguments: &[&str], size: (u16, u16), environment: &[(&str, &str)]) -> Game {
    let home = tempfile::tempdir().expect("a folder");
    let player = Player::start(Path::new(GAME), arguments, size, home.path(), environment);
    Game { player, _home: home }
}

fn game(arguments: &[&str], size: (u16, u16)) -> Game {
    game_with(arguments, size, &[])
}

impl std::ops::Deref for Game {
    type Target = Player;
    fn deref(&self) -> &Player {
        &self.player
    }
}

impl std::ops::DerefMut for Game {
    fn deref_mut(&mut self) -> &mut Player {
        &mut self.player
    }
}

const ON_THE_TITLE: &str = "before you have your own";

#[test]
fn the_first_frame_comes_also_on_a_terminal_that_answers_nothing() {
    let start = Instant::now();
    let mut game = game(&[], (120, 40));
    game.until_shown(ON_THE_TITLE);
    // Far below the two seconds that waiting for an answer would take; the exact time is measured elsewhere.
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    let written = String::from_utf8_lossy(&game.bytes).into_owned();
    for query in ["\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[18t", "\x1b[?u", "\x1b]11;?"] {
        assert!(!written.contains(query), "nothing is asked of the terminal");
    }
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut game = game(&[], (120, 40));
    game.until_shown(ON_THE_TITLE);
    game.read_for(Duration::from_millis(300));
    let before = game.bytes.len();
    game.read_for(Duration::from_millis(2500));
    assert_eq!(game.bytes.len(), before);
}

#[test]
fn quitting_leaves_the_terminal_as_it_was_found() {
    for keys in ["q", CTRL_C, ESC] {
        let mut game = game(&[], (80, 24));
        game.until_shown(ON_THE_TITLE);
        assert!(game.terminal().alternate_screen() && game.terminal().hide_cursor());
        game.send(keys);
        assert_eq!(game.end(), 0, "{keys:?}");
        assert!(game.is_as_found(), "{keys:?}");
    }
}

#[test]
fn a_signal_to_end_leaves_the_terminal_as_it_was_found() {
    for signal in ["TERM", "INT", "QUIT"] {
        let mut game = game(&[], (80, 24));
        game.until_shown(ON_THE_TITLE);
        game.signal(signal);
        game.end();
        assert!(game.is_as_found(), "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_is_closed_ends_the_game() {
    // The terminal closes with the process that holds it, so another process has to hold it.
    let program = std::env::current_exe().expect("the test's own program");
    let held = std::process::Command::new(program)
        .args(["--exact", "a_terminal_that_holds_a_game_and_closes", "--ignored", "--nocapture"])
        .output()
        .expect("it can be run");
    let told = String::from_utf8_lossy(&held.stdout).into_owned();
    let process = told.split("process ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let process = process.unwrap_or_else(|| panic!("it told the game's process: {told}"));
    let start = Instant::now();
    // Whoever inherits it may not have asked for its end yet: then it is there, but dead (Z).
    let lives = || {
        std::fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'))
    };
    while lives() {
        assert!(start.elapsed() < Duration::from_secs(10), "the game lives on without a terminal");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the other half of the test above: run by it in a process of its own"]
#[expect(clippy::print_stdout, reason = "it tells the test that runs it")]
fn a_terminal_that_holds_a_game_and_closes() {
    let mut game = game(&[], (80, 24));
    game.until_shown(ON_THE_TITLE);
    println!("process {} ", game.process());
    std::process::exit(0);
}

#[test]
fn a_resize_in_the_middle_is_followed() {
    let mut game = game(&[], (80, 24));
    game.until_shown(ON_THE_TITLE);
    game.send("?");
    game.until_shown("keys that apply here");
    for size in [(120, 40), (20, 5), (200, 60), (80, 24)] {
        game.resize(size);
        game.read_for(Duration::from_millis(150));
    }
    game.until_shown("keys that apply here");
    game.send(ESC);
    game.until_shown(ON_THE_TITLE);
    game.send("q");
    assert_eq!(game.end(), 0);
    assert!(game.is_as_found());
}

#[test]
fn suspending_gives_the_terminal_back_until_it_goes_on() {
    let mut game = game(&[], (80, 24));
    game.until_shown(ON_THE_TITLE);
    game.send("\x1a");
    let start = Instant::now();
    while !game.is_as_found() {
        assert!(start.elapsed() < Duration::from_secs(10));
        game.read_for(Duration::from_millis(20));
    }
    game.signal("CONT");
    game.until("the screen to come back", |screen| screen.contains(ON_THE_TITLE));
    assert!(game.terminal().alternate_screen());
    game.send("q");
    assert_eq!(game.end(), 0);
    assert!(game.is_as_found());
}

#[test]
fn what_can_be_seen_can_be_clicked() {
    let mut game = game(&[], (80, 24));
    game.until_shown(ON_THE_TITLE);
    let row = game.screen().lines().position(|line| line.contains("All levels")).expect("it is offered");
    game.click(14, row as u16);
    game.until_shown("difficulty");
    let screen = game.screen();
    let last = screen.lines().last().expect("a line of keys");
    let before = &last[..last.find("Esc back").expect("the way back")];
    game.click(before.chars().count() as u16, 23);
    game.until_shown(ON_THE_TITLE);
}

#[test]
fn an_incident_is_played_left_and_gone_on_with() {
    let home = tempfile::tempdir().expect("a folder");
    let start = |arguments: &[&str]| Player::start(Path::new(GAME), arguments, (80, 24), home.path(), &[]);
    let mut game = start(&["play", "forty-pods", "--seed", "1"]);
    game.until_shown("take the pager");
    game.send("\r");
    game.until_shown("no customer hurt");
    game.send("kubectl get deployments\r");
    game.until_shown("UP-TO-DATE");
    game.resize((120, 40));
    game.until_shown("5 notebook");
    game.send("hypothesis one message kills them\r");
    game.until_shown("1 one message kills them");
    game.send(CTRL_C);
    game.until_shown("leave?");
    game.send(CTRL_C);
    assert_eq!(game.end(), 0);
    assert!(game.is_as_found());
    game.until_shown("--resume");

    let mut game = start(&["play", "--resume"]);
    game.until_shown("hypothesis one message kills them");
    game.signal("TERM");
    game.end();
    assert!(game.is_as_found());
}

#[test]
fn without_utf_8_only_ascii_is_drawn() {
    let mut game = game_with(&[], (80, 24), &[("LANG", "C")]);
    game.until_shown(ON_THE_TITLE);
    game.send("?");
    game.until_shown("keys that apply here");
    assert!(game.screen().is_ascii(), "{}", game.screen());
}

/// The colours in sight, as the terminal was told them.
fn colours(game: &Game) -> Vec<vt100::Color> {
    let (rows, columns) = game.terminal().size();
    let cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
    let cells = cells.filter_map(|(row, column)| game.terminal().cell(row, column));
    let all = cells.flat_map(|cell| [cell.fgcolor(), cell.bgcolor()]);
    all.filter(|colour| *colour != vt100::Color::Default).collect()
}

#[test]
fn only_colours_that_the_terminal_has_are_used() {
    use vt100::Color::{Idx, Rgb};
    let shown = |environment: &[(&str, &str)]| {
        let mut game = game_with(&["play", "first-page"], (120, 40), environment);
        game.until_shown("take the pager");
        game.send("\r");
        game.until_shown("4 console");
        let colours = colours(&game);
        let cells = (0..40).flat_map(|row| (0..120).map(move |column| (row, column)));
        let has_weight = cells.filter_map(|(row, column)| game.terminal().cell(row, column)).any(vt100::Cell::bold);
        (colours, has_weight)
    };
    let (none, has_weight) = shown(&[("NO_COLOR", "1")]);
    assert!(none.is_empty() && has_weight, "{none:?}");
    let (all, _) = shown(&[("COLORTERM", "truecolor")]);
    assert!(all.iter().any(|colour| matches!(colour, Rgb(..))), "{all:?}");
    let (indexed, _) = shown(&[("COLORTERM", ""), ("TERM", "xterm-256color")]);
    assert!(!indexed.is_empty() && indexed.iter().all(|colour| matches!(colour, Idx(_))), "{indexed:?}");
    let (sixteen, _) = shown(&[("COLORTERM", ""), ("TERM", "xterm")]);
    assert!(!sixteen.is_empty() && sixteen.iter().all(|colour| matches!(colour, Idx(..16))), "{sixteen:?}");
}

#[test]
fn a_dumb_terminal_gets_lines_of_text() {
    let mut game = game_with(&["play", "first-page"], (80, 24), &[("TERM", "dumb")]);
    game.send("kubectl get pods\n");
    game.send("help\n");
    game.until_shown("lines can be piped");
    game.send("\x04");
    game.end();
    assert!(!game.bytes.contains(&0x1b), "nothing but text: {}", String::from_utf8_lossy(&game.bytes));
    assert!(game.is_as_found());
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was_found_and_says_what_went_wrong() {
    // This very test program plays the part of a game that panics.
    let program: PathBuf = std::env::current_exe().expect("the test's own program");
    let home = tempfile::tempdir().expect("a folder");
    let arguments = ["--exact", "a_program_that_panics_on_the_screen", "--ignored", "--nocapture"];
    let mut player = Player::start(&program, &arguments, (80, 24), home.path(), &[]);
    player.end();
    assert!(player.is_as_found());
    let written = String::from_utf8_lossy(&player.bytes).into_owned();
    let (left, told) = (written.find("\x1b[?1049l"), written.find("the pager fell off the table"));
    assert!(left.expect("the screen is left") < told.expect("the panic is told"), "first left, then told");
}

#[test]
#[ignore = "the other half of the test above: run by it in a terminal of its own"]
fn a_program_that_panics_on_the_screen() {
    let _guard = sev1::tui::terminal::Guard::take().expect("there is a terminal");
    panic!("the pager fell off the table");
}
