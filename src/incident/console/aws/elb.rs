//! `aws elb`: the classic load balancer.

use super::{Branch, offer};
use crate::incident::console::arguments::{Flag, Given, valued};
use crate::incident::console::world::balancers;
use crate::incident::console::{Call, Progress, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::check::{Check, Probes};
use crate::sim::component::load_balancer::{Backend, Flavour, LoadBalancer, State};
use crate::sim::operation::Operation;
use crate::sim::quantity::Span;

pub const BRANCH: Branch = Branch {
    name: "elb",
    about: "classic load balancers",
    exists: |world| all(world).next().is_some(),
    run,
    remarks: &[
        "An instance that is taken out finishes what it has in hand. One that is put in has to pass a check first.",
        "A check: Target=HTTP:8080/health,Interval=30,Timeout=5,UnhealthyThreshold=2,HealthyThreshold=10",
    ],
    operations: &[
        offer("describe-load-balancers", &[]),
        offer("describe-instance-health", &[NAME]),
        offer("deregister-instances-from-load-balancer", &[NAME, INSTANCES]),
        offer("register-instances-with-load-balancer", &[NAME, INSTANCES]),
        offer("configure-health-check", &[NAME, valued(' ', "health-check", "CHECK", "how instances are checked")]),
    ],
    complete,
};

const NAME: Flag = valued(' ', "load-balancer-name", "NAME", "which balancer");
const INSTANCES: Flag = valued(' ', "instances", "HOST…", "which instances");

/// The balancers of this kind.
pub fn all(world: &dyn World) -> impl Iterator<Item = &LoadBalancer> {
    balancers(world).filter(|balancer| balancer.settings.flavour == Flavour::Elb)
}

fn run(call: &mut Call, world: &mut dyn World, operation: &str, given: &Given) -> Progress {
    let json = given.value("output") == Some("json");
    if operation == "describe-load-balancers" {
        let lines: Vec<String> = all(world).flat_map(|balancer| described(balancer, json)).collect();
        call.say_all(lines);
        return Progress::Done(0);
    }
    let name = match (given.value("load-balancer-name"), all(world).next()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(only)) if all(world).count() == 1 => only.settings.name.clone(),
        _ => return call.fail("aws: error: argument --load-balancer-name is required"),
    };
    let Some(balancer) = all(world).find(|balancer| balancer.settings.name == name) else {
        return call.fail(format!(
            "A client error (LoadBalancerNotFound) occurred when calling the {operation} operation: There is no ACTIVE Load Balancer named '{name}'"
        ));
    };
    if operation == "describe-instance-health" {
        let lines = health_of(balancer, json);
        call.say_all(lines);
        return Progress::Done(0);
    }
    let operations = match change_of(operation, given, balancer) {
        Ok(operations) => operations,
        Err(error) => return call.fail(error),
    };
    for operation in operations {
        if let Err(error) = world.operate(call.who, &name, operation) {
            return call.fail(error);
        }
    }
    let registered: Vec<String> = all(world)
        .filter(|balancer| balancer.settings.name == name)
        .flat_map(|balancer| &balancer.backends)
        .filter(|backend| backend.state != State::Deregistered)
        .map(|backend| format!("INSTANCES\t{}", backend.name))
        .collect();
    if operation == "configure-health-check" {
        let lines: Vec<String> = all(world).filter(|of| of.settings.name == name).map(check_line).collect();
        call.say_all(lines);
    } else {
        call.say_all(registered);
    }
    Progress::Done(0)
}

/// What an operation that changes something comes down to.
fn change_of(operation: &str, given: &Given, balancer: &LoadBalancer) -> Result<Vec<Operation>, String> {
    if operation == "configure-health-check" {
        let text = given.value("health-check").ok_or("aws: error: argument --health-check is required")?;
        let now = balancer.check.or_else(|| Flavour::Elb.check()).unwrap_or(FALLBACK);
        return Ok(vec![Operation::SetCheck { check: check_from(text, now)? }]);
    }
    // `--instances a b c`: the first is the flag's value, the others stand free.
    let mut hosts: Vec<String> = given.values("instances").map(str::to_owned).collect();
    hosts.extend(given.operands.iter().cloned());
    if hosts.is_empty() {
        return Err("aws: error: argument --instances is required".to_owned());
    }
    let known = |host: &String| balancer.backends.iter().any(|backend| *backend.name == **host);
    if let Some(unknown) = hosts.iter().find(|host| !known(host)) {
        return Err(format!(
            "A client error (InvalidInstance) occurred when calling the operation: Could not find EC2 instance {unknown}."
        ));
    }
    let one = |backend: String| match operation {
        "deregister-instances-from-load-balancer" => Operation::Deregister { backend },
        _ => Operation::Register { backend },
    };
    Ok(hosts.into_iter().map(one).collect())
}

const FALLBACK: Check =
    Check { probes: Probes::Request, every: Span::from_seconds(30), timeout: Span::from_seconds(5), fall: 2, rise: 10 };

/// Reads `Target=HTTP:8080/health,Interval=5,Timeout=2,UnhealthyThreshold=2,HealthyThreshold=10`.
fn check_from(text: &str, now: Check) -> Result<Check, String> {
    let mut check = now;
    for part in text.split(',') {
        let wrong = || {
            format!(
                "aws: error: --health-check: `{part}`: write Target=HTTP:8080/health,Interval=30,Timeout=5,UnhealthyThreshold=2,HealthyThreshold=10"
            )
        };
        let (key, value) = part.split_once('=').ok_or_else(wrong)?;
        if key == "Target" {
            check.probes = if value.starts_with("TCP") { Probes::Connection } else { Probes::Request };
            continue;
        }
        let number: i64 = value.parse().ok().filter(|number| (1..=300).contains(number)).ok_or_else(wrong)?;
        match key {
            "Interval" => check.every = Span::from_seconds(number),
            "Timeout" => check.timeout = Span::from_seconds(number),
            "UnhealthyThreshold" => check.fall = number as u32,
            "HealthyThreshold" => check.rise = number as u32,
            _ => return Err(wrong()),
        }
    }
    Ok(check)
}

fn check_line(balancer: &LoadBalancer) -> String {
    let Some(check) = balancer.check else { return "HEALTHCHECK\tnone".to_owned() };
    let target = if check.probes == Probes::Connection { "TCP:8080" } else { "HTTP:8080/health" };
    format!(
        "HEALTHCHECK\t{}\t{}\t{target}\t{}\t{}",
        check.rise,
        check.every.seconds(),
        check.timeout.seconds(),
        check.fall
    )
}

fn described(balancer: &LoadBalancer, json: bool) -> Vec<String> {
    let name = &balancer.settings.name;
    let hosts = balancer.backends.iter().filter(|backend| backend.state != State::Deregistered);
    if json {
        let ids: Vec<_> = hosts.map(|backend| serde_json::json!({ "InstanceId": &*backend.name })).collect();
        let value = serde_json::json!({ "LoadBalancerDescriptions": [{ "LoadBalancerName": name, "Instances": ids }] });
        return pretty(&value);
    }
    let mut lines = vec![format!("LOADBALANCERDESCRIPTIONS\t{name}-1.us-west-2.elb.amazonaws.com\t{name}")];
    lines.push(check_line(balancer));
    lines.extend(hosts.map(|backend| format!("INSTANCES\t{}", backend.name)));
    lines
}

/// (state, reason, description) as the API words them.
fn words_of(backend: &Backend) -> (&'static str, &'static str, &'static str) {
    match backend.state {
        State::InService => ("InService", "N/A", "N/A"),
        State::OutOfService => (
            "OutOfService",
            "Instance",
            "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
        ),
        State::Registering => ("OutOfService", "ELB", "Instance registration is still in progress."),
        State::Deregistered => {
            ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
        }
    }
}

fn health_of(balancer: &LoadBalancer, json: bool) -> Vec<String> {
    let listed = balancer.backends.iter().filter(|backend| backend.state != State::Deregistered);
    if json {
        let states: Vec<_> = listed
            .map(|backend| {
                let (state, reason, description) = words_of(backend);
                serde_json::json!({
                    "InstanceId": &*backend.name, "State": state, "ReasonCode": reason, "Description": description
                })
            })
            .collect();
        return pretty(&serde_json::json!({ "InstanceStates": states }));
    }
    listed
        .map(|backend| {
            let (state, reason, description) = words_of(backend);
            format!("INSTANCESTATES\t{description}\t{}\t{reason}\t{state}", backend.name)
        })
        .collect()
}

pub(super) fn pretty(value: &serde_json::Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let flag = |name: &str, about: &str| candidate(name, about);
    match typed.before.last().map(String::as_str) {
        Some("--load-balancer-name") => all(world).map(|of| candidate(of.settings.name.clone(), "")).collect(),
        Some("--instances") => {
            all(world).flat_map(|of| &of.backends).map(|of| candidate(of.name.to_string(), words_of(of).0)).collect()
        }
        Some("--health-check") => {
            vec![candidate(
                "Target=HTTP:8080/health,Interval=30,Timeout=5,UnhealthyThreshold=2,HealthyThreshold=10",
                "",
            )]
        }
        _ => vec![
            flag("--load-balancer-name", "which balancer"),
            flag("--instances", "which machines"),
            flag("--health-check", "how it looks at them"),
            flag("--output", "text or json"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_check_is_read_as_the_tool_writes_it() {
        let check =
            check_from("Target=TCP:8080,Interval=5,Timeout=2,UnhealthyThreshold=3,HealthyThreshold=4", FALLBACK)
                .unwrap();
        assert_eq!(
            (check.every, check.timeout, check.fall, check.rise),
            (Span::from_seconds(5), Span::from_seconds(2), 3, 4)
        );
        assert_eq!(check.probes, Probes::Connection);
        assert!(check_from("Interval=soon", FALLBACK).unwrap_err().contains("Interval=30"));
    }
}
