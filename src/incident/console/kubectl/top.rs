//! `kubectl top`: what the metrics server last saw, which is a minute old.

use super::get::not_found;
use super::select::{Kind, Labels};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, usage};
use crate::incident::console::{Call, Progress, World, table};
use crate::sim::quantity::{Bytes, Span};

/// How old what it shows is, and how long a pod must have run to be in it.
const LAG: Span = Span::from_seconds(60);

pub fn run(call: &mut Call, given: &Given, world: &dyn World) -> Progress {
    let Some((kind, names)) = given.operands.split_first() else {
        return call.fail("error: top what? pods or nodes");
    };
    let cluster = Cluster::of(world);
    match Kind::of(kind) {
        Ok(Kind::Pods) => pods(call, given, names, &cluster, world),
        Ok(Kind::Nodes) => nodes(call, given, names, &cluster, world),
        Ok(kind) => call.fail(format!("error: unknown command \"{}\": top shows pods and nodes", kind.plural())),
        Err(error) => call.fail(error),
    }
}

/// Sorts and prints: (name, thousandths of a core, memory, further cells).
fn print(call: &mut Call, given: &Given, heads: &[&str], mut rows: Vec<(u64, Bytes, Vec<String>)>) -> Progress {
    match given.value("sort-by") {
        Some("memory") => rows.sort_by_key(|row| std::cmp::Reverse(row.1)),
        Some("cpu") => rows.sort_by_key(|row| std::cmp::Reverse(row.0)),
        Some(other) => return call.fail(format!("error: --sort-by accepts only cpu or memory, not {other}")),
        None => {}
    }
    let cells: Vec<Vec<String>> = rows.into_iter().map(|(.., cells)| cells).collect();
    call.say_all(table::plain(if given.has("no-headers") { &[] } else { heads }, &cells));
    Progress::Done(0)
}

fn pods(call: &mut Call, given: &Given, names: &[String], cluster: &Cluster, world: &dyn World) -> Progress {
    let labels = match given.value("selector").map(Labels::read).transpose() {
        Ok(labels) => labels,
        Err(error) => return call.fail(error),
    };
    for name in names {
        if cluster.pods.iter().all(|pod| pod.name != *name) {
            return call.fail(not_found(Kind::Pods, name, cluster));
        }
    }
    let asked = cluster.pods.iter().filter(|pod| {
        (names.is_empty() || names.contains(&pod.name)) && labels.as_ref().is_none_or(|l| l.fit(&pod.labels()))
    });
    let seen_at = cluster.now - LAG;
    let rows = asked.filter_map(|pod| {
        // Only a process that ran a minute ago and still runs has a number.
        pod.running_since.filter(|since| *since <= seen_at)?;
        let (cpu, memory) = usage(world, pod, seen_at)?;
        let mut cells = vec![pod.name.clone(), format!("{cpu}m"), format!("{}Mi", memory.mib())];
        if given.has("containers") {
            cells.insert(1, pod.container.clone());
        }
        if given.has("all-namespaces") {
            cells.insert(0, "default".to_owned());
        }
        Some((cpu, memory, cells))
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return call.fail("error: metrics not available yet");
    }
    let mut heads = vec!["NAME", "CPU(cores)", "MEMORY(bytes)"];
    if given.has("containers") {
        heads.splice(0..1, ["POD", "NAME"]);
    }
    if given.has("all-namespaces") {
        heads.insert(0, "NAMESPACE");
    }
    print(call, given, &heads, rows)
}

fn nodes(call: &mut Call, given: &Given, names: &[String], cluster: &Cluster, world: &dyn World) -> Progress {
    let seen_at = cluster.now - LAG;
    let mut rows = vec![];
    for node in cluster.nodes.iter().filter(|node| names.is_empty() || names.contains(&node.name)) {
        let here = cluster.pods.iter().filter(|pod| pod.node.as_ref() == Some(&node.name));
        let used = here.filter_map(|pod| usage(world, pod, seen_at));
        // The system's own: kubelet, runtime, proxy.
        let own = (140, Bytes(680 << 20));
        let (cpu, memory) = used.fold(own, |sum, (cpu, memory)| (sum.0 + cpu, Bytes(sum.1.0 + memory.0)));
        let share = memory.0 * 100 / node.memory.0.max(1);
        let cells = vec![
            node.name.clone(),
            format!("{cpu}m"),
            format!("{}%", cpu / 40),
            format!("{}Mi", memory.mib()),
            format!("{share}%"),
        ];
        rows.push((cpu, memory, cells));
    }
    if rows.is_empty() {
        return call.fail("error: metrics not available yet");
    }
    print(call, given, &["NAME", "CPU(cores)", "CPU%", "MEMORY(bytes)", "MEMORY%"], rows)
}
