//! What is known of each outage, line by line, and that the levels prove it.
//!
//! The fact sheets list counterfactual checks by number: `B.check.3` is the third of the second outage. A level carries a
//! proof of that id, or of one below it (`B.check.3.app`), for each of them, or the line stands here with the reason why not.

#![expect(clippy::print_stdout, reason = "the counts are worth reading with --nocapture")]

use sev1::level::catalog;
use sev1::level::schema::Statement;

/// The levels, the letters of their sheets, and how many counterfactual checks each sheet lists.
const SHEETS: [(&str, &str, u32); 6] = [
    ("forty-pods", "A", 9),
    ("good-morning", "B", 9),
    ("little-blue-dots", "C", 7),
    ("last-chance", "D", 8),
    ("yikes", "E", 8),
    ("everybody-right", "F", 9),
];

/// Lines that no proof shows, and why.
const NOT_SHOWN: [(&str, &str); 0] = [];

/// The ids of a level's statements, and how many of them quote the story.
fn ids_of(level: &str) -> Option<(Vec<String>, usize)> {
    let file = catalog::files().into_iter().find(|file| file.id() == level)?;
    let level = file.read().unwrap_or_else(|problems| panic!("{problems:#?}"));
    let quotes = |statement: &&Statement| matches!(statement, Statement::Figure(figure) if !figure.story.is_empty());
    let quoted = level.proofs.iter().filter(quotes).count();
    Some((level.proofs.iter().map(|statement| statement.id().to_owned()).collect(), quoted))
}

#[test]
fn every_line_of_the_sheets_is_proved_by_its_level() {
    let mut missing = vec![];
    for (level, letter, checks) in SHEETS {
        let Some((ids, _)) = ids_of(level) else { continue };
        for number in 1..=checks {
            let line = format!("{letter}.check.{number}");
            let below = format!("{line}.");
            let is_proved = ids.iter().any(|id| *id == line || id.starts_with(&below));
            let is_excused = NOT_SHOWN.iter().any(|(excused, _)| *excused == line);
            assert!(!(is_proved && is_excused), "{line} is proved: take it off the list of what is not");
            if !is_proved && !is_excused {
                missing.push(line);
            }
        }
    }
    assert!(missing.is_empty(), "no proof of {}", missing.join(", "));
}

#[test]
fn no_two_statements_of_a_level_have_the_same_id() {
    for (level, letter, _) in SHEETS {
        let Some((mut ids, _)) = ids_of(level) else { continue };
        let count = ids.len();
        assert!(
            ids.iter().all(|id| id.starts_with(&format!("{letter}."))),
            "{level}: each is a line of sheet {letter}"
        );
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{level}");
    }
}

/// What the issue that asked for the levels asked for at least.
const QUOTED_AT_LEAST: usize = 50;
const COUNTERFACTUALS_AT_LEAST: usize = 60;

#[test]
fn the_levels_quote_their_stories_and_try_what_did_not_happen() {
    let (mut quoted, mut counterfactual) = (0, 0);
    for (id, _, _) in SHEETS {
        quoted += ids_of(id).map_or(0, |(_, quoted)| quoted);
        let Some(file) = catalog::files().into_iter().find(|file| file.id() == id) else { continue };
        let level = file.read().unwrap_or_else(|problems| panic!("{problems:#?}"));
        // Something is changed, left out or done that isn't what the real team did.
        let is_other = |statement: &&Statement| {
            let but = statement.change();
            !but.change.is_empty() || !but.leave_out.is_empty() || !but.script.is_empty()
        };
        counterfactual += level.proofs.iter().filter(is_other).count();
    }
    assert!(quoted >= QUOTED_AT_LEAST, "{quoted} figures quote a story");
    assert!(counterfactual >= COUNTERFACTUALS_AT_LEAST, "{counterfactual} counterfactuals");
    println!("{quoted} figures that stand in the stories, {counterfactual} counterfactuals");
}
