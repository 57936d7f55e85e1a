//! People who get no good answer and give up: some of them come back later, sooner where they hear that it works again.
//!
//! Knows nothing of what they wanted but its number.

use super::Clients;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::id::Unit;
use crate::sim::quantity::{Duration, Share, Span};
use crate::sim::random::{Purpose, below};
use serde::Deserialize;

/// People who give up, and come back another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaves {
    /// How many of them come back.
    pub comes_back: Share,
    /// How much later.
    #[serde(default = "later")]
    pub within: Duration,
    /// How soon they come where they hear that it works again.
    #[serde(default = "soon")]
    pub hears: Duration,
}

const fn later() -> Duration {
    Duration::Uniform(Span::from_seconds(1200), Span::from_seconds(10_800))
}

const fn soon() -> Duration {
    Duration::Uniform(Span::from_seconds(60), Span::from_seconds(720))
}

impl Clients {
    /// Somebody has got no good answer, and may come back later.
    pub(super) fn gives_up(&mut self, unit: u64, load: u8, core: &mut Core) {
        let Some(leaves) = self.leaves else { return };
        let word = core.draw_life(self.id, Purpose::Pause, unit, 0);
        if below(word, Share::ALL.0) >= leaves.comes_back.0 {
            return;
        }
        let place = self.free_away.pop().unwrap_or_else(|| {
            self.away.push((0, 0));
            (self.away.len() - 1) as u32
        });
        let after = leaves.within.draw(core.draw_life(self.id, Purpose::Pause, unit, 1));
        let ticket = core.set_timer(self.id, Timer::Life, place, core.now + after);
        self.away[place as usize] = (ticket, load);
    }

    pub(super) fn comes_back(&mut self, place: u32, ticket: Ticket, core: &mut Core) {
        let Some((_, load)) = self.away.get(place as usize).copied().filter(|(known, _)| *known == ticket) else {
            return;
        };
        self.away[place as usize].0 = 0;
        self.free_away.push(place);
        core.telemetry.add(self.returned, i64::from(self.wishes[usize::from(load)].stands_for));
        // Numbers of their own, so that nobody else's request depends on how many have come back.
        self.returns += 1;
        let unit = Unit::new(self.id, load, (1 << 46) + self.returns);
        let wish = &self.wishes[usize::from(load)];
        let key = wish.ranks.draw(core.draw_life(self.id, Purpose::Key, unit.0, 0));
        let tags = wish.tags_of(unit, core);
        self.ask(usize::from(load), unit, key, tags, core);
    }

    /// Everybody who is away hears that it works again.
    pub(super) fn hear(&mut self, core: &mut Core) {
        let Some(leaves) = self.leaves else { return };
        let second = core.now.micros() as u64;
        for place in 0..self.away.len() {
            if self.away[place].0 != 0 {
                let after = leaves.hears.draw(core.draw_life(self.id, Purpose::Pause, place as u64, second));
                self.away[place].0 = core.set_timer(self.id, Timer::Life, place as u32, core.now + after);
            }
        }
    }
}
