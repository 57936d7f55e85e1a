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
    let command = before.split_whitespace().next()?;
    let words = before.split_whitespace().count();
    let is_next = before.ends_with(' ');
    let texts: Vec<String> = match (command, words) {
        ("status", 1) if is_next => owned(&STATUS),
        ("declare", 2) if is_next => owned(&DECLARE),
        ("hypothesis", 1) if is_next => owned(&HYPOTHESIS),
        ("note", 1) if is_next => owned(&NOTE),
        ("ask", 2) if is_next => owned(&ASK),
        ("predict", _) if before.ends_with("predict \"") => measured
            .iter()
            .take(4)
            .flat_map(|graph| PREDICT.map(|verb| format!("{} {verb}", metric_of(graph))))
            .collect(),
        _ => return None,
    };
    let candidates = texts.into_iter().map(|word| Candidate { word, about: String::new() }).collect();
    Some(Completion { start: cursor, candidates })
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
        for line in ["kubectl get ", "status we know", "declare ", "", "predict"] {
            assert_eq!(offered(line), None, "{line}");
        }
    }
}
