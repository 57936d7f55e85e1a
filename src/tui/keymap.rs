//! Every key, in one table: what it means, what the line of keys and the help screen call it, and where it applies.
//!
//! Keys become intents here and nowhere else. What isn't in the table is text for whoever takes text.

mod place;

use super::key::{Key, Named};
pub use place::{Pane, Place};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Towards the top.
    Up,
    /// Towards the bottom.
    Down,
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// A page towards the top.
    PageUp,
    /// A page towards the bottom.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Open what is selected, or do it.
    Open,
    /// One step back.
    Back,
    /// Leave; asks where something would be interrupted.
    Leave,
    /// The keys that apply here.
    Help,
    /// Draw the whole screen again.
    Redraw,
    /// Stop as Ctrl-Z does.
    Suspend,
    /// The next theme.
    Theme,
    /// The list of levels.
    Levels,
    /// What is chosen once for all incidents.
    Settings,
    /// The next page.
    NextPage,
    /// The page before.
    PreviousPage,
    /// Another mode: how much help there is.
    Mode,
    /// Play this level again.
    Again,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// A certain pane.
    Pane(Pane),
    /// The focused pane over the whole screen, and back.
    Zoom,
    /// Everything that can be done.
    Palette,
    /// The next hint, at its price.
    Hint,
    /// Stop the clock and go on.
    Pause,
    /// The clock goes faster.
    Faster,
    /// The clock goes slower.
    Slower,
    /// Take the alert that rings.
    Acknowledge,
    /// Silence an alert.
    Silence,
    /// Answer somebody.
    Reply,
    /// Declare the incident.
    Declare,
    /// Tell everybody how it stands.
    Status,
    /// Write down a guess at the cause.
    Hypothesis,
    /// Say what one expects.
    Predict,
    /// Answer a question about the cause.
    Diagnose,
    /// Write something down.
    Note,
    /// Close the incident.
    Resolve,
    /// A graph over a shorter time.
    Closer,
    /// A graph over a longer time.
    Farther,
    /// Everything that is measured, several series at once.
    Explore,
    /// The line that finds metrics.
    Query,
    /// Take a series off.
    TakeOff,
    /// The next thing that happened, on the time axis.
    NextMark,
    /// The thing that happened before.
    PreviousMark,
    /// The evidence speaks for a hypothesis.
    SpeaksFor,
    /// The evidence speaks against a hypothesis.
    SpeaksAgainst,
    /// Keep this line as evidence.
    Pin,
    /// Complete the word at the cursor.
    Complete,
    /// Run the line.
    Run,
    /// Search what was typed before.
    Search,
    /// The line before in the history.
    Older,
    /// The line after in the history.
    Newer,
    /// Drop the line, or stop the command that runs.
    Interrupt,
    /// Look back through the output.
    LookBack,
    /// Yes, do it.
    Confirm,
    /// What happened, after the end.
    Debrief,
    /// Give the mouse to the terminal, to select text with, and take it back.
    Mouse,
    /// Copy this line to the clipboard.
    Copy,
    /// Another shell beside this one.
    NewTab,
    /// The next shell.
    NextTab,
    /// The shell before.
    PreviousTab,
    /// An end to this shell.
    CloseTab,
    /// An end to the `watch` in sight.
    StopWatch,
    /// The `watch` in sight over the whole screen.
    ReadWatch,
    /// A line up in the `watch` in sight.
    WatchUp,
    /// A line down in it.
    WatchDown,
    /// Read an answer over the whole screen.
    Read,
    /// Search in it.
    Find,
    /// The next hit.
    FindNext,
    /// The hit before.
    FindPrevious,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it applies.
    pub place: Place,
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What they mean.
    pub intent: Intent,
    /// What the help calls it.
    pub help: &'static str,
    /// What the line of keys calls it; empty where it isn't shown there.
    pub label: &'static str,
}

const fn bind(place: Place, keys: &'static [Key], intent: Intent, label: &'static str, help: &'static str) -> Binding {
    Binding { place, keys, intent, help, label }
}

const ENTER: Key = Key::Named(Named::Enter);
const ESC: Key = Key::Named(Named::Esc);
const TAB: Key = Key::Named(Named::Tab);
const BACK_TAB: Key = Key::Named(Named::BackTab);
const UP: Key = Key::Named(Named::Up);
const DOWN: Key = Key::Named(Named::Down);
const LEFT: Key = Key::Named(Named::Left);
const RIGHT: Key = Key::Named(Named::Right);
const PAGE_UP: Key = Key::Named(Named::PageUp);
const PAGE_DOWN: Key = Key::Named(Named::PageDown);
const HOME: Key = Key::Named(Named::Home);
const END: Key = Key::Named(Named::End);
const fn f(number: u8) -> Key {
    Key::Named(Named::F(number))
}

use Intent as I;
use Pane as P;
use Place as L;

/// The table. Within a place the order is that of the line of keys; places are looked up from the narrow to the wide.
pub const BINDINGS: &[Binding] = &[
    // The title.
    bind(L::Title, &[ENTER, Key::Char(' ')], I::Open, "start", "do what is selected"),
    bind(L::Title, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Title, &[DOWN, Key::Char('j')], I::Down, "choose", "down"),
    bind(L::Title, &[Key::Char('l')], I::Levels, "levels", "all levels"),
    bind(L::Title, &[Key::Char('s')], I::Settings, "settings", "what is chosen once for all incidents, and credits"),
    bind(L::Title, &[Key::Char('t')], I::Theme, "theme", "another theme"),
    bind(L::Title, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Title, &[Key::Char('q'), ESC], I::Leave, "quit", "leave the game"),
    // The list of levels.
    bind(L::Levels, &[ENTER, RIGHT], I::Open, "briefing", "read the briefing of the selected level"),
    bind(L::Levels, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Levels, &[DOWN, Key::Char('j')], I::Down, "choose", "down"),
    bind(L::Levels, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Levels, &[PAGE_DOWN], I::PageDown, "", "a page down"),
    bind(L::Levels, &[HOME, Key::Char('g')], I::First, "", "the first"),
    bind(L::Levels, &[END, Key::Char('G')], I::Last, "", "the last"),
    bind(L::Levels, &[Key::Char('v')], I::Debrief, "last debrief", "the debrief of the last run of the selected level"),
    bind(L::Levels, &[Key::Char('t')], I::Theme, "theme", "another theme"),
    bind(L::Levels, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Levels, &[ESC, Key::Char('q'), LEFT], I::Back, "back", "back to the title"),
    // The settings.
    bind(L::Settings, &[ENTER, Key::Char(' '), RIGHT], I::Open, "change", "the next value of what is selected"),
    bind(L::Settings, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Settings, &[DOWN, Key::Char('j')], I::Down, "choose", "down"),
    bind(L::Settings, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Settings, &[ESC, Key::Char('q'), LEFT], I::Back, "back", "back to the title"),
    // The briefing.
    bind(L::Briefing, &[ENTER], I::Open, "take the pager", "start the incident"),
    bind(L::Briefing, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Briefing, &[DOWN, Key::Char('j')], I::Down, "", "down"),
    bind(L::Briefing, &[Key::Char('m')], I::Mode, "how much help", "trainee, on-call or principal"),
    bind(L::Briefing, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Briefing, &[ESC, Key::Char('q')], I::Back, "levels", "back to the levels"),
    // The console, looking back.
    bind(L::Scrollback, &[Key::Char('p'), ENTER], I::Pin, "pin as evidence", "keep the selected line as evidence"),
    bind(L::Scrollback, &[Key::Char('+')], I::SpeaksFor, "", "keep it: it speaks for a hypothesis"),
    bind(L::Scrollback, &[Key::Char('-')], I::SpeaksAgainst, "", "keep it: it speaks against a hypothesis"),
    bind(L::Scrollback, &[Key::Char('y')], I::Copy, "copy", "copy the selected line to the clipboard"),
    bind(L::Scrollback, &[Key::Char('o'), Key::Ctrl('o')], I::Read, "read", "this answer over the whole screen"),
    bind(L::Scrollback, &[Key::Char('/')], I::Find, "search", "search in this answer"),
    bind(
        L::Scrollback,
        &[UP, Key::Char('k'), Key::Shift(Named::Up), Key::CtrlNamed(Named::Up)],
        I::Up,
        "line",
        "a line up",
    ),
    bind(
        L::Scrollback,
        &[DOWN, Key::Char('j'), Key::Shift(Named::Down), Key::CtrlNamed(Named::Down)],
        I::Down,
        "",
        "a line down",
    ),
    bind(L::Scrollback, &[PAGE_UP, Key::Ctrl('b')], I::PageUp, "page", "a page up"),
    bind(L::Scrollback, &[PAGE_DOWN, Key::Ctrl('f')], I::PageDown, "", "a page down"),
    bind(L::Scrollback, &[HOME, Key::Char('g')], I::First, "", "the first line"),
    bind(L::Scrollback, &[END, Key::Char('G')], I::Last, "", "the last line"),
    bind(L::Scrollback, &[ESC, Key::Char('q')], I::Back, "prompt", "back to the prompt"),
    bind(L::Watching, &[Key::Char('q')], I::StopWatch, "stop watch", "end the `watch` above the prompt"),
    bind(L::Watching, &[Key::Alt('w')], I::ReadWatch, "", "the `watch` over the whole screen"),
    bind(L::Watching, &[Key::CtrlNamed(Named::Down), Key::Alt('j')], I::WatchDown, "", "a line down in the `watch`"),
    bind(L::Watching, &[Key::CtrlNamed(Named::Up), Key::Alt('k')], I::WatchUp, "", "a line up in the `watch`"),
    // An answer over the whole screen.
    bind(L::Reader, &[Key::Char('/')], I::Find, "search", "search in this answer"),
    bind(L::Reader, &[Key::Char('n')], I::FindNext, "next hit", "the next line that holds what is searched for"),
    bind(L::Reader, &[Key::Char('N')], I::FindPrevious, "", "the line before that holds it"),
    bind(L::Reader, &[Key::Char('p'), ENTER], I::Pin, "pin as evidence", "keep the selected line as evidence"),
    bind(L::Reader, &[Key::Char('+')], I::SpeaksFor, "", "keep it: it speaks for a hypothesis"),
    bind(L::Reader, &[Key::Char('-')], I::SpeaksAgainst, "", "keep it: it speaks against a hypothesis"),
    bind(L::Reader, &[Key::Char('y')], I::Copy, "copy", "copy the selected line to the clipboard"),
    bind(L::Reader, &[DOWN, Key::Char('j')], I::Down, "line", "a line down"),
    bind(L::Reader, &[UP, Key::Char('k')], I::Up, "", "a line up"),
    bind(L::Reader, &[PAGE_DOWN, Key::Ctrl('f'), Key::Char(' ')], I::PageDown, "page", "a page down"),
    bind(L::Reader, &[PAGE_UP, Key::Ctrl('b'), Key::Char('b')], I::PageUp, "", "a page up"),
    bind(L::Reader, &[HOME, Key::Char('g')], I::First, "", "the first line"),
    bind(L::Reader, &[END, Key::Char('G')], I::Last, "", "the last line"),
    bind(L::Reader, &[LEFT, Key::Char('[')], I::Left, "answer before", "the answer before this one"),
    bind(L::Reader, &[RIGHT, Key::Char(']')], I::Right, "", "the answer after this one"),
    bind(L::Reader, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Reader, &[Key::Char('q'), ESC, Key::Ctrl('c'), Key::Ctrl('o')], I::Back, "close", "back to the prompt"),
    bind(L::Finding, &[ENTER, DOWN], I::FindNext, "search", "go to the first line that holds it"),
    bind(L::Finding, &[UP], I::FindPrevious, "", "go to the last line before that holds it"),
    bind(L::Finding, &[ESC, Key::Ctrl('c')], I::Back, "cancel", "leave the search"),
    // The console.
    bind(L::In(P::Console), &[ENTER], I::Run, "", "run the line"),
    bind(
        L::In(P::Console),
        &[TAB],
        I::Complete,
        "complete",
        "complete the word at the cursor; on an empty line list the commands",
    ),
    bind(L::In(P::Console), &[Key::Ctrl('p')], I::Palette, "do anything", "everything that can be looked at and done"),
    bind(L::In(P::Console), &[ESC], I::Back, "panes", "leave the console; single keys apply then"),
    bind(L::In(P::Console), &[PAGE_UP], I::PageUp, "scroll", "a page up in the output, to read and pin lines"),
    bind(
        L::In(P::Console),
        &[Key::Shift(Named::Up), Key::CtrlNamed(Named::Up)],
        I::LookBack,
        "",
        "select the last line of the output",
    ),
    bind(L::Incident, &[Key::Ctrl('o')], I::Read, "", "the last answer over the whole screen, to search in it"),
    bind(
        L::In(P::Console),
        &[Key::Ctrl('d')],
        I::CloseTab,
        "",
        "on an empty line log out, and at last close this tab; else delete a character",
    ),
    bind(
        L::In(P::Console),
        &[Key::Ctrl('n'), Key::CtrlNamed(Named::PageDown)],
        I::NextTab,
        "next tab",
        "the next tab: another shell of yours",
    ),
    bind(L::In(P::Console), &[f(2)], I::Hint, "hint", "the next hint; it costs points unless you are a trainee"),
    bind(L::In(P::Console), &[UP], I::Older, "history", "the line before in the history"),
    bind(L::In(P::Console), &[DOWN], I::Newer, "", "the line after in the history"),
    bind(L::In(P::Console), &[Key::Ctrl('r')], I::Search, "search", "search what was typed before"),
    bind(
        L::In(P::Console),
        &[Key::Ctrl('c')],
        I::Interrupt,
        "",
        "stop what runs, or drop the line; on an empty line leave the game",
    ),
    bind(L::In(P::Console), &[BACK_TAB], I::PreviousPane, "", "the pane before"),
    // The other panes.
    bind(L::In(P::Map), &[ENTER], I::Open, "look, act", "what can be looked at and done about the selected part"),
    bind(L::In(P::Map), &[UP, Key::Char('k')], I::Up, "", "the part above"),
    bind(L::In(P::Map), &[DOWN, Key::Char('j')], I::Down, "part", "the part below"),
    bind(L::In(P::Map), &[LEFT], I::Left, "", "the part to the left"),
    bind(L::In(P::Map), &[RIGHT, Key::Char('l')], I::Right, "", "the part to the right"),
    bind(L::In(P::Pager), &[ENTER], I::Open, "answer", "what can be done about the selected alert or message"),
    bind(L::In(P::Pager), &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::In(P::Pager), &[DOWN, Key::Char('j')], I::Down, "choose", "down"),
    bind(L::In(P::Pager), &[Key::Char('s')], I::Silence, "silence", "silence the selected alert"),
    bind(L::Query, &[ENTER], I::Open, "draw it", "draw what is selected"),
    bind(L::Query, &[UP, BACK_TAB], I::Up, "", "up"),
    bind(L::Query, &[DOWN], I::Down, "choose", "down"),
    bind(L::Query, &[TAB], I::Complete, "edit first", "put what is selected into the line, to edit it"),
    bind(L::Query, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Query, &[PAGE_DOWN], I::PageDown, "", "a page down"),
    bind(
        L::Query,
        &[ESC, Key::Ctrl('c')],
        I::Back,
        "charts",
        "to the charts, or back to the panes where none is drawn",
    ),
    bind(L::Explore, &[LEFT, Key::Char('h')], I::Left, "read values", "a cursor to read values with, to the left"),
    bind(L::Explore, &[RIGHT, Key::Char('l')], I::Right, "", "the cursor to the right"),
    bind(L::Explore, &[Key::Char('/'), Key::Char('e'), TAB, ENTER], I::Query, "add", "find another metric"),
    bind(L::Explore, &[UP, Key::Char('k')], I::Up, "", "the series above"),
    bind(L::Explore, &[DOWN, Key::Char('j')], I::Down, "series", "the series below"),
    bind(L::Explore, &[Key::Char('p')], I::Pin, "pin", "pin the series to the graphs, or take it off them"),
    bind(L::Explore, &[Key::Char('x'), Key::Named(Named::Delete)], I::TakeOff, "off", "take the series off"),
    bind(L::Explore, &[Key::Char('m')], I::NextMark, "marks", "the next mark: an alert, a deploy, your own doing"),
    bind(L::Explore, &[Key::Char('M')], I::PreviousMark, "", "the mark before"),
    bind(L::Explore, &[Key::Char('[')], I::Farther, "longer", "over a longer time, up to the whole incident"),
    bind(L::Explore, &[Key::Char(']')], I::Closer, "shorter", "over a shorter time, down to a minute"),
    bind(L::Explore, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Explore, &[ESC, Key::Char('q')], I::Back, "panes", "leave the cursor, then the view"),
    bind(L::Reading, &[ESC], I::Back, "done reading", "back to what is now"),
    bind(L::In(P::Graphs), &[UP, Key::Char('k')], I::Up, "", "the graphs before"),
    bind(L::In(P::Graphs), &[DOWN, Key::Char('j')], I::Down, "more", "the graphs after"),
    bind(
        L::In(P::Graphs),
        &[LEFT, Key::Char('h')],
        I::Left,
        "read values",
        "a cursor to read values with, to the left",
    ),
    bind(L::In(P::Graphs), &[RIGHT, Key::Char('l')], I::Right, "", "the cursor to the right"),
    bind(
        L::In(P::Graphs),
        &[Key::Char('m')],
        I::NextMark,
        "marks",
        "the next mark: an alert, a deploy, your own doing",
    ),
    bind(L::In(P::Graphs), &[Key::Char('M')], I::PreviousMark, "", "the mark before"),
    bind(L::In(P::Graphs), &[Key::Char('[')], I::Farther, "longer", "over a longer time, up to the whole incident"),
    bind(L::In(P::Graphs), &[Key::Char(']')], I::Closer, "shorter", "over a shorter time, down to a minute"),
    bind(L::In(P::Notebook), &[UP, Key::Char('k')], I::Up, "", "the evidence above, or up"),
    bind(L::In(P::Notebook), &[DOWN, Key::Char('j')], I::Down, "evidence", "the evidence below, or down"),
    bind(L::In(P::Notebook), &[Key::Char('+')], I::SpeaksFor, "speaks for", "the evidence speaks for a hypothesis"),
    bind(
        L::In(P::Notebook),
        &[Key::Char('-')],
        I::SpeaksAgainst,
        "against",
        "the evidence speaks against a hypothesis",
    ),
    bind(L::In(P::Notebook), &[ENTER], I::Open, "", "what can be done with the evidence"),
    bind(L::In(P::Notebook), &[Key::Char('n')], I::Note, "note", "write something down"),
    // Any pane but the console.
    bind(L::Panes, &[Key::Char(':')], I::Palette, "do anything", "everything that can be looked at and done"),
    bind(L::Panes, &[Key::Char('a')], I::Acknowledge, "ack", "take the alert that rings"),
    bind(L::Panes, &[Key::Char('r')], I::Reply, "reply", "answer the latest question"),
    bind(L::Panes, &[Key::Char('h')], I::Hypothesis, "hypothesis", "write down a guess at the cause"),
    bind(L::Panes, &[Key::Char('p')], I::Predict, "predict", "say what you expect, before you act"),
    bind(L::Panes, &[Key::Char('d')], I::Diagnose, "diagnose", "say what the cause is"),
    bind(L::Panes, &[Key::Char('D')], I::Declare, "", "declare the incident"),
    bind(L::Panes, &[Key::Char('S')], I::Status, "", "tell everybody how it stands"),
    bind(L::Panes, &[Key::Char('R')], I::Resolve, "", "close the incident"),
    bind(L::Panes, &[Key::Char('e')], I::Explore, "explore", "everything that is measured, several series at once"),
    bind(L::Panes, &[Key::Char('z')], I::Zoom, "", "this pane over the whole screen, and back"),
    bind(L::Panes, &[Key::Char(' ')], I::Pause, "pause", "stop the clock and go on, where the mode allows it"),
    bind(L::Panes, &[Key::Char('+'), Key::Char('=')], I::Faster, "", "the clock goes faster"),
    bind(L::Panes, &[Key::Char('-')], I::Slower, "", "the clock goes slower"),
    bind(L::Panes, &[Key::Char('1')], I::Pane(P::Map), "", "the system"),
    bind(L::Panes, &[Key::Char('2')], I::Pane(P::Pager), "", "the pager"),
    bind(L::Panes, &[Key::Char('3')], I::Pane(P::Graphs), "", "the graphs"),
    bind(L::Panes, &[Key::Char('4'), Key::Char('i'), ESC], I::Pane(P::Console), "console", "the console"),
    bind(L::Panes, &[Key::Char('5')], I::Pane(P::Notebook), "", "the notebook"),
    bind(L::Panes, &[TAB], I::NextPane, "next pane", "the next pane"),
    bind(L::Panes, &[BACK_TAB], I::PreviousPane, "", "the pane before"),
    bind(L::Panes, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Panes, &[PAGE_DOWN], I::PageDown, "", "a page down"),
    bind(L::Panes, &[HOME], I::First, "", "to the start"),
    bind(L::Panes, &[END], I::Last, "", "to the end"),
    bind(L::Panes, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    bind(L::Panes, &[Key::Char('q')], I::Leave, "", "leave; the incident can be resumed"),
    // Anywhere in an incident.
    bind(L::Incident, &[Key::Ctrl('p')], I::Palette, "do anything", "everything that can be looked at and done"),
    bind(L::Incident, &[f(2)], I::Hint, "hint", "the next hint; it costs points unless you are a trainee"),
    bind(L::Incident, &[Key::Ctrl('t')], I::NewTab, "", "another tab of the console: a shell of its own"),
    bind(L::Incident, &[Key::Ctrl('n'), Key::CtrlNamed(Named::PageDown)], I::NextTab, "", "the next tab"),
    bind(L::Incident, &[Key::CtrlNamed(Named::PageUp)], I::PreviousTab, "", "the tab before"),
    bind(L::Incident, &[f(4)], I::Zoom, "", "this pane over the whole screen, and back"),
    bind(L::Incident, &[f(5)], I::Pause, "", "stop the clock and go on, where the mode allows it"),
    bind(L::Incident, &[f(6)], I::Slower, "", "the clock goes slower"),
    bind(L::Incident, &[f(7)], I::Faster, "", "the clock goes faster"),
    bind(L::Incident, &[f(10)], I::Debrief, "", "what happened, once it is over"),
    bind(L::Incident, &[f(3), Key::Alt('a')], I::Acknowledge, "", "take the alert that rings"),
    bind(L::Incident, &[Key::Alt('r')], I::Reply, "", "answer the latest question"),
    bind(L::Incident, &[Key::Alt('h')], I::Hypothesis, "", "write down a guess at the cause"),
    bind(L::Incident, &[Key::Alt('n')], I::Note, "", "write something down"),
    bind(L::Incident, &[Key::Alt('e')], I::Explore, "", "everything that is measured, several series at once"),
    bind(L::Incident, &[Key::Alt('1')], I::Pane(P::Map), "", "the system"),
    bind(L::Incident, &[Key::Alt('2')], I::Pane(P::Pager), "", "the pager"),
    bind(L::Incident, &[Key::Alt('3')], I::Pane(P::Graphs), "", "the graphs"),
    bind(L::Incident, &[Key::Alt('4')], I::Pane(P::Console), "", "the console"),
    bind(L::Incident, &[Key::Alt('5')], I::Pane(P::Notebook), "", "the notebook"),
    // The debrief.
    bind(L::Timeline, &[RIGHT, Key::Char('l')], I::Right, "through time", "on in time"),
    bind(L::Timeline, &[LEFT, Key::Char('h')], I::Left, "through time", "back in time"),
    bind(L::Timeline, &[PAGE_DOWN, Key::Char(' ')], I::PageDown, "", "ten steps on"),
    bind(L::Timeline, &[PAGE_UP], I::PageUp, "", "ten steps back"),
    bind(L::Timeline, &[Key::Char('m')], I::NextMark, "next event", "to what happened next, in either run"),
    bind(L::Timeline, &[Key::Char('M')], I::PreviousMark, "", "to what happened before"),
    bind(L::Timeline, &[DOWN, Key::Char('j')], I::Down, "metric", "another metric"),
    bind(L::Timeline, &[UP, Key::Char('k')], I::Up, "", "the metric before"),
    bind(L::Timeline, &[HOME, Key::Char('g')], I::First, "", "to the beginning"),
    bind(L::Timeline, &[END, Key::Char('G')], I::Last, "", "to the end"),
    bind(L::Debrief, &[TAB, RIGHT, Key::Char('l'), ENTER], I::NextPage, "next page", "the next page"),
    bind(L::Debrief, &[BACK_TAB, LEFT, Key::Char('h')], I::PreviousPage, "", "the page before"),
    bind(L::Debrief, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Debrief, &[DOWN, Key::Char('j')], I::Down, "scroll", "down"),
    bind(L::Debrief, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Debrief, &[PAGE_DOWN, Key::Char(' ')], I::PageDown, "", "a page down"),
    bind(L::Debrief, &[HOME, Key::Char('g')], I::First, "", "to the start"),
    bind(L::Debrief, &[END, Key::Char('G')], I::Last, "", "to the end"),
    bind(L::Debrief, &[Key::Char('r')], I::Again, "again", "play the level again"),
    bind(L::Debrief, &[ESC, Key::Char('q'), f(10)], I::Levels, "levels", "the list of levels"),
    bind(L::Debrief, &[Key::Char('?')], I::Help, "keys", "the keys that apply here"),
    // Dialogs.
    bind(L::Menu, &[ENTER, Key::Char(' ')], I::Open, "do it", "run the selected command"),
    bind(L::Menu, &[UP, Key::Char('k'), BACK_TAB], I::Up, "", "up"),
    bind(L::Menu, &[DOWN, Key::Char('j'), TAB], I::Down, "choose", "down"),
    bind(L::Menu, &[HOME, Key::Char('g')], I::First, "", "the first"),
    bind(L::Menu, &[END, Key::Char('G')], I::Last, "", "the last"),
    bind(L::Menu, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Menu, &[PAGE_DOWN], I::PageDown, "", "a page down"),
    bind(L::Menu, &[ESC, Key::Char('q'), Key::Ctrl('c')], I::Back, "close", "close the menu"),
    bind(L::Filter, &[ENTER], I::Open, "do it", "run the selected command"),
    bind(L::Filter, &[UP, BACK_TAB, Key::Ctrl('k')], I::Up, "", "up"),
    bind(L::Filter, &[DOWN, Key::Ctrl('j'), Key::Ctrl('r'), Key::Ctrl('n')], I::Down, "choose", "down"),
    bind(L::Filter, &[TAB], I::Complete, "edit first", "put the command into the console, to edit it"),
    bind(L::Filter, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Filter, &[PAGE_DOWN], I::PageDown, "", "a page down"),
    bind(L::Filter, &[ESC, Key::Ctrl('c'), Key::Ctrl('p')], I::Back, "close", "close the list"),
    bind(L::Question, &[ENTER, Key::Char('y')], I::Confirm, "yes", "yes, do it"),
    bind(L::Question, &[ESC, Key::Char('n'), Key::Char('q')], I::Back, "no", "no, leave it"),
    bind(L::Over, &[ENTER], I::Confirm, "the debrief", "what really happened, and what your moves changed"),
    bind(L::Over, &[f(10)], I::Debrief, "", "the debrief, at once"),
    bind(L::Over, &[ESC], I::Back, "stay here", "look at the screen once more; F10 shows the debrief"),
    bind(
        L::Leaving,
        &[ENTER, Key::Char('y'), Key::Ctrl('c')],
        I::Confirm,
        "leave the game",
        "leave the game; the incident is kept",
    ),
    bind(L::Leaving, &[Key::Char('l')], I::Levels, "to the levels", "to the list of levels; the incident is kept"),
    bind(L::Leaving, &[ESC, Key::Char('n'), Key::Char('q')], I::Back, "stay", "go on with the incident"),
    bind(L::Help, &[ESC, Key::Char('?'), Key::Char('q'), ENTER, f(1)], I::Back, "close", "close the help"),
    bind(L::Help, &[UP, Key::Char('k')], I::Up, "", "up"),
    bind(L::Help, &[DOWN, Key::Char('j')], I::Down, "scroll", "down"),
    bind(L::Help, &[PAGE_UP], I::PageUp, "", "a page up"),
    bind(L::Help, &[PAGE_DOWN, Key::Char(' ')], I::PageDown, "", "a page down"),
    // Everywhere.
    bind(L::Everywhere, &[f(1)], I::Help, "keys", "the keys that apply here"),
    bind(L::Everywhere, &[f(8)], I::Mouse, "", "let the terminal select text with the mouse, and back"),
    bind(L::Everywhere, &[f(9)], I::Theme, "", "another theme"),
    bind(L::Everywhere, &[Key::Ctrl('l')], I::Redraw, "", "draw the whole screen again"),
    bind(L::Everywhere, &[Key::Ctrl('z')], I::Suspend, "", "back to the shell for a while; `fg` goes on"),
    bind(L::Everywhere, &[Key::Ctrl('c')], I::Leave, "", "leave; an incident can be resumed"),
];

/// What a key means where these places apply, the narrowest first.
#[must_use]
pub fn intent(key: Key, places: &[Place]) -> Option<Intent> {
    places
        .iter()
        .find_map(|place| BINDINGS.iter().find(|binding| binding.place == *place && binding.keys.contains(&key)))
        .map(|binding| binding.intent)
}

/// The keys that apply where these places do, with the narrow ones first. A key that a narrower place has taken is left
/// out, as it doesn't do that here.
pub fn applying(places: &[Place]) -> impl Iterator<Item = (&'static Binding, Key)> {
    places.iter().enumerate().flat_map(move |(index, place)| {
        BINDINGS.iter().filter(move |binding| binding.place == *place).filter_map(move |binding| {
            let free = |key: &&Key| {
                !places[..index]
                    .iter()
                    .any(|narrow| BINDINGS.iter().any(|other| other.place == *narrow && other.keys.contains(key)))
            };
            binding.keys.iter().find(free).map(|key| (binding, *key))
        })
    })
}

#[cfg(test)]
mod tests;
