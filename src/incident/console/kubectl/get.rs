//! `kubectl get`: tables of objects, live, and the objects themselves in the format that is asked for.

use super::print::Format;
use super::select::{Kind, Labels, Selection};
use super::{object, path};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Deployment, Event, Node, Pod, Revision};
use crate::incident::console::stamp::Clock;
use crate::incident::console::{Call, Progress, World, nearest, table as columns};
use crate::sim::quantity::{Span, Time};
use serde_json::Value;

/// How often `-w` looks.
const LOOKS_EVERY: Span = Span::from_seconds(1);

/// An object as a row.
struct Row {
    name: String,
    /// The columns that are always shown.
    cells: Vec<String>,
    /// Those that `-o wide` adds.
    wide: Vec<String>,
}

/// An object as a row, and all of it: what is selected and sorted by.
type Whole = (Row, Value);

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
        return Ok(only_new(call, lines, given.has("watch-only")));
    }
    if lines.is_empty() && missing.is_empty() && Format::read(given)?.is_table() {
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

/// What is asked for, in the format that is asked for, and what is missing of it.
pub fn table(
    cluster: &Cluster,
    selection: &Selection,
    given: &Given,
    clock: &Clock,
) -> Result<(Vec<String>, Vec<String>), String> {
    let format = Format::read(given)?;
    if !format.is_table() && (given.has("watch") || given.has("watch-only")) {
        return Err("error: -w follows tables here: leave -o out, or repeat the line with `watch`".to_owned());
    }
    let elsewhere = given.value("namespace").is_some_and(|name| name != "default") && !given.has("all-namespaces");
    let kinds = selection.kinds();
    let (mut all, mut objects, mut missing) = (vec![], vec![], vec![]);
    for kind in &kinds {
        let (rows, absent) = rows(cluster, *kind, selection, given, clock)?;
        missing.extend(absent.iter().map(|name| not_found(*kind, name, cluster)));
        if rows.is_empty() || elsewhere && !kind.is_everywhere() {
            continue;
        }
        if format.is_table() {
            if !all.is_empty() && format != Format::Names {
                all.push(String::new());
            }
            all.extend(lines(*kind, &rows, given, &format, kinds.len() > 1));
        } else {
            objects.extend(rows.into_iter().map(|(_, object)| object));
        }
    }
    if format.is_table() || objects.is_empty() && !missing.is_empty() {
        return Ok((all, missing));
    }
    let is_one = matches!(selection.wanted.as_slice(), [(_, Some(_))]);
    Ok((format.print(objects, is_one, given.has("no-headers")), missing))
}

/// `-w`: everything at first, then only what has changed.
fn only_new(call: &mut Call, lines: Vec<String>, not_at_first: bool) -> Progress {
    let new: Vec<String> = lines.iter().filter(|line| !call.kept.contains(line)).cloned().collect();
    *call.kept = lines;
    if call.visit > 0 || !not_at_first {
        call.say_all(new);
    }
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
    clock: &Clock,
) -> Result<(Vec<Whole>, Vec<String>), String> {
    let mut all: Vec<Whole> = cells(kind, cluster).into_iter().zip(object::all(kind, cluster, clock)).collect();
    let names = selection.names(kind);
    let missing =
        names.iter().filter(|name| all.iter().all(|(row, _)| row.name != **name)).map(|name| (*name).to_owned());
    let missing = missing.collect();
    if !names.is_empty() {
        all.retain(|(row, _)| names.contains(&row.name.as_str()));
    }
    if let Some(selector) = given.value("selector") {
        let labels = Labels::read(selector)?;
        all.retain(|(_, object)| labels.fit_object(object));
    }
    if let Some(selector) = given.value("field-selector") {
        for part in selector.split(',') {
            let (field, is_wanted, value) = requirement(kind, part)?;
            let path = path::path(field)?;
            let is = |object: &Value| path.find(object).first().is_some_and(|found| path::written(found) == value);
            all.retain(|(_, object)| is(object) == is_wanted);
        }
    }
    if let Some(key) = given.value("sort-by") {
        sort(&mut all, key)?;
    }
    Ok((all, missing))
}

/// `status.phase!=Running`: the field, whether it must be so, and the value.
fn requirement(kind: Kind, part: &str) -> Result<(&str, bool, &str), String> {
    let Some((field, value)) = part.split_once('=') else {
        return Err(format!("Error from server (BadRequest): invalid field selector: '{part}': FIELD=VALUE"));
    };
    let (is_wanted, field) = (!field.ends_with('!'), field.trim_end_matches('!'));
    let known: &[&str] = match kind {
        Kind::Pods => &["metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "status.podIP"],
        Kind::Nodes => &["metadata.name", "spec.unschedulable"],
        Kind::Events => &[
            "metadata.name",
            "metadata.namespace",
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "reason",
            "source.component",
            "type",
        ],
        _ => &["metadata.name", "metadata.namespace"],
    };
    if !known.contains(&field) {
        return Err(format!(
            "Error from server (BadRequest): field label not supported: {field} (of {}: {})",
            kind.plural(),
            known.join(", ")
        ));
    }
    Ok((field, is_wanted, value.trim_start_matches('=')))
}

/// `--sort-by=.status.containerStatuses[0].restartCount`.
fn sort(rows: &mut [Whole], key: &str) -> Result<(), String> {
    let path = path::path(key).map_err(|error| format!("error: {error}"))?;
    if !rows.is_empty() && rows.iter().all(|(_, object)| path.find(object).is_empty()) {
        return Err(format!("error: couldn't find any field with path \"{{{}}}\" in the list of objects", path.text()));
    }
    rows.sort_by(|(_, a), (_, b)| path::compare(path.find(a).first().copied(), path.find(b).first().copied()));
    Ok(())
}

fn lines(kind: Kind, rows: &[Whole], given: &Given, format: &Format, with_kind: bool) -> Vec<String> {
    if *format == Format::Names {
        let name = |object: &Value| path::written(&object["metadata"]["name"]);
        return rows.iter().map(|(_, object)| format!("{}/{}", kind.prefix(), name(object))).collect();
    }
    let (heads, wide) = heads(kind);
    let mut heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    if *format == Format::Wide {
        heads.extend(wide.iter().map(|head| (*head).to_owned()));
    }
    let namespaces = given.has("all-namespaces") && !kind.is_everywhere();
    if namespaces {
        heads.insert(0, "NAMESPACE".to_owned());
    }
    let own: Vec<&str> = given.values("label-columns").flat_map(|value| value.split(',')).collect();
    heads.extend(own.iter().map(|label| label.rsplit('/').next().unwrap_or_default().to_uppercase()));
    if given.has("show-labels") {
        heads.push("LABELS".to_owned());
    }
    let cells = |(row, object): &Whole| {
        let mut cells = row.cells.clone();
        if with_kind && kind != Kind::Events {
            cells[0] = format!("{}/{}", kind.prefix(), row.name);
        }
        if *format == Format::Wide {
            cells.extend(row.wide.iter().cloned());
        }
        if namespaces {
            cells.insert(0, "default".to_owned());
        }
        let labels = object["metadata"]["labels"].as_object();
        cells.extend(
            own.iter().map(|name| labels.and_then(|labels| labels.get(*name)).map_or(String::new(), path::written)),
        );
        if given.has("show-labels") {
            let pairs = labels.into_iter().flatten();
            let text: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", path::written(value))).collect();
            cells.push(if text.is_empty() { "<none>".to_owned() } else { text.join(",") });
        }
        cells
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    columns::plain(if given.has("no-headers") { &[] } else { &heads }, &cells)
}

/// The cells of every object of a kind, in the order of [`object::all`].
fn cells(kind: Kind, cluster: &Cluster) -> Vec<Row> {
    let now = cluster.now;
    match kind {
        Kind::Pods => cluster.pods.iter().map(|pod| of_pod(pod, now)).collect(),
        Kind::Deployments => cluster.deployments.iter().map(|one| of_deployment(one, now)).collect(),
        Kind::ReplicaSets => {
            let sets = cluster.deployments.iter().flat_map(|one| one.revisions.iter().map(move |set| (one, set)));
            sets.map(|(one, set)| of_set(one, set, now)).collect()
        }
        Kind::Nodes => cluster.nodes.iter().map(|node| of_node(node, now)).collect(),
        Kind::Events => cluster.events.iter().map(|event| of_event(event, now)).collect(),
        Kind::Namespaces => vec![of_namespace("default", now), of_namespace("kube-system", now)],
        Kind::Absent(_) => vec![],
    }
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
    }
}
