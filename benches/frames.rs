//! How long a frame takes: draw, diff and encode of the incident's screen at 200×60, beside a dashboard of ratatui's own
//! widgets in the same run; and a whole step of the clock in the middle of an incident, with the simulation and the write.
//!
//! ```text
//! cargo bench --bench frames
//! ```

#![expect(clippy::print_stdout, reason = "it tells what it measured")]

#[path = "../tests/play/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which need more of it")]
mod play;

use play::{Shelf, briefing_of, dark, fixture, gallery};
use ratatui::Terminal;
use ratatui::layout::{Constraint, Layout, Size};
use ratatui::style::{Color, Style};
use ratatui::widgets::{Block, Gauge, List, Row, Sparkline, Table};
use sev1::sim::quantity::Span;
use sev1::tui::app::{App, TICK};
use sev1::tui::hit::Hits;
use sev1::tui::key::{Key, Named};
use sev1::tui::keymap::{Pane, Place};
use sev1::tui::surface::Surface;
use std::time::{Duration, Instant};

const FRAMES: usize = 2000;
const LARGE: Size = Size::new(200, 60);

fn main() {
    let (mut ours, mut theirs, mut still) = (vec![], vec![], vec![]);
    let (mut frame, mut dashboard, mut same) = (moving_frame(), dashboard(), still_frame());
    for number in 0..FRAMES {
        ours.push(frame(number));
        theirs.push(dashboard(number));
        still.push(same(number));
    }
    println!("draw, diff and encode at 200×60, {FRAMES} frames in turn");
    let median = tell("  an incident, everything new", &mut ours);
    let peer = tell("  ratatui's dashboard", &mut theirs);
    tell("  an incident, nothing new", &mut still);
    println!("  ours over theirs: median {:.2}, 99 of 100 {:.2}", median.0 / peer.0, median.1 / peer.1);
    for size in [Size::new(120, 40), LARGE] {
        let (mut steps, bytes) = steps_of_an_incident(size);
        println!(
            "a minute of forty pods in trouble, something typed every two seconds, {}×{}",
            size.width, size.height
        );
        tell("  a step: simulation, looking, drawing, writing", &mut steps);
        println!("  {bytes} bytes a second");
    }
}

/// Tells median and 99th percentile, and returns them in microseconds.
fn tell(what: &str, times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let micros = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e6;
    let (median, late) = (micros(50), micros(99));
    println!("{what:48} median {median:7.0} µs   99 of 100 within {late:7.0} µs");
    (median, late)
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

/// Each frame another number, another row of output, another place of the moving dots.
fn moving_frame() -> impl FnMut(usize) -> Duration {
    let mut screen = gallery::incident_with(&fixture::forty_pods(), Pane::Console);
    let mut terminal = Terminal::new(Surface::new(std::io::sink(), LARGE)).expect("a surface in memory");
    let look = dark();
    move |number| {
        screen.seen.header.hurt.count += 7;
        let output = &mut screen.seen.console[3].output;
        output.push(format!("[{number}.136] Memory cgroup out of memory: Kill process {number} (python)"));
        // A log is bounded in the game as well.
        if output.len() > 200 {
            output.remove(0);
        }
        for graph in screen.seen.graphs.iter_mut().flatten() {
            graph.points.rotate_left(1);
        }
        let places: Vec<Place> = screen.places().into_iter().chain([Place::Everywhere]).collect();
        timed(|| {
            terminal
                .draw(|frame| screen.draw(frame, frame.area(), &places, &[], &mut Hits::default(), &look))
                .expect("a surface in memory");
        })
    }
}

/// The same frame again and again: what it costs to find out that nothing has changed.
fn still_frame() -> impl FnMut(usize) -> Duration {
    let mut screen = gallery::incident_with(&fixture::forty_pods(), Pane::Console);
    let mut terminal = Terminal::new(Surface::new(std::io::sink(), LARGE)).expect("a surface in memory");
    let look = dark();
    let places: Vec<Place> = screen.places().into_iter().chain([Place::Everywhere]).collect();
    move |_| {
        timed(|| {
            terminal
                .draw(|frame| screen.draw(frame, frame.area(), &places, &[], &mut Hits::default(), &look))
                .expect("a surface in memory");
        })
    }
}

/// Eight sparklines, a table, a list and a gauge, with new values in each frame.
fn dashboard() -> impl FnMut(usize) -> Duration {
    let mut terminal = Terminal::new(Surface::new(std::io::sink(), LARGE)).expect("a surface in memory");
    let mut series: Vec<Vec<u64>> = vec![vec![0; 90]; 8];
    let mut state = 1_u64;
    move |k| {
        for one in &mut series {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            one.remove(0);
            one.push(state >> 58);
        }
        timed(|| {
            terminal
                .draw(|frame| {
                    let halves = Layout::horizontal([Constraint::Percentage(50); 2]).split(frame.area());
                    let left = Layout::vertical([Constraint::Ratio(1, 8); 8]).split(halves[0]);
                    for (j, one) in series.iter().enumerate() {
                        let block = Block::bordered().title(format!("svc-{j} p99 {} ms", one[89] * 7));
                        let line = Sparkline::default().block(block).data(one).style(Style::new().fg(Color::Cyan));
                        frame.render_widget(line, left[j]);
                    }
                    let heights = [Constraint::Length(30), Constraint::Min(5), Constraint::Length(3)];
                    let right = Layout::vertical(heights).split(halves[1]);
                    let rows = (0..26).map(|j| {
                        let latency = ((k + j * 31) % 500) as f64 / 7.0;
                        let busy = (k * 7 + j * 13) % 97;
                        Row::new([format!("pod-{j:02}"), busy.to_string(), format!("{latency:.1}ms"), "OK".to_owned()])
                    });
                    let widths = [12, 8, 12, 4].map(Constraint::Length);
                    let table = Table::new(rows, widths).block(Block::bordered().title("pods"));
                    frame.render_widget(table.header(Row::new(["pod", "inflight", "p99", "state"])), right[0]);
                    let lines = (0..20).map(|j| {
                        let request = (k / 6 + j) * 7919 % 100_000;
                        format!("t+{:06} request {request} routed to pod-{:02}", k / 6 + j, (k / 6 + j) % 26)
                    });
                    frame.render_widget(List::new(lines).block(Block::bordered().title("events")), right[1]);
                    let ratio = (k % 100) as f64 / 100.0;
                    let budget = Gauge::default().block(Block::bordered().title("slo budget")).ratio(ratio);
                    frame.render_widget(budget, right[2]);
                })
                .expect("a surface in memory");
        })
    }
}

/// A minute in the middle of an incident, tick by tick, and the bytes written a second.
fn steps_of_an_incident(size: Size) -> (Vec<Duration>, u64) {
    const TICKS: usize = 480;
    let mut shelf = Shelf::in_the_middle_of(&play::forty_pods_after(Span::from_seconds(540)));
    let mut app = App::open(briefing_of("forty-pods"), &mut shelf, dark());
    let out = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("it takes anything");
    let mut terminal = Terminal::new(Surface::new(out, size)).expect("a surface");
    app.on_key(Key::Named(Named::Enter));
    let typed = ["kubectl get pods", "kubectl get events", "rabbitmqctl list_queues", "kubectl get nodes"];
    let mut steps = vec![];
    for tick in 0..TICKS {
        steps.push(timed(|| {
            if tick % 16 == 0 {
                let line = typed[tick / 16 % typed.len()];
                line.chars().for_each(|c| app.on_key(Key::Char(c)));
                app.on_key(Key::Named(Named::Enter));
            }
            app.elapse(TICK);
            terminal.draw(|frame| app.draw(frame)).expect("it takes anything");
        }));
    }
    (steps, terminal.backend().written() * 8 / TICKS as u64)
}
