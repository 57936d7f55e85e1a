//! Each object of the cluster as one JSON value, with the fields of the real API: what `-o json`, `-o yaml`, paths and
//! selectors look at.

use super::select::Kind;
use crate::incident::console::cluster::{Cluster, Deployment, Event, Node, Pod, Revision, Template};
use crate::incident::console::stamp::Clock;
use crate::sim::quantity::{Bytes, Time};
use serde_json::{Map, Value, json};

/// The objects of a kind, in the order of the cluster's own lists.
pub fn all(kind: Kind, cluster: &Cluster, clock: &Clock) -> Vec<Value> {
    match kind {
        Kind::Pods => cluster.pods.iter().map(|pod| of_pod(pod, cluster, clock)).collect(),
        Kind::Deployments => cluster.deployments.iter().map(|one| of_deployment(one, clock)).collect(),
        Kind::ReplicaSets => {
            let sets = cluster.deployments.iter().flat_map(|one| one.revisions.iter().map(move |set| (one, set)));
            sets.map(|(one, set)| of_set(one, set, clock)).collect()
        }
        Kind::Nodes => cluster.nodes.iter().map(|node| of_node(node, clock)).collect(),
        Kind::Events => cluster.events.iter().map(|event| of_event(event, clock)).collect(),
        Kind::Namespaces => ["default", "kube-system"].map(of_namespace).to_vec(),
        Kind::Absent(_) => vec![],
    }
}

/// Several objects as one.
pub fn list(items: &[Value]) -> Value {
    json!({
        "apiVersion": "v1", "items": items, "kind": "List",
        "metadata": {"resourceVersion": "", "selfLink": ""},
    })
}

/// A list of names and values as an object.
fn map<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn labels(labels: &[(String, String)]) -> Value {
    map(labels.iter().map(|(name, value)| (name.as_str(), value.clone().into())))
}

fn containers(name: &str, template: &Template) -> Value {
    let mut resources = Map::new();
    if let Some(limit) = template.limit {
        resources.insert("limits".to_owned(), json!({"memory": limit.to_string()}));
    }
    resources.insert("requests".to_owned(), json!({"memory": template.request.to_string()}));
    json!([{
        "image": template.image, "imagePullPolicy": "IfNotPresent", "name": name, "resources": resources,
    }])
}

/// `Guaranteed`, `Burstable` or `BestEffort`: who is killed first where a machine runs out of memory.
pub fn service_class(template: &Template) -> &'static str {
    match (template.limit == Some(template.request), template.limit, template.request) {
        (true, ..) => "Guaranteed",
        (false, None, Bytes(0)) => "BestEffort",
        _ => "Burstable",
    }
}

/// What the container does now: it runs, waits or has ended.
fn state(pod: &Pod, clock: &Clock) -> Value {
    match (&pod.waits, pod.running_since, &pod.last) {
        (Some(reason), ..) => json!({"waiting": {"reason": reason}}),
        (None, Some(since), _) => json!({"running": {"startedAt": clock.utc_iso(since)}}),
        (None, None, Some(last)) => json!({"terminated": ended(last, clock)}),
        (None, None, None) => json!({"waiting": {"reason": "ContainerCreating"}}),
    }
}

fn ended(last: &crate::incident::console::cluster::Ended, clock: &Clock) -> Value {
    json!({
        "exitCode": last.code, "reason": last.reason,
        "startedAt": clock.utc_iso(last.started), "finishedAt": clock.utc_iso(last.finished),
    })
}

fn is_true(fact: bool) -> &'static str {
    if fact { "True" } else { "False" }
}

fn of_pod(pod: &Pod, cluster: &Cluster, clock: &Clock) -> Value {
    // The moment after its death, before the kubelet has looked, the state itself is that it has ended.
    let is_now = pod.waits.is_none() && pod.running_since.is_none();
    let before = pod.last.as_ref().filter(|_| !is_now);
    let mut spec = map([
        ("containers", containers(&pod.container, &pod.template)),
        ("restartPolicy", "Always".into()),
        ("schedulerName", "default-scheduler".into()),
    ]);
    let mut status = map([
        (
            "conditions",
            json!([
                {"type": "PodScheduled", "status": is_true(pod.node.is_some())},
                {"type": "Ready", "status": is_true(pod.ready)},
            ]),
        ),
        (
            "containerStatuses",
            json!([{
                "image": pod.template.image,
                "lastState": before.map_or(json!({}), |last| json!({"terminated": ended(last, clock)})),
                "name": pod.container, "ready": pod.ready, "restartCount": pod.restarts, "state": state(pod, clock),
            }]),
        ),
        ("phase", pod.phase.into()),
        ("qosClass", service_class(&pod.template).into()),
        ("startTime", clock.utc_iso(pod.created).into()),
    ]);
    if let Some(node) = &pod.node {
        spec["nodeName"] = node.clone().into();
        let machine = cluster.nodes.iter().find(|one| one.name == *node);
        if let Some(machine) = machine {
            status["hostIP"] = machine.ip.clone().into();
        }
    }
    if pod.ip != "<none>" {
        status["podIP"] = pod.ip.clone().into();
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "creationTimestamp": clock.utc_iso(pod.created),
            "generateName": format!("{}-{}-", pod.deployment, pod.hash),
            "labels": labels(&pod.labels()),
            "name": pod.name, "namespace": "default",
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{}-{}", pod.deployment, pod.hash),
            }],
            "uid": pod.uid,
        },
        "spec": spec, "status": status,
    })
}

fn of_deployment(one: &Deployment, clock: &Clock) -> Value {
    let revision = one.revisions.last().map_or(1, |revision| revision.number);
    let own = json!({"app": one.name});
    let mut spec = map([
        ("replicas", one.wanted.into()),
        ("selector", json!({"matchLabels": own})),
        (
            "strategy",
            json!({
                "rollingUpdate": {"maxSurge": one.max_surge, "maxUnavailable": one.max_unavailable},
                "type": "RollingUpdate",
            }),
        ),
        (
            "template",
            json!({
                "metadata": {"labels": own},
                "spec": {"containers": containers(&one.container, &one.template), "restartPolicy": "Always"},
            }),
        ),
    ]);
    if one.paused {
        spec["paused"] = true.into();
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()},
            "creationTimestamp": clock.utc_iso(one.created),
            "labels": own, "name": one.name, "namespace": "default",
        },
        "spec": spec,
        "status": {
            "availableReplicas": one.available, "readyReplicas": one.ready,
            "replicas": one.revisions.iter().map(|set| set.pods).sum::<u32>(),
            "unavailableReplicas": one.wanted.saturating_sub(one.available),
            "updatedReplicas": one.updated,
        },
    })
}

fn of_set(one: &Deployment, set: &Revision, clock: &Clock) -> Value {
    let own = json!({"app": one.name, "pod-template-hash": set.hash});
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": set.number.to_string()},
            "creationTimestamp": clock.utc_iso(set.created),
            "labels": own, "name": set.name, "namespace": "default",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": one.name}],
        },
        "spec": {
            "replicas": set.wanted,
            "selector": {"matchLabels": own},
            "template": {"metadata": {"labels": own}, "spec": {"containers": containers(&one.container, &set.template)}},
        },
        "status": {"availableReplicas": set.ready, "readyReplicas": set.ready, "replicas": set.pods},
    })
}

fn of_node(node: &Node, clock: &Clock) -> Value {
    let memory = format!("{}Ki", node.memory.kib());
    let mut spec = map([("podCIDR", "10.4.0.0/24".into())]);
    if node.status.contains("SchedulingDisabled") {
        spec["unschedulable"] = true.into();
    }
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "creationTimestamp": clock.utc_iso(node.joined),
            "labels": {"kubernetes.io/hostname": node.name}, "name": node.name,
        },
        "spec": spec,
        "status": {
            "addresses": [
                {"address": node.ip, "type": "InternalIP"},
                {"address": node.name, "type": "Hostname"},
            ],
            "allocatable": {"memory": memory}, "capacity": {"memory": memory},
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory"},
                {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure"},
                {"type": "Ready", "status": is_true(node.status.starts_with("Ready")), "reason": "KubeletReady"},
            ],
            "nodeInfo": {
                "containerRuntimeVersion": "docker://18.9.7", "kernelVersion": "4.14.138+",
                "kubeletVersion": super::VERSION, "osImage": "Container-Optimized OS",
            },
        },
    })
}

fn of_event(event: &Event, clock: &Clock) -> Value {
    let (kind, name) = event.object.split_once('/').unwrap_or(("", &event.object));
    let kind = Kind::of(kind).map_or("", Kind::title);
    let (component, host) = event.from.split_once(", ").unwrap_or((&event.from, ""));
    let mut source = map([("component", component.into())]);
    if !host.is_empty() {
        source["host"] = host.into();
    }
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {
            "creationTimestamp": clock.utc_iso(event.first),
            "name": event_name(event), "namespace": "default",
        },
        "count": event.count,
        "firstTimestamp": clock.utc_iso(event.first), "lastTimestamp": clock.utc_iso(event.last),
        "involvedObject": {"kind": kind, "name": name, "namespace": "default"},
        "message": event.message, "reason": event.reason, "source": source, "type": event.kind,
    })
}

/// An event's own name: its object's, and a number that no other has.
fn event_name(event: &Event) -> String {
    let name = event.object.split_once('/').map_or(event.object.as_str(), |(_, name)| name);
    let word = crate::sim::random::mix(crate::sim::random::hash_name(&event.reason) ^ stamp(event.first));
    format!("{name}.{word:016x}")
}

fn stamp(at: Time) -> u64 {
    at.micros() as u64
}

fn of_namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}})
}
