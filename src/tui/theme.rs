//! Every colour and every glyph. Colour means state and nothing else, and no state is told by colour alone.
//!
//! Themes are small RON files in `assets/themes`, embedded. What a terminal can't show is translated in one place:
//! [`Look::finish`] goes over a finished screen and replaces what isn't ASCII where the locale has no UTF-8.

use crate::incident::view::{Health, Phase, RingState};
use include_dir::{Dir, include_dir};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::str::FromStr;

static THEMES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/themes");

/// The names of the embedded themes, in alphabetical order.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names: Vec<String> =
        THEMES.files().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// One style, as a theme's file writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Ink {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    faint: bool,
    reversed: bool,
    underlined: bool,
}

/// A theme's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    text: Ink,
    dim: Ink,
    heading: Ink,
    key: Ink,
    border: Ink,
    border_focused: Ink,
    selected: Ink,
    good: Ink,
    strained: Ink,
    failing: Ink,
    idle: Ink,
    own: Ink,
    alarm: Ink,
}

/// The styles of everything that is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Plain text.
    pub text: Style,
    /// What can wait.
    pub dim: Style,
    /// Titles.
    pub heading: Style,
    /// The keys in the line of keys.
    pub key: Style,
    /// A pane's border.
    pub border: Style,
    /// The border of the pane that keys go to.
    pub border_focused: Style,
    /// The chosen item of a list, and the cursor.
    pub selected: Style,
    /// Works.
    pub good: Style,
    /// Works under strain.
    pub strained: Style,
    /// Fails.
    pub failing: Style,
    /// Not in use.
    pub idle: Style,
    /// The player's own doing: marks, pins.
    pub own: Style,
    /// A page that has just come in.
    pub alarm: Style,
}

impl Theme {
    /// Reads an embedded theme; an error says which names there are, or what is wrong with the file.
    ///
    /// # Errors
    /// Where there is no such theme, or its file can't be read.
    pub fn named(name: &str, colours: Colours) -> Result<Self, String> {
        let file = THEMES
            .get_file(format!("{name}.ron"))
            .and_then(include_dir::File::contents_utf8)
            .ok_or_else(|| format!("no theme is called `{name}`; there are {}", names().join(", ")))?;
        Self::read(file, colours).map_err(|problem| format!("theme `{name}`: {problem}"))
    }

    fn read(text: &str, colours: Colours) -> Result<Self, String> {
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let file: ThemeFile = options.from_str(text).map_err(|error| error.to_string())?;
        let style = |ink: &Ink| ink.style(colours);
        Ok(Self {
            text: style(&file.text)?,
            dim: style(&file.dim)?,
            heading: style(&file.heading)?,
            key: style(&file.key)?,
            border: style(&file.border)?,
            border_focused: style(&file.border_focused)?,
            selected: style(&file.selected)?,
            good: style(&file.good)?,
            strained: style(&file.strained)?,
            failing: style(&file.failing)?,
            idle: style(&file.idle)?,
            own: style(&file.own)?,
            alarm: style(&file.alarm)?,
        })
    }

    /// The style of a state.
    #[must_use]
    pub const fn health(&self, health: Health) -> Style {
        match health {
            Health::Good => self.good,
            Health::Strained => self.strained,
            Health::Failing => self.failing,
            Health::Idle => self.idle,
        }
    }

    /// The style of a phase.
    #[must_use]
    pub const fn phase(&self, phase: Phase) -> Style {
        match phase {
            Phase::Quiet => self.dim,
            Phase::Paged | Phase::Failed => self.failing,
            Phase::Declared | Phase::Expired => self.strained,
            Phase::Mitigated | Phase::Resolved => self.good,
        }
    }
}

impl Ink {
    fn style(&self, colours: Colours) -> Result<Style, String> {
        let mut style = Style::new();
        if let Some(fg) = &self.fg {
            style = style.fg(colour(fg, colours)?);
        }
        if let Some(bg) = &self.bg {
            style = style.bg(colour(bg, colours)?);
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.faint, Modifier::DIM),
            (self.reversed, Modifier::REVERSED),
            (self.underlined, Modifier::UNDERLINED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

fn colour(text: &str, colours: Colours) -> Result<Color, String> {
    let colour = Color::from_str(text)
        .map_err(|_| format!("`{text}` is not a colour; write for example \"#4eaf5a\", \"green\" or \"114\""))?;
    Ok(match (colour, colours) {
        (Color::Rgb(r, g, b), Colours::Indexed) => Color::Indexed(nearest_index(r, g, b)),
        (colour, _) => colour,
    })
}

/// The nearest of the 6×6×6 cube and the greys of a 256-colour terminal.
fn nearest_index(red: u8, green: u8, blue: u8) -> u8 {
    const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let wanted = [red, green, blue].map(i32::from);
    let distance = |other: [i32; 3]| -> i32 { other.iter().zip(wanted).map(|(a, b)| (a - b).pow(2)).sum() };
    let steps = wanted.map(|value| (0..6).min_by_key(|step| (STEPS[*step] - value).abs()).unwrap_or(0));
    let grey = (wanted.iter().sum::<i32>() / 3 - 8).clamp(0, 230) / 10;
    if distance([8 + 10 * grey; 3]) < distance(steps.map(|step| STEPS[step])) {
        (232 + grey) as u8
    } else {
        (16 + 36 * steps[0] + 6 * steps[1] + steps[2]) as u8
    }
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// None at all, or none are wanted (`NO_COLOR`).
    None,
    /// The sixteen of its own palette.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// Any.
    True,
}

/// What the terminal can show, and how it is used.
#[derive(Clone, Debug)]
pub struct Look {
    /// The styles.
    pub theme: Theme,
    /// The theme's name.
    pub name: String,
    /// How many colours there are.
    pub colours: Colours,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// Whether dots move along edges.
    pub motion: bool,
}

impl Look {
    /// Reads the environment by a function, so that a test or a network connection can bring its own. `wanted` is the
    /// theme that the player has chosen, if any; one that doesn't exist is passed over.
    #[must_use]
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>, wanted: Option<&str>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let colours = if set("NO_COLOR").is_some() {
            Colours::None
        } else if set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
            Colours::True
        } else if term.contains("256color") || term.contains("direct") {
            Colours::Indexed
        } else {
            Colours::Sixteen
        };
        // The locale is the first of these that is set, as POSIX has it.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_default();
        let lower = locale.to_ascii_lowercase();
        let ascii = !(lower.contains("utf-8") || lower.contains("utf8"));
        let usual = match colours {
            Colours::None => "mono",
            Colours::Sixteen => "sixteen",
            Colours::Indexed | Colours::True if is_light(set("COLORFGBG").as_deref()) => "light",
            Colours::Indexed | Colours::True => "dark",
        };
        let name = if colours == Colours::None { usual } else { wanted.unwrap_or(usual) };
        Self::new(name, colours, ascii)
            .or_else(|_| Self::new(usual, colours, ascii))
            .unwrap_or_else(|_| Self::plain(colours, ascii))
    }

    /// A look with a theme of this name.
    ///
    /// # Errors
    /// As [`Theme::named`].
    pub fn new(name: &str, colours: Colours, ascii: bool) -> Result<Self, String> {
        Ok(Self { theme: Theme::named(name, colours)?, name: name.to_owned(), colours, ascii, motion: true })
    }

    /// A look with the player's own theme, from its file's text.
    ///
    /// # Errors
    /// Where the file can't be read as a theme.
    pub fn of_text(name: &str, text: &str, colours: Colours, ascii: bool) -> Result<Self, String> {
        let theme = Theme::read(text, colours).map_err(|problem| format!("theme `{name}`: {problem}"))?;
        Ok(Self { theme, name: name.to_owned(), colours, ascii, motion: true })
    }

    fn plain(colours: Colours, ascii: bool) -> Self {
        let none = Style::new();
        let bold = none.add_modifier(Modifier::BOLD);
        let theme = Theme {
            text: none,
            dim: none,
            heading: bold,
            key: bold,
            border: none,
            border_focused: bold,
            selected: none.add_modifier(Modifier::REVERSED),
            good: none,
            strained: bold,
            failing: bold,
            idle: none,
            own: bold,
            alarm: none.add_modifier(Modifier::REVERSED),
        };
        Self { theme, name: "plain".to_owned(), colours, ascii, motion: true }
    }

    /// Translates a finished screen into what the terminal can show.
    pub fn finish(&self, buffer: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let plain = ascii(cell.symbol());
                cell.set_symbol(plain);
            }
        }
    }
}

fn is_light(colorfgbg: Option<&str>) -> bool {
    // `15;0` and `15;default;0`: the last is the background, and 7 and 9 to 15 are light.
    colorfgbg
        .and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok())
        .is_some_and(|background| background == 7 || background > 8)
}

/// The glyph of a state.
#[must_use]
pub const fn health_glyph(health: Health) -> &'static str {
    match health {
        Health::Good => "●",
        Health::Strained => "◐",
        Health::Failing => "✕",
        Health::Idle => "○",
    }
}

/// The word of a state.
#[must_use]
pub const fn health_word(health: Health) -> &'static str {
    match health {
        Health::Good => "ok",
        Health::Strained => "strained",
        Health::Failing => "failing",
        Health::Idle => "idle",
    }
}

/// The glyph of an alert.
#[must_use]
pub const fn ring_glyph(state: RingState, is_page: bool) -> &'static str {
    match (state, is_page) {
        (RingState::Ringing, true) => "▲",
        (RingState::Ringing, false) => "△",
        (RingState::Acknowledged, _) => "◆",
        (RingState::Silenced, _) => "◇",
        (RingState::Over, _) => "○",
    }
}

/// The arrow of a direction: rising, falling, steady.
#[must_use]
pub const fn trend_glyph(trend: i64) -> &'static str {
    match trend {
        1.. => "▲",
        0 => " ",
        _ => "▼",
    }
}

/// What stands for a symbol where there is only ASCII.
fn ascii(symbol: &str) -> &'static str {
    const SAME: [(&str, &str); 20] = [
        ("─┈╌–—−‐", "-"),
        ("━‖", "="),
        ("╍", "~"),
        ("╏╎┆", ":"),
        ("│┃┊▏▕▍▎", "|"),
        ("╭╮╰╯├┤┬┴┼┌┐└┘╋┏┓┗┛┝┥◆", "+"),
        ("●•", "*"),
        ("◐", "~"),
        ("✕×", "x"),
        ("○◇·…░┄▢", "."),
        ("▲△↑", "^"),
        ("▼▽↓", "v"),
        ("▶→›▸", ">"),
        ("◀←‹", "<"),
        ("▒▓█▉▊▋▌▆▇", "#"),
        ("▁▂", "_"),
        ("▃▄▅", "o"),
        ("“”„", "\""),
        ("‘’", "'"),
        ("\u{a0}\u{2009}\u{202f}\u{2800}", " "),
    ];
    let Some(c) = symbol.chars().next() else { return " " };
    match c {
        '⇧' => "S",
        '↵' => "<",
        '✓' => "y",
        '\u{2801}'..='\u{28ff}' => match (c as u32 - 0x2800).count_ones() {
            1..=2 => ".",
            3..=5 => "o",
            _ => "#",
        },
        c => SAME.iter().find(|(all, _)| all.contains(c)).map_or("?", |(_, plain)| plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_theme_can_be_read() {
        assert!(names().len() >= 4);
        for name in names() {
            Theme::named(&name, Colours::True).unwrap();
        }
    }

    /// Linear light of a colour that is written in full.
    fn light(colour: Color) -> Option<[f64; 3]> {
        let Color::Rgb(r, g, b) = colour else { return None };
        Some([r, g, b].map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        }))
    }

    /// The ratio that WCAG 2 defines, from 1 to 21.
    fn contrast(one: Color, other: Color) -> Option<f64> {
        let luminance = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let (one, other) = (luminance(light(one)?), luminance(light(other)?));
        Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
    }

    #[test]
    fn every_theme_can_be_read_on_its_background() {
        for name in names() {
            let theme = Theme::named(&name, Colours::True).unwrap();
            let below = if name == "light" { Color::Rgb(255, 255, 255) } else { Color::Rgb(16, 16, 20) };
            let least = if name == "contrast" { 7.0 } else { 4.5 };
            let words = [
                ("dim", theme.dim, least),
                ("key", theme.key, least),
                ("selected", theme.selected, least),
                ("good", theme.good, least),
                ("strained", theme.strained, least),
                ("failing", theme.failing, least),
                ("idle", theme.idle, least),
                ("own", theme.own, least),
                ("alarm", theme.alarm, least),
                ("border", theme.border, 1.8),
                ("border_focused", theme.border_focused, least),
            ];
            for (what, style, least) in words {
                let Some(ink) = style.fg else { continue };
                if let Some(ratio) = contrast(ink, style.bg.unwrap_or(below)) {
                    assert!(ratio >= least, "{what} of {name}: {ratio:.2} is below {least}");
                }
            }
        }
    }

    #[test]
    fn states_lie_apart_for_eyes_that_do_not_tell_red_from_green() {
        // What is left of a colour without the cones for long, and for middle waves (Machado and others, 2009).
        const WITHOUT_LONG: [[f64; 3]; 3] = [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]];
        const WITHOUT_MIDDLE: [[f64; 3]; 3] = [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]];
        let theme = Theme::named("colour-blind", Colours::True).unwrap();
        let states = [theme.good, theme.strained, theme.failing, theme.own];
        for eyes in [WITHOUT_LONG, WITHOUT_MIDDLE] {
            let seen: Vec<[f64; 3]> = states
                .iter()
                .filter_map(|style| light(style.fg?))
                .map(|[r, g, b]| eyes.map(|row| row[0] * r + row[1] * g + row[2] * b))
                .collect();
            assert_eq!(seen.len(), 4);
            for (index, one) in seen.iter().enumerate() {
                for other in &seen[index + 1..] {
                    let apart = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 0.3, "{one:?} {other:?}: {apart:.2}");
                }
            }
        }
    }

    #[test]
    fn a_theme_of_ones_own_that_makes_no_sense_says_so() {
        let error = Look::of_text("dusk", "(text: (fg: \"mauve-ish\"))", Colours::True, false).unwrap_err();
        assert!(error.contains("dusk"), "{error}");
    }

    #[test]
    fn a_theme_that_does_not_exist_is_told_with_those_that_do() {
        let error = Theme::named("neon", Colours::True).unwrap_err();
        assert!(error.contains("neon") && error.contains("dark") && error.contains("light"), "{error}");
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let look = Look::from_environment(&|name| (name == "NO_COLOR").then(|| "1".to_owned()), Some("dark"));
        let theme = look.theme;
        for style in [theme.text, theme.good, theme.strained, theme.failing, theme.own, theme.selected, theme.alarm] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn the_locale_and_the_terminal_decide_what_is_drawn() {
        let look = |pairs: &'static [(&str, &str)]| {
            Look::from_environment(
                &|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
                None,
            )
        };
        assert!(look(&[("LANG", "C")]).ascii);
        assert!(!look(&[("LANG", "en_US.UTF-8")]).ascii);
        assert!(look(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).ascii);
        assert_eq!(look(&[("TERM", "linux")]).name, "sixteen");
        assert_eq!(look(&[("TERM", "xterm-256color")]).name, "dark");
        assert_eq!(look(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")]).name, "light");
    }

    #[test]
    fn every_state_has_a_glyph_and_a_word_of_its_own() {
        let all = [Health::Good, Health::Strained, Health::Failing, Health::Idle];
        let glyphs: std::collections::BTreeSet<_> = all.iter().map(|h| ascii(health_glyph(*h))).collect();
        let words: std::collections::BTreeSet<_> = all.iter().map(|h| health_word(*h)).collect();
        assert_eq!((glyphs.len(), words.len()), (4, 4), "also where there is only ASCII");
    }
}
