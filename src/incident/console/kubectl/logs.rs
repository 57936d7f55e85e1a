//! `kubectl logs`: what containers have written. What died with a pod is gone.

use super::get::not_found;
use super::select::{Kind, Labels};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Pod};
use crate::incident::console::{Call, Progress, World};
use crate::sim::id::ComponentId;
use crate::sim::log::Record;
use crate::sim::quantity::{Span, Time};

/// Lines that a container's log keeps.
const RING: usize = 2_000;

pub fn run(call: &mut Call, given: &Given, world: &dyn World) -> Progress {
    let cluster = Cluster::of(world);
    let (pods, many) = match chosen(call, given, &cluster) {
        Ok(chosen) => chosen,
        Err(error) => return call.fail(error),
    };
    let follows = given.has("follow");
    let now = world.now();
    // What was printed up to, in microseconds, where this follows.
    let printed: Option<i64> = call.kept.first().and_then(|text| text.parse().ok());
    let mut lines = vec![];
    for pod in &pods {
        let (from, until) = match span(pod, given.has("previous")) {
            Ok(span) => span,
            Err(_) if printed.is_some() => continue,
            Err(error) if many => {
                call.complain(error);
                continue;
            }
            Err(error) => return call.fail(error),
        };
        let from = printed.map_or(from, |printed| from.max(Time::from_micros(printed + 1)));
        let mut of_pod = written(pod, from, until, world);
        if printed.is_none()
            && let Err(error) = limited(&mut of_pod, given, now, many)
        {
            return call.fail(error);
        }
        let prefix = if given.has("prefix") { format!("[pod/{}/{}] ", pod.name, pod.container) } else { String::new() };
        for (at, text) in of_pod {
            let stamp = if given.has("timestamps") { format!("{} ", world.clock().iso(at)) } else { String::new() };
            lines.push((at, format!("{prefix}{stamp}{text}")));
        }
    }
    if follows && pods.len() > 1 {
        lines.sort_by_key(|(at, _)| *at);
    }
    call.say_all(lines.into_iter().map(|(_, line)| line));
    if follows && !given.has("previous") {
        *call.kept = vec![now.micros().to_string()];
        return Progress::Again(Span::from_seconds(1));
    }
    Progress::Done(0)
}

/// The pods that are meant, and whether there can be several.
fn chosen<'a>(call: &mut Call, given: &Given, cluster: &'a Cluster) -> Result<(Vec<&'a Pod>, bool), String> {
    if let Some(selector) = given.value("selector") {
        let labels = Labels::read(selector)?;
        let pods: Vec<&Pod> = cluster.pods.iter().filter(|pod| labels.fit(&pod.labels())).collect();
        if pods.is_empty() {
            call.complain("No resources found in default namespace.");
        }
        if given.has("follow") && pods.len() > 5 {
            return Err("error: you are attempting to follow more than 5 log streams: name a pod".to_owned());
        }
        return Ok((pods, true));
    }
    let name = given.operands.first().ok_or("error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command")?;
    let (kind, name) = name
        .split_once('/')
        .map_or(Ok((Kind::Pods, name.as_str())), |(kind, name)| Kind::of(kind).map(|kind| (kind, name)))?;
    match kind {
        Kind::Pods => {
            let pod = cluster.pods.iter().find(|pod| pod.name == name);
            let pod = pod.ok_or_else(|| not_found(Kind::Pods, name, cluster))?;
            if let Some(container) = given.value("container").filter(|container| *container != pod.container) {
                return Err(format!("error: container {container} is not valid for pod {name}"));
            }
            Ok((vec![pod], false))
        }
        Kind::Deployments => {
            if cluster.deployments.iter().all(|one| one.name != name) {
                return Err(not_found(kind, name, cluster));
            }
            let pods: Vec<&Pod> = cluster.pods.iter().filter(|pod| pod.deployment == name).collect();
            // One that runs is preferred, as kubectl does.
            let Some(first) = pods.iter().find(|pod| pod.ready).or(pods.first()) else {
                return Err(format!("error: timed out waiting for the condition: no pod of {name} exists"));
            };
            if pods.len() > 1 && call.visit == 0 {
                call.complain(format!("Found {} pods, using pod/{}", pods.len(), first.name));
            }
            Ok((vec![first], false))
        }
        _ => Err(format!("error: cannot get the logs from {}", kind.plural())),
    }
}

/// When the container that is meant ran.
fn span(pod: &Pod, previous: bool) -> Result<(Time, Time), String> {
    let last = pod.last.as_ref().map(|last| (last.started, last.finished));
    let missing = || {
        format!(
            "Error from server (BadRequest): previous terminated container \"{}\" in pod \"{}\" not found",
            pod.container, pod.name
        )
    };
    match (previous, pod.running_since) {
        (true, _) => last.ok_or_else(missing),
        (false, Some(since)) => Ok((since, Time::NEVER)),
        // While it waits for its next start, the dead container is the one that there is.
        (false, None) => last.ok_or_else(|| {
            format!(
                "Error from server (BadRequest): container \"{}\" in pod \"{}\" is waiting to start: {}",
                pod.container,
                pod.name,
                pod.waits.as_deref().unwrap_or("ContainerCreating")
            )
        }),
    }
}

/// The last lines that a container has written in this time, as far as its ring holds them.
fn written(pod: &Pod, from: Time, until: Time, world: &dyn World) -> Vec<(Time, String)> {
    let system = world.system();
    let backwards = system.log(ComponentId(pod.component as u8)).iter().rev().take_while(|record| record.at >= from);
    let own = backwards.filter(|record| record.at <= until && record.instance as usize == pod.instance);
    let mut records: Vec<&Record> = own.take(RING).collect();
    records.reverse();
    let line = |record: &&Record| {
        let (stamp, severity) = (world.clock().iso(record.at), record.severity.word());
        (record.at, format!("{stamp} {severity} {}", system.line(record)))
    };
    records.iter().map(line).collect()
}

/// `--since`, `--tail`; a selector shows ten lines of each pod by default.
fn limited(lines: &mut Vec<(Time, String)>, given: &Given, now: Time, ten: bool) -> Result<(), String> {
    if let Some(since) = given.value("since") {
        let span: Span = since.parse().map_err(|_| {
            format!("error: invalid argument \"{since}\" for \"--since\" flag: time: invalid duration {since}")
        })?;
        lines.retain(|(at, _)| *at >= now - span);
    }
    let tail = match given.value("tail") {
        Some(text) => {
            text.parse::<i64>().map_err(|_| format!("error: invalid argument \"{text}\" for \"--tail\" flag"))?
        }
        None if ten => 10,
        None => -1,
    };
    if let Ok(tail) = usize::try_from(tail) {
        let skipped = lines.len().saturating_sub(tail);
        lines.drain(..skipped);
    }
    Ok(())
}
