//! `kubectl`: the verbs that an engineer needs in an outage, with the real tool's words, columns and refusals.
//!
//! `cluster` takes the cluster out of the system as plain values; these files only look at those and hand operations
//! back.

mod change;
mod describe;
mod exec;
mod explain;
mod get;
mod logs;
mod object;
mod patch;
mod path;
mod print;
mod rollout;
mod select;
mod top;
mod yaml;

use super::arguments::{self, Flag, Given, moot, moot_value, switch, valued};
use super::cluster::{self, Cluster, Pod};
use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;
use select::Kind;

/// The version of the cluster.
const VERSION: &str = "v1.16.13";

pub const COMMANDS: &[Command] = &[Command {
    name: "kubectl",
    aliases: &["k"],
    usage: "kubectl VERB [TYPE] [NAME] [FLAGS]",
    summary: "looks at and changes what runs in the cluster",
    manual: MANUAL,
    place: Place::Bastion,
    takes: Span::from_millis(300),
    exists: |world| cluster::exists(world),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

const MANUAL: &str = "get TYPE [NAME]          a table: pods, deployments, replicasets, nodes, events; -o wide, -o name, -w, -l app=NAME
                         -o json, -o yaml, -o jsonpath='{.items[*].metadata.name}', -o custom-columns=NAME:.metadata.name
                         --sort-by=.metadata.creationTimestamp, --field-selector=status.phase=Pending, -L app, --show-labels
explain TYPE[.FIELD]     what the fields are called and mean
describe TYPE NAME       everything about one thing, and the events about it
logs POD                 what its container has written; --previous: before it last died; --tail=N, --since=5m, -f
top pods|nodes           memory and CPU as of a minute ago
rollout VERB deployment/NAME   status, history, undo, restart, pause, resume
scale deployment/NAME --replicas=N
set resources deployment/NAME --limits=memory=2Gi   (a rollout: every pod is replaced)
set image deployment/NAME CONTAINER=VERSION         (a rollout)
patch deployment/NAME -p '{\"spec\":{\"replicas\":3}}'  the same, field by field; --type=json takes a list of operations
delete pod NAME          the deployment makes another one at once
exec POD -- COMMAND      runs a command in a pod: ps, free, env, ls
cordon, uncordon NODE    takes a machine out of scheduling; drain deletes its pods too

A pod is one running copy; a deployment keeps so many of them, all of one template (version and limits). What is changed in the template is rolled out pod by pod, and can be undone.

kubectl get pods -l app=NAME
kubectl get pods --no-headers | awk '{print $3}' | sort | uniq -c
kubectl get pods -o custom-columns=POD:.metadata.name,DIED:.status.containerStatuses[0].lastState.terminated.reason
kubectl rollout undo deployment/NAME";

/// A verb with what it does and the flags that it takes.
struct Verb {
    name: &'static str,
    about: &'static str,
    flags: &'static [Flag],
    /// The kinds of things that it is about, as completion offers them.
    kinds: &'static [Kind],
}

const SELECTOR: Flag = valued('l', "selector", "LABELS", "only what has these labels: app=NAME");
const NAMESPACE: Flag = valued('n', "namespace", "NAME", "another namespace");
const ALL_NAMESPACES: Flag = switch('A', "all-namespaces", "every namespace");

const VERBS: &[Verb] = &[
    Verb {
        name: "get",
        about: "a table of pods, deployments, nodes, events",
        flags: &[
            SELECTOR,
            valued('o', "output", "FORMAT", "wide, name, json, yaml, jsonpath='{…}', custom-columns=HEAD:.path"),
            switch('w', "watch", "goes on printing what changes"),
            switch(' ', "watch-only", "prints only what changes"),
            switch(' ', "no-headers", "without the line of heads"),
            switch(' ', "show-labels", "with the labels"),
            valued('L', "label-columns", "LABELS", "these labels as columns"),
            valued(' ', "sort-by", "PATH", "sorted by a field: .metadata.creationTimestamp"),
            valued(' ', "field-selector", "FIELDS", "only what has these fields: type=Warning"),
            NAMESPACE,
            ALL_NAMESPACES,
        ],
        kinds: &[Kind::Pods, Kind::Deployments, Kind::ReplicaSets, Kind::Nodes, Kind::Events],
    },
    Verb {
        name: "describe",
        about: "everything about one thing, with its events",
        flags: &[SELECTOR, NAMESPACE, ALL_NAMESPACES],
        kinds: &[Kind::Pods, Kind::Deployments, Kind::Nodes],
    },
    Verb {
        name: "logs",
        about: "what a pod's container has written",
        flags: &[
            switch('p', "previous", "what it wrote before it last died"),
            switch('f', "follow", "goes on printing"),
            valued(' ', "tail", "N", "only the last lines"),
            valued(' ', "since", "TIME", "only the last 5m"),
            switch(' ', "timestamps", "with the times at which the lines were written"),
            switch(' ', "prefix", "with the pod's name before each line"),
            valued('c', "container", "NAME", "which container"),
            SELECTOR,
            NAMESPACE,
            moot(' ', "all-containers"),
        ],
        kinds: &[Kind::Pods, Kind::Deployments],
    },
    Verb {
        name: "top",
        about: "memory and CPU as of a minute ago",
        flags: &[
            SELECTOR,
            switch(' ', "no-headers", "without the line of heads"),
            valued(' ', "sort-by", "FIELD", "memory or cpu"),
            switch(' ', "containers", "with each container"),
            NAMESPACE,
            ALL_NAMESPACES,
        ],
        kinds: &[Kind::Pods, Kind::Nodes],
    },
    Verb {
        name: "explain",
        about: "what the fields of an object are called and mean",
        flags: &[switch(' ', "recursive", "every field below, without words")],
        kinds: &[Kind::Pods, Kind::Deployments, Kind::ReplicaSets, Kind::Nodes, Kind::Events],
    },
    Verb {
        name: "rollout",
        about: "status, history, undo, restart, pause, resume",
        flags: &[
            valued(' ', "to-revision", "N", "the revision to go back to"),
            valued(' ', "revision", "N", "shows one revision"),
            Flag { short: 'w', long: "watch", value: None, about: "follows it" },
            NAMESPACE,
        ],
        kinds: &[Kind::Deployments],
    },
    Verb {
        name: "scale",
        about: "sets how many pods there should be",
        flags: &[
            valued(' ', "replicas", "COUNT", "how many"),
            valued(' ', "current-replicas", "COUNT", "only if there are so many now"),
            SELECTOR,
            switch(' ', "all", "every deployment"),
            NAMESPACE,
        ],
        kinds: &[Kind::Deployments],
    },
    Verb {
        name: "set",
        about: "resources or image: a rollout with other limits or another version",
        flags: &[
            valued(' ', "limits", "AMOUNTS", "memory=2Gi"),
            valued(' ', "requests", "AMOUNTS", "memory=500Mi"),
            valued('c', "containers", "NAME", "which container"),
            SELECTOR,
            switch(' ', "all", "every deployment"),
            NAMESPACE,
        ],
        kinds: &[Kind::Deployments],
    },
    Verb {
        name: "patch",
        about: "changes fields: replicas, memory, image",
        flags: &[
            valued('p', "patch", "JSON", "what is to be different"),
            valued(' ', "type", "KIND", "strategic, merge or json"),
            NAMESPACE,
        ],
        kinds: &[Kind::Deployments, Kind::Nodes],
    },
    Verb {
        name: "delete",
        about: "deletes pods; the deployment makes others at once",
        flags: &[
            SELECTOR,
            switch(' ', "all", "all of them"),
            valued(' ', "grace-period", "SECONDS", "how long a pod may take to end; 0 kills it"),
            switch(' ', "force", "doesn't wait for the end"),
            switch(' ', "now", "a grace period of one second"),
            moot_value(' ', "wait", "BOOL"),
            NAMESPACE,
        ],
        kinds: &[Kind::Pods],
    },
    Verb {
        name: "exec",
        about: "runs a command in a pod: -- ps, -- free",
        flags: &[moot('i', "stdin"), moot('t', "tty"), valued('c', "container", "NAME", "which container"), NAMESPACE],
        kinds: &[Kind::Pods],
    },
    Verb { name: "cordon", about: "takes a machine out of scheduling", flags: &[], kinds: &[Kind::Nodes] },
    Verb { name: "uncordon", about: "puts a machine back into scheduling", flags: &[], kinds: &[Kind::Nodes] },
    Verb {
        name: "drain",
        about: "takes a machine out of scheduling and deletes its pods",
        flags: &[
            moot(' ', "ignore-daemonsets"),
            moot(' ', "delete-local-data"),
            switch(' ', "force", "goes on though some pods belong to nothing"),
            valued(' ', "grace-period", "SECONDS", "how long a pod may take to end; 0 kills it"),
        ],
        kinds: &[Kind::Nodes],
    },
    Verb { name: "version", about: "the version of the cluster", flags: &[moot(' ', "short")], kinds: &[] },
];

/// Verbs of the real one that have nothing to work on here, and what does instead.
const ELSEWHERE: [(&[&str], &str); 8] = [
    (&["edit"], "without an editor: kubectl set resources, kubectl set image, kubectl scale and kubectl patch"),
    (
        &["apply", "create", "replace", "run", "expose"],
        "there are no manifests here: kubectl set, scale and patch \
       change what runs, deploy brings another version",
    ),
    (&["label", "annotate"], "labels are made by the deployments here: kubectl get --show-labels"),
    (&["taint"], "kubectl cordon NODE keeps pods away from a machine"),
    (&["autoscale"], "kubectl scale deployment/NAME --replicas=N"),
    (
        &["attach", "cp", "debug", "port-forward", "proxy"],
        "kubectl exec POD -- COMMAND and kubectl logs POD look into a pod",
    ),
    (&["wait"], "kubectl rollout status deployment/NAME waits for a rollout, `wait until CONDITION` for anything"),
    (&["config", "cluster-info", "auth", "api-resources"], "there is one cluster and you are in it: kubectl get nodes"),
];

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = flags_behind_the_verb(call.arguments());
    let Some((name, rest)) = words.split_first() else {
        call.say("kubectl controls the cluster. Verbs:");
        call.say_all(VERBS.iter().map(|verb| format!("  {:<10} {}", verb.name, verb.about)));
        call.say("`man kubectl` says more.");
        return Progress::Done(0);
    };
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&name.as_str())) {
        return call.fail(format!("error: kubectl {name} can't be used here: {instead}"));
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        call.complain(format!("Error: unknown command \"{name}\" for \"kubectl\""));
        if let Some(near) = nearest(name, VERBS.iter().map(|verb| verb.name)) {
            call.complain("Did you mean this?");
            call.complain(format!("        {near}"));
        }
        call.complain("Run 'kubectl --help' for usage.");
        return Progress::Done(1);
    };
    if rest.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h") {
        return usage(call, verb);
    }
    let given = match Given::read(rest, verb.flags) {
        Ok(given) => given,
        Err(mistake) => {
            call.complain(mistake.kubectl());
            if let arguments::Mistake::UnknownLong(flag) = &mistake
                && let Some(near) = nearest(flag.trim_start_matches('-'), verb.flags.iter().map(|flag| flag.long))
            {
                call.complain(format!("Did you mean --{near}?"));
            }
            call.complain(format!("See 'kubectl {name} --help' for usage."));
            return Progress::Done(1);
        }
    };
    if let Some(error) = unknown_container(verb, &given, world) {
        return call.fail(error);
    }
    let namespace = given.value("namespace").filter(|name| *name != "default");
    if let Some(namespace) = namespace.filter(|_| verb.name != "get" && !given.has("all-namespaces")) {
        return call.fail(format!(
            "Error from server (NotFound): nothing in namespace \"{namespace}\": all of it is in default"
        ));
    }
    match verb.name {
        "explain" => explain::run(call, &given),
        "patch" => patch::run(call, &given, world),
        "drain" => change::drain(call, &given, world),
        "get" => get::run(call, &given, world),
        "describe" => describe::run(call, &given, world),
        "logs" => logs::run(call, &given, world),
        "top" => top::run(call, &given, world),
        "rollout" => rollout::run(call, &given, world),
        "scale" => change::scale(call, &given, world),
        "set" => change::set(call, &given, world),
        "delete" => change::delete(call, &given, world),
        "exec" => exec::run(call, &given, world),
        "cordon" => change::cordon(call, &given, true, world),
        "uncordon" => change::cordon(call, &given, false, world),
        _ => {
            call.say(format!("Client Version: {VERSION}"));
            call.say(format!("Server Version: {VERSION}"));
            Progress::Done(0)
        }
    }
}

/// What is wrong with the container that is named, where nothing has it.
fn unknown_container(verb: &Verb, given: &Given, world: &dyn World) -> Option<String> {
    let name = match verb.name {
        "logs" | "exec" => given.value("container"),
        "set" => given.value("containers").filter(|name| *name != "*"),
        _ => None,
    }?;
    let cluster = Cluster::of(world);
    let mut known: Vec<&str> = cluster.deployments.iter().map(|one| one.container.as_str()).collect();
    known.dedup();
    (!known.contains(&name)).then(|| format!("error: no container is called {name}: {}", known.join(", ")))
}

/// `kubectl -n default get pods` as `kubectl get pods -n default`.
fn flags_behind_the_verb(words: &[String]) -> Vec<String> {
    match words {
        [flag, value, rest @ ..] if flag == "-n" || flag == "--namespace" => {
            let mut moved = flags_behind_the_verb(rest);
            let at = moved.len().min(1);
            moved.splice(at..at, [flag.clone(), value.clone()]);
            moved
        }
        [help, ..] if help == "--help" || help == "help" || help == "-h" => vec![],
        _ => words.to_vec(),
    }
}

fn usage(call: &mut Call, verb: &Verb) -> Progress {
    call.say(format!("kubectl {}: {}", verb.name, verb.about));
    for flag in verb.flags.iter().filter(|flag| !flag.about.is_empty()) {
        let short = if flag.short == ' ' { "    ".to_owned() } else { format!("-{}, ", flag.short) };
        call.say(format!("  {short}{:<18} {}", flag.typed(), flag.about));
    }
    Progress::Done(0)
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let words = flags_behind_the_verb(typed.before.get(1..).unwrap_or_default());
    let Some((name, rest)) = words.split_first() else {
        return VERBS.iter().map(|verb| candidate(verb.name, format!("verb: {}", verb.about))).collect();
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else { return vec![] };
    let operands: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
    let cluster = Cluster::of(world);
    let mut all = arguments::candidates(verb.flags).into_iter().filter(|c| c.about != "flag: ").collect::<Vec<_>>();
    let previous = rest.last().map_or("", String::as_str);
    match previous {
        "-l" | "--selector" => return labels(&cluster),
        "-n" | "--namespace" => return vec![candidate("default", "namespace"), candidate("kube-system", "namespace")],
        "-o" | "--output" => {
            return vec![
                candidate("wide", "more columns"),
                candidate("name", "only the names"),
                candidate("yaml", "all of it"),
                candidate("json", "all of it"),
                candidate("jsonpath='{.items[*].metadata.name}'", "fields"),
                candidate("custom-columns=NAME:.metadata.name", "columns of one's own"),
            ];
        }
        _ => {}
    }
    all.extend(values(typed.partial, &cluster));
    match (verb.name, operands.as_slice()) {
        ("rollout", []) => all.extend(rollout::VERBS.iter().map(|(name, about)| candidate(*name, *about))),
        ("set", []) => all.extend(change::SET_VERBS.iter().map(|(name, about)| candidate(*name, *about))),
        ("rollout" | "scale" | "patch", _) => all.extend(slashed(&cluster)),
        ("set", [verb, rest @ ..]) => {
            all.extend(if rest.is_empty() || verb.as_str() != "image" {
                slashed(&cluster)
            } else {
                images(rest, world, &cluster)
            });
        }
        ("logs" | "exec", []) => {
            all.extend(objects(Kind::Pods, &cluster));
            all.extend(slashed(&cluster));
        }
        ("cordon" | "uncordon" | "drain", _) => all.extend(objects(Kind::Nodes, &cluster)),
        (_, []) => {
            let kinds = Kind::all().filter(|(word, _)| verb.kinds.iter().any(|kind| Kind::of(word) == Ok(*kind)));
            all.extend(kinds.map(|(word, about)| candidate(word, about)));
            if verb.kinds.contains(&Kind::Deployments) && typed.partial.contains('/') {
                all.extend(slashed(&cluster));
            }
        }
        (_, [kind, ..]) => {
            if let Ok(kind) = Kind::of(kind) {
                all.extend(objects(kind, &cluster));
            }
        }
    }
    all
}

/// `--replicas=` and others that are completed with a value that makes sense.
fn values(partial: &str, cluster: &Cluster) -> Vec<Candidate> {
    let offer = |flag: &str, values: &[(&str, &str)]| -> Vec<Candidate> {
        values.iter().map(|(value, about)| candidate(format!("{flag}={value}"), *about)).collect()
    };
    match partial.split_once('=').map(|(flag, _)| flag) {
        Some("--limits") => offer(
            "--limits",
            &[("memory=2Gi", "2 GiB a pod"), ("memory=4Gi", "4 GiB a pod"), ("memory=8Gi", "8 GiB a pod")],
        ),
        Some("--requests") => offer("--requests", &[("memory=500Mi", ""), ("memory=1Gi", "")]),
        Some("--replicas") => offer("--replicas", &[("0", "none: nothing runs"), ("40", "")]),
        Some("--output") => offer("--output", &[("wide", "more columns"), ("name", "only the names")]),
        Some("--selector") => {
            labels(cluster).into_iter().map(|c| candidate(format!("--selector={}", c.word), c.about)).collect()
        }
        Some("--sort-by") => offer(
            "--sort-by",
            &[
                (".metadata.creationTimestamp", "by age"),
                (".status.containerStatuses[0].restartCount", "by restarts"),
                (".lastTimestamp", "events by time"),
                ("memory", "for top"),
                ("cpu", "for top"),
            ],
        ),
        _ => vec![],
    }
}

fn labels(cluster: &Cluster) -> Vec<Candidate> {
    cluster
        .deployments
        .iter()
        .map(|one| candidate(format!("app={}", one.name), "the pods of this deployment"))
        .collect()
}

/// `deployment/NAME`.
fn slashed(cluster: &Cluster) -> Vec<Candidate> {
    let about =
        |one: &cluster::Deployment| format!("deployment: {}/{} ready, {}", one.ready, one.wanted, one.template.image);
    cluster.deployments.iter().map(|one| candidate(format!("deployment/{}", one.name), about(one))).collect()
}

fn objects(kind: Kind, cluster: &Cluster) -> Vec<Candidate> {
    match kind {
        Kind::Pods => {
            let about = |pod: &Pod| format!("pod: {}, {} restarts", pod.status, pod.restarts);
            cluster.pods.iter().map(|pod| candidate(pod.name.clone(), about(pod))).collect()
        }
        Kind::Deployments => {
            let about = |one: &cluster::Deployment| format!("deployment: {}/{} ready", one.ready, one.wanted);
            cluster.deployments.iter().map(|one| candidate(one.name.clone(), about(one))).collect()
        }
        Kind::Nodes => {
            let about = |node: &cluster::Node| format!("node: {}", node.status);
            cluster.nodes.iter().map(|node| candidate(node.name.clone(), about(node))).collect()
        }
        _ => vec![],
    }
}

/// `CONTAINER=VERSION`, for the deployment that is named.
fn images(operands: &[&String], world: &dyn World, cluster: &Cluster) -> Vec<Candidate> {
    let name = operands.iter().find_map(|word| word.split_once('/')).map(|(_, name)| name);
    let Some(one) = cluster.deployments.iter().find(|one| Some(one.name.as_str()) == name) else { return vec![] };
    let versions = cluster::versions(world, one.component).into_iter();
    versions.map(|(version, note)| candidate(format!("{}={version}", one.container), note)).collect()
}

#[cfg(test)]
mod tests;
