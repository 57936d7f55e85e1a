//! `kubectl get`: tables of objects, live.

use super::cluster::{Cluster, Deployment, Event, Node, Pod, Revision};
use super::select::{Kind, Labels, Selection};
use super::yaml;
use crate::incident::console::arguments::Given;
use crate::incident::console::stamp::Clock;
use crate::incident::console::{Call, Progress, World, nearest, table as columns};
use crate::sim::quantity::{Span, Time};

/// How often `-w` looks.
const LOOKS_EVERY: Span = Span::from_seconds(1);

/// An object as a row.
struct Row {
    name: String,
    /// The columns that are always shown.
    cells: Vec<String>,
    /// Those that `-o wide` adds.
    wide: Vec<String>,
    labels: Vec<(String, String)>,
    /// Fields that can be sorted by and selected: (path, value to compare, text).
    fields: Vec<(&'static str, i64, String)>,
}

pub fn run(call: &mut Call, given: &Given, world: &dyn World) -> Progress {
    match show(call, given, world) {
        Ok(progress) => progress,
        Err(error) => call.fail(error),
    }
}

fn show(call: &mut Call, given: &Given, world: &dyn World) -> Result<Progress, String> {
    let selection = Selection::read(&given.operands)?;
    let cluster = Cluster::of(world);
    let (lines, missing) = table(&cluster, &selection, given, world.clock())?;
    if given.has("watch") || given.has("watch-only") {
        return Ok(only_new(call, lines));
    }
    if lines.is_empty() && missing.is_empty() {
        let everywhere = selection.kinds().iter().all(|kind| kind.is_everywhere()) || given.has("all-namespaces");
        let namespace = given.value("namespace").unwrap_or("default");
        let place = if everywhere { String::new() } else { format!(" in {namespace} namespace") };
        call.complain(format!("No resources found{place}."));
    }
    call.say_all(lines);
    let code = u8::from(!missing.is_empty());
    call.complain_all(missing);
    Ok(Progress::Done(code))
}

/// The tables that are asked for, and what is missing of it.
pub fn table(
    cluster: &Cluster,
    selection: &Selection,
    given: &Given,
    clock: &Clock,
) -> Result<(Vec<String>, Vec<String>), String> {
    let output = given.value("output").unwrap_or_default();
    if !["", "wide", "name", "yaml"].contains(&output) {
        let formats = "allowed formats are: name,wide,yaml";
        return Err(format!("error: unable to match a printer suitable for the output format \"{output}\", {formats}"));
    }
    let elsewhere = given.value("namespace").is_some_and(|name| name != "default") && !given.has("all-namespaces");
    let kinds = selection.kinds();
    let (mut all, mut missing) = (vec![], vec![]);
    for kind in &kinds {
        let (rows, absent) = rows(cluster, *kind, selection, given)?;
        missing.extend(absent.iter().map(|name| not_found(*kind, name, cluster)));
        if rows.is_empty() || elsewhere && !kind.is_everywhere() {
            continue;
        }
        if !all.is_empty() && output != "name" {
            all.push(String::new());
        }
        if output == "yaml" {
            let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
            all.extend(yaml::objects(*kind, &names, cluster, clock));
        } else {
            all.extend(lines(*kind, &rows, given, kinds.len() > 1));
        }
    }
    Ok((all, missing))
}

/// `-w`: everything at first, then only what has changed.
fn only_new(call: &mut Call, lines: Vec<String>) -> Progress {
    let new: Vec<String> = lines.iter().filter(|line| !call.kept.contains(line)).cloned().collect();
    *call.kept = lines;
    call.say_all(new);
    Progress::Again(LOOKS_EVERY)
}

/// `Error from server (NotFound): …`, with what was probably meant.
pub fn not_found(kind: Kind, name: &str, cluster: &Cluster) -> String {
    let names: Vec<String> = match kind {
        Kind::Pods => cluster.pods.iter().map(|pod| pod.name.clone()).collect(),
        Kind::Deployments => cluster.deployments.iter().map(|deployment| deployment.name.clone()).collect(),
        Kind::Nodes => cluster.nodes.iter().map(|node| node.name.clone()).collect(),
        _ => vec![],
    };
    let near = nearest(name, names.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    format!("Error from server (NotFound): {} \"{name}\" not found{hint}", kind.plural())
}

/// The rows of a kind that are asked for, and the names that aren't there.
fn rows(
    cluster: &Cluster,
    kind: Kind,
    selection: &Selection,
    given: &Given,
) -> Result<(Vec<Row>, Vec<String>), String> {
    let mut all: Vec<Row> = match kind {
        Kind::Pods => cluster.pods.iter().map(|pod| of_pod(pod, cluster.now)).collect(),
        Kind::Deployments => cluster.deployments.iter().map(|one| of_deployment(one, cluster.now)).collect(),
        Kind::ReplicaSets => {
            let sets = cluster.deployments.iter().flat_map(|one| one.revisions.iter().map(move |set| (one, set)));
            sets.map(|(one, set)| of_set(one, set, cluster.now)).collect()
        }
        Kind::Nodes => cluster.nodes.iter().map(|node| of_node(node, cluster.now)).collect(),
        Kind::Events => cluster.events.iter().map(|event| of_event(event, cluster.now)).collect(),
        Kind::Namespaces => vec![of_namespace("default", cluster.now), of_namespace("kube-system", cluster.now)],
        Kind::Absent(_) => vec![],
    };
    let names = selection.names(kind);
    let missing = names.iter().filter(|name| all.iter().all(|row| row.name != **name)).map(|name| (*name).to_owned());
    let missing = missing.collect();
    if !names.is_empty() {
        all.retain(|row| names.contains(&row.name.as_str()));
    }
    if let Some(selector) = given.value("selector") {
        let labels = Labels::read(selector)?;
        all.retain(|row| labels.fit(&row.labels));
    }
    if let Some(selector) = given.value("field-selector") {
        for part in selector.split(',') {
            let (path, value) = part.split_once('=').unwrap_or((part, ""));
            let wanted = !path.ends_with('!');
            let (path, value) = (path.trim_end_matches('!'), value.trim_start_matches('='));
            if let Some(row) = all.first()
                && row.fields.iter().all(|(name, ..)| *name != path)
            {
                return Err(format!("Error from server (BadRequest): field label not supported: {path}"));
            }
            let fits = |row: &Row| row.fields.iter().any(|(name, _, text)| *name == path && text == value);
            all.retain(|row| fits(row) == wanted);
        }
    }
    if let Some(key) = given.value("sort-by") {
        sort(&mut all, key)?;
    }
    Ok((all, missing))
}

/// `--sort-by=.status.containerStatuses[0].restartCount`: the last part of the path is what counts.
fn sort(rows: &mut [Row], key: &str) -> Result<(), String> {
    let path = key.trim_matches(['{', '}', '\'', '"']).trim_start_matches('.');
    let last = path.rsplit('.').next().unwrap_or_default();
    let field = |row: &Row| row.fields.iter().position(|(name, ..)| name.rsplit('.').next() == Some(last));
    let Some(at) = rows.first().map(field) else { return Ok(()) };
    let Some(at) = at else {
        return Err(format!("error: couldn't find any field with path \"{{.{path}}}\" in the list of objects"));
    };
    let compare = |a: &Row, b: &Row| {
        let (a, b) = (&a.fields[at], &b.fields[at]);
        a.1.cmp(&b.1).then_with(|| a.2.cmp(&b.2))
    };
    rows.sort_by(compare);
    Ok(())
}

fn lines(kind: Kind, rows: &[Row], given: &Given, with_kind: bool) -> Vec<String> {
    let output = given.value("output").unwrap_or_default();
    if output == "name" {
        return rows.iter().map(|row| format!("{}/{}", kind.prefix(), row.name)).collect();
    }
    let (heads, wide) = heads(kind);
    let mut heads = heads.to_vec();
    if output == "wide" {
        heads.extend(wide);
    }
    let namespaces = given.has("all-namespaces") && !kind.is_everywhere();
    if namespaces {
        heads.insert(0, "NAMESPACE");
    }
    if given.has("show-labels") {
        heads.push("LABELS");
    }
    let cells = |row: &Row| {
        let mut cells = row.cells.clone();
        if with_kind && kind != Kind::Events {
            cells[0] = format!("{}/{}", kind.prefix(), row.name);
        }
        if output == "wide" {
            cells.extend(row.wide.iter().cloned());
        }
        if namespaces {
            cells.insert(0, "default".to_owned());
        }
        if given.has("show-labels") {
            let labels = row.labels.iter().map(|(name, value)| format!("{name}={value}"));
            cells.push(labels.collect::<Vec<_>>().join(","));
        }
        cells
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    columns::plain(if given.has("no-headers") { &[] } else { &heads }, &cells)
}

fn heads(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Kind::Pods => {
            (&["NAME", "READY", "STATUS", "RESTARTS", "AGE"], &["IP", "NODE", "NOMINATED NODE", "READINESS GATES"])
        }
        Kind::Deployments => {
            (&["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], &["CONTAINERS", "IMAGES", "SELECTOR"])
        }
        Kind::ReplicaSets => (&["NAME", "DESIRED", "CURRENT", "READY", "AGE"], &["CONTAINERS", "IMAGES", "SELECTOR"]),
        Kind::Nodes => (
            &["NAME", "STATUS", "ROLES", "AGE", "VERSION"],
            &["INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"],
        ),
        Kind::Events => (&["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], &[]),
        Kind::Namespaces => (&["NAME", "STATUS", "AGE"], &[]),
        Kind::Absent(_) => (&["NAME", "AGE"], &[]),
    }
}

fn created(at: Time) -> (&'static str, i64, String) {
    ("metadata.creationTimestamp", at.micros(), String::new())
}

fn named(name: &str) -> (&'static str, i64, String) {
    ("metadata.name", 0, name.to_owned())
}

fn of_pod(pod: &Pod, now: Time) -> Row {
    let node = pod.node.clone().unwrap_or_else(|| "<none>".to_owned());
    let ready = format!("{}/1", u8::from(pod.ready));
    Row {
        cells: vec![
            pod.name.clone(),
            ready,
            pod.status.clone(),
            pod.restarts.to_string(),
            now.since(pod.created).age(),
        ],
        wide: vec![pod.ip.clone(), node.clone(), "<none>".to_owned(), "<none>".to_owned()],
        labels: pod.labels(),
        fields: vec![
            named(&pod.name),
            created(pod.created),
            ("status.containerStatuses[0].restartCount", i64::from(pod.restarts), pod.restarts.to_string()),
            ("status.phase", 0, pod.phase.to_owned()),
            ("spec.nodeName", 0, node),
            ("status.startTime", pod.created.micros(), String::new()),
        ],
        name: pod.name.clone(),
    }
}

fn of_deployment(one: &Deployment, now: Time) -> Row {
    Row {
        name: one.name.clone(),
        cells: vec![
            one.name.clone(),
            format!("{}/{}", one.ready, one.wanted),
            one.updated.to_string(),
            one.available.to_string(),
            now.since(one.created).age(),
        ],
        wide: vec![one.container.clone(), one.template.image.clone(), format!("app={}", one.name)],
        labels: vec![("app".to_owned(), one.name.clone())],
        fields: vec![
            named(&one.name),
            created(one.created),
            ("spec.replicas", i64::from(one.wanted), one.wanted.to_string()),
        ],
    }
}

fn of_set(one: &Deployment, set: &Revision, now: Time) -> Row {
    Row {
        name: set.name.clone(),
        cells: vec![
            set.name.clone(),
            set.wanted.to_string(),
            set.pods.to_string(),
            set.ready.to_string(),
            now.since(set.created).age(),
        ],
        wide: vec![
            one.container.clone(),
            set.template.image.clone(),
            format!("app={},pod-template-hash={}", one.name, set.hash),
        ],
        labels: vec![("app".to_owned(), one.name.clone()), ("pod-template-hash".to_owned(), set.hash.clone())],
        fields: vec![named(&set.name), created(set.created)],
    }
}

fn of_node(node: &Node, now: Time) -> Row {
    Row {
        name: node.name.clone(),
        cells: vec![
            node.name.clone(),
            node.status.clone(),
            "<none>".to_owned(),
            now.since(node.joined).age(),
            super::VERSION.to_owned(),
        ],
        wide: vec![
            node.ip.clone(),
            "<none>".to_owned(),
            "Container-Optimized OS".to_owned(),
            "4.14.138+".to_owned(),
            "docker://18.9.7".to_owned(),
        ],
        labels: vec![("kubernetes.io/hostname".to_owned(), node.name.clone())],
        fields: vec![named(&node.name), created(node.joined)],
    }
}

fn of_event(event: &Event, now: Time) -> Row {
    Row {
        name: event.object.clone(),
        cells: vec![
            now.since(event.last).age(),
            event.kind.to_owned(),
            event.reason.clone(),
            event.object.clone(),
            event.message.clone(),
        ],
        wide: vec![],
        labels: vec![],
        fields: vec![
            ("lastTimestamp", event.last.micros(), String::new()),
            created(event.first),
            ("type", 0, event.kind.to_owned()),
            ("reason", 0, event.reason.clone()),
            ("involvedObject.name", 0, event.object.split_once('/').map_or("", |(_, name)| name).to_owned()),
            ("count", i64::from(event.count), event.count.to_string()),
        ],
    }
}

fn of_namespace(name: &str, now: Time) -> Row {
    Row {
        name: name.to_owned(),
        cells: vec![
            name.to_owned(),
            "Active".to_owned(),
            (now.since(Time::ZERO) + Span::from_seconds(86_400 * 412)).age(),
        ],
        wide: vec![],
        labels: vec![],
        fields: vec![named(name)],
    }
}
