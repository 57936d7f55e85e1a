//! `wait`: time passes until a span is over, a clock shows a time, or a condition holds.

use super::open_quote;
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Span, Time};

/// Passes time in steps of a second, until its time or condition has come, or something has happened that one has to look
/// at.
pub(super) fn wait(call: &mut Call, world: &mut dyn World) -> Progress {
    let now = world.now();
    let alarms = world.alarms().0.to_string();
    let next_second = Time::from_seconds(now.second() + 1).since(now);
    if call.visit == 0 {
        call.kept.push(alarms.clone());
        match ends(call, world) {
            Ok(ends) => call.kept.extend(ends.map(|at| at.micros().to_string())),
            Err(error) => return call.fail(error),
        }
    }
    // Until a time that was worked out at the beginning, or else until the condition holds.
    let left = match call.kept.get(1).and_then(|at| at.parse().ok()) {
        Some(at) => Time::from_micros(at).since(now),
        None => match world.holds(&call.arguments()[1..].join(" ")) {
            Ok(true) => Span::ZERO,
            // Conditions change at whole seconds.
            Ok(false) => next_second,
            Err(error) => return call.fail(format!("wait: {error}")),
        },
    };
    if left <= Span::ZERO {
        return Progress::Done(0);
    }
    if call.kept[0] != alarms {
        call.say(format!("{} stopped: {}", world.clock().seconds(now), world.alarms().1));
        return Progress::Done(0);
    }
    Progress::Again(left.min(next_second))
}

/// When it is over; nothing where that is up to a condition.
fn ends(call: &Call, world: &dyn World) -> Result<Option<Time>, String> {
    let now = world.now();
    match call.arguments() {
        [] => Err("usage: wait TIME, or wait until CLOCK|CONDITION".to_owned()),
        [until] if until == "until" => {
            Err(format!("wait: until what? wait until {}, or wait until CONDITION", world.clock().short(now + HOUR)))
        }
        [until, words @ ..] if until == "until" => {
            if let Some(error) = open_quote("wait", words) {
                return Err(error);
            }
            let word = match words {
                [word] => word,
                [word, zone] if *zone == world.clock().zone => word,
                _ => return Ok(None),
            };
            match world.clock().nearest(now, word) {
                Some(at) if at.second() < now.second() => {
                    Err(format!("wait: {word} has passed: it is {}", world.clock().seconds(now)))
                }
                None if is_clock_like(word) => {
                    Err(format!("wait: {word} is no time of day: write it as {}", world.clock().short(now + HOUR)))
                }
                at => Ok(at),
            }
        }
        [word] if world.clock().nearest(now, word).is_some() => {
            Err(format!("wait: {word} is a time of day: wait until {word}"))
        }
        words => match words.concat().parse::<Span>() {
            Ok(span) if span > Span::ZERO => Ok(Some(now + span)),
            Ok(_) => Err("wait: time only goes forward".to_owned()),
            Err(error) => Err(format!("wait: {error}")),
        },
    }
}

/// What an example of a time of day is ahead of now.
const HOUR: Span = Span::from_seconds(3600);

/// Digits and colons: meant as a time of day, not as a condition.
fn is_clock_like(word: &str) -> bool {
    word.contains(':') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
}
