//! `kubectl explain`: what the fields of objects are called and mean. One table; what `get` shows is in it.

use super::select::Kind;
use crate::incident::console::arguments::Given;
use crate::incident::console::{Call, Progress, nearest};

/// A field: where it is, its type, what it means. `any` stands for every kind; a template's fields are a pod's.
type Field = (&'static str, &'static str, &'static str);

const FIELDS: &[Field] = &[
    ("any.apiVersion", "string", "the version of the API that the object is written in"),
    ("any.kind", "string", "what kind of object it is"),
    ("any.metadata", "Object", "what every object has"),
    ("any.metadata.annotations", "map[string]string", "notes of tools; nothing selects by them"),
    ("any.metadata.creationTimestamp", "string", "when it was made, in UTC"),
    ("any.metadata.generateName", "string", "what its name begins with"),
    ("any.metadata.labels", "map[string]string", "what -l selects by"),
    ("any.metadata.name", "string", "its name"),
    ("any.metadata.namespace", "string", "where it lies"),
    ("any.metadata.ownerReferences", "[]Object", "what made it and takes it along when it goes"),
    ("any.metadata.ownerReferences.apiVersion", "string", "the version of the API of its owner"),
    ("any.metadata.ownerReferences.kind", "string", "the owner's kind"),
    ("any.metadata.ownerReferences.name", "string", "the owner's name"),
    ("any.metadata.uid", "string", "an id that no other object ever has; kernel logs name pods by it"),
    ("any.spec", "Object", "how it should be"),
    ("any.status", "Object", "how it is, as last seen"),
    ("pod.spec.containers", "[]Object", "what runs in it"),
    ("pod.spec.containers.image", "string", "what is run; its end names the version"),
    ("pod.spec.containers.imagePullPolicy", "string", "when the image is fetched anew"),
    ("pod.spec.containers.name", "string", "the container's name"),
    ("pod.spec.containers.resources", "Object", "what it asks for and may have"),
    ("pod.spec.containers.resources.limits", "map[string]string", "at most: memory above it is killed with 137"),
    ("pod.spec.containers.resources.requests", "map[string]string", "what a machine must have free to take it"),
    ("pod.spec.nodeName", "string", "the machine that it runs on"),
    ("pod.spec.restartPolicy", "string", "what happens when the container ends: Always starts it again"),
    ("pod.spec.schedulerName", "string", "who chooses the machine"),
    ("pod.status.conditions", "[]Object", "what is the case: PodScheduled, Ready"),
    ("pod.status.conditions.status", "string", "True or False"),
    ("pod.status.conditions.type", "string", "which condition"),
    ("pod.status.containerStatuses", "[]Object", "how each container is"),
    ("pod.status.containerStatuses.image", "string", "the image that runs"),
    ("pod.status.containerStatuses.lastState", "Object", "how it ended the last time: terminated"),
    ("pod.status.containerStatuses.lastState.terminated", "Object", "how a container ended"),
    ("pod.status.containerStatuses.lastState.terminated.exitCode", "integer", "above 128: the signal plus 128"),
    ("pod.status.containerStatuses.lastState.terminated.finishedAt", "string", "when it ended"),
    ("pod.status.containerStatuses.lastState.terminated.reason", "string", "OOMKilled, Error or Completed"),
    ("pod.status.containerStatuses.lastState.terminated.startedAt", "string", "when it had started"),
    ("pod.status.containerStatuses.name", "string", "the container's name"),
    ("pod.status.containerStatuses.ready", "boolean", "whether it takes work"),
    ("pod.status.containerStatuses.restartCount", "integer", "how often it has been started again"),
    ("pod.status.containerStatuses.state", "Object", "what it does now: running, waiting or terminated"),
    ("pod.status.containerStatuses.state.running", "Object", "it runs, since startedAt"),
    ("pod.status.containerStatuses.state.terminated", "Object", "it has just ended; fields as in lastState"),
    ("pod.status.containerStatuses.state.waiting", "Object", "it doesn't run; reason says why: CrashLoopBackOff"),
    ("pod.status.hostIP", "string", "the machine's address"),
    ("pod.status.phase", "string", "Pending until its containers have started, then Running"),
    ("pod.status.podIP", "string", "its address"),
    ("pod.status.qosClass", "string", "who is killed first where a machine runs out of memory"),
    ("pod.status.startTime", "string", "when the machine took it"),
    ("deployment.spec.paused", "boolean", "whether changes of the template wait"),
    ("deployment.spec.replicas", "integer", "how many pods there should be"),
    ("deployment.spec.selector", "Object", "which pods are its own"),
    ("deployment.spec.strategy", "Object", "how it gets from one template to the next"),
    (
        "deployment.spec.strategy.rollingUpdate",
        "Object",
        "maxSurge: so many more; maxUnavailable: so many fewer meanwhile",
    ),
    ("deployment.spec.strategy.type", "string", "RollingUpdate: pod by pod"),
    ("deployment.spec.template", "Object", "what its pods are made from; a change of it is a rollout"),
    ("deployment.status.availableReplicas", "integer", "pods that take work"),
    ("deployment.status.readyReplicas", "integer", "pods that are ready"),
    ("deployment.status.replicas", "integer", "pods that there are"),
    ("deployment.status.unavailableReplicas", "integer", "pods that are missing"),
    ("deployment.status.updatedReplicas", "integer", "pods of the current template"),
    ("replicaset.spec.replicas", "integer", "how many pods of this template there should be"),
    ("replicaset.spec.selector", "Object", "which pods are its own"),
    ("replicaset.spec.template", "Object", "what its pods are made from"),
    ("replicaset.status.availableReplicas", "integer", "pods that take work"),
    ("replicaset.status.readyReplicas", "integer", "pods that are ready"),
    ("replicaset.status.replicas", "integer", "pods that there are"),
    ("node.spec.podCIDR", "string", "the addresses of its pods"),
    ("node.spec.unschedulable", "boolean", "whether new pods stay away: kubectl cordon"),
    ("node.status.addresses", "[]Object", "its addresses"),
    ("node.status.allocatable", "map[string]string", "what pods can have of it"),
    ("node.status.capacity", "map[string]string", "what it has"),
    ("node.status.conditions", "[]Object", "what is the case: Ready, MemoryPressure, DiskPressure"),
    ("node.status.nodeInfo", "Object", "the versions of what runs it"),
    ("event.count", "integer", "how often it has happened"),
    ("event.firstTimestamp", "string", "when it happened first"),
    ("event.involvedObject", "Object", "what it happened to: kind, name, namespace"),
    ("event.lastTimestamp", "string", "when it happened last"),
    ("event.message", "string", "what happened, in words"),
    ("event.reason", "string", "what happened, in a word"),
    ("event.source", "Object", "who noticed: component, host"),
    ("event.type", "string", "Normal or Warning"),
];

/// How deep the table goes below what is explained only as a whole.
fn found(kind: &str, path: &str) -> Vec<&'static Field> {
    let full = |own: &str| if path.is_empty() { own.to_owned() } else { format!("{own}.{path}") };
    let (own, any) = (full(kind), full("any"));
    FIELDS.iter().filter(|(name, ..)| *name == own || *name == any).collect()
}

/// The fields directly below.
fn below(kind: &str, path: &str) -> Vec<&'static Field> {
    let full = |own: &str| if path.is_empty() { format!("{own}.") } else { format!("{own}.{path}.") };
    let (own, any) = (full(kind), full("any"));
    // An event is flat: it is neither as it should be nor as it is.
    let is_flat = |name: &str| kind == "event" && ["any.spec", "any.status"].contains(&name);
    let rest = |name: &'static str| name.strip_prefix(&own).or_else(|| name.strip_prefix(&any));
    let is_below = |(name, ..): &&Field| !is_flat(name) && rest(name).is_some_and(|rest| !rest.contains('.'));
    FIELDS.iter().filter(is_below).collect()
}

/// A template is a pod without a name: its fields are explained there.
fn place(kind: Kind, path: &str) -> (String, String) {
    let own = kind.title().to_lowercase();
    match path.strip_prefix("spec.template") {
        Some(rest) if !rest.is_empty() && matches!(kind, Kind::Deployments | Kind::ReplicaSets) => {
            ("pod".to_owned(), rest.trim_start_matches('.').to_owned())
        }
        _ => (own, path.to_owned()),
    }
}

pub fn run(call: &mut Call, given: &Given) -> Progress {
    let [asked] = given.operands.as_slice() else {
        return call.fail("error: You must specify the type of resource to explain: kubectl explain pod.status");
    };
    let (word, path) = asked.split_once('.').unwrap_or((asked, ""));
    let kind = match Kind::of(word) {
        Ok(Kind::Absent(name)) => return call.fail(format!("error: this cluster has no {name}")),
        Ok(kind) => kind,
        Err(error) => return call.fail(error),
    };
    let path = path.replace("[]", "").replace("[0]", "");
    let (own, path) = place(kind, &path);
    let field = found(&own, &path);
    if !path.is_empty() && field.is_empty() {
        let last = path.rsplit('.').next().unwrap_or_default();
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let names: Vec<&str> = below(&own, parent).iter().filter_map(|(name, ..)| name.rsplit('.').next()).collect();
        let near = nearest(last, names.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("error: field \"{last}\" does not exist{hint}"));
    }
    let version = if matches!(kind, Kind::Deployments | Kind::ReplicaSets) { "apps/v1" } else { "v1" };
    call.say_all([format!("KIND:     {}", kind.title()), format!("VERSION:  {version}"), String::new()]);
    if let Some((_, form, about)) = field.first() {
        let last = path.rsplit('.').next().unwrap_or_default();
        call.say_all([format!("FIELD:    {last} <{form}>"), String::new()]);
        call.say_all(["DESCRIPTION:".to_owned(), format!("     {about}"), String::new()]);
    }
    if !below(&own, &path).is_empty() {
        call.say("FIELDS:");
        print(call, &own, &path, 1, given.has("recursive"));
    }
    Progress::Done(0)
}

fn print(call: &mut Call, kind: &str, path: &str, depth: usize, recursive: bool) {
    for (name, form, about) in below(kind, path) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let indent = "   ".repeat(depth);
        if recursive {
            call.say(format!("{indent}{last} <{form}>"));
            let inner = if path.is_empty() { last.to_owned() } else { format!("{path}.{last}") };
            print(call, kind, &inner, depth + 1, true);
        } else {
            call.say(format!("{indent}{last:<24} {form:<18} {about}"));
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::{FIELDS, found, place};
    use crate::incident::console::kubectl::select::Kind;
    use serde_json::Value;

    /// The fields of an object that nothing explains.
    pub fn unexplained(kind: Kind, object: &Value) -> Vec<String> {
        let mut all = vec![];
        look(kind, object, "", &mut all);
        all
    }

    fn look(kind: Kind, value: &Value, path: &str, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let (own, place) = place(kind, &inner);
                    let described = found(&own, &place);
                    if described.is_empty() {
                        all.push(inner);
                        continue;
                    }
                    // What a map or a small object holds is explained with it.
                    let below = [format!("{own}.{place}."), format!("any.{place}.")];
                    let has_own = FIELDS.iter().any(|(name, ..)| below.iter().any(|below| name.starts_with(below)));
                    if has_own || inner == "spec.template" {
                        look(kind, value, &inner, all);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| look(kind, item, path, all)),
            _ => {}
        }
    }
}
