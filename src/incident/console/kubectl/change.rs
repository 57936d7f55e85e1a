//! `kubectl scale`, `set`, `delete`, `cordon`, `drain`: what changes the cluster.

use super::get::not_found;
use super::select::{Kind, Labels, Selection};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Deployment, Pod, versions};
use crate::incident::console::code::is_built;
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
    let change = Change { replicas: Some(replicas), ..Change::default() };
    let all = deployments(&given.operands, given, world).and_then(|all| {
        all.iter().try_for_each(|one| check(one, &change, world))?;
        Ok(all)
    });
    let all = match all {
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
        Some((verb, _)) if verb == "env" => call.fail(NO_VARIABLES),
        Some((verb, _)) => {
            let near = nearest(verb, SET_VERBS.iter().map(|(name, _)| *name));
            let hint = near.map_or(String::new(), |near| format!("\nDid you mean this?\n\t{near}"));
            call.fail(format!("error: unknown command \"{verb}\" for \"kubectl set\"{hint}"))
        }
        None => call.fail("error: one of these has to follow: resources, image"),
    }
}

/// What is said where somebody sets the processors of a container.
pub const NO_CPU: &str = "error: processors aren't limited here: only memory can be set";
/// What is said where somebody sets a variable of a container.
pub const NO_VARIABLES: &str =
    "error: the containers read nothing from their environment: resources and image can be set (config lists settings)";

/// What is to be different about a deployment; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub replicas: Option<u32>,
    pub paused: Option<bool>,
    pub limit: Option<Bytes>,
    pub request: Option<Bytes>,
    pub image: Option<String>,
    /// Whether every pod is to be replaced though nothing else is different.
    pub restart: bool,
}

/// Whether a change can be made.
///
/// # Errors
/// Why it can't, as kubectl says it.
pub fn check(one: &Deployment, change: &Change, world: &dyn World) -> Result<(), String> {
    if change.replicas.is_some_and(|count| count > REPLICAS_MAX) {
        return Err(format!("error: the quota of this cluster is {REPLICAS_MAX} pods a deployment"));
    }
    let (limit, request) = (change.limit.or(one.template.limit), change.request.unwrap_or(one.template.request));
    if let Some(limit) = limit
        && request > limit
    {
        return Err(format!(
            "The Deployment \"{}\" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: \
             \"{request}\": must be less than or equal to memory limit",
            one.name
        ));
    }
    let Some(image) = &change.image else { return Ok(()) };
    let version = version_of(image);
    let Some((_, service)) = services(world).find(|(index, _)| *index == one.component) else { return Ok(()) };
    let known = service.settings.versions.iter().position(|known| known.name == version);
    if known.is_some_and(|index| is_built(service, index)) {
        return Ok(());
    }
    let versions: Vec<String> = versions(world, one.component).into_iter().map(|(name, _)| name).collect();
    Err(format!(
        "error: the registry has no image {}:{version}; it has {} (deploy builds others)",
        one.name,
        versions.join(", ")
    ))
}

/// `v2` of `registry.internal/web:v2`.
fn version_of(image: &str) -> &str {
    image.rsplit([':', '/']).next().unwrap_or_default()
}

/// Makes a change; whether anything was different.
///
/// # Errors
/// Where the system refuses a part of it.
pub fn carry_out(one: &Deployment, change: &Change, who: &str, world: &mut dyn World) -> Result<bool, String> {
    let pause = |paused: bool| change.paused.filter(|wanted| *wanted == paused && one.paused != paused);
    let resources = (change.limit.is_some() || change.request.is_some())
        .then_some(Operation::SetResources { limit: change.limit, request: change.request });
    let version = change.image.as_deref().map(version_of);
    // Paused first: what is changed then doesn't roll yet.
    let operations = [
        pause(true).map(|paused| Operation::RolloutPause { paused }),
        resources,
        version.map(|version| Operation::SetVersion { version: version.to_owned() }),
        change.restart.then_some(Operation::RolloutRestart),
        change.replicas.filter(|count| *count != one.wanted).map(|replicas| Operation::Scale { replicas }),
        pause(false).map(|paused| Operation::RolloutPause { paused }),
    ];
    let mut is_changed = false;
    for operation in operations.into_iter().flatten() {
        let applied = world.operate(who, &one.name, operation).map_err(|refusal| format!("error: {refusal}"))?;
        is_changed |= applied != Applied::Unchanged;
    }
    Ok(is_changed)
}

/// `memory=3Gi,cpu=1`: the memory of it, and whether there was anything else.
fn memory(given: &Given, flag: &str) -> Result<(Option<Bytes>, bool), String> {
    let Some(text) = given.value(flag) else { return Ok((None, false)) };
    let (mut found, mut other) = (None, false);
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
            "cpu" => other = true,
            _ => return Err(format!("error: unknown resource {name}: memory, cpu")),
        }
    }
    Ok((found, other))
}

fn resources(call: &mut Call, operands: &[String], given: &Given, world: &mut dyn World) -> Progress {
    let parsed = memory(given, "limits").and_then(|limit| Ok((limit, memory(given, "requests")?)));
    let ((limit, cpu), (request, more_cpu)) = match parsed {
        Ok(both) => both,
        Err(error) => return call.fail(error),
    };
    if limit.is_none() && request.is_none() {
        return call.fail(if cpu || more_cpu {
            NO_CPU
        } else {
            "error: you must specify an update to requests or limits (in the form of --requests/--limits)"
        });
    }
    let change = Change { limit, request, ..Change::default() };
    let all = deployments(operands, given, world).and_then(|all| {
        all.iter().try_for_each(|one| check(one, &change, world))?;
        Ok(all)
    });
    let all = match all {
        Ok(all) => all,
        Err(error) => return call.fail(error),
    };
    if cpu || more_cpu {
        call.complain("warning: processors aren't limited here: only the memory is set");
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
    if let Some(one) = all.iter().find(|one| container != "*" && one.container != container) {
        return call
            .fail(format!("error: unable to find container named \"{container}\" (it is called {})", one.container));
    }
    let change = Change { image: Some(image.to_owned()), ..Change::default() };
    if let Err(error) = all.iter().try_for_each(|one| check(one, &change, world)) {
        return call.fail(error);
    }
    let version = version_of(image).to_owned();
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

/// `drain`: takes a machine out of scheduling and deletes what runs there; its deployments make others elsewhere.
pub fn drain(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    let done = cordon(call, given, true, world);
    if done != Progress::Done(0) {
        return done;
    }
    let grace = match given.value("grace-period").map(str::parse::<i64>) {
        None => None,
        // As with kubectl, a negative one leaves it to the pod.
        Some(Ok(seconds)) => (seconds >= 0).then(|| Span::from_seconds(seconds)),
        Some(Err(_)) => return call.fail("Error: invalid argument for \"--grace-period\" flag: a number of seconds"),
    };
    let cluster = Cluster::of(world);
    let mut code = 0;
    for name in &given.operands {
        let name = name.trim_start_matches("node/");
        for pod in cluster.pods.iter().filter(|pod| pod.node.as_deref() == Some(name)) {
            call.say(format!("evicting pod \"{}\"", pod.name));
            let operation = Operation::DeletePod { pod: pod.name.clone(), grace };
            if let Err(refusal) = world.operate(call.who, &pod.deployment, operation) {
                call.complain(format!("error: {refusal}"));
                code = 1;
            }
        }
        call.say(format!("node/{name} evicted"));
    }
    Progress::Done(code)
}
