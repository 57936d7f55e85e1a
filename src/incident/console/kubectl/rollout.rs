//! `kubectl rollout`: how a deployment gets from one template to the next.

use super::get::not_found;
use super::select::{Kind, Selection};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Deployment};
use crate::incident::console::{Call, Progress, World, nearest};
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::Span;

/// The subcommands, with what each does.
pub const VERBS: [(&str, &str); 6] = [
    ("status", "follows a rollout until it is done"),
    ("history", "lists the revisions"),
    ("undo", "goes back to the revision before, or to --to-revision"),
    ("restart", "replaces every pod"),
    ("pause", "stops a rollout where it is"),
    ("resume", "lets a stopped rollout go on"),
];

pub fn run(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    let (verb, operands) = match given.operands.split_first() {
        Some((verb, operands)) if VERBS.iter().any(|(name, _)| name == verb) => (verb.clone(), operands.to_vec()),
        Some((verb, _)) => {
            let near = nearest(verb, VERBS.iter().map(|(name, _)| *name));
            let hint = near.map_or(String::new(), |near| format!("\nDid you mean this?\n\t{near}"));
            return call.fail(format!("error: unknown command \"{verb}\" for \"kubectl rollout\"{hint}"));
        }
        None => {
            let verbs: Vec<&str> = VERBS.iter().map(|(name, _)| *name).collect();
            return call.fail(format!("error: one of these has to follow: {}", verbs.join(", ")));
        }
    };
    let deployments = match chosen(&operands, world) {
        Ok(deployments) => deployments,
        Err(error) => return call.fail(error),
    };
    let mut progress = Progress::Done(0);
    for deployment in deployments {
        progress = match verb.as_str() {
            "status" => status(call, &deployment, given),
            "history" => history(call, &deployment, given),
            "undo" => undo(call, &deployment, given, world),
            "restart" => change(call, &deployment, Operation::RolloutRestart, "restarted", world),
            "pause" if deployment.paused => call.fail(format!(
                "error: deployments.apps \"{}\" can't be paused from restart: it is paused already",
                deployment.name
            )),
            "pause" => change(call, &deployment, Operation::RolloutPause { paused: true }, "paused", world),
            "resume" if !deployment.paused => {
                call.fail(format!("error: deployments.apps \"{}\" is not paused", deployment.name))
            }
            _ => change(call, &deployment, Operation::RolloutPause { paused: false }, "resumed", world),
        };
    }
    progress
}

fn chosen(operands: &[String], world: &dyn World) -> Result<Vec<Deployment>, String> {
    let selection = Selection::read(operands).map_err(|error| {
        if operands.is_empty() { "error: required resource not specified: deployment/NAME".to_owned() } else { error }
    })?;
    let cluster = Cluster::of(world);
    let mut all = vec![];
    for (kind, name) in &selection.wanted {
        if *kind != Kind::Deployments {
            return Err(format!(
                "error: no rollouter has been implemented for {}: only deployments roll",
                kind.plural()
            ));
        }
        match name {
            None => all.extend(cluster.deployments.iter().cloned()),
            Some(name) => match cluster.deployments.iter().find(|one| one.name == *name) {
                Some(deployment) => all.push(deployment.clone()),
                None => return Err(not_found(Kind::Deployments, name, &cluster)),
            },
        }
    }
    Ok(all)
}

fn change(
    call: &mut Call,
    deployment: &Deployment,
    operation: Operation,
    done: &str,
    world: &mut dyn World,
) -> Progress {
    match world.operate(call.who, &deployment.name, operation) {
        Ok(_) => {
            call.say(format!("deployment.apps/{} {done}", deployment.name));
            Progress::Done(0)
        }
        Err(refusal) => call.fail(format!("error: {refusal}")),
    }
}

/// Says each change of what it waits for, until there is nothing more.
fn status(call: &mut Call, deployment: &Deployment, given: &Given) -> Progress {
    let name = &deployment.name;
    let total: u32 = deployment.revisions.iter().map(|set| set.pods).sum();
    let waits = if deployment.paused {
        None
    } else if deployment.updated < deployment.wanted {
        Some(format!("{} out of {} new replicas have been updated...", deployment.updated, deployment.wanted))
    } else if total > deployment.updated {
        Some(format!("{} old replicas are pending termination...", total - deployment.updated))
    } else if deployment.updated_available < deployment.updated {
        Some(format!("{} of {} updated replicas are available...", deployment.updated_available, deployment.updated))
    } else {
        None
    };
    let Some(waits) = waits else {
        call.say(format!("deployment \"{name}\" successfully rolled out"));
        return Progress::Done(0);
    };
    let line = format!("Waiting for deployment \"{name}\" rollout to finish: {waits}");
    if call.kept.last() != Some(&line) {
        *call.kept = vec![line.clone()];
        call.say(line);
    }
    if given.value("watch") == Some("false") { Progress::Done(0) } else { Progress::Again(Span::from_seconds(1)) }
}

fn history(call: &mut Call, deployment: &Deployment, given: &Given) -> Progress {
    let name = &deployment.name;
    if let Some(number) = given.value("revision") {
        let Some(set) = deployment.revisions.iter().find(|set| set.number.to_string() == number) else {
            return call.fail(format!("error: unable to find the specified revision: {number}"));
        };
        call.say(format!("deployment.apps/{name} with revision #{number}"));
        call.say("Pod Template:");
        call.say(format!("  Labels:       app={name}"));
        call.say(format!("                pod-template-hash={}", set.hash));
        call.say("  Containers:");
        call.say(format!("   {}:", deployment.container));
        call.say(format!("    Image:      {}", set.template.image));
        if let Some(limit) = set.template.limit {
            call.say(format!("    Limits:     memory: {limit}"));
        }
        call.say(format!("    Requests:   memory: {}", set.template.request));
        return Progress::Done(0);
    }
    call.say(format!("deployment.apps/{name}"));
    call.say("REVISION  CHANGE-CAUSE");
    let mut sets = deployment.revisions.clone();
    sets.sort_by_key(|set| set.number);
    for set in sets {
        let cause = if set.cause.is_empty() { "<none>" } else { &set.cause };
        call.say(format!("{:<8}  {cause}", set.number));
    }
    Progress::Done(0)
}

fn undo(call: &mut Call, deployment: &Deployment, given: &Given, world: &mut dyn World) -> Progress {
    let to = match given.value("to-revision").map(str::parse::<u32>) {
        Some(Ok(0)) | None => None,
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => return call.fail("error: --to-revision takes a number: see kubectl rollout history"),
    };
    if deployment.paused {
        return call.fail("error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
    }
    if to.is_none() && deployment.revisions.len() < 2 {
        return call.fail(format!("error: no rollout history found for deployment \"{}\"", deployment.name));
    }
    if let Some(number) = to
        && deployment.revisions.iter().all(|set| set.number != number)
    {
        return call.fail(format!("error: unable to find specified revision {number} in history"));
    }
    match world.operate(call.who, &deployment.name, Operation::RolloutUndo { to }) {
        Ok(Applied::Unchanged) => {
            let revision = deployment.revisions.last().map_or(0, |set| set.number);
            call.say(format!(
                "deployment.apps/{} skipped rollback (current template already matches revision {})",
                deployment.name,
                to.unwrap_or(revision)
            ));
            Progress::Done(0)
        }
        Ok(_) => {
            call.say(format!("deployment.apps/{} rolled back", deployment.name));
            Progress::Done(0)
        }
        Err(refusal) => call.fail(format!("error: {refusal}")),
    }
}
