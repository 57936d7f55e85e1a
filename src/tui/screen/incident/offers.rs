//! Ready words for what is otherwise typed freely, so that a player who only clicks, or is in a hurry, can say it too.
//! None of them knows anything about the outage.

use crate::incident::view::{Candidate, Completion};

const STATUS: [&str; 4] = [
    "looking into it, next update in 15 minutes",
    "cause found, a fix is on its way",
    "mitigated, watching",
    "all is well again",
];
const DECLARE: [&str; 2] = ["customers are hurt, looking into it", "customers are hurt, more hands needed"];
const HYPOTHESIS: [&str; 6] = [
    "the last change did it",
    "more comes in than it can take",
    "something has run full",
    "something that it depends on is slow or gone",
    "a single kind of request breaks it",
    "it is something outside of our systems",
];
const NOTE: [&str; 4] = ["no change", "better since then", "worse since then", "to be looked at afterwards"];
const ASK: [&str; 3] = ["what changed lately?", "what do you see?", "can you have a look?"];
const PREDICT: [&str; 3] = ["falls", "rises", "stops"];

/// What could be said at the cursor of a line that is free text from there on; `measured` are the names of the graphs in
/// sight, to predict about.
#[must_use]
pub fn sentences(line: &str, cursor: usize, measured: &[String]) -> Option<Completion> {
    let before = line.get(..cursor)?;
    let (command, rest) = before.trim_start().split_once(' ')?;
    // Where the free text begins, and what there is of it.
    let (texts, text) = match command {
        "status" => (owned(&STATUS), rest),
        "hypothesis" => (owned(&HYPOTHESIS), rest),
        "note" => (owned(&NOTE), rest),
        "declare" => (owned(&DECLARE), rest.split_once(' ')?.1),
        "ask" => (owned(&ASK), after_name(rest)?),
        "predict" => (expected(measured), rest.strip_prefix('"')?),
        _ => return None,
    };
    let wanted = text.to_lowercase();
    let fits = |word: &String| word.to_lowercase().starts_with(&wanted) && word.len() > wanted.len();
    let fitting = texts.into_iter().filter(fits);
    let candidates: Vec<Candidate> = fitting.map(|word| Candidate { word, about: String::new() }).collect();
    (!candidates.is_empty()).then(|| Completion { start: before.len() - text.len(), candidates })
}

/// What comes after a person's name, which may stand between quotes.
fn after_name(text: &str) -> Option<&str> {
    match text.strip_prefix('\'') {
        Some(quoted) => quoted.split_once("' ").map(|(_, rest)| rest),
        None => text.split_once(' ').map(|(_, rest)| rest),
    }
}

/// What could be expected of the first graphs in sight.
fn expected(measured: &[String]) -> Vec<String> {
    measured.iter().take(4).flat_map(|graph| PREDICT.map(|verb| format!("{} {verb}", metric_of(graph)))).collect()
}

/// The metric that a graph is about: `web.failed` of `rate(web.failed[1m])`.
fn metric_of(graph: &str) -> &str {
    let mut names = graph.split(|c: char| !c.is_alphanumeric() && !"._-".contains(c));
    names.find(|name| name.contains('.') && name.starts_with(char::is_alphabetic)).unwrap_or(graph)
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_predicted_is_the_metric_of_a_graph() {
        let graphs = ["rate(web.failed[1m]) / rate(web.requests[1m])".to_owned(), "queue.ready".to_owned()];
        let offered = sentences("predict \"", 9, &graphs).unwrap().candidates;
        let words: Vec<&str> = offered.iter().map(|candidate| candidate.word.as_str()).collect();
        assert_eq!((words[0], words[4]), ("web.failed falls", "queue.ready rises"));
    }

    #[test]
    fn free_text_has_something_to_choose_from_and_nothing_else_has() {
        let offered = |line: &str| sentences(line, line.len(), &["queue.ready".to_owned()]).map(|c| c.candidates.len());
        for line in ["status ", "declare SEV1 ", "hypothesis ", "note ", "ask Rosa ", "predict \""] {
            assert!(offered(line).is_some_and(|count| count > 1), "{line}");
        }
        assert_eq!((offered("status m"), offered("ask 'Rosa B' what c")), (Some(1), Some(1)), "as far as it is typed");
        for line in ["kubectl get ", "status we know", "declare ", "", "predict"] {
            assert_eq!(offered(line), None, "{line}");
        }
    }
}
