//! The mouse on any screen: what is clicked does what its key does.

use super::{App, Screen};
use crate::tui::hit::Target;
use crate::tui::key::{Mouse, MouseAct};
use crate::tui::keymap::Intent;

impl App<'_> {
    pub(super) fn on_mouse(&mut self, mouse: Mouse) {
        if let Screen::Incident(screen) = &mut self.screen {
            screen.incident.touched();
            screen.touched();
        }
        let target = self.hits.at(mouse.x, mouse.y).cloned();
        // Only a moment can be dragged.
        if mouse.act == MouseAct::Drag && !matches!(target, Some(Target::Chart(_))) {
            return;
        }
        if self.help.is_some() {
            match (mouse.act, target) {
                (MouseAct::WheelUp, _) => self.on_intent(Intent::Up),
                (MouseAct::WheelDown, _) => self.on_intent(Intent::Down),
                (_, Some(Target::Key(intent))) => self.on_intent(intent),
                (_, Some(Target::Inside)) => {}
                _ => self.help = None,
            }
            return;
        }
        // What means the same on every screen is done here; the rest is the screen's.
        if let (MouseAct::Click | MouseAct::Menu, Some(Target::Key(intent))) = (mouse.act, &target)
            && !matches!(self.screen, Screen::Incident(_))
        {
            return self.on_intent(*intent);
        }
        if let (MouseAct::Click, Some(Target::Key(intent @ (Intent::Help | Intent::Theme | Intent::Mouse)))) =
            (mouse.act, &target)
        {
            return self.on_intent(*intent);
        }
        match &mut self.screen {
            Screen::Incident(screen) => {
                let transition = screen.on_mouse(mouse.act, (mouse.x, mouse.y), target.as_ref(), self.store);
                self.wish.copy = screen.takes_copy();
                self.follow(transition);
            }
            _ => match (mouse.act, target) {
                (MouseAct::WheelUp, _) => self.on_screen(Intent::Up),
                (MouseAct::WheelDown, _) => self.on_screen(Intent::Down),
                (_, Some(Target::Item(index))) => self.click_item(index),
                (act, Some(target @ (Target::Chart(_) | Target::Moment(_)))) => {
                    let at = match target {
                        Target::Chart(axis) => axis.at(mouse.x),
                        Target::Moment(at) if act != MouseAct::Drag => at,
                        _ => return,
                    };
                    if let Screen::Debrief(debrief) = &mut self.screen {
                        debrief.go_to(at);
                    }
                }
                (_, Some(Target::Page(page))) => {
                    if let Screen::Debrief(debrief) = &mut self.screen {
                        debrief.turn_to(page);
                    }
                }
                _ => {}
            },
        }
    }

    /// On the title a click does it; in the list the first click selects and the second opens.
    fn click_item(&mut self, index: usize) {
        match &mut self.screen {
            Screen::Title(title) => {
                title.select(index);
                self.on_screen(Intent::Open);
            }
            Screen::Settings(settings) => {
                settings.select(index);
                self.on_screen(Intent::Open);
            }
            Screen::Levels(levels) => {
                let before = levels.current().map(|card| card.level.clone());
                levels.select(index);
                if levels.current().map(|card| card.level.clone()) == before {
                    self.on_screen(Intent::Open);
                }
            }
            _ => {}
        }
    }
}
