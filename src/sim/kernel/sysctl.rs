//! The values that `sysctl` reads and sets: those of connection tracking are there while its modules are.

use super::Kernel;
use super::conntrack::{Conntrack, TIMEOUTS};
use crate::sim::operation::Refusal;
use crate::sim::quantity::Span;

/// A value of connection tracking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Max,
    Count,
    Buckets,
    Timeout(&'static str),
}

/// Keys of connection tracking: the present ones, and the old ones, which the module for IPv4 brings along.
fn keys() -> impl Iterator<Item = (String, Value, bool)> {
    let plain = [("max", Value::Max), ("count", Value::Count), ("buckets", Value::Buckets)];
    let timeouts = TIMEOUTS.iter().map(|(name, _)| (format!("tcp_timeout_{name}"), Value::Timeout(name)));
    let all = plain.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(timeouts);
    all.flat_map(|(name, value)| {
        [
            (format!("net.ipv4.netfilter.ip_conntrack_{name}"), value, true),
            (format!("net.netfilter.nf_conntrack_{name}"), value, false),
        ]
    })
    .chain([("net.nf_conntrack_max".to_owned(), Value::Max, false)])
}

fn read(table: &Conntrack, value: Value) -> String {
    match value {
        Value::Max => table.max.to_string(),
        Value::Count => table.count().to_string(),
        Value::Buckets => table.buckets.to_string(),
        Value::Timeout(name) => table.timeout(name).unwrap_or_default().seconds().to_string(),
    }
}

impl Kernel {
    fn tracking_keys(&self) -> impl Iterator<Item = (String, Value)> {
        let old_ones = self.modules.has("nf_conntrack_ipv4");
        let there = self.conntrack.is_some();
        keys().filter(move |(_, _, old)| there && (!old || old_ones)).map(|(key, value, _)| (key, value))
    }

    /// Every key with its value, in the order of the keys.
    #[must_use]
    pub fn sysctls(&self) -> Vec<(String, String)> {
        let tracking =
            self.tracking_keys().filter_map(|(key, value)| Some((key, read(self.conntrack.as_ref()?, value))));
        let mut all: Vec<(String, String)> = self.sysctls.iter().cloned().chain(tracking).collect();
        all.sort();
        all
    }

    /// Sets a value.
    pub(super) fn set_sysctl(&mut self, key: &str, text: &str) -> Result<(), Refusal> {
        let bad = || Refusal::new(format!("error: \"Invalid argument\" setting key \"{key}\""));
        let found = self.tracking_keys().find(|(known, _)| known == key).map(|(_, value)| value);
        let Some((value, table)) = found.zip(self.conntrack.as_mut()) else {
            let Some(held) = self.sysctls.iter_mut().find(|(known, _)| known == key) else {
                return Err(Refusal::new(format!("error: \"{key}\" is an unknown key")));
            };
            text.clone_into(&mut held.1);
            return Ok(());
        };
        match value {
            Value::Max => table.max = text.parse().map_err(|_| bad())?,
            Value::Count | Value::Buckets => {
                return Err(Refusal::new(format!("error: \"Operation not permitted\" setting key \"{key}\"")));
            }
            Value::Timeout(name) => {
                let seconds: u32 = text.parse().map_err(|_| bad())?;
                table.set_timeout(name, Span::from_seconds(i64::from(seconds)));
            }
        }
        Ok(())
    }
}
