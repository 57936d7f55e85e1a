//! Machines as such: what they are made of, whoever's processes run on them.
//!
//! A service says by name on which machines it runs (`runs_on: Hosts(names: …)`); this component says what these machines
//! have: processors, memory, disks. It knows no service; processes reach it with parcels.

pub mod settings;

pub use settings::{Names, Settings};

use super::Behavior;
use crate::sim::quantity::{Bytes, Span, Time};
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
}

/// Machines at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// As the level describes them.
    pub settings: Arc<Settings>,
    /// In the order of their names.
    pub machines: Vec<Machine>,
}

impl Hosts {
    pub(in crate::sim) fn new(settings: &Settings) -> Self {
        let names = settings.machines();
        let made = names.iter().enumerate().map(|(index, name)| Machine {
            name: name.as_str().into(),
            // Machines of one group weren't booted in the same second.
            booted: Time::ZERO - settings.up - Span::from_seconds(index as i64 * 7919),
        });
        Self { settings: Arc::new(settings.clone()), machines: made.collect() }
    }

    /// The machine of this name, with its index.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(usize, &Machine)> {
        self.machines.iter().enumerate().find(|(_, machine)| &*machine.name == name)
    }
}

impl Behavior for Hosts {}
