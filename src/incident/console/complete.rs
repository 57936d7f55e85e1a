//! Completion: what could stand at the cursor, with a few words about each.
//!
//! Finds the command that is being typed, asks its entry in the table, and keeps what fits what is there already.

use super::shell::{self, Cursor};
use super::{Place, Runs, Typed, World, candidate, commands, find, is_plain};
use crate::incident::view::{Candidate, Completion, Entry};

/// Candidates that are shown at most.
const MOST: usize = 200;

/// What could stand at the cursor.
pub fn complete(line: &str, cursor: usize, host: Option<&str>, entries: &[Entry], world: &dyn World) -> Completion {
    let mut end = cursor.min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let text = &line[..end];
    let mut at = shell::at_cursor(text, is_plain);
    let mut host = host.map(str::to_owned);
    let mut inner = false;
    // Some commands take a line: `ssh HOST kubectl …`, `watch "kubectl …"`, `xargs kubectl …`.
    while let Some(next) = within(&at, text, &mut host, world) {
        at = next;
        inner = true;
    }
    // Within a condition it is the name at the cursor that counts: `rate(NA…`.
    if at.before.first().is_some_and(|name| is_plain(name))
        && let Some(bracket) = at.partial.rfind(['(', ',', '!'])
    {
        at.start += bracket + 1;
        at.partial.drain(..=bracket);
    }
    let candidates = match at.before.first() {
        None => names(host.as_deref(), at.piped, world),
        Some(name) => match find(name).filter(|command| (command.exists)(world)) {
            None => vec![],
            Some(command) => {
                let (before, partial) = (at.before.as_slice(), at.partial.as_str());
                let typed = Typed { host: host.as_deref(), before, partial, entries };
                let mut all = (command.complete)(&typed, world);
                if matches!(command.runs, Runs::Shell(_)) && all.is_empty() {
                    all = names(host.as_deref(), at.piped, world);
                }
                all
            }
        },
    };
    let quote_names = !inner;
    Completion { start: at.start, candidates: fitting(&candidates, &at, quote_names) }
}

/// The command within the command at the cursor, where there is one.
fn within(at: &Cursor, text: &str, host: &mut Option<String>, world: &dyn World) -> Option<Cursor> {
    let flags = |words: &[String]| words.iter().take_while(|word| word.starts_with('-')).count();
    let name = at.before.first()?.as_str();
    let rest = &at.before[1..];
    match name {
        "watch" => {
            // `-n 5` takes a value.
            let skipped = flags(rest) + usize::from(rest.first().is_some_and(|word| word == "-n"));
            if at.quote.is_some() && rest.len() >= skipped {
                let from = at.start + 1;
                let inner = shell::at_cursor(text.get(from..)?, is_plain);
                return Some(Cursor { start: inner.start + from, ..inner });
            }
            inner_words(at, 1 + skipped)
        }
        "xargs" => {
            let takes_value = ["-n", "-I", "-L", "-P"];
            let mut skipped = 0;
            while rest.get(skipped).is_some_and(|word| word.starts_with('-')) {
                skipped += if takes_value.contains(&rest[skipped].as_str()) { 2 } else { 1 };
            }
            inner_words(at, 1 + skipped)
        }
        "sudo" => inner_words(at, 1),
        "dsh" => {
            let group = rest.get(1)?;
            let (_, machines) = super::host::groups(world).into_iter().find(|(name, _)| name == group)?;
            *host = machines.into_iter().next();
            inner_words(at, 3)
        }
        "ssh" => {
            let skipped = flags(rest);
            let to = rest.get(skipped)?;
            *host = Some(to.rsplit('@').next().unwrap_or_default().to_owned());
            if at.quote.is_some() {
                let from = at.start + 1;
                let inner = shell::at_cursor(text.get(from..)?, is_plain);
                return Some(Cursor { start: inner.start + from, ..inner });
            }
            inner_words(at, 2 + skipped)
        }
        _ => None,
    }
}

/// The same cursor, seen from the command that begins at the word of this number.
fn inner_words(at: &Cursor, from: usize) -> Option<Cursor> {
    let before = at.before.get(from..)?.to_vec();
    Some(Cursor { before, piped: true, ..at.clone() })
}

/// The commands that can be typed here.
fn names(host: Option<&str>, piped: bool, world: &dyn World) -> Vec<Candidate> {
    let fits = |place| match place {
        Place::Anywhere => true,
        Place::Bastion => host.is_none(),
        Place::Host => host.is_some(),
    };
    let here = commands().filter(|command| fits(command.place) && (command.exists)(world));
    let (mut first, second): (Vec<_>, Vec<_>) = here.partition(|c| matches!(c.runs, Runs::Filter(_)) == piped);
    first.extend(second);
    let all = first.into_iter().map(|command| candidate(command.name, command.summary));
    all.chain(super::sessions::commands(world, host)).collect()
}

/// Those that fit what is there: what begins with it, then what holds it.
fn fitting(candidates: &[Candidate], at: &Cursor, quote_names: bool) -> Vec<Candidate> {
    let wanted = at.partial.to_lowercase();
    // Flags are shown where one is begun, or where there is nothing else.
    let only_flags = candidates.iter().all(|c| c.word.starts_with('-'));
    let shown = |c: &&Candidate| only_flags || wanted.starts_with('-') || !c.word.starts_with('-');
    let begins = |c: &&Candidate| c.word.to_lowercase().starts_with(&wanted);
    let holds = |c: &&Candidate| !wanted.starts_with('-') && c.word.to_lowercase().contains(&wanted);
    let first = candidates.iter().filter(shown).filter(begins);
    let second = candidates.iter().filter(shown).filter(|c| !begins(c) && holds(c));
    let mut out: Vec<Candidate> = vec![];
    for candidate in first.chain(second).take(MOST) {
        if out.iter().all(|known| known.word != candidate.word) {
            out.push(candidate.clone());
        }
    }
    for candidate in out.iter_mut().filter(|_| quote_names) {
        // A name with a space becomes one word.
        if candidate.word.contains(char::is_whitespace) {
            candidate.word = shell::quote(&candidate.word);
        }
    }
    out
}
