//! Plays the built game in a pseudo-terminal from a script of keys, and writes pictures of it to `docs/pictures`.
//!
//! ```text
//! cargo build && cargo run --example pictures
//! ```
//! The steps are in `examples/pictures.txt`; `cargo run --example pictures -- FILE FOLDER` takes others.

#![expect(clippy::print_stderr, reason = "a program for the command line")]

#[path = "../tests/pty/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which need more of it")]
mod pty;

use pty::Player;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vt100::{Color, Screen};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// The size of a cell in the picture, in its own units.
const CELL: (f64, f64) = (8.4, 18.0);
const BACKGROUND: &str = "#101216";
const FOREGROUND: &str = "#d4d8df";

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let script = arguments.next().unwrap_or_else(|| "examples/pictures.txt".to_owned());
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "docs/pictures".to_owned()));
    let steps = std::fs::read_to_string(script)?;
    std::fs::create_dir_all(&folder)?;
    for size in SIZES {
        play(&steps, size, &folder)?;
    }
    Ok(())
}

/// The game lies beside this example's folder.
fn game() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).unwrap_or(Path::new("target/debug")).join("sev1")
}

fn play(steps: &str, size: (u16, u16), folder: &Path) -> std::io::Result<()> {
    let home = tempfile::tempdir()?;
    let mut player = Player::start(&game(), &[], size, home.path(), &[]);
    for step in steps.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        match verb {
            "until" => player.until_shown(rest),
            "type" => player.send(rest),
            "key" => player.send(&key(rest)),
            "wait" => player.read_for(Duration::from_secs_f64(rest.parse().unwrap_or(1.0))),
            "shot" => {
                player.read_for(Duration::from_millis(250));
                let name = folder.join(format!("{rest}-{}x{}", size.0, size.1));
                std::fs::write(name.with_extension("svg"), svg(player.terminal()))?;
                let text: Vec<String> = player.terminal().rows(0, size.0).collect();
                std::fs::write(name.with_extension("txt"), text.join("\n") + "\n")?;
                eprintln!("{}", name.display());
            }
            other => return Err(std::io::Error::other(format!("no such step: {other}"))),
        }
        player.read_for(Duration::from_millis(60));
    }
    Ok(())
}

/// The bytes that a terminal sends for a key.
fn key(name: &str) -> String {
    let named = [
        ("Enter", "\r"),
        ("Esc", "\x1b"),
        ("Tab", "\t"),
        ("BackTab", "\x1b[Z"),
        ("Space", " "),
        ("Backspace", "\x7f"),
        ("Up", "\x1b[A"),
        ("Down", "\x1b[B"),
        ("Right", "\x1b[C"),
        ("Left", "\x1b[D"),
        ("PageUp", "\x1b[5~"),
        ("PageDown", "\x1b[6~"),
        ("F1", "\x1bOP"),
        ("F2", "\x1bOQ"),
        ("F3", "\x1bOR"),
        ("F4", "\x1bOS"),
        ("F5", "\x1b[15~"),
        ("F10", "\x1b[21~"),
    ];
    if let Some((_, bytes)) = named.iter().find(|(known, _)| *known == name) {
        return (*bytes).to_owned();
    }
    if let Some(letter) = name.strip_prefix("Ctrl-").and_then(|rest| rest.bytes().next()) {
        return char::from(letter & 0x1f).to_string();
    }
    name.strip_prefix("Alt-").map_or_else(|| name.to_owned(), |rest| format!("\x1b{rest}"))
}

/// A screen as a picture: a rectangle for each background, a text for each run of one style.
fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (f64::from(columns) * CELL.0 + 16.0, f64::from(rows) * CELL.1 + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let style = Style::of(screen, row, column);
            let start = column;
            let mut text = String::new();
            while column < columns && Style::of(screen, row, column) == style {
                let cell = screen.cell(row, column);
                text.push_str(cell.map(vt100::Cell::contents).filter(|t| !t.is_empty()).unwrap_or(" "));
                column += 1;
            }
            draw_run(&mut out, row, start, column - start, &text, &style);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(PartialEq)]
struct Style {
    foreground: String,
    background: Option<String>,
    bold: bool,
    faint: bool,
}

impl Style {
    fn of(screen: &Screen, row: u16, column: u16) -> Self {
        let Some(cell) = screen.cell(row, column) else {
            return Self { foreground: FOREGROUND.to_owned(), background: None, bold: false, faint: false };
        };
        let (mut foreground, mut background) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        if cell.inverse() {
            (foreground, background) = (
                background.or_else(|| Some(BACKGROUND.to_owned())),
                foreground.or_else(|| Some(FOREGROUND.to_owned())),
            );
        }
        let foreground = foreground.unwrap_or_else(|| FOREGROUND.to_owned());
        Self { foreground, background, bold: cell.bold(), faint: cell.dim() }
    }
}

fn colour(colour: Color) -> Option<String> {
    const BASE: [&str; 16] = [
        "#0c0c10", "#cd4040", "#4eaf5a", "#cdaa3c", "#5078dc", "#b45abe", "#46afbe", "#cccccc", "#6e6e78", "#ff6464",
        "#78e182", "#fadc6e", "#78a0ff", "#e187eb", "#78e1eb", "#ffffff",
    ];
    match colour {
        Color::Default => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Idx(index @ 0..16) => Some(BASE[index as usize].to_owned()),
        Color::Idx(index @ 16..232) => {
            let step = |value: u8| if value == 0 { 0 } else { 55 + 40 * value };
            let index = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", step(index / 36), step(index / 6 % 6), step(index % 6)))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
    }
}

fn draw_run(out: &mut String, row: u16, column: u16, columns: u16, text: &str, style: &Style) {
    let (x, y) = (8.0 + f64::from(column) * CELL.0, 8.0 + f64::from(row) * CELL.1);
    let width = f64::from(columns) * CELL.0;
    if let Some(background) = &style.background {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{background}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
    let faint = if style.faint { " opacity=\"0.6\"" } else { "" };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" \
         fill=\"{}\"{weight}{faint}>{escaped}</text>",
        y + 13.5,
        style.foreground
    );
}
