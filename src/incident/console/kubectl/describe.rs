//! `kubectl describe`: everything about an object, and what the cluster has noticed about it.

use super::get::not_found;
use super::object;
use super::select::{Kind, Labels, Selection};
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Deployment, Event, Node, Pod, Template};
use crate::incident::console::stamp::Clock;
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Bytes, Time};

pub fn run(call: &mut Call, given: &Given, world: &dyn World) -> Progress {
    match show(given, world) {
        Ok((lines, missing)) => {
            call.say_all(lines);
            let code = u8::from(!missing.is_empty());
            call.complain_all(missing);
            Progress::Done(code)
        }
        Err(error) => call.fail(error),
    }
}

fn show(given: &Given, world: &dyn World) -> Result<(Vec<String>, Vec<String>), String> {
    let selection = Selection::read(&given.operands)?;
    let cluster = Cluster::of(world);
    let labels = given.value("selector").map(Labels::read).transpose()?;
    let (mut lines, mut missing) = (vec![], vec![]);
    for kind in selection.kinds() {
        let names = selection.names(kind);
        let mut found: Vec<(String, Vec<String>)> = match kind {
            Kind::Pods => {
                let all = cluster.pods.iter();
                all.map(|pod| (pod.name.clone(), of_pod(pod, &cluster, world.clock()))).collect()
            }
            Kind::Deployments => {
                let all = cluster.deployments.iter();
                all.map(|one| (one.name.clone(), of_deployment(one, &cluster, world.clock()))).collect()
            }
            Kind::Nodes => {
                let all = cluster.nodes.iter();
                all.map(|node| (node.name.clone(), of_node(node, &cluster, world.clock()))).collect()
            }
            _ => return Err(format!("error: {} have nothing to describe: use get", kind.plural())),
        };
        if let Some(labels) = &labels {
            let objects = object::all(kind, &cluster, world.clock());
            let mut fits = objects.iter().map(|object| labels.fit_object(object));
            found.retain(|_| fits.next().unwrap_or(false));
        }
        // As with kubectl, a name that nothing has is a prefix.
        let is_exact = |name: &&str| found.iter().any(|(one, _)| one == name);
        let (exact, prefixes): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(is_exact);
        let begun = |prefix: &&&str| found.iter().all(|(one, _)| !one.starts_with(**prefix));
        missing.extend(prefixes.iter().filter(begun).map(|name| not_found(kind, name, &cluster)));
        if !names.is_empty() {
            let fits = |one: &str| exact.contains(&one) || prefixes.iter().any(|prefix| one.starts_with(prefix));
            found.retain(|(one, _)| fits(one));
        }
        for (_, text) in found {
            if !lines.is_empty() {
                lines.extend([String::new(), String::new()]);
            }
            lines.extend(text);
        }
    }
    if lines.is_empty() && missing.is_empty() {
        missing.push("No resources found in default namespace.".to_owned());
    }
    Ok((lines, missing))
}

pub fn of_pod(pod: &Pod, cluster: &Cluster, clock: &Clock) -> Vec<String> {
    let node = pod.node.clone().unwrap_or_else(|| "<none>".to_owned());
    let mut out = vec![
        format!("Name:         {}", pod.name),
        "Namespace:    default".to_owned(),
        "Priority:     0".to_owned(),
        format!("Node:         {node}"),
        format!("Start Time:   {}", clock.describe(pod.created)),
        format!("Labels:       app={}", pod.deployment),
        format!("              pod-template-hash={}", pod.hash),
        format!("Status:       {}", pod.phase),
        format!("IP:           {}", pod.ip),
        format!("Controlled By:  ReplicaSet/{}-{}", pod.deployment, pod.hash),
        "Containers:".to_owned(),
        format!("  {}:", pod.container),
        format!("    Image:          {}", pod.template.image),
    ];
    match (&pod.waits, pod.running_since) {
        (Some(reason), _) => {
            out.push("    State:          Waiting".to_owned());
            out.push(format!("      Reason:       {reason}"));
        }
        (None, Some(since)) => {
            out.push("    State:          Running".to_owned());
            out.push(format!("      Started:      {}", clock.describe(since)));
        }
        (None, None) if pod.last.is_none() => {
            out.push("    State:          Waiting".to_owned());
            out.push("      Reason:       ContainerCreating".to_owned());
        }
        (None, None) => {}
    }
    if let Some(last) = &pod.last {
        // The moment after its death, before the kubelet has looked, the state itself is that it has ended.
        let is_now = pod.waits.is_none() && pod.running_since.is_none();
        out.push(format!("    {}Terminated", if is_now { "State:          " } else { "Last State:     " }));
        out.push(format!("      Reason:       {}", last.reason));
        out.push(format!("      Exit Code:    {}", last.code));
        out.push(format!("      Started:      {}", clock.describe(last.started)));
        out.push(format!("      Finished:     {}", clock.describe(last.finished)));
    }
    out.push(format!("    Ready:          {}", capital(pod.ready)));
    out.push(format!("    Restart Count:  {}", pod.restarts));
    out.extend(resources(&pod.template));
    let deployment = cluster.deployments.iter().find(|one| one.name == pod.deployment);
    if let Some(liveness) = deployment.and_then(|one| one.liveness.as_ref()) {
        out.push(format!("    Liveness:       {liveness}"));
    }
    out.push("Conditions:".to_owned());
    out.push("  Type              Status".to_owned());
    out.push(format!("  PodScheduled      {}", capital(pod.node.is_some())));
    out.push(format!("  Ready             {}", capital(pod.ready)));
    out.push(format!("QoS Class:       {}", object::service_class(&pod.template)));
    out.extend(events(cluster, &format!("pod/{}", pod.name)));
    out
}

fn capital(is_true: bool) -> &'static str {
    if is_true { "True" } else { "False" }
}

fn resources(template: &Template) -> Vec<String> {
    let mut out = vec![];
    if let Some(limit) = template.limit {
        out.push("    Limits:".to_owned());
        out.push(format!("      memory:  {limit}"));
    }
    out.push("    Requests:".to_owned());
    out.push(format!("      memory:     {}", template.request));
    out
}

fn of_deployment(one: &Deployment, cluster: &Cluster, clock: &Clock) -> Vec<String> {
    let revision = one.revisions.last().map_or(1, |revision| revision.number);
    let unavailable = one.wanted.saturating_sub(one.available);
    let mut out = vec![
        format!("Name:                   {}", one.name),
        "Namespace:              default".to_owned(),
        format!("CreationTimestamp:      {}", clock.describe(one.created)),
        format!("Labels:                 app={}", one.name),
        format!("Annotations:            deployment.kubernetes.io/revision: {revision}"),
        format!("Selector:               app={}", one.name),
        format!(
            "Replicas:               {} desired | {} updated | {} total | {} available | {unavailable} unavailable",
            one.wanted,
            one.updated,
            one.revisions.iter().map(|set| set.pods).sum::<u32>(),
            one.available
        ),
        "StrategyType:           RollingUpdate".to_owned(),
        "MinReadySeconds:        0".to_owned(),
        format!("RollingUpdateStrategy:  {} max unavailable, {} max surge", one.max_unavailable, one.max_surge),
        "Pod Template:".to_owned(),
        format!("  Labels:  app={}", one.name),
        "  Containers:".to_owned(),
        format!("   {}:", one.container),
        format!("    Image:      {}", one.template.image),
    ];
    out.extend(resources(&one.template));
    if let Some(liveness) = &one.liveness {
        out.push(format!("    Liveness:   {liveness}"));
    }
    let (old, new): (Vec<_>, Vec<_>) = one.revisions.iter().partition(|set| set.number != revision);
    let old: Vec<String> =
        old.iter().filter(|set| set.pods > 0).map(|set| created(&set.name, set.pods, set.wanted)).collect();
    out.push(format!("OldReplicaSets:  {}", if old.is_empty() { "<none>".to_owned() } else { old.join(", ") }));
    let new = new.first().map_or("<none>".to_owned(), |set| created(&set.name, set.pods, set.wanted));
    out.push(format!("NewReplicaSet:   {new}"));
    out.extend(events(cluster, &format!("deployment/{}", one.name)));
    out
}

fn created(name: &str, pods: u32, wanted: u32) -> String {
    format!("{name} ({pods}/{wanted} replicas created)")
}

fn of_node(node: &Node, cluster: &Cluster, clock: &Clock) -> Vec<String> {
    let here: Vec<&Pod> = cluster.pods.iter().filter(|pod| pod.node.as_ref() == Some(&node.name)).collect();
    let limits: u64 = here.iter().filter_map(|pod| pod.template.limit).map(|limit| limit.0).sum();
    let share = |bytes: u64| bytes * 100 / node.memory.0.max(1);
    let mut out = vec![
        format!("Name:               {}", node.name),
        "Roles:              <none>".to_owned(),
        format!("CreationTimestamp:  {}", clock.describe(node.joined)),
        format!("Unschedulable:      {}", node.status.contains("SchedulingDisabled")),
        "Conditions:".to_owned(),
        "  Type             Status  Reason                       Message".to_owned(),
        "  ----             ------  ------                       -------".to_owned(),
        "  MemoryPressure   False   KubeletHasSufficientMemory   kubelet has sufficient memory available".to_owned(),
        "  DiskPressure     False   KubeletHasNoDiskPressure     kubelet has no disk pressure".to_owned(),
        format!(
            "  Ready            {}    KubeletReady                 kubelet is posting ready status",
            capital(node.status.starts_with("Ready"))
        ),
        "Allocatable:".to_owned(),
        format!("  memory:  {}Ki", node.memory.kib()),
        format!("Non-terminated Pods:  ({} in total)", here.len()),
        "  Namespace  Name                                      Memory Requests  Memory Limits  AGE".to_owned(),
        "  ---------  ----                                      ---------------  -------------  ---".to_owned(),
    ];
    for pod in &here {
        let of = |bytes: Bytes| format!("{bytes} ({}%)", share(bytes.0));
        let limit = pod.template.limit.map_or("0 (0%)".to_owned(), of);
        let age = cluster.now.since(pod.created).age();
        out.push(format!("  default    {:<40}  {:<15}  {limit:<13}  {age}", pod.name, of(pod.template.request)));
    }
    out.push("Allocated resources:".to_owned());
    out.push("  (Total limits may be over 100 percent, i.e., overcommitted.)".to_owned());
    out.push("  Resource  Requests          Limits".to_owned());
    out.push("  --------  --------          ------".to_owned());
    let requested = format!("{}Mi ({}%)", node.requested.mib(), share(node.requested.0));
    out.push(format!("  memory    {requested:<16}  {}Mi ({}%)", Bytes(limits).mib(), share(limits)));
    out.extend(events(cluster, &format!("node/{}", node.name)));
    out
}

/// The end of every description.
fn events(cluster: &Cluster, object: &str) -> Vec<String> {
    let of_object: Vec<&Event> = cluster.events.iter().filter(|event| event.object == object).collect();
    if of_object.is_empty() {
        return vec!["Events:          <none>".to_owned()];
    }
    let cells = |event: &&Event| {
        [
            event.kind.to_owned(),
            event.reason.clone(),
            age(event, cluster.now),
            event.from.clone(),
            event.message.clone(),
        ]
    };
    let mut rows: Vec<[String; 5]> = vec![
        ["Type", "Reason", "Age", "From", "Message"].map(str::to_owned),
        ["----", "------", "----", "----", "-------"].map(str::to_owned),
    ];
    rows.extend(of_object.iter().map(cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut out = vec!["Events:".to_owned()];
    for row in &rows {
        let cells: Vec<String> = widths.iter().zip(row).map(|(width, cell)| format!("{cell:<width$}")).collect();
        out.push(format!("  {}  {}", cells.join("  "), row[4]));
    }
    out
}

/// `2m3s`, or `18m (x5 over 20m)` where it has happened several times.
fn age(event: &Event, now: Time) -> String {
    let last = now.since(event.last).age();
    if event.count <= 1 {
        return last;
    }
    format!("{last} (x{} over {})", event.count, now.since(event.first).age())
}
