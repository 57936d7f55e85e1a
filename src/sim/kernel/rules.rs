//! The tables of `iptables`, and the rules in them.

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The one that is meant where none is named.
    Filter,
    /// Addresses are translated here, which takes connection tracking.
    Nat,
    /// Headers are changed here.
    Mangle,
    /// Before connection tracking sees a packet.
    Raw,
}

impl Table {
    /// The table of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Filter, Self::Nat, Self::Mangle, Self::Raw].into_iter().find(|table| table.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Mangle => "mangle",
            Self::Raw => "raw",
        }
    }

    /// The module that has it.
    #[must_use]
    pub const fn module(self) -> &'static str {
        match self {
            Self::Filter => "iptable_filter",
            Self::Nat => "iptable_nat",
            Self::Mangle => "iptable_mangle",
            Self::Raw => "iptable_raw",
        }
    }

    /// Its chains, in the order in which they are listed.
    #[must_use]
    pub const fn chains(self) -> &'static [&'static str] {
        match self {
            Self::Filter => &["INPUT", "FORWARD", "OUTPUT"],
            Self::Nat => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
            Self::Mangle => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
            Self::Raw => &["PREROUTING", "OUTPUT"],
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The table it is in.
    pub table: Table,
    /// The chain it is in.
    pub chain: String,
    /// Its target.
    pub target: String,
    /// What it is limited to, as it is listed; empty where it concerns every packet.
    pub limited_to: String,
    /// The modules that its matches and its target need.
    pub modules: Vec<&'static str>,
}

/// Whether the rules exempt every packet from tracking, on its way in and on its way out.
pub(super) fn exempts_all(rules: &[Rule]) -> bool {
    let exempts = |chain: &str| {
        rules.iter().any(|rule| {
            rule.table == Table::Raw && rule.chain == chain && rule.target == "NOTRACK" && rule.limited_to.is_empty()
        })
    };
    exempts("PREROUTING") && exempts("OUTPUT")
}
