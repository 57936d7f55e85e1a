//! What is chosen once for all incidents: each choice is seen at once, and kept.

use super::App;
use crate::incident::Mode;
use crate::tui::screen::settings::Setting;
use crate::tui::theme::{Look, names};

impl App<'_> {
    /// The next value of a setting, which is kept.
    pub(super) fn change(&mut self, setting: Setting) {
        let settings = &mut self.settings;
        match setting {
            Setting::Theme => return self.next_theme(),
            Setting::Mode => {
                settings.mode = match settings.mode {
                    Mode::Trainee => Mode::OnCall,
                    Mode::OnCall => Mode::Principal,
                    Mode::Principal => Mode::Trainee,
                }
            }
            Setting::Motion => {
                settings.motion = !settings.motion;
                self.look.motion = settings.motion;
            }
            Setting::Bell => settings.bell = !settings.bell,
            Setting::Flash => settings.flash = !settings.flash,
        }
        if let Err(error) = self.store.keep(&self.settings) {
            self.tell(&error);
        }
    }

    pub(super) fn next_theme(&mut self) {
        let all: Vec<String> = names().into_iter().chain(self.themes.iter().map(|(name, _)| name.clone())).collect();
        let at = all.iter().position(|name| *name == self.look.name).map_or(0, |at| at + 1);
        let Some(name) = all.get(at % all.len().max(1)) else { return };
        let (colours, ascii) = (self.look.colours, self.look.ascii);
        let own = self.themes.iter().find(|(known, _)| known == name);
        let read = match own {
            Some((_, text)) => Look::of_text(name, text, colours, ascii),
            None => Look::new(name, colours, ascii),
        };
        let name = name.clone();
        match read {
            Ok(look) => {
                self.look = Look { motion: self.look.motion, ..look };
                self.settings.theme = Some(name.clone());
                self.say(format!("theme: {name}"));
                if let Err(error) = self.store.keep(&self.settings) {
                    self.tell(&error);
                }
            }
            // A theme of one's own that makes no sense is told, and passed over the next time.
            Err(problem) => {
                self.look.name = name;
                self.say(problem);
            }
        }
    }
}
