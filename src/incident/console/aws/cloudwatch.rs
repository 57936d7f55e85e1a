//! `aws cloudwatch`: what the balancer tells about itself, a minute at a time.
//!
//! It has whole minutes only, and nothing of what happens on a machine.

use super::elb::{all, pretty};
use super::{Branch, offer};
use crate::incident::console::arguments::{Flag, Given, valued};
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::component::load_balancer::LoadBalancer;
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::Telemetry;

pub const BRANCH: Branch = Branch {
    name: "cloudwatch",
    about: "metrics of the balancer, a minute each",
    exists: |world| all(world).next().is_some(),
    run,
    remarks: &["Only periods in which there was something are told. A time: -2h, for two hours ago."],
    operations: &[
        offer("list-metrics", &[NAMESPACE]),
        offer(
            "get-metric-statistics",
            &[
                NAMESPACE,
                valued(' ', "metric-name", "METRIC", "which metric"),
                valued(' ', "dimensions", "Name=LoadBalancerName,Value=NAME", "of which balancer"),
                valued(' ', "load-balancer-name", "NAME", "the same, shorter"),
                valued(' ', "start-time", "TIME", "from when on"),
                valued(' ', "end-time", "TIME", "until when"),
                valued(' ', "period", "SECONDS", "how long a point is"),
                valued(' ', "statistics", "STATISTIC", "what is told of a period"),
            ],
        ),
    ],
    complete,
};

const NAMESPACE: Flag = valued(' ', "namespace", "AWS/ELB", "whose metrics");

/// A metric of Amazon's: its name, ours after the balancer's, what it is, its unit.
struct Metric {
    name: &'static str,
    own: &'static str,
    about: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Counts: the sum over the period is told, where there were any.
    Count,
    /// Stands at a value: its least in the period is told.
    Level,
    /// A length of time: its median in the period.
    Latency,
}

impl Kind {
    /// What is told of a period, in Amazon's word for it.
    const fn statistic(self) -> &'static str {
        match self {
            Self::Count => "Sum",
            Self::Level => "Minimum",
            Self::Latency => "p50",
        }
    }
}

const METRICS: &[Metric] = &[
    Metric { name: "RequestCount", own: "requests", about: "requests taken", kind: Kind::Count },
    Metric {
        name: "BackendConnectionErrors",
        own: "backend_connection_errors",
        about: "connections to an instance that were refused",
        kind: Kind::Count,
    },
    Metric { name: "HTTPCode_ELB_5XX", own: "status_5xx", about: "answers of 5xx that clients got", kind: Kind::Count },
    Metric {
        name: "HTTPCode_Backend_5XX",
        own: "backend_5xx",
        about: "answers of 5xx that instances gave",
        kind: Kind::Count,
    },
    Metric { name: "HealthyHostCount", own: "healthy_hosts", about: "instances in service", kind: Kind::Level },
    Metric { name: "UnHealthyHostCount", own: "unhealthy_hosts", about: "instances out of service", kind: Kind::Level },
    Metric { name: "Latency", own: "latency", about: "until an instance has answered", kind: Kind::Latency },
];

fn run(call: &mut Call, world: &mut dyn World, operation: &str, given: &Given) -> Progress {
    if let Some(other) = given.value("namespace").filter(|name| *name != "AWS/ELB") {
        return call.fail(format!("aws: there are no metrics in {other}: the balancers' are in AWS/ELB"));
    }
    if operation == "list-metrics" {
        for metric in METRICS {
            call.say(format!("METRICS\t{:<24}\tAWS/ELB\t{}", metric.name, metric.about));
        }
        return Progress::Done(0);
    }
    match statistics(given, world) {
        Ok(lines) => call.say_all(lines),
        Err(error) => return call.fail(error),
    }
    Progress::Done(0)
}

/// A point: when its period began, and its value as it is printed.
type Point = (Time, String);

fn statistics(given: &Given, world: &dyn World) -> Result<Vec<String>, String> {
    let name = given.value("metric-name").ok_or("aws: error: argument --metric-name is required")?;
    let metric = METRICS.iter().find(|metric| metric.name == name).ok_or_else(|| {
        let near = nearest(name, METRICS.iter().map(|metric| metric.name));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        format!("aws: no metric is called {name}{hint}: aws cloudwatch list-metrics")
    })?;
    let statistic = given.value("statistics").unwrap_or(metric.kind.statistic());
    if statistic != metric.kind.statistic() {
        return Err(format!("aws: of {name} the {} is kept here, no {statistic}", metric.kind.statistic()));
    }
    let dimension = given.value("dimensions").and_then(|text| text.split("Value=").nth(1));
    let balancer = match dimension.or(given.value("load-balancer-name")) {
        Some(name) => all(world).find(|of| of.settings.name == name),
        None => all(world).next(),
    };
    let balancer = balancer.ok_or("aws: no load balancer is called so: aws elb describe-load-balancers")?;
    let period = given.value("period").unwrap_or("60").parse::<i64>().ok();
    let period = period.filter(|seconds| *seconds >= 60 && seconds % 60 == 0);
    let period = period.ok_or("aws: error: --period is 60 or a multiple of it")?;
    let now = world.now();
    let from = moment(given.value("start-time").unwrap_or("-1h"), now)?;
    let until = moment(given.value("end-time").unwrap_or("-0s"), now)?;
    let points = points(balancer, metric, (from, until.min(now)), period, world.system().telemetry());
    if given.value("output") == Some("json") {
        let list: Vec<_> = points
            .iter()
            .map(|(at, value)| serde_json::json!({ "Timestamp": stamp(world, *at), "Value": value, "Unit": unit(metric) }))
            .collect();
        return Ok(pretty(&serde_json::json!({ "Label": metric.name, "Datapoints": list })));
    }
    let mut lines = vec![metric.name.to_owned()];
    lines.extend(
        points.iter().map(|(at, value)| format!("DATAPOINTS\t{value:>7}\t{}\t{}", stamp(world, *at), unit(metric))),
    );
    Ok(lines)
}

fn stamp(world: &dyn World, at: Time) -> String {
    let iso = world.clock().iso(at);
    format!("{}Z", iso.split('.').next().unwrap_or_default())
}

const fn unit(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Count | Kind::Level => "Count",
        Kind::Latency => "Seconds",
    }
}

/// `-3h`, `3h`, or `-0s`.
fn moment(text: &str, now: Time) -> Result<Time, String> {
    let span: Result<Span, _> = text.trim_start_matches('-').parse();
    span.map(|span| now - span).map_err(|_| format!("aws: error: `{text}`: write how long ago, for example -3h"))
}

/// The whole periods of a window in which there was something.
fn points(
    balancer: &LoadBalancer,
    metric: &Metric,
    (from, until): (Time, Time),
    period: i64,
    telemetry: &Telemetry,
) -> Vec<Point> {
    let name = format!("{}.{}", balancer.settings.name, metric.own);
    let first = from.second().div_euclid(period) * period;
    let mut points = vec![];
    for begin in (first..).step_by(period.unsigned_abs() as usize).take_while(|begin| begin + period <= until.second())
    {
        let end = begin + period;
        let value = match metric.kind {
            Kind::Latency => telemetry.catalogue().histogram(&name).and_then(|id| {
                let took = telemetry.histogram(id).quantile(0.5, begin, end - 1)?;
                Some(format!("{:.3}", took / 1e6))
            }),
            Kind::Count => telemetry.catalogue().scalar(&name).and_then(|id| {
                let series = telemetry.series(id);
                let count = series.at(end)? - series.at(begin).unwrap_or(0);
                (count > 0).then(|| format!("{count}.0"))
            }),
            Kind::Level => telemetry.catalogue().scalar(&name).and_then(|id| {
                let series = telemetry.series(id);
                let least = (begin + 1..=end).filter_map(|second| series.at(second)).min()?;
                Some(format!("{least}.0"))
            }),
        };
        points.extend(value.map(|value| (Time::from_seconds(begin), value)));
    }
    points
}

fn complete(typed: &Typed, _: &dyn World) -> Vec<Candidate> {
    match typed.before.last().map(String::as_str) {
        Some("--metric-name") => METRICS.iter().map(|metric| candidate(metric.name, metric.about)).collect(),
        Some("--start-time") => vec![candidate("-1h", "since an hour ago"), candidate("-3h", "since three hours ago")],
        _ => vec![
            candidate("--metric-name", "which metric"),
            candidate("--start-time", "since when: -3h"),
            candidate("--period", "seconds in a point"),
            candidate("--output", "text or json"),
        ],
    }
}
