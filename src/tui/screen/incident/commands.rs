//! Everything on the incident's screen that ends in a console line: menus, the palette, single keys, questions.

use super::offers::sentences;
use super::seen::is_aside;
use super::{Chosen, Dialog, IncidentScreen, QUIET_TICKS, STANDS, Transition, WAITS};
use crate::incident::INTERRUPT;
use crate::incident::view::{Choice, Completion, EntryState, Health, RingState};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::panel::dialog::{Item, ListDialog, Question};
use crate::tui::panel::pager::{PagerRow, rows};
use crate::tui::store::Store;

/// The speeds that a key goes through; `speed N` takes any.
const SPEEDS: [u32; 7] = [1, 2, 4, 6, 10, 15, 30];

impl IncidentScreen {
    /// Types a line for the player into the shell of the tab in sight: performs it, records it, and looks at what came of
    /// it. Returns its entry.
    pub fn perform(&mut self, line: &str, store: &mut dyn Store) -> usize {
        self.perform_in(self.tab, line, store)
    }

    /// The same in a certain shell.
    pub(super) fn perform_in(&mut self, tab: usize, line: &str, store: &mut dyn Store) -> usize {
        let entry = self.performed(tab, line, store);
        self.console.editor.remember(line);
        entry
    }

    /// Performs a line that isn't remembered as one that the player has typed.
    pub(super) fn performed(&mut self, tab: usize, line: &str, store: &mut dyn Store) -> usize {
        let typed = line;
        let line = &if tab == 1 { line.to_owned() } else { format!("@{tab} {line}") };
        let at = self.incident.now();
        let was_busy = self.incident.is_busy(tab);
        let entry = self.incident.perform(line);
        if self.incident.is_busy(tab) {
            let stands = self.incident.header().paused;
            if stands || was_busy {
                self.say(if stands { STANDS } else { WAITS });
            }
        }
        if let Err(error) = store.performed(at, line) {
            self.say(&error.to_string());
        }
        self.look();
        let ended = self.incident.console().get(entry).filter(|one| one.state != EntryState::Running);
        if let Some(told) = ended.filter(|one| is_aside(one)) {
            // The columns of a table would take the room of what it says.
            let told: Vec<&str> = told.output.iter().flat_map(|line| line.split_whitespace()).collect();
            self.say(&told.join(" "));
        } else if let Some(rest) = typed.trim().strip_prefix("explore")
            && ended.is_some_and(|one| one.state == EntryState::Done)
        {
            let rest = rest.trim();
            self.open_explore((!rest.is_empty()).then_some(rest));
        }
        entry
    }

    /// Stops what runs in front; false where nothing does. Recorded as the line that says the same.
    pub(super) fn interrupt(&mut self, store: &mut dyn Store) -> bool {
        let runs = self.incident.is_running(self.tab);
        if runs {
            self.performed(self.tab, INTERRUPT, store);
        }
        runs
    }

    /// Puts a line into the console, to be gone on with.
    fn prefill(&mut self, before: &str, after: &str) {
        self.go(Pane::Console);
        self.zoomed = false;
        self.console.selected = None;
        self.console.editor.set(before, after);
        self.console.begun = format!("{before}{after}");
        self.offer();
    }

    /// Opens the list of what could stand at the cursor: what is known, or ready sentences where the text is free.
    pub(super) fn offer(&mut self) {
        let editor = &self.console.editor;
        let completion = self.completion(editor.line(), editor.cursor());
        self.console.editor.offer(completion);
    }

    /// What Tab does: the same offers, as far as it is clear which is meant.
    pub(super) fn complete(&mut self) {
        let editor = &self.console.editor;
        let completion = self.completion(editor.line(), editor.cursor());
        self.console.editor.complete(|_, _| completion);
    }

    fn completion(&self, line: &str, cursor: usize) -> Completion {
        let measured = self.incident.graphs(None);
        sentences(line, cursor, &measured).unwrap_or_else(|| self.incident.complete(self.tab, line, cursor))
    }

    /// Does what the screen tells in its own way, and says what came of it in the last line. No shell is needed for it.
    pub(super) fn perform_aside(&mut self, line: &str, store: &mut dyn Store) {
        self.performed(1, line, store);
    }

    /// A click on the speed: faster, and after the fastest the slowest.
    pub(super) fn cycle_speed(&mut self, store: &mut dyn Store) {
        if self.seen.header.speed >= SPEEDS[SPEEDS.len() - 1] {
            self.perform_aside(&format!("speed {}", SPEEDS[0]), store);
        } else {
            self.change_speed(true, store);
        }
    }

    /// Intents that write a command, from whatever pane. False where it is none of them.
    pub(super) fn on_command(&mut self, intent: Intent, store: &mut dyn Store) -> bool {
        match intent {
            Intent::Hint => {
                // It is told in the console, at the end.
                self.console.selected = None;
                self.reader = None;
                self.perform("hint", store);
            }
            Intent::Pause => self.perform_aside("pause", store),
            Intent::Faster => self.change_speed(true, store),
            Intent::Slower => self.change_speed(false, store),
            Intent::Acknowledge => self.acknowledge(store),
            Intent::Silence => self.silence(),
            Intent::Reply => self.reply(),
            Intent::Declare => self.prefill("declare SEV1 ", ""),
            Intent::Status => self.prefill("status ", ""),
            Intent::Hypothesis => self.prefill("hypothesis ", ""),
            Intent::Predict => self.prefill("predict \"", "\" in 2m"),
            Intent::Note => self.prefill("note ", ""),
            Intent::SpeaksFor | Intent::SpeaksAgainst => self.weigh(intent == Intent::SpeaksFor, store),
            Intent::Diagnose => self.open_diagnose_menu(store),
            Intent::Resolve => self
                .ask("resolve", "Closes the incident. If its cause is still in the system, the pager will ring again."),
            _ => return false,
        }
        true
    }

    fn change_speed(&mut self, faster: bool, store: &mut dyn Store) {
        // `wait` makes the clock faster than anybody has chosen.
        let (chosen, header) = (self.incident.chosen_speed(), self.incident.header());
        let now = header.speed.min(chosen);
        let next = if faster {
            SPEEDS.into_iter().find(|speed| *speed > now).unwrap_or(SPEEDS[6])
        } else {
            SPEEDS.into_iter().rev().find(|speed| *speed < now).unwrap_or(SPEEDS[0])
        };
        if next == chosen && !header.slowed {
            return self.say(if faster { "the clock goes no faster" } else { "the clock goes no slower" });
        }
        self.perform_aside(&format!("speed {next}"), store);
    }

    fn acknowledge(&mut self, store: &mut dyn Store) {
        let selected = self.selected_row().and_then(|row| match row {
            PagerRow::Ring(index) => self.seen.rings.get(index),
            PagerRow::Saying(_) => None,
        });
        let ring = selected
            .filter(|ring| ring.state == RingState::Ringing && self.focus == Pane::Pager)
            .or_else(|| self.seen.rings.iter().find(|ring| ring.state == RingState::Ringing));
        match ring.map(|ring| ring.name.clone()) {
            Some(name) => _ = self.perform(&format!("ack {}", quoted(&name)), store),
            None => self.say("nothing rings"),
        }
    }

    fn silence(&mut self) {
        let ring = match self.selected_row() {
            Some(PagerRow::Ring(index)) => self.seen.rings.get(index),
            _ => self.seen.rings.iter().find(|ring| ring.state != RingState::Over),
        };
        match ring.map(|ring| ring.name.clone()) {
            Some(name) => {
                let line = format!("silence {} --for 30m", quoted(&name));
                self.ask(
                    &line,
                    "It goes on being measured, but rings nobody for half an hour, also when it gets worse.",
                );
            }
            None => self.say("nothing fires"),
        }
    }

    /// The latest thing said that waits for an answer.
    fn reply(&mut self) {
        let waiting = match self.selected_row() {
            Some(PagerRow::Saying(index)) if !self.seen.sayings[index].answers.is_empty() => Some(index),
            _ => self.seen.sayings.iter().rposition(|saying| !saying.answers.is_empty()),
        };
        match waiting {
            Some(index) => self.open_answers(index),
            None => self.say("nobody waits for an answer; `ask PERSON QUESTION` asks one"),
        }
    }

    fn open_answers(&mut self, index: usize) {
        let Some(saying) = self.seen.sayings.get(index) else { return };
        let items = saying
            .answers
            .iter()
            .map(|(words, line)| Item { label: words.clone(), line: line.clone(), warning: None })
            .collect();
        let list = ListDialog::menu(format!("reply to {}", saying.who), items, None).below(saying.text.clone());
        self.dialog = Some(Dialog::List(list, Chosen::Run));
    }

    /// One of the answers that somebody waits for.
    pub(super) fn answer(&mut self, saying: usize, number: usize, store: &mut dyn Store) {
        let answer = self.seen.sayings.get(saying).and_then(|saying| saying.answers.get(number));
        if let Some(line) = answer.map(|(_, line)| line.clone()) {
            self.perform(&line, store);
        }
    }

    fn selected_row(&self) -> Option<PagerRow> {
        if self.focus != Pane::Pager {
            return None;
        }
        rows(&self.seen.rings, &self.seen.sayings).get(self.pager.selected?).copied()
    }

    pub(super) fn open_pager_menu(&mut self) {
        match self.selected_row() {
            Some(PagerRow::Saying(index)) if self.seen.sayings[index].answers.is_empty() => {
                let who = self.seen.sayings[index].who.clone();
                if who == "you" {
                    self.say("that was you");
                } else {
                    self.prefill(&format!("ask {} ", quoted(first_name(&who))), "");
                }
            }
            Some(PagerRow::Saying(index)) => self.open_answers(index),
            Some(PagerRow::Ring(index)) => {
                let name = quoted(&self.seen.rings[index].name);
                let item = |label: &str, line: String, warning: Option<&str>| Item {
                    label: label.to_owned(),
                    line,
                    warning: warning.map(str::to_owned),
                };
                let items = vec![
                    item("I have it", format!("ack {name}"), None),
                    item(
                        "Quiet for half an hour",
                        format!("silence {name} --for 30m"),
                        Some("It goes on being measured, but rings nobody for half an hour, also when it gets worse."),
                    ),
                ];
                let title = self.seen.rings[index].name.clone();
                self.dialog = Some(Dialog::List(ListDialog::menu(title, items, None), Chosen::Run));
            }
            None => self.say("nothing is selected"),
        }
    }

    pub(super) fn open_part_menu(&mut self, near: Option<(u16, u16)>) {
        let Some(name) = self.map.selected.clone().or_else(|| self.worst_part()) else { return };
        self.map.selected = Some(name.clone());
        let items = items(self.incident.menu(&name));
        if items.is_empty() {
            self.say("nothing can be looked at or done here");
            return;
        }
        self.dialog = Some(Dialog::List(ListDialog::menu(name, items, near), Chosen::Run));
    }

    pub(super) fn open_palette(&mut self) {
        let mut items = items(self.incident.palette());
        // The game's own acts lead; after them, what is about a part that hurts is looked for first.
        let acts = items.iter().position(|item| self.health(item).is_some()).unwrap_or(items.len());
        items[acts..].sort_by_key(|item| match self.health(item) {
            Some(Health::Failing) => 0,
            Some(Health::Strained) => 1,
            _ => 2,
        });
        let own = |label: &str, line: String| Item { label: label.to_owned(), line, warning: None };
        items.push(own("Read the last answer over the whole screen, and search in it", "less".to_owned()));
        items.push(own("Open another tab of the console, a shell of its own", format!("@{}", self.next_tab())));
        self.dialog = Some(Dialog::List(ListDialog::filtered("do anything", items), Chosen::Run));
    }

    /// How the part does that an item of the palette is about, or one of its machines.
    fn health(&self, item: &Item) -> Option<Health> {
        let (about, _) = item.label.split_once(": ")?;
        let parts = &self.seen.map.parts;
        let part = parts.iter().find(|part| part.name == about).map(|part| part.health);
        part.or_else(|| {
            parts.iter().flat_map(|part| &part.cells).find(|cell| cell.name == about).map(|cell| cell.health)
        })
    }

    /// What was typed before, the latest first, each line once.
    pub(super) fn open_history(&mut self) {
        let mut items: Vec<Item> = vec![];
        for line in self.console.editor.history().iter().rev() {
            if !items.iter().any(|item| item.label == *line) {
                items.push(Item { label: line.clone(), ..Item::default() });
            }
        }
        self.dialog = Some(Dialog::List(ListDialog::filtered("history", items), Chosen::Edit));
    }

    fn open_diagnose_menu(&mut self, store: &mut dyn Store) {
        // The others have been answered.
        let standing = self.seen.questions.last();
        let items: Vec<Item> = standing
            .into_iter()
            .flat_map(|question| &question.causes)
            .map(|(id, words)| Item { label: words.clone(), line: format!("diagnose {id}"), warning: None })
            .collect();
        if items.is_empty() {
            // The command itself says why there is nothing to answer yet.
            self.perform("diagnose", store);
            return;
        }
        let question = standing.map_or(String::new(), |question| question.text.clone());
        self.dialog = Some(Dialog::List(ListDialog::menu("diagnose", items, None).below(question), Chosen::Run));
    }

    /// The chosen evidence speaks for or against a hypothesis: for the only one, or one that is chosen from a list.
    fn weigh(&mut self, speaks_for: bool, store: &mut dyn Store) {
        let pins = self.seen.notebook.pins.len();
        let word = if speaks_for { "for" } else { "against" };
        let marked = self.marked();
        let line = |hypothesis: usize| match marked {
            Some((_, 0)) => None,
            Some((entry, line)) => Some(format!("pin {entry}:{line} --{word} {hypothesis}")),
            None => Some(self.notebook_pin.unwrap_or(pins.checked_sub(1)?) + 1)
                .map(|evidence| format!("pin {word} {hypothesis} {evidence}")),
        };
        let all = self.seen.notebook.hypotheses.iter();
        let items: Vec<Item> = all
            .filter_map(|one| Some(Item { label: one.text.clone(), line: line(one.number)?, warning: None }))
            .collect();
        match items.as_slice() {
            [] if self.seen.notebook.hypotheses.is_empty() => self.say("first a hypothesis: h writes one down"),
            [] => self.say("first a line of output as evidence: PgUp in the console, then p"),
            [only] => {
                let line = only.line.clone();
                self.perform_aside(&line, store);
            }
            _ => {
                let list = ListDialog::menu(format!("it speaks {word}"), items, None);
                self.dialog = Some(Dialog::List(list, Chosen::Run));
            }
        }
    }

    /// What can be done with the evidence that is selected in the notebook.
    pub(super) fn open_evidence_menu(&mut self, near: Option<(u16, u16)>) {
        let notebook = &self.seen.notebook;
        let chosen = self.notebook_pin.or_else(|| notebook.pins.len().checked_sub(1));
        let Some((at, pin)) = chosen.and_then(|at| Some((at, notebook.pins.get(at)?))) else {
            return self.say("nothing is pinned yet: PgUp in the console, then p on a line");
        };
        let mut items = vec![];
        for hypothesis in &notebook.hypotheses {
            for (word, says) in [("for", "Speaks for"), ("against", "Speaks against")] {
                let label = format!("{says}: {}", hypothesis.text);
                let line = format!("pin {word} {} {}", hypothesis.number, at + 1);
                items.push(Item { label, line, warning: None });
            }
        }
        let label = "Take it off the notebook".to_owned();
        items.push(Item { label, line: format!("unpin {}", quoted(pin.line.trim())), warning: None });
        let about = crate::tui::pen::sane(pin.line.trim());
        self.dialog = Some(Dialog::List(ListDialog::menu("evidence", items, near).below(about), Chosen::Run));
    }

    fn ask(&mut self, line: &str, warning: &str) {
        let question = Question { title: "do it?".to_owned(), text: warning.to_owned(), line: line.to_owned() };
        self.dialog = Some(Dialog::Ask(question));
    }

    /// Keys that go to what lies over the panes.
    pub(super) fn on_dialog(&mut self, intent: Intent, store: &mut dyn Store) -> Transition {
        if matches!(self.dialog, Some(Dialog::Over(_))) {
            return self.on_the_end(intent);
        }
        let Some(mut dialog) = self.dialog.take() else { return Transition::Stay };
        match (&mut dialog, intent) {
            (Dialog::List(list, _), Intent::Up) => list.step(-1),
            (Dialog::List(list, _), Intent::Down) => list.step(1),
            (Dialog::List(list, _), Intent::First) => list.step(isize::MIN / 2),
            (Dialog::List(list, _), Intent::Last) => list.step(isize::MAX / 2),
            (Dialog::List(list, _), Intent::PageUp) => list.turn(-1),
            (Dialog::List(list, _), Intent::PageDown) => list.turn(1),
            (Dialog::List(list, chosen), Intent::Open | Intent::Complete) => {
                let edit = *chosen == Chosen::Edit || intent == Intent::Complete;
                if let Some(item) = list.current().cloned() {
                    self.choose(&item, edit, store);
                }
                return Transition::Stay;
            }
            (Dialog::Ask(question), Intent::Confirm) => {
                let line = question.line.clone();
                self.make_way(&line);
                self.perform(&line, store);
                return Transition::Stay;
            }
            (Dialog::Leave(_), Intent::Levels) => return Transition::Levels,
            (Dialog::Leave(_), Intent::Confirm) => return Transition::Leave,
            (_, Intent::Back | Intent::Leave) => return Transition::Stay,
            // What isn't for the dialog does nothing.
            _ => {}
        }
        self.dialog = Some(dialog);
        Transition::Stay
    }

    /// The end takes no answer at once, nor one that ends a line which somebody was typing.
    fn on_the_end(&mut self, intent: Intent) -> Transition {
        // Nobody types F10 by accident.
        if intent == Intent::Debrief {
            return Transition::Debrief;
        }
        if self.idle < QUIET_TICKS {
            return Transition::Stay;
        }
        match intent {
            Intent::Confirm if !std::mem::take(&mut self.typing) => return Transition::Debrief,
            Intent::Back => self.dialog = None,
            Intent::Leave => self.dialog = Some(Dialog::Leave(super::leaving())),
            _ => {}
        }
        Transition::Stay
    }

    fn choose(&mut self, item: &Item, edit: bool, store: &mut dyn Store) {
        let line = if item.line.is_empty() { item.label.as_str() } else { item.line.as_str() };
        if let Some((before, after)) = line.split_once('…') {
            self.make_way(before);
            self.prefill(before, after);
        } else if edit {
            self.prefill(line, "");
        } else if let Some(warning) = &item.warning {
            self.ask(line, warning);
        } else if self.make_way(line) {
            self.run(line, store);
        }
    }
}

/// The choices as items, each command once.
fn items(choices: Vec<Choice>) -> Vec<Item> {
    let mut known = std::collections::BTreeSet::new();
    choices
        .into_iter()
        .filter(|choice| known.insert(choice.line.clone()))
        .map(|choice| Item {
            label: choice.label,
            line: choice.line,
            warning: choice.changes.then(|| {
                if choice.warning.is_empty() { "This changes the system.".to_owned() } else { choice.warning }
            }),
        })
        .collect()
}

/// A name as the console takes it.
fn quoted(name: &str) -> String {
    if name.chars().any(|c| c.is_whitespace() || "'\"|&;$()<>*?#".contains(c)) {
        format!("'{}'", name.replace('\'', "'\\''"))
    } else {
        name.to_owned()
    }
}

/// `Ada, payments` is called Ada.
fn first_name(who: &str) -> &str {
    who.split(',').next().unwrap_or(who).trim()
}
