//! The game as a value: screens, keys and time go in, frames come out. Knows no terminal and no wall clock, so that many
//! can run in one process.

mod choices;
mod mouse;

use super::hit::Hits;
use super::key::{Input, Key};
use super::keymap::{Intent, Place, intent};
use super::panel::keys;
use super::screen::briefing::Briefing;
use super::screen::debrief::DebriefScreen;
use super::screen::incident::{IncidentScreen, Transition};
use super::screen::levels::Levels;
use super::screen::settings::SettingsScreen;
use super::screen::title::{Next, Title};
use super::screen::{help, title};
use super::store::{Opening, Outcome, Settings, Store, StoreError};
use super::theme::{Colours, Look};
use crate::incident::Incident;
use crate::incident::view::Debrief;
use crate::sim::quantity::Span;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// How much real time passes between two ticks of a running incident.
pub const TICK: Duration = Duration::from_millis(125);

/// For how many ticks a message stays.
const MESSAGE_TICKS: u32 = 64;

/// What is shown.
#[derive(Debug)]
enum Screen {
    Title(Title),
    Levels(Levels),
    Settings(SettingsScreen),
    Briefing(Box<Briefing>),
    Incident(Box<IncidentScreen>),
    Debrief(Box<DebriefScreen>),
}

/// What the terminal is asked to do, besides drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Take the mouse, or give it back to the terminal.
    pub mouse: Option<bool>,
    /// Put this on the clipboard.
    pub copy: Option<String>,
    /// Ring the bell once.
    pub bell: bool,
    /// Draw everything again.
    pub redraw: bool,
    /// Stop as Ctrl-Z does.
    pub suspend: bool,
}

/// The game, whatever it shows.
pub struct App<'s> {
    store: &'s mut dyn Store,
    look: Look,
    settings: Settings,
    /// The player's own themes: their names, and their files' texts.
    themes: Vec<(String, String)>,
    screen: Screen,
    help: Option<u16>,
    message: Option<String>,
    /// For how many ticks the message is still shown.
    message_left: u32,
    hits: Hits,
    wish: Wish,
    changed: bool,
    ticks: u64,
    has_mouse: bool,
    outcome: Option<Outcome>,
    working: Option<Receiver<Debrief>>,
}

impl<'s> App<'s> {
    /// Opens the game. What can't be opened is told on the title.
    pub fn open(opening: Opening, store: &'s mut dyn Store, mut look: Look) -> Self {
        let settings = store.settings();
        let themes = store.themes();
        let own = settings.theme.as_ref().and_then(|name| themes.iter().find(|(known, _)| known == name));
        if let Some((name, text)) = own.filter(|_| look.colours != Colours::None)
            && let Ok(chosen) = Look::of_text(name, text, look.colours, look.ascii)
        {
            look = chosen;
        }
        look.motion = settings.motion;
        let mut app = Self {
            store,
            look,
            settings,
            themes,
            screen: Screen::Title(Title::default()),
            help: None,
            message: None,
            message_left: 0,
            hits: Hits::default(),
            wish: Wish::default(),
            changed: true,
            ticks: 0,
            has_mouse: true,
            outcome: None,
            working: None,
        };
        match opening {
            Opening::Title => app.show_title(),
            Opening::Level { level, seed, mode, speed } => {
                if let Some(card) = app.store.levels().into_iter().find(|card| card.level == level) {
                    app.screen =
                        Screen::Briefing(Box::new(Briefing::new(card, seed, mode.unwrap_or(app.settings.mode), speed)));
                } else {
                    app.show_title();
                    app.say(format!("no level is called `{level}`"));
                }
            }
            Opening::Resume { run } => app.resume(&run),
        }
        app
    }

    /// How the game was left, once it has been.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// What the terminal is asked to do; asked once.
    pub fn take_wish(&mut self) -> Wish {
        std::mem::take(&mut self.wish)
    }

    /// Whether the screen may look different from the last frame; asked once.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether nothing moves by itself, so that nothing has to be looked at until a key comes.
    #[must_use]
    pub fn rests(&self) -> bool {
        match &self.screen {
            Screen::Incident(screen) => screen.rests(),
            _ => self.working.is_none() && self.message.is_none(),
        }
    }

    /// Real time passes, about a [`TICK`] at a time.
    pub fn elapse(&mut self, real: Duration) {
        self.ticks += 1;
        if self.message.is_some() {
            self.message_left = self.message_left.saturating_sub(1);
            if self.message_left == 0 {
                self.message = None;
                self.changed = true;
            }
        }
        if let Screen::Incident(screen) = &mut self.screen {
            let span = Span::from_micros(i64::try_from(real.as_micros()).unwrap_or(i64::MAX));
            self.changed |= screen.tick(span, self.store);
            // Numbers change at most four times a second.
            if self.ticks.is_multiple_of(2) {
                screen.look();
                screen.tell_the_end();
            }
            self.wish.bell |= screen.takes_bell() && self.settings.bell;
        }
        self.take_debrief();
    }

    /// Something came in.
    pub fn on_input(&mut self, input: Input) {
        self.changed = true;
        match input {
            Input::Key(key) => self.on_key(key),
            Input::Mouse(mouse) => self.on_mouse(mouse),
            Input::Paste(text) => {
                if let (Screen::Incident(screen), None) = (&mut self.screen, self.help) {
                    screen.incident.touched();
                    screen.touched();
                    screen.on_paste(&text);
                }
            }
            Input::Resize(..) => {}
            Input::Suspend => self.wish.suspend = true,
            Input::End => self.outcome = Some(Outcome::Ended),
        }
    }

    /// Where keys apply now, the narrowest first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        if self.help.is_some() {
            return vec![Place::Help, Place::Everywhere];
        }
        self.places_below()
    }

    fn places_below(&self) -> Vec<Place> {
        let mut places = match &self.screen {
            Screen::Title(_) => vec![Place::Title],
            Screen::Levels(_) => vec![Place::Levels],
            Screen::Settings(_) => vec![Place::Settings],
            Screen::Briefing(_) => vec![Place::Briefing],
            Screen::Incident(screen) => screen.places(),
            Screen::Debrief(debrief) if debrief.is_timeline() => vec![Place::Timeline, Place::Debrief],
            Screen::Debrief(_) => vec![Place::Debrief],
        };
        places.push(Place::Everywhere);
        places
    }

    /// A key was pressed: it means something where the table says so, else it is text.
    pub fn on_key(&mut self, key: Key) {
        self.message = None;
        if let Screen::Incident(screen) = &mut self.screen {
            screen.incident.touched();
            screen.touched();
        }
        match intent(key, &self.places()) {
            Some(intent) => self.on_intent(intent),
            None => {
                if let (Screen::Incident(screen), None) = (&mut self.screen, self.help) {
                    let transition = screen.on_text(key, self.store);
                    self.follow(transition);
                }
            }
        }
    }

    fn on_intent(&mut self, intent: Intent) {
        if let Some(scroll) = self.help {
            self.help = match intent {
                Intent::Up => Some(scroll.saturating_sub(1)),
                Intent::Down => Some(scroll.saturating_add(1)),
                Intent::PageUp => Some(scroll.saturating_sub(10)),
                Intent::PageDown => Some(scroll.saturating_add(10)),
                Intent::First => Some(0),
                Intent::Last => Some(u16::MAX),
                Intent::Back | Intent::Help => None,
                _ => self.help,
            };
            match intent {
                Intent::Leave => self.help = None,
                Intent::Redraw => self.wish.redraw = true,
                Intent::Suspend => self.wish.suspend = true,
                Intent::Theme => self.next_theme(),
                Intent::Mouse => self.switch_mouse(),
                _ => {}
            }
            return;
        }
        match intent {
            Intent::Help => self.help = Some(0),
            Intent::Redraw => self.wish.redraw = true,
            Intent::Suspend => self.wish.suspend = true,
            Intent::Theme => self.next_theme(),
            Intent::Mouse => self.switch_mouse(),
            other => self.on_screen(other),
        }
    }

    fn on_screen(&mut self, intent: Intent) {
        match &mut self.screen {
            Screen::Title(title) => match intent {
                Intent::Open => {
                    if let Some(next) = title.current().cloned() {
                        self.go(next);
                    }
                }
                Intent::Levels => self.show_levels(None),
                Intent::Settings => self.screen = Screen::Settings(SettingsScreen::default()),
                Intent::Leave => self.outcome = Some(Outcome::Left),
                other => title.on_intent(other),
            },
            Screen::Levels(levels) => match intent {
                Intent::Open => {
                    if let Some(card) = levels.current().cloned() {
                        self.go(Next::Play(card));
                    }
                }
                Intent::Debrief => {
                    if let Some(level) = levels.current().map(|card| card.level.clone()) {
                        self.look_back(&level);
                    }
                }
                Intent::Back => self.show_title(),
                Intent::Leave => self.outcome = Some(Outcome::Left),
                other => levels.on_intent(other),
            },
            Screen::Settings(settings) => match intent {
                Intent::Open => {
                    let setting = settings.current();
                    self.change(setting);
                }
                Intent::Back => self.show_title(),
                Intent::Leave => self.outcome = Some(Outcome::Left),
                other => settings.on_intent(other),
            },
            Screen::Briefing(briefing) => match intent {
                Intent::Open => self.start(),
                Intent::Back => {
                    let level = briefing.level.level.clone();
                    self.show_levels(Some(&level));
                }
                Intent::Leave => self.outcome = Some(Outcome::Left),
                other => briefing.on_intent(other),
            },
            Screen::Incident(screen) => {
                let transition = screen.on_intent(intent, self.store);
                self.wish.copy = screen.takes_copy();
                self.follow(transition);
            }
            Screen::Debrief(debrief) => match intent {
                Intent::Levels => {
                    let level = debrief.level.clone();
                    self.show_levels(Some(&level));
                }
                Intent::Again => {
                    let level = debrief.level.clone();
                    if let Some(card) = self.store.levels().into_iter().find(|card| card.level == level) {
                        self.go(Next::Play(card));
                    }
                }
                Intent::Leave => self.outcome = Some(Outcome::Left),
                other => debrief.on_intent(other),
            },
        }
    }

    fn follow(&mut self, transition: Transition) {
        match transition {
            Transition::Stay => {}
            Transition::Leave => {
                let over = matches!(&self.screen, Screen::Incident(screen) if screen.seen.header.phase.is_over());
                self.outcome = Some(if over { Outcome::Left } else { Outcome::Unfinished });
            }
            Transition::Levels => self.show_levels(None),
            Transition::Debrief => self.show_debrief(),
        }
    }

    fn go(&mut self, next: Next) {
        match next {
            Next::Resume(run) => self.resume(&run.run),
            Next::Play(card) => {
                self.screen = Screen::Briefing(Box::new(Briefing::new(card, None, self.settings.mode, None)));
            }
            Next::Levels => self.show_levels(None),
            Next::Settings => self.screen = Screen::Settings(SettingsScreen::default()),
            Next::Help => self.help = Some(0),
            Next::Quit => self.outcome = Some(Outcome::Left),
        }
    }

    fn show_title(&mut self) {
        let (levels, unfinished) = (self.store.levels(), self.store.unfinished());
        self.screen = Screen::Title(title::Title::new(&levels, &unfinished));
    }

    fn show_levels(&mut self, selected: Option<&str>) {
        self.screen = Screen::Levels(Levels::new(self.store.levels(), selected));
    }

    fn start(&mut self) {
        let Screen::Briefing(briefing) = &self.screen else { return };
        let level = briefing.level.level.clone();
        let mode = briefing.mode;
        let kept = if briefing.has_chosen {
            self.settings.mode = mode;
            self.store.keep(&self.settings)
        } else {
            Ok(())
        };
        let (seed, speed) = (briefing.seed, briefing.speed);
        match self.store.start(&level, seed, Some(mode), speed) {
            Ok(incident) => self.show_incident(incident, level),
            Err(error) => self.tell(&error),
        }
        if let Err(error) = kept {
            self.tell(&error);
        }
    }

    fn show_incident(&mut self, incident: Incident, level: String) {
        let mut screen = IncidentScreen::new(incident, level);
        screen.flashes = self.settings.flash;
        self.screen = Screen::Incident(Box::new(screen));
    }

    fn resume(&mut self, run: &str) {
        match self.store.resume(run) {
            Ok(incident) => {
                let level = incident.level().id.clone();
                let is_over = incident.header().phase.is_over();
                self.show_incident(incident, level);
                // Nothing more happens in it: what came of it is what there is to see, and is kept already.
                if is_over {
                    self.show_debrief();
                }
            }
            Err(error) => {
                self.show_title();
                self.tell(&error);
            }
        }
    }

    /// Shows the debrief of a level's last run once more.
    fn look_back(&mut self, level: &str) {
        match self.store.look_back(level) {
            Ok(incident) => {
                self.show_incident(incident, level.to_owned());
                self.show_debrief();
            }
            Err(error) => self.tell(&error),
        }
    }

    /// Goes to the debrief. The level is played again for it, on a thread of its own, as that takes a moment.
    fn show_debrief(&mut self) {
        let Screen::Incident(screen) = &self.screen else { return };
        let incident = screen.incident.clone();
        let title = screen.seen.header.title.clone();
        let mut debrief = DebriefScreen::new(title, screen.level.clone(), screen.seen.local());
        // What needs no run of its own is there at once.
        let told = incident.told();
        let (sender, receiver) = channel();
        let copy = incident.clone();
        std::thread::spawn(move || {
            // First what takes a moment, then what takes longer.
            if sender.send(copy.told_with_graphs()).is_ok() {
                _ = sender.send(copy.debrief());
            }
        });
        self.working = Some(receiver);
        // The result is kept at once: whoever leaves before the replays are done has it all the same.
        let kept = self.store.finish(&incident, &told);
        debrief.debrief = Some(told);
        self.screen = Screen::Debrief(Box::new(debrief));
        if let Err(error) = kept {
            self.tell(&error);
        }
    }

    fn take_debrief(&mut self) {
        let Some(receiver) = &self.working else { return };
        match receiver.try_recv() {
            Ok(debrief) => {
                let is_whole = debrief.is_whole;
                if let Screen::Debrief(screen) = &mut self.screen {
                    screen.debrief = Some(debrief);
                }
                if is_whole {
                    self.working = None;
                }
                self.changed = true;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.say("the debrief could not be worked out".to_owned());
                self.working = None;
                self.changed = true;
            }
        }
    }

    fn tell(&mut self, error: &StoreError) {
        self.say(error.to_string());
    }

    fn switch_mouse(&mut self) {
        self.has_mouse = !self.has_mouse;
        self.wish.mouse = Some(self.has_mouse);
        let text = if self.has_mouse { "the mouse plays" } else { "the mouse selects text; F8 takes it back" };
        self.say(text.to_owned());
    }

    /// Says something in the last line, on whatever screen.
    fn say(&mut self, text: String) {
        if let Screen::Incident(screen) = &mut self.screen {
            screen.say(&text);
        } else {
            self.message = Some(text);
            self.message_left = MESSAGE_TICKS;
        }
    }

    /// What can be clicked in the last frame.
    #[must_use]
    pub const fn hits(&self) -> &Hits {
        &self.hits
    }

    /// Draws the whole frame.
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        if area.is_empty() {
            return;
        }
        self.hits.clear();
        let places = self.places();
        let below = self.places_below();
        let body = Rect { height: area.height.saturating_sub(1), ..area };
        let last = Rect { y: body.bottom(), height: area.height - body.height, ..area };
        let mut refused = vec![];
        if let Screen::Debrief(debrief) = &self.screen
            && !debrief.has_more()
            && !debrief.is_timeline()
        {
            refused.push(Intent::Down);
        }
        if let Screen::Levels(levels) = &self.screen
            && levels.current().is_none_or(|card| card.best.is_none())
        {
            refused.push(Intent::Debrief);
        }
        if self.help.is_some() && !help::scrolls(body, &below, &self.look.theme) {
            refused.push(Intent::Down);
        }
        if let Screen::Incident(screen) = &mut self.screen {
            screen.draw(frame, area, &places, &refused, &mut self.hits, &self.look);
        } else {
            match &mut self.screen {
                Screen::Title(title) => title.draw(frame, body, &mut self.hits, &self.look),
                Screen::Levels(levels) => levels.draw(frame, body, &mut self.hits, &self.look),
                Screen::Settings(screen) => screen.draw(frame, body, &self.settings, &mut self.hits, &self.look),
                Screen::Briefing(briefing) => briefing.draw(frame, body, &mut self.hits, &self.look),
                Screen::Debrief(debrief) => debrief.draw(frame, body, &mut self.hits, &self.look),
                Screen::Incident(_) => {}
            }
            let words = keys::Words { first: &[], refused: &refused };
            keys::draw(frame, last, &places, words, &mut self.hits, &self.look.theme);
            if let Some(message) = &self.message {
                keys::draw_message(frame, last, message, &self.look.theme);
            }
        }
        if let Some(scroll) = self.help {
            let mut scroll = scroll;
            help::draw(frame, body, &below, &mut scroll, &mut self.hits, &self.look.theme);
            self.help = Some(scroll);
        }
        self.look.finish(frame.buffer_mut());
    }
}
