//! How somebody who asks from outside tells whether a backend is well.

use super::quantity::Span;
use serde::Deserialize;

/// How a backend is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is tried.
    #[serde(default)]
    pub probes: Probes,
    /// Between two looks at a backend.
    #[serde(default = "every")]
    pub every: Span,
    /// How long an answer may take.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// After so many failures in a row a backend is out of service.
    #[serde(default = "fall")]
    pub fall: u32,
    /// After so many successes in a row it is in service again.
    #[serde(default = "rise")]
    pub rise: u32,
}

const fn every() -> Span {
    Span::from_seconds(30)
}

const fn timeout() -> Span {
    Span::from_seconds(5)
}

const fn fall() -> u32 {
    2
}

const fn rise() -> u32 {
    10
}

/// What a check tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Probes {
    /// A small request, for which the service does what its `health` steps say.
    #[default]
    Request,
    /// A connection: whoever listens passes.
    Connection,
}
