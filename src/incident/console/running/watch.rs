//! `watch`: a line that is run again and again.

use super::variables::Variables;
use crate::incident::console::parse;
use crate::incident::console::shell::{Item, Line};
use crate::sim::quantity::Span;

/// The line within `watch [-n SECONDS] LINE`, where the line is one.
pub(super) fn watched(line: &Line, variables: &Variables) -> Result<Option<(Line, Span)>, String> {
    let [Item { stages, .. }] = line.items.as_slice() else { return Ok(None) };
    let [stage] = stages.as_slice() else { return Ok(None) };
    let words: Vec<String> = stage.words.iter().map(|word| variables.known(word)).collect();
    if words.first().is_none_or(|word| word != "watch") {
        return Ok(None);
    }
    let mut seconds = "2";
    let mut rest = &words[1..];
    while let Some(word) = rest.first().filter(|word| word.starts_with('-')) {
        let (flag, attached) = word.split_at(word.len().min(2));
        match (flag, attached) {
            ("-n", "") | ("--", "interval") if rest.len() > 1 => {
                seconds = &rest[1];
                rest = &rest[2..];
            }
            ("-n", value) if !value.is_empty() => {
                seconds = value;
                rest = &rest[1..];
            }
            ("-d" | "-t" | "-c", "") => rest = &rest[1..],
            _ => return Err(format!("watch: invalid option -- '{}'", word.trim_start_matches('-'))),
        }
    }
    if rest.is_empty() {
        return Err("Usage: watch [-n SECONDS] \"COMMAND\"".to_owned());
    }
    let span = format!("{}s", seconds.trim_end_matches('s')).parse::<Span>().ok().filter(|span| span.micros() > 0);
    let Some(span) = span else { return Err(format!("watch: failed to parse argument: '{seconds}'")) };
    let inner = parse(&rest.join(" ")).map_err(|error| error.to_string())?;
    if matches!(watched(&inner, variables), Ok(Some(_))) {
        return Err("watch: one watch is enough".to_owned());
    }
    Ok(Some((inner, span.max(Span::from_seconds(1)))))
}
