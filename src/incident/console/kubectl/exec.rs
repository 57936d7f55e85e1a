//! `kubectl exec`: a command within a pod, as far as a slim container has any.

use super::get::not_found;
use super::select::Kind;
use crate::incident::console::arguments::Given;
use crate::incident::console::cluster::{Cluster, Pod};
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, World, host};
use crate::sim::component::service::settings::Pid1;
use crate::sim::operation::Operation;
use crate::sim::quantity::Bytes;

pub fn run(call: &mut Call, given: &Given, world: &mut dyn World) -> Progress {
    let cluster = Cluster::of(world);
    let Some(target) = given.operands.first() else {
        return call.fail("error: expected 'exec (POD | TYPE/NAME) -- COMMAND [ARGS]'");
    };
    let target = target.strip_prefix("pod/").or(target.strip_prefix("pods/")).unwrap_or(target);
    let pod = match target.split_once('/') {
        Some((kind, name)) if Kind::of(kind) == Ok(Kind::Deployments) => {
            let mut own = cluster.pods.iter().filter(|pod| pod.deployment == name);
            own.clone().find(|pod| pod.ready).or_else(|| own.next())
        }
        _ => cluster.pods.iter().find(|pod| pod.name == target),
    };
    let Some(pod) = pod else { return call.fail(not_found(Kind::Pods, target, &cluster)) };
    // Old kubectl takes the command without `--` too.
    let command = given.rest.clone().unwrap_or_else(|| given.operands[1..].to_vec());
    if command.is_empty() {
        return call.fail("error: you must specify at least one command for the container");
    }
    if pod.running_since.is_none() {
        return call.fail(format!("error: unable to upgrade connection: container not found (\"{}\")", pod.container));
    }
    within(call, pod, &command, world)
}

fn within(call: &mut Call, pod: &Pod, command: &[String], world: &mut dyn World) -> Progress {
    let Some(seen) = inside(world, pod) else { return call.fail("error: the pod is gone") };
    // `sh -c 'ps aux'` is the command within it.
    let unwrapped: Vec<String> = match command {
        [shell, flag, line] if shell.ends_with("sh") && flag == "-c" => {
            line.split_whitespace().map(str::to_owned).collect()
        }
        _ => command.to_vec(),
    };
    let words: Vec<&str> = unwrapped.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ps", ..] => {
            call.say("  PID USER       VSZ   RSS COMMAND");
            if seen.has_wrapper {
                call.say("    1 root     12.0M  3.0M /bin/sh /app/run.sh");
            }
            let pid = if seen.has_wrapper { 7 } else { 1 };
            let mib = |bytes: crate::sim::quantity::Bytes| format!("{}M", bytes.mib());
            call.say(format!(
                "{pid:>5} root  {:>8} {:>5} {}",
                mib(seen.virtual_memory),
                mib(seen.memory),
                seen.process
            ));
        }
        ["free", ..] => {
            call.say("              total        used        free");
            call.say(format!(
                "Mem:    {:>11} {:>11} {:>11}",
                seen.node_memory.kib(),
                seen.node_used.kib(),
                seen.node_memory.kib().saturating_sub(seen.node_used.kib())
            ));
            call.complain("(free shows the whole machine: /sys/fs/cgroup/memory/memory.limit_in_bytes holds the container's own limit)");
        }
        ["cat", file] => match *file {
            "/sys/fs/cgroup/memory/memory.limit_in_bytes" => {
                call.say(pod.template.limit.map_or(9_223_372_036_854_771_712, |limit| limit.0).to_string());
            }
            "/sys/fs/cgroup/memory/memory.usage_in_bytes" => call.say(seen.memory.0.to_string()),
            "/etc/hostname" => call.say(pod.name.clone()),
            other => {
                call.complain(format!("cat: {other}: No such file or directory"));
                call.complain("command terminated with exit code 1");
                return Progress::Done(1);
            }
        },
        ["hostname"] => call.say(pod.name.clone()),
        ["env"] => {
            call.say(format!("HOSTNAME={}", pod.name));
            call.say("KUBERNETES_SERVICE_HOST=10.0.0.1");
            call.say(format!("VERSION={}", pod.template.image.rsplit(':').next().unwrap_or_default()));
        }
        ["date"] => {
            let date = world.clock().iso(world.now());
            call.say(date);
        }
        ["ls", ..] => call.say_all(["app", "bin", "etc", "lib", "proc", "sys", "tmp", "usr"]),
        ["kill", rest @ ..] => {
            let signal = rest.iter().find_map(|word| word.strip_prefix('-')).unwrap_or("15");
            let signal = match signal.trim_start_matches("SIG") {
                "9" | "KILL" => 9,
                "15" | "TERM" => 15,
                other => return call.fail(format!("sh: kill: {other}: invalid signal specification")),
            };
            let operation = Operation::Kill { instance: pod.name.clone(), signal };
            if let Err(refusal) = world.operate(call.who, &pod.deployment, operation) {
                return call.fail(format!("error: {refusal}"));
            }
        }
        ["sh" | "bash" | "/bin/sh" | "/bin/bash"] => {
            return call.fail(
                "exec: a shell in a pod is of no use here; give the command: -- ps, -- free, -- env, -- cat FILE",
            );
        }
        [other, ..] => {
            call.complain(format!("OCI runtime exec failed: exec failed: container_linux.go:346: starting container process caused \"exec: \\\"{other}\\\": executable file not found in $PATH\": unknown"));
            call.complain("command terminated with exit code 126");
            return Progress::Done(126);
        }
        [] => {}
    }
    Progress::Done(0)
}

/// What can be seen from within a pod.
struct Inside {
    process: String,
    has_wrapper: bool,
    memory: Bytes,
    virtual_memory: Bytes,
    node_memory: Bytes,
    node_used: Bytes,
}

/// What can be seen from within a pod.
fn inside(world: &dyn World, pod: &Pod) -> Option<Inside> {
    let (_, service) = services(world).find(|(index, _)| *index == pod.component)?;
    let memory = service.memory_of(pod.instance, world.now());
    let machine = host::all(world).into_iter().find(|machine| Some(&machine.name) == pod.node.as_ref());
    Some(Inside {
        process: service.settings.process.clone(),
        has_wrapper: service.kubernetes().is_some_and(|kubernetes| kubernetes.pid_1 == Pid1::Wrapper),
        memory,
        virtual_memory: Bytes(memory.0 + service.settings.memory.reserved.0),
        node_memory: machine.as_ref().map_or(Bytes(16 << 30), |machine| machine.memory),
        node_used: machine.map_or(memory, |machine| machine.used()),
    })
}
