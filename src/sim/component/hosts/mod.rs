//! Machines as such: what they are made of, whoever's processes run on them.
//!
//! A service says by name on which machines it runs (`runs_on: Hosts(names: …)`); this component says what these machines
//! have: processors, memory, disks, a kernel. It knows no service; processes reach it with parcels, and it answers with
//! parcels; their packets pass the kernels in the core ([`crate::sim::kernel`]).

pub mod disk;
pub mod settings;

pub use disk::Disks;
pub use settings::{Names, Settings};

use super::Behavior;
use crate::sim::core::Core;
use crate::sim::id::ComponentId;
use crate::sim::kernel::Kernel;
use crate::sim::message::{DiskAsk, Parcel};
use crate::sim::operation::{Applied, FileChange, Operation, Refusal};
use crate::sim::quantity::{Bytes, Span, Time};
use crate::sim::telemetry::{Measure, MetricId, Telemetry};
use std::sync::Arc;

/// What the system itself takes of a machine's memory: a twentieth, 700 MiB at most.
#[must_use]
pub const fn own_memory(memory: Bytes) -> Bytes {
    let own = memory.0 / 20;
    Bytes(if own > 700 << 20 { 700 << 20 } else { own })
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: Arc<str>,
    /// When it was booted.
    pub booted: Time,
    /// Its volumes and files.
    pub disks: Disks,
    /// What is in use and what is free of each volume.
    volumes: Vec<[MetricId; 2]>,
}

/// What is measured of a machine's kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    count: MetricId,
    max: MetricId,
    dropped: MetricId,
    lost_of_open: MetricId,
    full: MetricId,
    time_wait: MetricId,
    modules: Vec<(&'static str, MetricId)>,
}

/// Modules whose coming is measured.
const WATCHED: [&str; 3] = ["ip_tables", "iptable_nat", "nf_conntrack"];

impl Measured {
    fn of(machine: &str, id: ComponentId, telemetry: &mut Telemetry) -> Self {
        let mut gauge = |name: &str, about: &'static str, measure: Measure| {
            telemetry.gauge(id, format!("{machine}.{name}"), about, measure)
        };
        let modules = WATCHED.map(|module| {
            let name = format!("modules.{module}");
            (module, gauge(&name, "how long the machine was up when this module was loaded", Measure::Time))
        });
        Self {
            count: gauge("conntrack.count", "connections in the kernel's table", Measure::Count),
            max: gauge("conntrack.max", "connections that the kernel's table holds at most", Measure::Count),
            full: gauge("conntrack.full", "whether packets were dropped in this second", Measure::Flag),
            time_wait: gauge("sockets.time_wait", "sockets in TIME-WAIT", Measure::Count),
            modules: modules.to_vec(),
            dropped: telemetry.counter(
                id,
                format!("{machine}.conntrack.dropped"),
                "packets dropped for want of an entry",
            ),
            lost_of_open: telemetry.counter(
                id,
                format!("{machine}.conntrack.lost_of_open"),
                "packets of open connections among them",
            ),
        }
    }

    fn tell(&self, kernel: &Kernel, telemetry: &mut Telemetry) {
        let table = kernel.conntrack.as_ref();
        let counts = table.map(|table| table.counts).unwrap_or_default();
        telemetry.set(self.count, table.map_or(0, |table| table.count() as i64));
        telemetry.set(self.max, table.map_or(0, |table| i64::from(table.max)));
        telemetry.set(self.time_wait, kernel.time_wait() as i64);
        // A counter goes on counting when the table that counted is gone.
        let (before, now) = (telemetry.value(self.dropped), kernel.dropped_ever() as i64);
        telemetry.set(self.full, i64::from(now > before));
        telemetry.set(self.dropped, now);
        telemetry.set(self.lost_of_open, counts.lost_of_open as i64);
        for (module, metric) in &self.modules {
            let up = kernel.modules.since(module).map_or(0, |since| since.since(kernel.booted).micros());
            telemetry.set(*metric, up);
        }
    }
}

/// Machines at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    id: ComponentId,
    /// As the level describes them.
    pub settings: Arc<Settings>,
    /// In the order of their names.
    pub machines: Vec<Machine>,
    measured: Vec<Measured>,
}

impl Hosts {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, core: &mut Core) -> Self {
        let mut machines = Vec::new();
        for (index, name) in settings.machines().iter().enumerate() {
            let disks = settings.disks_of(name);
            let mut define = |what: &str, about: &'static str, word: String| {
                core.telemetry.gauge(id, format!("{name}.{word}.{what}"), about, Measure::Bytes)
            };
            let volumes = disks.volumes.iter().map(|volume| {
                let used = define("used", "bytes in use on the volume", volume.word());
                [used, define("free", "bytes that anybody may still fill", volume.word())]
            });
            let volumes = volumes.collect();
            machines.push(Machine {
                name: name.as_str().into(),
                // Machines of one group weren't booted in the same second.
                booted: Time::ZERO - settings.up - Span::from_seconds(index as i64 * 7919),
                disks,
                volumes,
            });
        }
        let kernel = Arc::new(settings.kernel.clone());
        for machine in &machines {
            core.network.add(&machine.name, machine.booted, &kernel);
        }
        let measured = machines.iter().filter(|_| kernel.measured);
        let measured = measured.map(|machine| Measured::of(&machine.name, id, &mut core.telemetry)).collect();
        Self { id, settings: Arc::new(settings.clone()), machines, measured }
    }

    /// The machine of this name, with its index.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(usize, &Machine)> {
        self.machines.iter().enumerate().find(|(_, machine)| &*machine.name == name)
    }

    /// A process wants something of a machine's disks.
    fn on_disk(&mut self, machine: u32, from: ComponentId, instance: u32, ask: DiskAsk, core: &mut Core) {
        let Some(machine) = self.machines.get_mut(machine as usize) else { return };
        let disks = &mut machine.disks;
        match ask {
            DiskAsk::Open(path) => disks.open(from, &path, core.now),
            DiskAsk::Close => disks.close(from),
            DiskAsk::Append(size) => {
                if let Some(fails) = disks.append(from, size, core.now) {
                    core.mark(self.id, 60, u64::from(instance), u64::from(fails));
                    core.send(self.id, from, Parcel::LogFails { instance, fails });
                }
            }
            DiskAsk::Save { folder, size, frame, serial } => {
                let done = disks.save(&folder, size, core.now);
                core.send(self.id, from, Parcel::Saved { frame, serial, done });
            }
        }
    }
}

impl Behavior for Hosts {
    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        if let Parcel::Disk { machine, from, instance, ask } = parcel {
            self.on_disk(machine, from, instance, ask, core);
        }
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        let now = core.now;
        for (index, machine) in self.machines.iter().enumerate() {
            for (volume, [used, free]) in machine.disks.volumes.iter().zip(&machine.volumes) {
                core.telemetry.set(*used, volume.used.0 as i64);
                core.telemetry.set(*free, volume.free().0 as i64);
            }
            let Some(kernel) = core.network.named_mut(&machine.name) else { continue };
            kernel.tick(now);
            if let Some(measured) = self.measured.get(index) {
                measured.tell(kernel, &mut core.telemetry);
            }
        }
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        if let Operation::Kernel { machine, by, command, change } = operation {
            let now = core.now;
            let Some(kernel) = core.network.named_mut(machine) else {
                return Err(Refusal::new(format!("there is no machine called {machine}")));
            };
            kernel.note(now, by, command);
            return kernel.change(change, now);
        }
        let Operation::File { machine, path, change } = operation else {
            return Err(Refusal::new(format!("that can't be done to a machine: {operation:?}")));
        };
        let found = self.machines.iter_mut().find(|known| *known.name == **machine);
        let Some(disks) = found.map(|machine| &mut machine.disks) else {
            return Err(Refusal::new(format!("there is no machine {machine}")));
        };
        let Some(file) = disks.named(path) else {
            return Err(Refusal::new(format!("{path}: No such file or directory")));
        };
        match change {
            FileChange::Remove => disks.remove(file),
            FileChange::Truncate(to) => disks.truncate(file, *to, core.now),
        }
        core.mark(self.id, 61, file as u64, u64::from(*change == FileChange::Remove));
        Ok(Applied::Done)
    }
}
