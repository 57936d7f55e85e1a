//! How what works in batches looks on the map: schedules, search clusters, gateways.

use super::super::view::{Bar, Cell, Health, Part};
use super::{RATE_OVER, change, spaced};
use crate::incident::stage::Stage;
use crate::sim::component::gateway::Gateway;
use crate::sim::component::schedule::Schedule;
use crate::sim::component::search::SearchCluster;

pub(super) fn of_schedule(stage: &Stage, schedule: &Schedule) -> Part {
    let name = schedule.settings.name.clone();
    let published = super::value(stage, &format!("{name}.published"));
    let (health, line) = if schedule.enabled {
        (Health::Good, format!("{} published", spaced(published)))
    } else {
        (Health::Idle, "switched off".to_owned())
    };
    Part { name, kind: "schedule".into(), health, line, ..Part::default() }
}

pub(super) fn of_cluster(stage: &Stage, cluster: &SearchCluster) -> Part {
    let name = cluster.settings.name.clone();
    let pool = cluster.settings.search;
    let mut part = Part { name: name.clone(), kind: "search".into(), ..Part::default() };
    let (mut busy, mut waiting) = (0, 0);
    for (index, node) in cluster.nodes.iter().enumerate() {
        let (working, queued) = (node.tasks.len(), node.queued());
        let health = match (working >= pool.threads as usize, queued) {
            (false, _) | (true, 0..20) => Health::Good,
            (true, 20..100) => Health::Strained,
            _ => Health::Failing,
        };
        let state = format!("{working} busy, {} wait", spaced(queued as i64));
        part.cells.push(Cell { name: cluster.node_name(index), health, state });
        part.health = part.health.max(health);
        busy += working;
        waiting += queued;
    }
    let threads = pool.threads as usize * cluster.nodes.len();
    part.bars.push(Bar {
        label: "threads".to_owned(),
        text: format!("{busy} of {threads} busy"),
        fill: busy as f64 / threads.max(1) as f64,
        health: part.health,
        trend: 0,
    });
    let rejected = change(stage, &format!("{name}.rejected"), RATE_OVER);
    part.line = format!("{} wait", spaced(waiting as i64));
    if rejected > 0 {
        part.line = format!("{}  {} rejected in 10 s", part.line, spaced(rejected));
    }
    part
}

/// What a gateway has sent. How often somebody got the same isn't to be seen from here.
pub(super) fn of_gateway(stage: &Stage, gateway: &Gateway) -> Part {
    let name = gateway.settings.name.clone();
    let sent = change(stage, &format!("{name}.sent"), 60);
    let (health, line) = if gateway.accepts {
        (Health::Good, format!("{} sent in a minute", spaced(sent)))
    } else {
        (Health::Strained, "takes nothing".to_owned())
    };
    Part { name, kind: "mail".into(), health, line, ..Part::default() }
}
