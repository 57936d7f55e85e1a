//! `-o yaml`: pods and deployments as the cluster keeps them, shortened to what can be of use.

use super::cluster::{Cluster, Deployment, Pod, Template};
use super::select::Kind;
use crate::incident::console::stamp::Clock;

/// The objects of a kind with these names; nothing for kinds that aren't shown so.
pub fn objects(kind: Kind, names: &[&str], cluster: &Cluster, clock: &Clock) -> Vec<String> {
    let mut all: Vec<Vec<String>> = vec![];
    for name in names {
        match kind {
            Kind::Pods => all.extend(cluster.pods.iter().filter(|pod| pod.name == *name).map(|pod| of_pod(pod, clock))),
            Kind::Deployments => {
                let found = cluster.deployments.iter().filter(|one| one.name == *name);
                all.extend(found.map(|one| of_deployment(one, clock)));
            }
            _ => {}
        }
    }
    if let [one] = all.as_slice() {
        return one.clone();
    }
    let items = all.iter().flat_map(|one| {
        let mut first = true;
        one.iter().map(move |line| format!("{}{line}", if std::mem::take(&mut first) { "- " } else { "  " }))
    });
    ["apiVersion: v1".to_owned(), "items:".to_owned()]
        .into_iter()
        .chain(items)
        .chain(["kind: List".to_owned()])
        .collect()
}

fn resources(template: &Template, indent: &str) -> Vec<String> {
    let mut lines = vec![format!("{indent}resources:")];
    if let Some(limit) = template.limit {
        lines.extend([format!("{indent}  limits:"), format!("{indent}    memory: {limit}")]);
    }
    lines.extend([format!("{indent}  requests:"), format!("{indent}    memory: {}", template.request)]);
    lines
}

fn of_pod(pod: &Pod, clock: &Clock) -> Vec<String> {
    let mut lines = vec![
        "apiVersion: v1".to_owned(),
        "kind: Pod".to_owned(),
        "metadata:".to_owned(),
        format!("  creationTimestamp: \"{}\"", clock.iso(pod.created)),
        "  labels:".to_owned(),
    ];
    lines.extend(pod.labels().iter().map(|(name, value)| format!("    {name}: {value}")));
    lines.extend([
        format!("  name: {}", pod.name),
        "  namespace: default".to_owned(),
        format!("  uid: {}", pod.uid),
        "spec:".to_owned(),
        "  containers:".to_owned(),
        format!("  - image: {}", pod.template.image),
        format!("    name: {}", pod.container),
    ]);
    lines.extend(resources(&pod.template, "    "));
    if let Some(node) = &pod.node {
        lines.push(format!("  nodeName: {node}"));
    }
    lines.extend(["status:".to_owned(), "  containerStatuses:".to_owned()]);
    lines.push(format!("  - name: {}", pod.container));
    if let Some(last) = &pod.last {
        lines.extend([
            "    lastState:".to_owned(),
            "      terminated:".to_owned(),
            format!("        exitCode: {}", last.code),
            format!("        finishedAt: \"{}\"", clock.iso(last.finished)),
            format!("        reason: {}", last.reason),
            format!("        startedAt: \"{}\"", clock.iso(last.started)),
        ]);
    }
    lines.push(format!("    ready: {}", pod.ready));
    lines.push(format!("    restartCount: {}", pod.restarts));
    lines.push("    state:".to_owned());
    match (&pod.waits, pod.running_since) {
        (Some(reason), _) => lines.extend(["      waiting:".to_owned(), format!("        reason: {reason}")]),
        (None, Some(since)) => {
            lines.extend(["      running:".to_owned(), format!("        startedAt: \"{}\"", clock.iso(since))]);
        }
        (None, None) => lines.extend(["      waiting:".to_owned(), "        reason: ContainerCreating".to_owned()]),
    }
    lines.push(format!("  phase: {}", pod.phase));
    lines.push(format!("  podIP: {}", pod.ip));
    lines
}

fn of_deployment(one: &Deployment, clock: &Clock) -> Vec<String> {
    let revision = one.revisions.last().map_or(1, |revision| revision.number);
    let mut lines = vec![
        "apiVersion: apps/v1".to_owned(),
        "kind: Deployment".to_owned(),
        "metadata:".to_owned(),
        "  annotations:".to_owned(),
        format!("    deployment.kubernetes.io/revision: \"{revision}\""),
        format!("  creationTimestamp: \"{}\"", clock.iso(one.created)),
        format!("  name: {}", one.name),
        "  namespace: default".to_owned(),
        "spec:".to_owned(),
    ];
    if one.paused {
        lines.push("  paused: true".to_owned());
    }
    lines.extend([
        format!("  replicas: {}", one.wanted),
        "  strategy:".to_owned(),
        "    rollingUpdate:".to_owned(),
        format!("      maxSurge: {}", one.max_surge),
        format!("      maxUnavailable: {}", one.max_unavailable),
        "  template:".to_owned(),
        "    spec:".to_owned(),
        "      containers:".to_owned(),
        format!("      - image: {}", one.template.image),
        format!("        name: {}", one.container),
    ]);
    lines.extend(resources(&one.template, "        "));
    lines.extend([
        "status:".to_owned(),
        format!("  availableReplicas: {}", one.available),
        format!("  readyReplicas: {}", one.ready),
        format!("  updatedReplicas: {}", one.updated),
    ]);
    lines
}
