//! What starts a process on a machine, and starts it again when it has died: systemd, upstart.
//!
//! Settings, and the few numbers that they come down to. What a supervisor does with them is in `machine`. A new kind is
//! a variant here, with its [`Rules`].

use crate::sim::quantity::{Duration, Span};
use serde::Deserialize;

/// What watches over a process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Supervisor {
    /// systemd, with a unit.
    Systemd(Systemd),
    /// upstart, with a job.
    Upstart(Upstart),
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::Systemd(Systemd::default())
    }
}

/// A unit of systemd.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Systemd {
    /// The unit's name without `.service`; the service's where it isn't given.
    pub unit: String,
    /// From the start of the process until it takes requests.
    pub starts_in: Duration,
    /// From SIGTERM until the process has ended by itself.
    pub stops_in: Duration,
    /// When a process that has ended is started again (`Restart=`; systemd's default is never).
    pub restart: Restart,
    /// The pause before it is (`RestartSec=`; systemd.service(5): 100 ms).
    pub restart_after: Span,
    /// How many starts within how long are too many (`StartLimitBurst=`, `StartLimitIntervalSec=`; systemd.unit(5): 5 in
    /// 10 s).
    pub limit: Limit,
}

impl Default for Systemd {
    fn default() -> Self {
        Self {
            unit: String::new(),
            starts_in: STARTS_IN,
            stops_in: STOPS_IN,
            restart: Restart::Never,
            restart_after: Span::from_millis(100),
            limit: Limit { times: 5, r#in: Span::from_seconds(10) },
        }
    }
}

/// A job of upstart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstart {
    /// The job's name; the service's where it isn't given.
    pub job: String,
    /// From the start of the process until it takes requests.
    pub starts_in: Duration,
    /// From SIGTERM until the process has ended by itself.
    pub stops_in: Duration,
    /// The stanza `respawn` with its limit; without it a process that ends stays ended (init(5): 10 in 5 s where no limit
    /// is given).
    pub respawn: Option<Limit>,
}

impl Default for Upstart {
    fn default() -> Self {
        Self { job: String::new(), starts_in: STARTS_IN, stops_in: STOPS_IN, respawn: None }
    }
}

const STARTS_IN: Duration = Duration::Uniform(Span::from_seconds(1), Span::from_seconds(2));
const STOPS_IN: Duration = Duration::Uniform(Span::from_millis(300), Span::from_millis(900));

/// When systemd starts a process again that has ended by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Restart {
    /// Never.
    #[default]
    Never,
    /// When it has failed.
    OnFailure,
    /// However it ended.
    Always,
}

/// So many starts within so long; one more is too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub times: u32,
    /// Within how long.
    pub r#in: Span,
}

impl Default for Limit {
    fn default() -> Self {
        Self { times: 10, r#in: Span::from_seconds(5) }
    }
}

/// What a supervisor comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// From the start of a process until it takes requests.
    pub starts_in: Duration,
    /// From being told to end until it has.
    pub stops_in: Duration,
    /// When it is started again.
    pub restart: Restart,
    /// The pause before.
    pub restart_after: Span,
    /// How many starts are too many.
    pub limit: Limit,
}

impl Supervisor {
    /// The numbers.
    #[must_use]
    pub fn rules(&self) -> Rules {
        match self {
            Self::Systemd(systemd) => Rules {
                starts_in: systemd.starts_in,
                stops_in: systemd.stops_in,
                restart: systemd.restart,
                restart_after: systemd.restart_after,
                limit: systemd.limit,
            },
            Self::Upstart(upstart) => Rules {
                starts_in: upstart.starts_in,
                stops_in: upstart.stops_in,
                restart: if upstart.respawn.is_some() { Restart::Always } else { Restart::Never },
                restart_after: Span::ZERO,
                limit: upstart.respawn.unwrap_or_default(),
            },
        }
    }

    /// The name of the unit or job, where the level gives one.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        let name = match self {
            Self::Systemd(systemd) => &systemd.unit,
            Self::Upstart(upstart) => &upstart.job,
        };
        Some(name.as_str()).filter(|name| !name.is_empty())
    }

    /// Whether it is systemd: its tools are `systemctl` and `journalctl`.
    #[must_use]
    pub const fn is_systemd(&self) -> bool {
        matches!(self, Self::Systemd(_))
    }
}
