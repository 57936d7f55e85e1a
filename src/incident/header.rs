//! The one line that answers: what hurts, since when, how bad.

use super::stage::Stage;
use super::view::{Header, Hurt};
use crate::sim::quantity::Time;

/// The header now, with the clock at a speed.
#[must_use]
pub fn header_of(stage: &Stage, speed: u32) -> Header {
    let level = &stage.level;
    let (count, change) = stage.judge.hurt_now();
    let word = level.goal.hurt.as_ref().map_or("overdue", |hurt| hurt.word.as_str());
    Header {
        title: level.title.clone(),
        phase: stage.judge.phase,
        clock: stage.clock.header(stage.now()),
        elapsed: stage.now().since(Time::ZERO),
        speed,
        slowed: speed < stage.speed.unwrap_or(level.clock.speed),
        paused: stage.is_paused,
        budget_left: (1.0 - stage.judge.budget_used).clamp(0.0, 1.0),
        hurt: Hurt { count: count.max(0.0) as u64, word: word.to_owned(), per_minute: change as i64 },
        hurt_since: stage.judge.hurt_since(),
    }
}
