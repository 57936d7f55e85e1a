//! A frame as a picture: SVG, so that it is small, sharp at any size, and can be compared line by line.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write;

const CELL: (f64, u16) = (8.4, 17);

/// The frame on a dark or light ground, whichever its theme was made for.
pub fn svg(buffer: &Buffer) -> String {
    let is_light = std::env::var("THEME").is_ok_and(|theme| theme == "light");
    let (paper, ink) = if is_light { ("#fdfdfd", "#24292f") } else { ("#101014", "#d6d9de") };
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, buffer.area.height * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" font-family=\"monospace\" font-size=\"14\" xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n"
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let mut text = String::new();
            let start = x;
            while x < buffer.area.width && buffer[(x, y)].style() == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            piece(&mut out, &text, (start, x, y), style, (paper, ink));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn piece(out: &mut String, text: &str, (from, to, y): (u16, u16, u16), style: Style, (paper, ink): (&str, &str)) {
    let name = |colour: Option<Color>, usual: &str| match colour {
        Some(Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => usual.to_owned(),
    };
    let (mut fg, mut bg) = (name(style.fg, ink), name(style.bg, paper));
    if style.add_modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut fg, &mut bg);
    }
    let (x, wide) = (f64::from(from) * CELL.0, f64::from(to - from) * CELL.0);
    if bg != paper {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{}\" width=\"{wide:.1}\" height=\"{}\" fill=\"{bg}\"/>",
            y * CELL.1,
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let bold = if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fg}\"{bold}>{text}</text>",
        y * CELL.1 + 13
    );
}
