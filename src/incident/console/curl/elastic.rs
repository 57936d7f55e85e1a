//! The search cluster's HTTP interface: `_cat`, `_tasks`, `_cluster`.

use super::cat::cat;
use super::{Asked, Server};
use crate::incident::console::world::clusters;
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::search::SearchCluster;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::Span;

pub const SERVER: Server = Server {
    addresses: |world| {
        let of = |cluster: &SearchCluster| {
            let at = format!("{}:9200", cluster.settings.name);
            let holds = cluster.indices.are_known();
            let of_indices = [
                (format!("{at}/_cat/indices?v"), "the indices that it holds"),
                (format!("{at}/_cat/aliases?v"), "which index readers get"),
            ];
            let mut all = if holds { of_indices.to_vec() } else { vec![] };
            all.extend([
                (format!("{at}/_cat/thread_pool/search?v"), "threads at work, queries that wait, rejections"),
                (format!("{at}/_cat/tasks?v"), "what the threads work on"),
                (format!("{at}/_cat/nodes?v"), "the nodes"),
                (format!("{at}/_cluster/health"), "the state of the cluster"),
            ]);
            all
        };
        clusters(world).flat_map(of).collect()
    },
    about: "the search cluster",
    more,
    is: |host, world| clusters(world).any(|cluster| cluster.settings.name == host),
    answer,
};

/// Lines that look further or change something; those about indices where the indices are known.
fn more(world: &dyn World) -> Vec<(String, &'static str)> {
    let Some(cluster) = clusters(world).next() else { return vec![] };
    let place = format!("{}:9200", cluster.settings.name);
    let mut all =
        vec![(format!("curl -XPOST '{place}/_tasks/_cancel?actions=*search'"), "ends what the threads work on")];
    if cluster.indices.are_known() {
        all.extend([
            (format!("curl '{place}/INDEX/_search?q=FIELD:*&size=3'"), "documents that have a field"),
            (format!("curl -XDELETE {place}/INDEX"), "deletes an index for good"),
            (
                format!("curl -XPOST {place}/_aliases -d ALIAS=INDEX"),
                "moves an alias, at one moment (short for the two actions)",
            ),
        ]);
    }
    all
}

fn answer(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Progress {
    if let Some(progress) = super::indices::answer(call, world, asked) {
        return progress;
    }
    let Some(cluster) = clusters(world).find(|cluster| cluster.settings.name == asked.host) else {
        return Progress::Done(6);
    };
    let parts = asked.parts();
    let lines = match (asked.method.as_str(), parts.as_slice()) {
        ("GET", []) => greeting(cluster),
        ("GET", ["_cat"]) => {
            ["/_cat/thread_pool", "/_cat/tasks", "/_cat/nodes", "/_cat/health"].map(String::from).into()
        }
        ("GET", ["_cat", "thread_pool"] | ["_cat", "thread_pool", "search"]) => thread_pool(cluster, asked),
        ("GET", ["_cat", "tasks"] | ["_tasks"]) => tasks(cluster, world, asked),
        ("GET", ["_cat", "nodes"]) => nodes(cluster, asked),
        ("GET", ["_cat", "health"]) => vec![format!("{} green {}", cluster.settings.name, cluster.nodes.len())],
        ("GET", ["_cluster", "health"]) => health(cluster),
        ("POST", ["_tasks", "_cancel"]) => return cancel(call, world, &asked.host, None),
        ("POST", ["_tasks", id, "_cancel"]) => {
            let Some(task) = task_of(cluster, id) else {
                return call.fail(format!(
                    "{{\"error\":{{\"type\":\"resource_not_found_exception\",\"reason\":\"task [{id}] doesn't support cancellation or isn't running\"}},\"status\":404}}"
                ));
            };
            return cancel(call, world, &asked.host, Some(task));
        }
        ("PUT", ["_cluster", "settings"]) => vec![settings(asked)],
        (method, _) => vec![format!("No handler found for uri [/{}] and method [{method}]", asked.path)],
    };
    call.say_all(lines);
    Progress::Done(0)
}

fn greeting(cluster: &SearchCluster) -> Vec<String> {
    vec![
        "{".to_owned(),
        format!("  \"cluster_name\" : \"{}\",", cluster.settings.name),
        format!("  \"version\" : {{ \"number\" : \"{}\" }},", cluster.settings.version),
        "  \"tagline\" : \"You Know, for Search\"".to_owned(),
        "}".to_owned(),
    ]
}

fn thread_pool(cluster: &SearchCluster, asked: &Asked) -> Vec<String> {
    let rows: Vec<Vec<String>> = cluster
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let numbers = [node.tasks.len() as u64, node.queued() as u64, node.rejected, node.completed];
            let cells = [cluster.node_name(index), "search".to_owned()];
            cells.into_iter().chain(numbers.map(|number| number.to_string())).collect()
        })
        .collect();
    let all = ["node_name", "name", "active", "queue", "rejected", "completed"];
    let asked = if asked.parameter("h").is_some() {
        asked.clone()
    } else {
        let mut query = asked.query.clone();
        query.push(("h".to_owned(), all[..5].join(",")));
        Asked { query, ..asked.clone() }
    };
    cat(&asked, &all, &rows)
}

fn seconds(span: Span) -> String {
    let millis = span.micros() / 1000;
    if millis < 1000 { format!("{millis}ms") } else { format!("{:.1}s", span.as_seconds()) }
}

fn tasks(cluster: &SearchCluster, world: &dyn World, asked: &Asked) -> Vec<String> {
    let now = world.now();
    let mut all = vec![];
    for (index, node) in cluster.nodes.iter().enumerate() {
        let name = cluster.node_name(index);
        let mut tasks = node.tasks.clone();
        tasks.sort_by_key(|task| task.started);
        all.extend(tasks.into_iter().map(|task| {
            vec![
                "indices:data/read/search".to_owned(),
                format!("{name}:{}", task.number),
                "transport".to_owned(),
                world.clock().utc_seconds(task.started),
                seconds(now.since(task.started)),
                name.clone(),
            ]
        }));
    }
    cat(asked, &["action", "task_id", "type", "timestamp", "running_time", "node"], &all)
}

fn nodes(cluster: &SearchCluster, asked: &Asked) -> Vec<String> {
    let threads = cluster.settings.search.threads.max(1) as usize;
    let row = |(index, node): (usize, &crate::sim::component::search::Node)| {
        vec![
            format!("10.0.3.{}", 11 + index),
            (4 + node.tasks.len() * 95 / threads).to_string(),
            "mdi".to_owned(),
            if index == 0 { "*" } else { "-" }.to_owned(),
            cluster.node_name(index),
        ]
    };
    let rows: Vec<Vec<String>> = cluster.nodes.iter().enumerate().map(row).collect();
    cat(asked, &["ip", "cpu", "node.role", "master", "name"], &rows)
}

fn health(cluster: &SearchCluster) -> Vec<String> {
    vec![format!(
        "{{\"cluster_name\":\"{}\",\"status\":\"green\",\"timed_out\":false,\"number_of_nodes\":{nodes},\"number_of_data_nodes\":{nodes}}}",
        cluster.settings.name,
        nodes = cluster.nodes.len()
    )]
}

fn task_of(cluster: &SearchCluster, id: &str) -> Option<(u32, u64)> {
    let (node, number) = id.rsplit_once(':')?;
    let number = number.parse().ok()?;
    let index = (0..cluster.nodes.len()).find(|index| cluster.node_name(*index) == node)?;
    let runs = cluster.nodes[index].tasks.iter().any(|task| task.number == number);
    runs.then_some((index as u32, number))
}

fn cancel(call: &mut Call, world: &mut dyn World, name: &str, task: Option<(u32, u64)>) -> Progress {
    match world.operate(call.who, name, Operation::CancelTasks { task }) {
        Ok(Applied::Count(count)) => {
            call.say(format!("{{\"acknowledged\":true,\"cancelled\":{count}}}"));
            Progress::Done(0)
        }
        Ok(_) => Progress::Done(0),
        Err(error) => call.fail(error),
    }
}

/// Thread pools are fixed when a node starts, from version 5 on.
fn settings(asked: &Asked) -> String {
    let key = if asked.body.contains("thread_pool") { "thread_pool.search.queue_size" } else { "that" };
    format!(
        "{{\"error\":{{\"type\":\"illegal_argument_exception\",\"reason\":\"transient setting [{key}], not dynamically updateable\"}},\"status\":400}}"
    )
}
