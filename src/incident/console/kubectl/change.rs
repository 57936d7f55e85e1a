//! `kubectl scale`, `set`, `delete`, `cordon`: what changes the cluster.

use super::cluster::{Cluster, Deployment, Pod, is_built, versions};
use super::get::not_found;
use super::select::{Kind, Labels, Selection};
use crate::incident::console::arguments::Given;
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, World, nearest};
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::{Bytes, Span};

/// More pods than this can't be asked for: a typo shouldn't end a simulation.
const REPLICAS_MAX: u32 = 500;

/// The deployments that operands name.
fn deployments(operands: &[String], given: &Given, world: &dyn World) -> Result<Vec<Deployment>, String> {
    let selection = Selection::read(operands)?;
    let cluster = Cluster::of(world);
    let labels = given.value("selector").map(Labels::read).transpose()?;
    let mut all = vec![];
    for (kind, name) in &selection.wanted {
        if *kind != Kind::Deployments {
            return Err(format!("error: {} can't be changed so: name a deployment", kind.plural()));
        }
        match name {
            None if labels.is_none() && !given.has("all") => {
                return Err("error: resource(s) were provided, but no name was specified".to_owned());
            }
            None => {
                let fits = |one: &&Deployment| {
                    let own = [("app".to_owned(), one.name.clone())];
                    labels.as_ref().is_none_or(|labels| labels.fit(&own))
                };
                all.extend(cluster.deployments.iter().filter(fits).cloned());
            }
            Some(name) => match cluster.deployments.iter().find(|one| one.name == *name) {
                Some(one) => all.push(one.clone()),
                None => return Err(not_found(Kind::Deployments, name, &cluster)),
            },
        }
    }
    if all.is_empty() { Err("error: no objects passed".to_owned()) } else { Ok(all) }
}

/// Does the same to each deployment and says so.
fn each(
    call: &mut Call,
    all: Vec<Deployment>,
    operation: impl Fn(&Deployment) -> Operation,
    done: &str,
    world: &mut dyn World,
) -> Progress {
    let mut code = 0;
    for one in all {
        match world.operate(call.who, &one.name, operation(&one)) {
            Ok(Applied::Unchanged) if done != "scaled" => {}
            Ok(_) => call.say(format!("deployment.apps/{} {done}", one.name)),
            Err(refusal) => {
                call.complain(format!("error: {refusal}"));
                code = 1;
            }
        }
    }
    Progress::Done(code)
}

pub fn scale(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    let Some(text) = given.value("replicas") else {
        return call.fail("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    };
    let Ok(replicas) = text.parse::<u32>() else {
        return call.fail(format!("Error: invalid argument \"{text}\" for \"--replicas\" flag: strconv.ParseInt: parsing \"{text}\": invalid syntax"));
    };
    if replicas > REPLICAS_MAX {
        return call.fail(format!("error: the quota of this cluster is {REPLICAS_MAX} pods a deployment"));
    }
    let all = match deployments(&given.operands, given, world) {
        Ok(all) => all,
        Err(error) => return call.fail(error),
    };
    if let Some(current) = given.value("current-replicas")
        && let Some(one) = all.iter().find(|one| one.wanted.to_string() != current)
    {
        return call.fail(format!("error: Expected replicas to be {current}, was {}", one.wanted));
    }
    each(call, all, |_| Operation::Scale { replicas }, "scaled", world)
}

/// The subcommands of `set`.
pub const SET_VERBS: [(&str, &str); 2] = [
    ("resources", "changes the memory that pods ask for and may have: a rollout"),
    ("image", "runs another version: a rollout"),
];

pub fn set(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    match given.operands.split_first() {
        Some((verb, operands)) if verb == "resources" => resources(call, operands, given, world),
        Some((verb, operands)) if verb == "image" => image(call, operands, given, world),
        Some((verb, _)) => {
            let near = nearest(verb, SET_VERBS.iter().map(|(name, _)| *name));
            let hint = near.map_or(String::new(), |near| format!("\nDid you mean this?\n\t{near}"));
            call.fail(format!("error: unknown command \"{verb}\" for \"kubectl set\"{hint}"))
        }
        None => call.fail("error: one of these has to follow: resources, image"),
    }
}

/// `memory=3Gi,cpu=1`: the memory of it.
fn memory(given: &Given, flag: &str) -> Result<Option<Bytes>, String> {
    let Some(text) = given.value(flag) else { return Ok(None) };
    let mut found = None;
    for part in text.split(',') {
        let (name, amount) = part
            .split_once('=')
            .ok_or_else(|| format!("error: invalid argument syntax {part}, expected <resource>=<quantity>"))?;
        match name {
            "memory" => {
                let wrong =
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
                let amount: Bytes = amount.parse().map_err(|_| format!("error: {wrong}"))?;
                found = Some(amount);
            }
            "cpu" => {}
            _ => return Err(format!("error: unknown resource {name}: memory, cpu")),
        }
    }
    Ok(found)
}

fn resources(call: &mut Call, operands: &[String], given: &Given, world: &mut dyn World) -> Progress {
    let parsed = memory(given, "limits").and_then(|limit| Ok((limit, memory(given, "requests")?)));
    let (limit, request) = match parsed {
        Ok(both) => both,
        Err(error) => return call.fail(error),
    };
    if limit.is_none() && request.is_none() {
        return call
            .fail("error: you must specify an update to requests or limits (in the form of --requests/--limits)");
    }
    let all = match deployments(operands, given, world) {
        Ok(all) => all,
        Err(error) => return call.fail(error),
    };
    for one in &all {
        let (limit, request) = (limit.or(one.template.limit), request.unwrap_or(one.template.request));
        if let Some(limit) = limit
            && request > limit
        {
            return call.fail(format!(
                "The Deployment \"{}\" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: \
                 \"{request}\": must be less than or equal to memory limit",
                one.name
            ));
        }
    }
    each(call, all, |_| Operation::SetResources { limit, request }, "resource requirements updated", world)
}

/// `deployment/NAME CONTAINER=IMAGE`.
fn image(call: &mut Call, operands: &[String], given: &Given, world: &mut dyn World) -> Progress {
    let (images, names): (Vec<String>, Vec<String>) = operands.iter().cloned().partition(|word| word.contains('='));
    let [image] = images.as_slice() else {
        return call.fail("error: at least one image update is required: CONTAINER=IMAGE");
    };
    let all = match deployments(&names, given, world) {
        Ok(all) => all,
        Err(error) => return call.fail(error),
    };
    let (container, image) = image.split_once('=').unwrap_or_default();
    let version = image.rsplit([':', '/']).next().unwrap_or_default().to_owned();
    if let Some(one) = all.iter().find(|one| container != "*" && one.container != container) {
        return call
            .fail(format!("error: unable to find container named \"{container}\" (it is called {})", one.container));
    }
    for one in &all {
        let Some((_, service)) = services(world).find(|(index, _)| *index == one.component) else { continue };
        let known = service.settings.versions.iter().position(|known| known.name == version);
        if !known.is_some_and(|index| is_built(service, index)) {
            let versions: Vec<String> = versions(world, one.component).into_iter().map(|(name, _)| name).collect();
            return call.fail(format!(
                "error: the registry has no image {}:{version}; it has {} (deploy builds others)",
                one.name,
                versions.join(", ")
            ));
        }
    }
    each(call, all, |_| Operation::SetVersion { version: version.clone() }, "image updated", world)
}

pub fn delete(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    let cluster = Cluster::of(world);
    let selection = match Selection::read(&given.operands) {
        Ok(selection) => selection,
        Err(error) => return call.fail(error),
    };
    let grace = match (given.value("grace-period").map(str::parse::<i64>), given.has("now")) {
        (Some(Ok(seconds)), _) if seconds >= 0 => Some(Span::from_seconds(seconds)),
        (Some(Ok(_)) | None, false) => None,
        (None, true) => Some(Span::from_seconds(1)),
        (Some(_), _) => return call.fail("Error: invalid argument for \"--grace-period\" flag: a number of seconds"),
    };
    let grace = if given.has("force") { Some(grace.unwrap_or_default()) } else { grace };
    let labels = match given.value("selector").map(Labels::read).transpose() {
        Ok(labels) => labels,
        Err(error) => return call.fail(error),
    };
    if given.has("force") {
        call.complain("warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    }
    let mut code = 0;
    for (kind, name) in &selection.wanted {
        if *kind != Kind::Pods {
            call.complain(forbidden(*kind, name.as_deref()));
            code = 1;
            continue;
        }
        let chosen: Vec<&Pod> = match (name, &labels) {
            (Some(name), _) => cluster.pods.iter().filter(|pod| pod.name == *name).collect(),
            (None, Some(labels)) => cluster.pods.iter().filter(|pod| labels.fit(&pod.labels())).collect(),
            (None, None) if given.has("all") => cluster.pods.iter().collect(),
            (None, None) => return call.fail("error: resource(s) were provided, but no name was specified"),
        };
        if let (Some(name), true) = (name, chosen.is_empty()) {
            call.complain(not_found(Kind::Pods, name, &cluster));
            code = 1;
        } else if chosen.is_empty() {
            call.complain("No resources found");
        }
        for pod in chosen {
            let operation = Operation::DeletePod { pod: pod.name.clone(), grace };
            match world.operate(call.who, &pod.deployment, operation) {
                Ok(_) if grace == Some(Span::ZERO) => call.say(format!("pod \"{}\" force deleted", pod.name)),
                Ok(_) => call.say(format!("pod \"{}\" deleted", pod.name)),
                Err(refusal) => {
                    call.complain(format!("error: {refusal}"));
                    code = 1;
                }
            }
        }
    }
    Progress::Done(code)
}

fn forbidden(kind: Kind, name: Option<&str>) -> String {
    let name = name.map_or(String::new(), |name| format!(" \"{name}\""));
    format!(
        "Error from server (Forbidden): {}{name} is forbidden: User \"oncall\" cannot delete resource \"{}\" (scale it to 0 instead)",
        kind.plural(),
        kind.plural().split('.').next().unwrap_or_default()
    )
}

/// `cordon`, `uncordon`.
pub fn cordon(call: &mut Call, given: &Given, cordoned: bool, world: &mut dyn World) -> Progress {
    let cluster = Cluster::of(world);
    if given.operands.is_empty() {
        return call.fail("error: USAGE: cordon NODE");
    }
    let mut code = 0;
    for name in &given.operands {
        let name = name.trim_start_matches("node/");
        let Some(node) = cluster.nodes.iter().find(|node| node.name == name) else {
            call.complain(not_found(Kind::Nodes, name, &cluster));
            code = 1;
            continue;
        };
        let done = if cordoned { "cordoned" } else { "uncordoned" };
        if node.status.contains("SchedulingDisabled") == cordoned {
            call.say(format!("node/{name} already {done}"));
            continue;
        }
        let operation = Operation::Cordon { node: name.to_owned(), cordoned };
        match world.operate(call.who, &node.pool, operation) {
            Ok(_) => call.say(format!("node/{name} {done}")),
            Err(refusal) => {
                call.complain(format!("error: {refusal}"));
                code = 1;
            }
        }
    }
    Progress::Done(code)
}
