//! Where the panes stand, in three classes of size. A pane that doesn't fit becomes a tab, never a stump.

use crate::tui::keymap::Pane;
use ratatui::layout::Rect;

/// The least size at which everything can be used.
pub const LEAST: (u16, u16) = (80, 24);

/// The places of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// The first line.
    pub header: Rect,
    /// A line that says what size is needed, where the screen is too small.
    pub notice: Option<Rect>,
    /// The panes in sight.
    pub panes: Vec<(Pane, Rect)>,
    /// Whether the first pane carries the names of those that are not in sight.
    pub tabs: bool,
    /// The last line.
    pub keys: Rect,
}

impl Layout {
    /// Arranges the screen: which pane is on top where only one is, which pane has the focus, and whether it has the
    /// whole screen to itself.
    #[must_use]
    pub fn of(area: Rect, top: Pane, focus: Pane, zoomed: bool) -> Self {
        let header = Rect { height: area.height.min(1), ..area };
        let small = area.width < LEAST.0 || area.height < LEAST.1;
        let notice = (small && area.height >= 3).then(|| Rect { y: area.y + 1, height: 1, ..area });
        let keys_height = u16::from(area.height >= 4);
        let keys = Rect { y: area.bottom().saturating_sub(keys_height), height: keys_height, ..area };
        let above = header.height + u16::from(notice.is_some());
        let body = Rect { y: area.y + above, height: area.height.saturating_sub(above + keys_height), ..area };
        let (panes, tabs) = if zoomed {
            (vec![(focus, body)], false)
        } else if area.width >= 110 && area.height >= 34 {
            (wide(body), false)
        } else {
            (narrow(body, top, focus), true)
        };
        Self { header, notice, panes, tabs, keys }
    }

    /// Where a pane stands, if it is in sight.
    #[must_use]
    pub fn place(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(other, _)| *other == pane).map(|(_, area)| *area)
    }
}

/// All five: map and pager, graphs, console and notebook.
fn wide(body: Rect) -> Vec<(Pane, Rect)> {
    let right = (body.width * 32 / 100).clamp(38, 60);
    let graphs = match body.height {
        0..=44 => 7,
        45..=54 => 10,
        _ => 11,
    };
    let rest = body.height - graphs;
    // The map gets a little more than the console: it is looked at first.
    let map = if body.height >= 52 { rest * 48 / 100 } else { rest * 55 / 100 };
    let console = rest - map;
    let left = body.width - right;
    let at = |x, y, width, height| Rect { x: body.x + x, y: body.y + y, width, height };
    vec![
        (Pane::Map, at(0, 0, left, map)),
        (Pane::Pager, at(left, 0, right, map)),
        (Pane::Graphs, at(0, map, body.width, graphs)),
        (Pane::Console, at(0, map + graphs, left, console)),
        (Pane::Notebook, at(left, map + graphs, right, console)),
    ]
}

/// One pane above, the console below; where even that is too much, the focused one alone.
fn narrow(body: Rect, top: Pane, focus: Pane) -> Vec<(Pane, Rect)> {
    if body.height < 12 {
        return vec![(focus, body)];
    }
    let above = (body.height / 2).max(6);
    let upper = Rect { height: above, ..body };
    let lower = Rect { y: body.y + above, height: body.height - above, ..body };
    vec![(top, upper), (Pane::Console, lower)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_never_overlap_and_never_leave_the_screen() {
        for width in (1..400).step_by(7) {
            for height in 1..120 {
                let area = Rect::new(0, 0, width, height);
                for zoomed in [false, true] {
                    let layout = Layout::of(area, Pane::Map, Pane::Console, zoomed);
                    let mut all: Vec<Rect> = layout.panes.iter().map(|(_, area)| *area).collect();
                    all.extend([layout.header, layout.keys]);
                    all.extend(layout.notice);
                    for (index, one) in all.iter().enumerate() {
                        assert_eq!(one.intersection(area).area(), one.area(), "{width}x{height}");
                        for other in &all[index + 1..] {
                            assert!(one.intersection(*other).is_empty(), "{width}x{height}: {one} {other}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_screen_of_the_least_size_has_a_pane_above_the_console() {
        let layout = Layout::of(Rect::new(0, 0, 80, 24), Pane::Graphs, Pane::Console, false);
        assert_eq!(layout.notice, None);
        assert!(layout.place(Pane::Graphs).is_some() && layout.place(Pane::Console).is_some());
        assert!(Layout::of(Rect::new(0, 0, 79, 24), Pane::Graphs, Pane::Console, false).notice.is_some());
    }
}
