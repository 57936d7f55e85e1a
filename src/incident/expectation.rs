//! What somebody means who expects that `queue falls` or `restarts stop`: a condition, against what is known now.

use super::series::Values;
use super::stage::Stage;

/// Which way a number is expected to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Falls,
    Rises,
    Stops,
}

const WAYS: [(Way, &[&str]); 3] = [
    (Way::Falls, &["fall", "drop", "shrink", "sink", "less", "fewer", "down"]),
    (Way::Rises, &["rise", "grow", "climb", "more", "up", "come", "recover"]),
    (Way::Stops, &["stop", "end", "empty", "gone", "cease"]),
];

/// Everyday words, and how the metric that they probably mean ends.
const THINGS: [(&[&str], &str); 5] = [
    (&["restart", "crash", "kill"], ".restarts"),
    (&["queue", "waiting", "backlog"], ".waiting"),
    (&["ready", "pod", "available", "instance"], ".available"),
    (&["error", "fail"], ".failed"),
    (&["memory"], ".memory"),
];

/// The condition that such words mean.
///
/// # Errors
/// What is missing, with words that can be used.
pub fn condition_of(words: &str, stage: &Stage) -> Result<String, String> {
    let words = words.to_lowercase();
    let begins = |with: &[&str]| {
        let mut each = words.split(|c: char| !c.is_alphanumeric());
        each.any(|word| with.iter().any(|start| word.starts_with(start)))
    };
    let Some((way, _)) = WAYS.iter().find(|(_, with)| begins(with)) else {
        return Err("predict: which way? Say falls, rises or stops (queue falls, restarts stop), or a condition".into());
    };
    let metric = match metrics_of(&words, begins, stage).as_slice() {
        [] => return Err("predict: of what? A metric (Tab completes), or queue, restarts, pods, errors, memory".into()),
        [metric] => metric.clone(),
        several => {
            let shown: Vec<&str> = several.iter().take(5).map(String::as_str).collect();
            return Err(format!("predict: of which? {}", shown.join(", ")));
        }
    };
    let only_grows = [".restarts", ".failed"].iter().any(|end| metric.ends_with(end));
    if only_grows {
        let sign = if *way == Way::Rises { "> 0" } else { "== 0" };
        return Ok(format!("increase({metric}[60s]) {sign}"));
    }
    let now = known_now(&metric, stage).unwrap_or(0.0);
    Ok(match way {
        Way::Stops => format!("{metric} == 0"),
        // A tenth less or more: what only wavers has not moved.
        Way::Falls => format!("{metric} < {}", (now * 0.9) as i64),
        Way::Rises => format!("{metric} > {}", (now * 1.1) as i64 + 1),
    })
}

/// The metrics that may be meant: the one that is named, or those of a kind, of the component that is named.
fn metrics_of(words: &str, begins: impl Fn(&[&str]) -> bool, stage: &Stage) -> Vec<String> {
    let names = stage.level.names().metrics();
    let names = || names.iter().map(|(name, _)| name.as_str());
    if let Some(named) = words.split_whitespace().find_map(|word| names().find(|name| *name == word)) {
        return vec![named.to_owned()];
    }
    let Some((_, end)) = THINGS.iter().find(|(words, _)| begins(words)) else { return vec![] };
    let all: Vec<String> = names().filter(|name| name.ends_with(end)).map(str::to_owned).collect();
    let is_named = |name: &&String| words.split_whitespace().any(|word| name.split('.').any(|part| part == word));
    let named: Vec<String> = all.iter().filter(is_named).cloned().collect();
    if named.is_empty() { all } else { named }
}

/// The value last scraped: nobody can expect anything against what isn't known.
fn known_now(metric: &str, stage: &Stage) -> Option<f64> {
    let measured = stage.level.measure(metric).ok()?;
    measured.value(&mut measured.new_state(), &Values::scraped_of(stage), stage.now().second())
}
