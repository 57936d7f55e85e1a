//! The map's parts that are machines: what runs there and how it does, and how full their disks are.

use super::{RATE_OVER, cell_health};
use crate::incident::stage::Stage;
use crate::incident::view::{Bar, Cell, Health, Part};
use crate::sim::component::Component;
use crate::sim::component::hosts::Hosts;
use crate::sim::component::hosts::disk::Volume;
use crate::sim::component::service::Service;

/// A component's machines.
pub(super) fn of_hosts(stage: &Stage, hosts: &Hosts) -> Part {
    let kind = if hosts.machines.len() == 1 { "machine" } else { "machines" };
    let mut part = Part { name: hosts.settings.name.clone(), kind: kind.into(), ..Part::default() };
    let mut lines = vec![];
    for machine in &hosts.machines {
        let mut cell = Cell { name: machine.name.to_string(), health: Health::Good, state: "up".into() };
        for (service, number) in residents(stage, &machine.name) {
            let name = &service.settings.name;
            let mut line = format!("{name} {}", service.status_word(number, stage.now()));
            cell.health = cell.health.max(cell_health(service.instances[number].stage));
            if let Some(failed) = failing_on(stage, name, number) {
                cell.health = Health::Failing;
                line = format!("{line}  {failed} failed in 10 s");
            }
            cell.state.clone_from(&line);
            lines.push(line);
        }
        part.health = part.health.max(cell.health);
        part.cells.push(cell);
        for volume in &machine.disks.volumes {
            part.bars.extend(disk_bar(stage, &hosts.settings.name, &machine.name, volume));
        }
    }
    part.line = match lines.as_slice() {
        [line] if hosts.machines.len() == 1 => line.clone(),
        _ => format!("{} up", hosts.machines.len()),
    };
    part.health = part.bars.iter().map(|bar| bar.health).fold(part.health, Health::max);
    part
}

/// The services that have an instance on a machine, with its number.
fn residents<'a>(stage: &'a Stage, machine: &'a str) -> impl Iterator<Item = (&'a Service, usize)> {
    stage.simulation.components().iter().filter_map(move |component| {
        let Component::Service(service) = component else { return None };
        let number = service.instances.iter().position(|instance| *instance.name == *machine)?;
        service.supervisor().map(|_| (&**service, number))
    })
}

/// How full a volume was when that was last scraped; nothing where nobody collects it.
fn disk_bar(stage: &Stage, component: &str, machine: &str, volume: &Volume) -> Option<Bar> {
    let metric = format!("{machine}.{}.used", volume.word());
    if !stage.level.monitoring.collects.includes(&metric) {
        return None;
    }
    let telemetry = stage.simulation.telemetry();
    let id = stage.simulation.id_of(component)?;
    let scrape = crate::sim::telemetry::Scrape::of(stage.simulation.hash_of(id), stage.level.monitoring.scrape);
    let used = telemetry.series(telemetry.catalogue().scalar(&metric)?).at(scrape.last_at(stage.now().second()))?;
    let fill = used as f64 / volume.size.0.max(1) as f64;
    Some(Bar {
        label: format!("{machine} {}", volume.mount),
        text: format!("{:.0} %", fill * 100.0),
        fill,
        health: if fill > 0.95 { Health::Strained } else { Health::Good },
        trend: 0,
    })
}

/// How many requests failed on a machine in the last ten seconds, where that is more than one in twenty.
pub(super) fn failing_on(stage: &Stage, service: &str, number: usize) -> Option<i64> {
    let telemetry = stage.simulation.telemetry();
    let second = stage.now().second();
    let lately = |what: &str| {
        let family = telemetry.catalogue().family(&format!("{service}.machines.{what}"))?;
        let series = &telemetry.members(family).get(number)?.series;
        Some(series.at(second)? - series.at(second - RATE_OVER)?)
    };
    let (requests, failed) = (lately("requests")?, lately("failed")?);
    (failed > 0 && failed * 20 > requests).then_some(failed)
}
