//! A frame as a picture: SVG, so that it is small, sharp at any size, and can be compared line by line.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write;

/// A cell of a font of ten: most monospaced fonts are six tenths as wide as they are high.
const CELL: (u16, u16) = (6, 12);

/// A terminal's own sixteen colours, as a dark one has them.
const PALETTE: [&str; 16] = [
    "#000000", "#cd4040", "#4eaf5a", "#cdaa3c", "#5078dc", "#b45abe", "#46afbe", "#cccccc", "#6e6e78", "#ff6464",
    "#78e182", "#fadc6e", "#78a0ff", "#e187eb", "#78e1eb", "#ffffff",
];

/// The ground and the ink of the terminal that a picture shows.
struct Paper {
    ground: &'static str,
    ink: &'static str,
}

/// The frame on a dark or a light ground, whichever its theme was made for.
pub fn svg(buffer: &Buffer, theme: &str) -> String {
    let paper = match theme {
        "light" => Paper { ground: "#fdfdfd", ink: "#24292f" },
        _ => Paper { ground: "#101014", ink: "#d6d9de" },
    };
    let (width, height) = (buffer.area.width * CELL.0, buffer.area.height * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" \
         font-size=\"10\" fill=\"{}\" xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        paper.ink, paper.ground
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let start = x;
            let mut text = String::new();
            while x < buffer.area.width && buffer[(x, y)].style() == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            piece(&mut out, &text, (start, x, y), style, &paper);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn name(colour: Option<Color>, usual: &str) -> String {
    let index = match colour {
        Some(Color::Rgb(r, g, b)) => return format!("#{r:02x}{g:02x}{b:02x}"),
        None | Some(Color::Reset) => return usual.to_owned(),
        Some(Color::Indexed(index)) => usize::from(index),
        Some(Color::Black) => 0,
        Some(Color::Red) => 1,
        Some(Color::Green) => 2,
        Some(Color::Yellow) => 3,
        Some(Color::Blue) => 4,
        Some(Color::Magenta) => 5,
        Some(Color::Cyan) => 6,
        Some(Color::Gray) => 7,
        Some(Color::DarkGray) => 8,
        Some(Color::LightRed) => 9,
        Some(Color::LightGreen) => 10,
        Some(Color::LightYellow) => 11,
        Some(Color::LightBlue) => 12,
        Some(Color::LightMagenta) => 13,
        Some(Color::LightCyan) => 14,
        Some(Color::White) => 15,
    };
    PALETTE.get(index).map_or_else(|| usual.to_owned(), |colour| (*colour).to_owned())
}

fn piece(out: &mut String, text: &str, (from, to, y): (u16, u16, u16), style: Style, paper: &Paper) {
    let (mut ink, mut ground) = (name(style.fg, paper.ink), name(style.bg, paper.ground));
    let has = |modifier| style.add_modifier.contains(modifier);
    if has(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    let top = y * CELL.1;
    if ground != paper.ground {
        let (x, wide) = (from * CELL.0, (to - from) * CELL.0);
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{}\" fill=\"{ground}\"/>", CELL.1);
    }
    // Blanks at both ends need no ink.
    let left = (text.chars().count() - text.trim_start_matches(' ').chars().count()) as u16;
    let words = text.trim_matches(' ');
    if words.is_empty() {
        return;
    }
    let from = from + left;
    let right = (text.chars().count() - text.trim_end_matches(' ').chars().count()) as u16;
    let (x, wide) = (from * CELL.0, (to - from).saturating_sub(right) * CELL.0);
    let mut more = String::new();
    if ink != paper.ink {
        let _ = write!(more, " fill=\"{ink}\"");
    }
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if has(modifier) {
            more.push_str(attribute);
        }
    }
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{}\" textLength=\"{wide}\"{more}>{words}</text>", top + 9);
}
