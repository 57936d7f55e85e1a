//! `kubectl patch`: a change of a deployment or a node written as JSON, done with the operations that there are.

use super::change::{self, Change};
use super::get::not_found;
use super::object;
use super::select::{Kind, Selection};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::Cluster;
use crate::incident::console::{Call, Progress, World};
use crate::sim::operation::Operation;
use crate::sim::quantity::Bytes;
use serde_json::Value;

/// A field by its way from the root, and its new value.
type Leaf = (Vec<String>, Value);

pub fn run(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    match patched(given, call, world) {
        Ok(lines) => {
            call.say_all(lines);
            Progress::Done(0)
        }
        Err(error) => call.fail(error),
    }
}

fn patched(given: &Given, call: &Call, world: &mut dyn World) -> Result<Vec<String>, String> {
    let selection = Selection::read(&given.operands)?;
    let Some(text) = given.value("patch") else {
        return Err("error: Must specify -p to patch: -p '{\"spec\":{\"replicas\":3}}'".to_owned());
    };
    let patch: Value = serde_json::from_str(text)
        .map_err(|_| format!("error: unable to parse \"{text}\": a patch is JSON: {{\"spec\":{{\"replicas\":3}}}}"))?;
    let cluster = Cluster::of(world);
    let mut lines = vec![];
    for (kind, name) in &selection.wanted {
        let Some(name) = name else {
            return Err("error: resource(s) were provided, but no name was specified".to_owned());
        };
        let objects = object::all(*kind, &cluster, world.clock());
        let Some(object) = objects.iter().find(|object| object["metadata"]["name"] == name.as_str()) else {
            return Err(not_found(*kind, name, &cluster));
        };
        let leaves = match given.value("type").unwrap_or("strategic") {
            "strategic" => leaves(&patch, Some(object))?,
            "merge" => leaves(&patch, None)?,
            "json" => operations(&patch, object)?,
            other => return Err(format!("error: --type must be one of [json merge strategic], not \"{other}\"")),
        };
        let changed = match kind {
            Kind::Deployments => deployment(name, &leaves, call.who, &cluster, world)?,
            Kind::Nodes => node(name, &leaves, call.who, &cluster, world)?,
            Kind::Pods | Kind::ReplicaSets => {
                return Err(format!("error: a patch of {} doesn't last: patch the deployment", kind.plural()));
            }
            _ => return Err(format!("error: {} can't be patched here: deployments and nodes can", kind.plural())),
        };
        let nothing = if changed { "" } else { " (no change)" };
        lines.push(format!("{}/{name} patched{nothing}", kind.prefix()));
    }
    Ok(lines)
}

/// The fields of a patch. Where the object is given, lists are merged by name (strategic); else they aren't (merge).
fn leaves(patch: &Value, object: Option<&Value>) -> Result<Vec<Leaf>, String> {
    if !patch.is_object() {
        return Err(
            "error: this kind of patch is an object: {\"spec\":{\"replicas\":3}}; --type=json takes a list".into()
        );
    }
    let mut all = vec![];
    collect(patch, object, &mut vec![], &mut all)?;
    Ok(all)
}

fn collect(patch: &Value, object: Option<&Value>, at: &mut Vec<String>, all: &mut Vec<Leaf>) -> Result<(), String> {
    match patch {
        Value::Object(fields) => {
            for (key, value) in fields {
                at.push(key.clone());
                collect(value, object.map(|object| &object[key]), at, all)?;
                at.pop();
            }
        }
        Value::Array(items) if at.last().is_some_and(|key| key == "containers") => {
            let Some(known) = object.and_then(Value::as_array) else {
                return Err("error: a merge patch replaces the whole list of containers: leave --type=merge out, \
                            or name the field with --type=json"
                    .to_owned());
            };
            for item in items {
                let name = item["name"].as_str().unwrap_or_default();
                let Some(index) = known.iter().position(|one| one["name"] == name) else {
                    let names: Vec<&str> = known.iter().filter_map(|one| one["name"].as_str()).collect();
                    return Err(format!(
                        "error: no container is called \"{name}\": each of containers needs its name, {}",
                        names.join(", ")
                    ));
                };
                at.push(index.to_string());
                let mut item = item.clone();
                item.as_object_mut().map(|fields| fields.remove("name"));
                collect(&item, Some(&known[index]), at, all)?;
                at.pop();
            }
        }
        other => all.push((at.clone(), other.clone())),
    }
    Ok(())
}

/// `[{"op": "replace", "path": "/spec/replicas", "value": 3}]`.
fn operations(patch: &Value, object: &Value) -> Result<Vec<Leaf>, String> {
    let wrong = "error: a JSON patch is a list: [{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]";
    let mut all = vec![];
    for one in patch.as_array().ok_or(wrong)? {
        let pointer = one["path"].as_str().filter(|path| path.starts_with('/')).ok_or(wrong)?;
        let is = object.pointer(pointer);
        match one["op"].as_str().unwrap_or_default() {
            "test" if is == Some(&one["value"]) => {}
            "test" => return Err(format!("The request is invalid: testing value {pointer} failed: test failed")),
            "replace" if is.is_none() => {
                return Err(format!(
                    "The request is invalid: replace operation does not apply: doc is missing path: {pointer}"
                ));
            }
            "replace" | "add" => {
                let keys = pointer[1..].split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
                let mut inner = vec![];
                collect(&one["value"], is, &mut Vec::clone(&keys), &mut inner)?;
                all.extend(inner);
            }
            "remove" => return Err("error: nothing can be taken away here: replace it with another value".to_owned()),
            other => return Err(format!("error: unknown op \"{other}\": replace, add, test")),
        }
    }
    Ok(all)
}

fn deployment(
    name: &str,
    leaves: &[Leaf],
    who: &str,
    cluster: &Cluster,
    world: &mut dyn World,
) -> Result<bool, String> {
    let Some(one) = cluster.deployments.iter().find(|one| one.name == name) else {
        return Err(not_found(Kind::Deployments, name, cluster));
    };
    let mut change = Change::default();
    for (path, value) in leaves {
        read(path, value, &mut change)?;
    }
    change::check(one, &change, world)?;
    change::carry_out(one, &change, who, world)
}

/// A field of a deployment and its new value, as a change that can be made.
fn read(path: &[String], value: &Value, change: &mut Change) -> Result<(), String> {
    let dotted = path.join(".");
    let wrong = |what: &str| format!("The Deployment is invalid: {dotted}: Invalid value: {value}: must be {what}");
    let amount = || -> Result<Bytes, String> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map_err(|_| wrong("a quantity such as \"2Gi\""))
    };
    match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["spec", "replicas"] => {
            let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
            change.replicas = Some(count.ok_or_else(|| wrong("a whole number from 0"))?);
        }
        ["spec", "paused"] => change.paused = Some(value.as_bool().ok_or_else(|| wrong("true or false"))?),
        ["spec", "template", "metadata", "annotations", _] => change.restart = true,
        ["spec", "template", "spec", "containers", "0", rest @ ..] => match rest {
            ["image"] => change.image = Some(value.as_str().ok_or_else(|| wrong("a text"))?.to_owned()),
            ["resources", "limits", "memory"] => change.limit = Some(amount()?),
            ["resources", "requests", "memory"] => change.request = Some(amount()?),
            ["resources", _, "cpu"] => return Err(change::NO_CPU.to_owned()),
            ["env", ..] => return Err(change::NO_VARIABLES.to_owned()),
            _ => return Err(unknown(&dotted)),
        },
        _ => return Err(unknown(&dotted)),
    }
    Ok(())
}

fn unknown(field: &str) -> String {
    format!(
        "error: {field} can't be changed here: spec.replicas, spec.paused, and of a container image and resources.*.memory can"
    )
}

fn node(name: &str, leaves: &[Leaf], who: &str, cluster: &Cluster, world: &mut dyn World) -> Result<bool, String> {
    let Some(node) = cluster.nodes.iter().find(|node| node.name == name) else {
        return Err(not_found(Kind::Nodes, name, cluster));
    };
    let mut is_changed = false;
    for (path, value) in leaves {
        let (["spec", "unschedulable"], Some(cordoned)) =
            (path.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), value.as_bool())
        else {
            return Err(format!("error: {} of a node can't be changed here: spec.unschedulable can", path.join(".")));
        };
        if node.status.contains("SchedulingDisabled") != cordoned {
            let operation = Operation::Cordon { node: name.to_owned(), cordoned };
            world.operate(who, &node.pool, operation).map_err(|refusal| format!("error: {refusal}"))?;
            is_changed = true;
        }
    }
    Ok(is_changed)
}
