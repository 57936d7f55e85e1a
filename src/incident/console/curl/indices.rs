//! The indices of a search cluster over HTTP: what there is, what aliases name, documents, deleting, moving aliases.

use super::Asked;
use super::cat::cat;
use crate::incident::console::world::clusters;
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::search::SearchCluster;
use crate::sim::index::Index;
use crate::sim::operation::Operation;
use crate::sim::pattern::fits;
use crate::sim::random;

/// Answers what is about indices; `None` for anything else.
pub fn answer(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Option<Progress> {
    let cluster = clusters(world).find(|cluster| cluster.settings.name == asked.host)?;
    if !cluster.indices.are_known() {
        return None;
    }
    let parts = asked.parts();
    let lines = match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["_cat", "indices", rest @ ..]) => indices(cluster, asked, rest.first().copied()),
        ("GET", ["_cat", "aliases", rest @ ..]) => aliases(cluster, asked, rest.first().copied()),
        ("GET", ["_aliases" | "_alias"]) => all_aliases(cluster),
        ("POST", ["_aliases"]) => return Some(move_aliases(call, world, asked)),
        ("GET", [index, "_search"]) => match cluster.indices.find(index) {
            Some(found) => search(cluster, found, asked),
            None => return Some(not_found(call, index)),
        },
        ("GET" | "HEAD", [index]) if !index.starts_with('_') => match cluster.indices.find(index) {
            Some(found) => vec![format!("{{\"{}\":{{\"aliases\":{{}},\"mappings\":{{}}}}}}", found.name)],
            None => return Some(not_found(call, index)),
        },
        ("DELETE", [index]) if !index.starts_with('_') => {
            let (host, index) = (asked.host.clone(), (*index).to_owned());
            return Some(match world.operate(call.who, &host, Operation::DeleteIndex { index: index.clone() }) {
                Ok(_) => {
                    call.say("{\"acknowledged\":true}");
                    Progress::Done(0)
                }
                Err(_) => not_found(call, &index),
            });
        }
        _ => return None,
    };
    call.say_all(lines);
    Some(Progress::Done(0))
}

fn not_found(call: &mut Call, index: &str) -> Progress {
    call.say(format!(
        "{{\"error\":{{\"type\":\"index_not_found_exception\",\"reason\":\"no such index\",\"index\":\"{index}\"}},\"status\":404}}"
    ));
    Progress::Done(0)
}

/// Twenty-two characters that name an index for good.
fn uuid(index: &Index) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let word = random::hash_name(&index.name);
    let letter = |place: u64| LETTERS[(random::join(word, place) % 64) as usize] as char;
    (0..22).map(letter).collect()
}

fn indices(cluster: &SearchCluster, asked: &Asked, pattern: Option<&str>) -> Vec<String> {
    let mut all: Vec<&Index> =
        cluster.indices.all().filter(|index| pattern.is_none_or(|pattern| fits(pattern, &index.name))).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let row = |index: &Index| {
        let size = |size: u64| if size >= 10_240 { format!("{}mb", size / 1024) } else { format!("{size}kb") };
        let cells = ["green", "open", &index.name, &uuid(index), "5", "1"].map(str::to_owned);
        let counts = [index.documents.to_string(), "0".to_owned()];
        let kib = u64::from(index.documents) * 18;
        cells.into_iter().chain(counts).chain([size(2 * kib), size(kib)]).collect::<Vec<_>>()
    };
    let heads = [
        "health",
        "status",
        "index",
        "uuid",
        "pri",
        "rep",
        "docs.count",
        "docs.deleted",
        "store.size",
        "pri.store.size",
    ];
    cat(asked, &heads, &all.into_iter().map(row).collect::<Vec<_>>())
}

fn aliases(cluster: &SearchCluster, asked: &Asked, pattern: Option<&str>) -> Vec<String> {
    let all = cluster.indices.aliases().filter(|(alias, _)| pattern.is_none_or(|pattern| fits(pattern, alias)));
    let row = |(alias, index): (&str, &str)| [alias, index, "-", "-", "-"].map(str::to_owned).to_vec();
    cat(asked, &["alias", "index", "filter", "routing.index", "routing.search"], &all.map(row).collect::<Vec<_>>())
}

fn all_aliases(cluster: &SearchCluster) -> Vec<String> {
    let of = |index: &Index| {
        let named = cluster.indices.aliases().filter(|(_, name)| *name == &*index.name);
        let named: Vec<String> = named.map(|(alias, _)| format!("\"{alias}\":{{}}")).collect();
        format!("{{\"{}\":{{\"aliases\":{{{}}}}}}}", index.name, named.join(","))
    };
    cluster.indices.all().map(of).collect()
}

fn search(cluster: &SearchCluster, index: &Index, asked: &Asked) -> Vec<String> {
    // `q=FIELD:VALUE`, a word anywhere, or `*` for all there are.
    let query = asked.parameter("q").unwrap_or_default();
    let (field, value) = query.split_once(':').unwrap_or(("*", query));
    let (field, value) = (field.trim_matches(['"', '*']), value.trim_matches(['"', '*']));
    let size = asked.parameter("size").and_then(|size| size.parse::<u32>().ok()).unwrap_or(10).min(100);
    let kinds = cluster.indices.kinds(index);
    let has_field = |text: &str| field.is_empty() || text.contains(&format!("\"{field}\""));
    let meant = kinds.into_iter().filter(|kind| has_field(&kind.text) && kind.text.contains(value));
    let meant: Vec<_> = meant.collect();
    let total: u32 = meant.iter().map(|kind| kind.documents).sum();
    let mut lines = vec![format!("{{\"took\":3,\"timed_out\":false,\"hits\":{{\"total\":{total},\"hits\":[")];
    let documents = meant.iter().flat_map(|kind| (0..kind.documents).map(move |one| (kind.first + one, &kind.text)));
    for (number, text) in documents.take(size as usize) {
        let more = if text.is_empty() { String::new() } else { format!(",{text}") };
        lines.push(format!(
            " {{\"_index\":\"{}\",\"_id\":\"{}{number}\",\"_source\":{{\"id\":{number}{more}}}}}",
            index.name,
            &index.family[..1]
        ));
    }
    lines.push("]}}".to_owned());
    lines
}

/// `POST _aliases`: `{"actions":[{"remove":…},{"add":{"index":"…","alias":"…"}}]}`, or `ALIAS=INDEX` for short.
fn move_aliases(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Progress {
    let moves = moves_of(&asked.body);
    if moves.is_empty() {
        return call.fail(
            "{\"error\":{\"type\":\"action_request_validation_exception\",\"reason\":\"No action specified: \
             {\\\"actions\\\":[{\\\"add\\\":{\\\"index\\\":\\\"NAME\\\",\\\"alias\\\":\\\"NAME\\\"}}]}\"},\"status\":400}",
        );
    }
    let host = asked.host.clone();
    match world.operate(call.who, &host, Operation::MoveAliases { moves }) {
        Ok(_) => {
            call.say("{\"acknowledged\":true}");
            Progress::Done(0)
        }
        Err(refusal) => call.fail(format!(
            "{{\"error\":{{\"type\":\"index_not_found_exception\",\"reason\":\"{refusal}\"}},\"status\":404}}"
        )),
    }
}

/// Which alias is to name which index, in the order of what was sent.
fn moves_of(body: &str) -> Vec<(String, String)> {
    if let Some((alias, index)) = body.split_once('=').filter(|_| !body.contains('{')) {
        return vec![(alias.trim().to_owned(), index.trim().to_owned())];
    }
    let value = |part: &str, key: &str| {
        let rest = part.split_once(&format!("\"{key}\""))?.1;
        let rest = rest.split_once('"')?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let adds = body.split("\"add\"").skip(1);
    adds.filter_map(|part| Some((value(part, "alias")?, value(part, "index")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_says_which_alias_names_which_index() {
        let body =
            r#"{"actions":[{"remove":{"index":"a-2","alias":"a-latest"}},{"add":{"index":"a-1","alias":"a-latest"}}]}"#;
        assert_eq!(moves_of(body), [("a-latest".to_owned(), "a-1".to_owned())]);
        assert_eq!(moves_of("a-latest=a-1"), [("a-latest".to_owned(), "a-1".to_owned())]);
        assert!(moves_of("{}").is_empty());
    }
}
