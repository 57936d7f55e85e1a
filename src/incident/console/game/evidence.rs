//! Evidence: lines of output that are kept, and what they speak for.
//!
//! Which line is meant is found here; what keeping it means is none of the console's business.

use super::act;
use crate::incident::console::{Act, Call, Progress, World};
use crate::incident::view::Entry;

/// Keeps a line as evidence, or weighs what is kept already.
pub(super) fn pin(call: &mut Call, world: &mut dyn World) -> Progress {
    if let Some(weighed) = weighed(call.arguments()) {
        return act(call, world, weighed);
    }
    // Everything but the flag is text, hyphens and all.
    let mut words = call.arguments().to_vec();
    let flag =
        words.iter().position(|word| ["--for", "--against"].contains(&word.split('=').next().unwrap_or_default()));
    let about = flag.map(|at| match words.remove(at).split_once('=') {
        Some((flag, number)) => (flag == "--for", number.to_owned()),
        None => (call.arguments()[at] == "--for", if at < words.len() { words.remove(at) } else { String::new() }),
    });
    let text = words.join(" ");
    if text.is_empty() {
        return call.fail("usage: pin TEXT|ENTRY:LINE [--for N|--against N]");
    }
    let speaks_for = about.as_ref().is_none_or(|(speaks_for, _)| *speaks_for);
    let hypothesis = match about.map(|(_, number)| number.parse::<usize>()) {
        Some(Err(_)) => return call.fail("pin: a hypothesis is named by its number: --for 1"),
        Some(Ok(number)) => Some(number),
        None => None,
    };
    let Some((entry, at)) = pinned(call, &text) else {
        return call.fail(format!("pin: no line that has been printed holds `{text}`"));
    };
    let beside = at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(entry.output.len());
    let around = beside.filter(|other| *other != at).map(|other| entry.output[other].clone()).collect();
    let (command, line) = (entry.line.clone(), entry.output[at].clone());
    act(call, world, Act::Pin { command, line, around, hypothesis, speaks_for })
}

/// `for 2`, `against 2 1`: what is pinned already is weighed.
fn weighed(words: &[String]) -> Option<Act> {
    let number = |word: &String| word.parse::<usize>().ok();
    let (word, hypothesis, evidence) = match words {
        [word, hypothesis] => (word, number(hypothesis)?, None),
        [word, hypothesis, evidence] => (word, number(hypothesis)?, Some(number(evidence)?)),
        _ => return None,
    };
    let speaks_for = match word.as_str() {
        "for" => true,
        "against" => false,
        _ => return None,
    };
    Some(Act::Weigh { hypothesis, speaks_for, evidence })
}

/// How many lines on either side belong to a line: a stack, a table's row with its continuation.
const BESIDE: usize = 2;

/// The line that is meant: what printed it, and its place there.
fn pinned<'a>(call: &Call<'a>, text: &str) -> Option<(&'a Entry, usize)> {
    let by_number = text.split_once(':').and_then(|(entry, line)| {
        let entry = call.entries.get(entry.parse::<usize>().ok()?)?;
        let line = line.parse::<usize>().ok()?.checked_sub(1)?;
        (line < entry.output.len()).then_some((entry, line))
    });
    by_number.or_else(|| {
        let own = |entry: &&'a Entry| !entry.line.starts_with("pin ");
        let mut all = call.entries.iter().filter(own).rev();
        all.find_map(|entry| Some((entry, entry.output.iter().rposition(|line| line.contains(text))?)))
    })
}
