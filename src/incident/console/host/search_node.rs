//! The machines that the nodes of a search cluster run on, and the slow log that each of them keeps.

use super::machine::{Machine, Resident};
use crate::incident::console::World;
use crate::sim::component::Component;
use crate::sim::component::search::{SearchCluster, SlowQuery};
use crate::sim::quantity::{Bytes, Span, Time};
use crate::sim::random::hash_name;

/// Half of it is the heap, as the manual wants it, below 32 GB.
const MEMORY: Bytes = Bytes(64 << 30);
const HEAP: Bytes = Bytes(31 << 30);
/// A search pool has 3/2 of a node's processors and one more.
const fn processors(threads: u32) -> u32 {
    (threads.saturating_sub(1) * 2).div_ceil(3)
}

fn clusters(world: &dyn World) -> impl Iterator<Item = (usize, &SearchCluster)> {
    world.system().components().iter().enumerate().filter_map(|(number, component)| match component {
        Component::SearchCluster(cluster) => Some((number, &**cluster)),
        _ => None,
    })
}

/// The machines.
pub fn machines(world: &dyn World) -> Vec<Machine> {
    let mut all = vec![];
    for (component, cluster) in clusters(world) {
        all.extend((0..cluster.nodes.len()).map(|node| machine(component, cluster, node)));
    }
    all
}

fn machine(component: usize, cluster: &SearchCluster, node: usize) -> Machine {
    let name = cluster.node_name(node);
    let word = hash_name(&name);
    let booted = Time::ZERO - Span::from_seconds(57 * 86_400 + (word % 7919) as i64);
    let busy = (cluster.nodes[node].tasks.len() as u32).min(processors(cluster.settings.search.threads));
    let resident = Resident {
        name: name.clone(),
        service: cluster.settings.name.clone(),
        component,
        created: booted,
        running_since: Some(booted),
        process: "java".into(),
        pid: 1100 + (word % 900) as u32,
        memory: Bytes(HEAP.0 + (2 << 30)),
        virtual_memory: Bytes(HEAP.0 + (40 << 30)),
        cpu_tenths: 12 + u64::from(busy) * 1000,
        ..Resident::default()
    };
    let texts = cluster.settings.slow_log.map(|_| path(cluster)).into_iter().collect();
    Machine { name, booted, memory: MEMORY, residents: vec![resident], texts, ..Machine::default() }
}

/// Where the searches on any index are written that take long: `/var/log/elasticsearch/CLUSTER_index_search_slowlog.log`.
fn path(cluster: &SearchCluster) -> String {
    format!("/var/log/elasticsearch/{}_index_search_slowlog.log", cluster.settings.name)
}

/// The lines of a node's slow log, where this is one.
pub fn slow_log(host: &str, file: &str, world: &dyn World) -> Option<Vec<String>> {
    let (_, cluster) = clusters(world).find(|(_, cluster)| path(cluster) == file)?;
    let node = (0..cluster.nodes.len()).find(|node| cluster.node_name(*node) == host)?;
    let own = cluster.slow.iter().filter(|slow| slow.node as usize == node);
    Some(own.map(|slow| written(slow, host, world)).collect())
}

/// `[2017-01-11T12:45:30,123][WARN ][index.search.slowlog.query] [node-1] [articles][0] took[1.6s], took_millis[1650], …`, as
/// version 5 writes it. The search itself, which stands at its end, isn't known here.
fn written(slow: &SlowQuery, host: &str, world: &dyn World) -> String {
    let stamp = world.clock().iso(slow.at).trim_end_matches('Z').replace('.', ",");
    let millis = slow.took.micros() / 1000;
    let took = if millis < 1000 { format!("{millis}ms") } else { format!("{:.1}s", slow.took.as_seconds()) };
    format!(
        "[{stamp}][WARN ][index.search.slowlog.query] [{host}] [{}][0] took[{took}], took_millis[{millis}], types[], stats[], \
         search_type[QUERY_THEN_FETCH], total_shards[1], source[…]",
        slow.index
    )
}
