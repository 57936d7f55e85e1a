//! What happened: the story, the player's run beside the real team's, and what would have come without each move.

mod timeline;

use crate::incident::view::{Compared, Debrief, Mark, MarkKind, Move, Phase};
use crate::sim::quantity::Time;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::local_time::LocalTime;
use crate::tui::panel::chart::{Axis, IN_LINE, Scale, Series, draw as draw_chart};
use crate::tui::pen::{Edge, grouped, pane, put, put_pieces, put_right, width, wrap};
use crate::tui::theme::{Look, Theme};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use timeline::TimelineState;

/// The pages, in order.
pub const PAGES: [&str; 5] = ["what happened", "your run", "their run", "what if", "timeline"];

/// The page on which one goes through time.
const TIMELINE: usize = 4;

/// The story afterwards; not there yet while the level is played again for it.
#[derive(Clone, Debug, Default)]
pub struct DebriefScreen {
    /// The level's title.
    pub title: String,
    /// The level, as the store calls it, to play it again.
    pub level: String,
    /// The story, once it is there.
    pub debrief: Option<Debrief>,
    /// How moments are written.
    pub local: LocalTime,
    page: usize,
    scroll: u16,
    height: u16,
    /// The lines below what was drawn last.
    hidden: u16,
    timeline: TimelineState,
}

impl DebriefScreen {
    /// A debrief that is still being worked out.
    #[must_use]
    pub fn new(title: String, level: String, local: LocalTime) -> Self {
        Self { title, level, local, ..Self::default() }
    }

    /// Whether there is more below of the page drawn last.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.hidden > 0
    }

    /// Goes to a page.
    pub fn turn_to(&mut self, page: usize) {
        self.page = page.min(PAGES.len() - 1);
        self.scroll = 0;
    }

    /// Whether the page is in sight on which one goes through time.
    #[must_use]
    pub const fn is_timeline(&self) -> bool {
        self.page == TIMELINE && self.debrief.is_some()
    }

    /// Goes to a moment of both runs.
    pub fn go_to(&mut self, at: Time) {
        if let Some(debrief) = &self.debrief {
            self.timeline.go_to(at, debrief);
        }
    }

    /// Turns pages, scrolls, and goes through time.
    pub fn on_intent(&mut self, intent: Intent) {
        if let Some(debrief) = self.debrief.as_ref().filter(|_| self.page == TIMELINE) {
            self.timeline.on_intent(intent, debrief);
        }
        match intent {
            Intent::NextPage => self.turn_to((self.page + 1) % PAGES.len()),
            Intent::PreviousPage => self.turn_to((self.page + PAGES.len() - 1) % PAGES.len()),
            Intent::Up => self.scroll = self.scroll.saturating_sub(1),
            Intent::Down => self.scroll = self.scroll.saturating_add(1),
            Intent::PageUp => self.scroll = self.scroll.saturating_sub(self.height),
            Intent::PageDown => self.scroll = self.scroll.saturating_add(self.height),
            Intent::First => self.scroll = 0,
            // Drawing keeps it in range.
            Intent::Last => self.scroll = u16::MAX,
            _ => {}
        }
    }

    /// Draws the pages' names and the page.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, hits: &mut Hits, look: &Look) {
        let theme = &look.theme;
        if area.height < 4 {
            return;
        }
        self.draw_tabs(frame, Rect { height: 1, ..area }, hits, theme);
        let page = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let edge = Edge { title: PAGES[self.page], focused: true, ..Edge::default() };
        let inner = pane(frame.buffer_mut(), page, &edge, theme);
        let inner = Rect { x: inner.x + 2, width: inner.width.saturating_sub(4), ..inner };
        if inner.is_empty() {
            return;
        }
        let Some(debrief) = &self.debrief else {
            let text = "The same outage is being played again: without you, as the real team did it, and without each of your moves.";
            for (row, line) in wrap(text, inner.width).iter().enumerate() {
                put(frame.buffer_mut(), inner.x, inner.y + 1 + row as u16, inner.width, line, theme.dim);
            }
            return;
        };
        if self.page == TIMELINE {
            self.hidden = 0;
            return self.timeline.draw(frame, inner, debrief, self.local, hits, theme);
        }
        let page = Page::of(self.page, debrief, inner.width, self.local, theme);
        self.height = inner.height.saturating_sub(1).max(1);
        let (scroll, hidden) = page.draw(frame, inner, self.scroll, self.local, theme);
        self.scroll = scroll;
        self.hidden = hidden;
        if hidden > 0 {
            let text = format!(" {hidden} more ▼ ");
            let (right, y) = (inner.right(), inner.bottom());
            let x = put_right(frame.buffer_mut(), right, y, 20, &text, theme.dim);
            hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::PageDown));
        }
    }

    fn draw_tabs(&self, frame: &mut Frame, area: Rect, hits: &mut Hits, theme: &Theme) {
        let buffer = frame.buffer_mut();
        let mut x = area.x + 1;
        let title = format!("{} · debrief", self.title);
        let tabs: u16 = PAGES.iter().map(|page| width(page) + 3).sum();
        let outcome =
            self.debrief.as_ref().map(|debrief| format!("{}  grade {}", debrief.outcome.word(), debrief.grade));
        // How it ended is told at every size, the title where there is room besides.
        let needed = outcome.as_ref().map_or(0, |outcome| width(outcome) + 2);
        if width(&title) + tabs + 6 + needed <= area.width {
            x += put(buffer, x, area.y, area.width, &title, theme.heading) + 4;
        }
        for (index, page) in PAGES.iter().enumerate() {
            let style = if index == self.page { theme.selected } else { theme.dim };
            let used = put(buffer, x, area.y, area.right().saturating_sub(x), &format!(" {page} "), style);
            hits.add(Rect { x, y: area.y, width: used, height: 1 }, Target::Page(index));
            x += used + 1;
        }
        if let Some((debrief, outcome)) = self.debrief.as_ref().zip(outcome) {
            let room = area.right().saturating_sub(x + 1);
            put_right(buffer, area.right() - 1, area.y, room, &outcome, theme.phase(debrief.outcome));
        }
    }
}

type Pieces = Vec<(String, Style)>;

/// What stands on a page: lines, and at a certain line a chart.
struct Page<'a> {
    lines: Vec<Pieces>,
    chart: Option<Chart<'a>>,
}

/// Curves, the line at which they stand, and the moves that are marked on them.
struct Chart<'a> {
    at: usize,
    curves: &'a [Compared],
    marks: Vec<Mark>,
}

const CHART_HEIGHT: u16 = 11;

/// The columns beside a chart in which the names of its lines stand.
const NAMES: u16 = 9;

/// In the place of what has to be played again first.
const STILL_PLAYING: &str = "the outage is being played again, without each of your moves in turn …";

impl<'a> Page<'a> {
    fn of(page: usize, debrief: &'a Debrief, columns: u16, local: LocalTime, theme: &Theme) -> Self {
        let mut made = Self { lines: vec![], chart: None };
        match page {
            0 => made.what_happened(debrief, columns, theme),
            1 => made.your_run(debrief, columns, theme),
            2 => made.their_run(debrief, columns, local, theme),
            _ => made.what_if(debrief, columns, theme),
        }
        made
    }

    fn say(&mut self, text: &str, columns: u16, style: Style) {
        let columns = columns.min(96);
        self.lines.extend(wrap(text, columns).into_iter().map(|line| vec![(line, style)]));
    }

    fn heading(&mut self, text: &str, theme: &Theme) {
        if !self.lines.is_empty() {
            self.lines.push(vec![]);
        }
        self.lines.push(vec![(text.to_owned(), theme.heading)]);
    }

    fn hang(&mut self, head: &str, text: &str, columns: u16, head_style: Style, style: Style) {
        let indent = width(head);
        for (index, line) in wrap(text, columns.min(110).saturating_sub(indent)).into_iter().enumerate() {
            let head = if index == 0 { head.to_owned() } else { " ".repeat(indent as usize) };
            self.lines.push(vec![(head, head_style), (line, style)]);
        }
    }

    fn what_happened(&mut self, debrief: &Debrief, columns: u16, theme: &Theme) {
        for (index, line) in debrief.source.iter().enumerate() {
            self.say(line, columns, if index == 0 { theme.heading } else { theme.dim });
        }
        for paragraph in &debrief.what_happened {
            self.lines.push(vec![]);
            self.say(paragraph, columns, theme.text);
        }
        if !debrief.chain.is_empty() {
            self.heading("from the latent cause to the customer", theme);
        }
        for (index, link) in debrief.chain.iter().enumerate() {
            let head = if index == 0 { "   " } else { " ▼ " };
            self.hang(head, link, columns, theme.dim, theme.text);
        }
        if !debrief.lessons.is_empty() {
            self.heading("what the authors learned", theme);
        }
        for lesson in &debrief.lessons {
            self.hang(" · ", lesson, columns, theme.dim, theme.text);
        }
    }

    fn your_run(&mut self, debrief: &'a Debrief, columns: u16, theme: &Theme) {
        for (what, figure, remark) in &debrief.score {
            let head = format!("{what:<26} {figure:>14}  ");
            self.hang(&head, remark, columns, theme.text, theme.dim);
        }
        let own = debrief.compared.iter().position(|one| one.who == "you");
        let curves = own.map_or(&[][..], |at| &debrief.compared[at..=at]);
        self.chart_here(&counted(debrief), curves, marks(&debrief.moves), theme);
        let unit = &debrief.unit;
        self.heading(&format!("move by move: {unit}, spared or caused by each, against the run without it"), theme);
        for (index, one) in debrief.moves.iter().enumerate() {
            self.move_line(index, one, columns, theme);
        }
        if !debrief.is_whole {
            self.say(STILL_PLAYING, columns, theme.dim);
        } else if debrief.moves.is_empty() {
            self.say("nothing was done", columns, theme.dim);
        }
        if !debrief.together.is_empty() {
            self.say(&debrief.together, columns, theme.text);
        }
        self.diagnosis(debrief, columns, theme);
    }

    fn move_line(&mut self, index: usize, one: &Move, columns: u16, theme: &Theme) {
        let (word, style) = match one.spared {
            0 => ("no effect".to_owned(), theme.dim),
            n if n > 0 => (format!("{} spared", grouped(n.unsigned_abs())), theme.good),
            n => (format!("{} hurt", grouped(n.unsigned_abs())), theme.failing),
        };
        let mut line = vec![
            (format!("{:>3}  ", index + 1), theme.dim),
            (format!("{:<9}", one.clock), theme.dim),
            (format!("{word:>15}  "), style),
            (one.line.clone(), theme.own),
        ];
        let used: u16 = line.iter().map(|(text, _)| width(text)).sum();
        if used + width(&one.remark) + 3 <= columns {
            line.push((format!("   {}", one.remark), theme.dim));
            self.lines.push(line);
        } else {
            self.lines.push(line);
            self.hang(&" ".repeat(31), &one.remark, columns, theme.dim, theme.text);
        }
    }

    fn diagnosis(&mut self, debrief: &Debrief, columns: u16, theme: &Theme) {
        for judged in &debrief.diagnosis {
            self.heading(&judged.question, theme);
            let given_style = if judged.given == judged.right { theme.good } else { theme.failing };
            self.hang(" you said   ", &judged.given, columns, theme.dim, given_style);
            self.hang(" it was     ", &judged.right, columns, theme.dim, theme.text);
            self.say(" what shows it, and whether you pinned it:", columns, theme.dim);
            for piece in &judged.evidence {
                let (head, style) = if piece.was_pinned { (" ✓ ", theme.good) } else { (" · ", theme.dim) };
                self.hang(head, &format!("{}  ({})", piece.says, piece.see), columns, style, theme.text);
            }
        }
        self.thoughts(debrief, columns, theme);
        if !debrief.predictions.is_empty() {
            self.heading("what you expected", theme);
        }
        for prediction in &debrief.predictions {
            let (head, style) = match prediction.came_true {
                Some(true) => (" ✓ came true  ", theme.good),
                Some(false) => (" ✕ did not    ", theme.failing),
                None => (" ? open       ", theme.dim),
            };
            self.hang(head, &prediction.text, columns, style, theme.text);
        }
    }

    /// The hypotheses on the way, and what was held for and against each.
    fn thoughts(&mut self, debrief: &Debrief, columns: u16, theme: &Theme) {
        if !debrief.hypotheses.is_empty() {
            self.heading("what you thought, and what spoke for and against it", theme);
        }
        for hypothesis in &debrief.hypotheses {
            self.hang(&format!(" {} ", hypothesis.number), &hypothesis.text, columns, theme.dim, theme.text);
            for (speaks_for, head, style) in [(true, "   + ", theme.good), (false, "   − ", theme.failing)] {
                let about = (hypothesis.number, speaks_for);
                for pin in debrief.pins.iter().filter(|pin| pin.about.contains(&about)) {
                    self.hang(head, &format!("{}  ({})", pin.line.trim(), pin.command), columns, style, theme.dim);
                }
            }
        }
    }

    fn their_run(&mut self, debrief: &Debrief, columns: u16, local: LocalTime, theme: &Theme) {
        self.say("What the people who lived through it did, at their pace:", columns, theme.dim);
        self.lines.push(vec![]);
        for (at, line) in &debrief.their_moves {
            self.hang(&format!(" {}  ", local.minute(*at)), line, columns, theme.dim, theme.text);
        }
        if !debrief.timeline.is_empty() {
            self.heading("your timeline, which wrote itself", theme);
        }
        for (at, line) in &debrief.timeline {
            self.hang(&format!(" {}  ", local.minute(*at)), line, columns, theme.dim, theme.text);
        }
    }

    fn what_if(&mut self, debrief: &'a Debrief, columns: u16, theme: &Theme) {
        self.say("The same outage, the same seed, played again:", columns, theme.dim);
        self.lines.push(vec![]);
        self.table(&debrief.compared);
        let mut what = counted(debrief);
        if goes_by_factors(&debrief.compared) {
            what.push_str("  (the same way up is the same factor: all can be seen beside each other)");
        }
        self.chart_here(&what, &debrief.compared, vec![], theme);
        if !debrief.is_whole {
            return self.say(STILL_PLAYING, columns, theme.dim);
        }
        self.heading(&format!("every move that made a difference, in {}", debrief.unit), theme);
        let mut moves: Vec<(usize, &Move)> =
            debrief.moves.iter().enumerate().filter(|(_, one)| one.spared != 0).collect();
        moves.sort_by_key(|(_, one)| one.spared);
        for (index, one) in &moves {
            self.move_line(*index, one, columns, theme);
        }
        if moves.is_empty() {
            self.say("none did", columns, theme.dim);
        }
        if !debrief.together.is_empty() {
            self.say(&debrief.together, columns, theme.text);
        }
    }

    /// You, they, nobody.
    fn table(&mut self, compared: &[Compared]) {
        let who = compared.iter().map(|one| width(&one.who)).max().unwrap_or(0) as usize;
        let outcome = compared.iter().map(|one| width(&one.outcome)).max().unwrap_or(0) as usize;
        for one in compared {
            let line = format!(" {:<who$}   {:<outcome$}   {}", one.who, one.outcome, one.impact);
            self.lines.push(vec![(line, Style::new())]);
        }
    }

    /// Leaves room for a chart, and says above it what is counted.
    fn chart_here(&mut self, counted: &str, curves: &'a [Compared], marks: Vec<Mark>, theme: &Theme) {
        if curves.iter().any(|one| one.curve.len() > 1) {
            self.heading(counted, theme);
            self.chart = Some(Chart { at: self.lines.len(), curves, marks });
            self.lines.extend(std::iter::repeat_n(vec![], CHART_HEIGHT as usize));
        }
    }

    /// Draws from line `scroll` on and returns where it really starts, and how many lines lie below.
    fn draw(&self, frame: &mut Frame, area: Rect, scroll: u16, local: LocalTime, theme: &Theme) -> (u16, u16) {
        let room = area.height.saturating_sub(1);
        let scroll = scroll.min((self.lines.len() as u16).saturating_sub(room));
        for (row, line) in self.lines.iter().skip(scroll as usize).take(room as usize).enumerate() {
            let pieces: Vec<(&str, Style)> = line.iter().map(|(text, style)| (text.as_str(), *style)).collect();
            put_pieces(frame.buffer_mut(), area.x, area.y + 1 + row as u16, area.width, &pieces);
        }
        if let Some(chart) = &self.chart {
            let top = i32::from(area.y) + 1 + chart.at as i32 - i32::from(scroll);
            let place = Rect { x: area.x, y: top.max(0) as u16, width: area.width.min(140), height: CHART_HEIGHT };
            // A chart that is half scrolled out of view is left out, as half a chart would mislead.
            if top > i32::from(area.y) && place.bottom() <= area.bottom() {
                draw_curves(frame, place, chart, local, theme);
            }
        }
        (scroll, (self.lines.len() as u16).saturating_sub(scroll + room))
    }
}

/// What the curves count.
fn counted(debrief: &Debrief) -> String {
    if debrief.hurt.is_empty() { "customers hurt".to_owned() } else { format!("customers hurt: {}", debrief.hurt) }
}

/// The moves that made a difference, by their numbers.
fn marks(moves: &[Move]) -> Vec<Mark> {
    let different = moves.iter().enumerate().filter(|(_, one)| one.spared != 0);
    different.map(|(index, one)| Mark { at: one.at, kind: MarkKind::Own, text: (index + 1).to_string() }).collect()
}

fn draw_curves(frame: &mut Frame, area: Rect, chart: &Chart<'_>, local: LocalTime, theme: &Theme) {
    let times = || chart.curves.iter().flat_map(|one| &one.curve).map(|(at, _)| *at);
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return };
    _ = draw_curves_at(frame, area, chart.curves, &chart.marks, (from, to), None, local, theme);
}

/// How many were hurt in each run, between two moments.
#[expect(clippy::too_many_arguments, reason = "a frame, a place, curves, a stretch of time, and how it is drawn")]
fn draw_curves_at(
    frame: &mut Frame,
    area: Rect,
    compared: &[Compared],
    marks: &[Mark],
    (from, to): (Time, Time),
    cursor: Option<Time>,
    local: LocalTime,
    theme: &Theme,
) -> Option<(Rect, Axis)> {
    let curves: Vec<Vec<(Time, Option<f64>)>> = compared
        .iter()
        .map(|one| one.curve.iter().filter(|(at, _)| *at <= to).map(|(at, value)| (*at, Some(*value))).collect())
        .collect();
    // The player's own line is drawn last, over the others.
    let mut series: Vec<Series<'_>> = curves
        .iter()
        .zip(compared)
        .map(|(points, one)| {
            let (style, label) = match one.who.as_str() {
                "you" => (theme.own, "you"),
                "nobody" => (theme.dim, "nobody"),
                who => (theme.text, who),
            };
            Series { points, style, label }
        })
        .collect();
    series.reverse();
    let scale = Scale {
        from,
        to,
        unit: "",
        threshold: None,
        fires_below: false,
        marks,
        cursor,
        margin: if cursor.is_some() { IN_LINE } else { 0 },
        gutter: NAMES,
        by_factors: goes_by_factors(compared),
        local,
    };
    draw_chart(frame.buffer_mut(), area, &series, &scale, theme)
}

/// Whether one of the curves would press another to the ground, if the same way up were the same number.
fn goes_by_factors(compared: &[Compared]) -> bool {
    let highest = |one: &Compared| one.curve.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let tops: Vec<f64> = compared.iter().map(highest).filter(|top| *top > 0.0).collect();
    tops.iter().any(|top| tops.iter().any(|other| *top > other * 4.0))
}

/// The sentence with which an incident ends, before the debrief.
#[must_use]
pub const fn ending(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolved => "It is over. Customers are well, and the cause is out of the system.",
        Phase::Failed => {
            "It is over: too many customers have been hurt for too long. That is what this outage does; now you can see how."
        }
        Phase::Expired => "The time is up. The incident goes to the next shift, and you get to see what it was.",
        Phase::Quiet | Phase::Paged | Phase::Declared | Phase::Mitigated => "",
    }
}
