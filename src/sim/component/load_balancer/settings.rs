//! A load balancer as a level describes it. What is left out has the default of the flavour.

use crate::sim::check::{Check, Probes};
use crate::sim::quantity::Span;
use serde::Deserialize;

/// Hands requests to the instances of a service, and looks whether they are well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// What it is: decides defaults and tools.
    #[serde(default)]
    pub flavour: Flavour,
    /// The service whose instances are the backends, whatever runs them.
    pub to: String,
    /// The order in which backends get requests.
    #[serde(default)]
    pub balance: Balance,
    /// How it looks whether a backend is well; without it, as the flavour does.
    #[serde(default)]
    pub check: Option<Check>,
    /// On how many further backends a request is tried when a connection is refused. Nothing has been sent then, so
    /// that it is safe for any request. Without it, as the flavour does.
    #[serde(default)]
    pub retries: Option<u8>,
    /// How long it waits for a backend's answer before it gives the client a 504.
    #[serde(default = "idle_timeout")]
    pub idle_timeout: Span,
    /// For how long a backend that has refused a connection gets no requests, where no check says otherwise. Without it,
    /// as the flavour does.
    #[serde(default)]
    pub fail_timeout: Option<Span>,
    /// The machine it runs on, where one can log in to it.
    #[serde(default)]
    pub host: Option<String>,
}

const fn idle_timeout() -> Span {
    Span::from_seconds(60)
}

impl Settings {
    /// The check that counts: the level's own, or the flavour's. `None`: it doesn't look.
    #[must_use]
    pub fn effective_check(&self) -> Option<Check> {
        self.check.or_else(|| self.flavour.check())
    }

    /// On how many further backends a refused request is tried.
    #[must_use]
    pub fn effective_retries(&self) -> u8 {
        self.retries.unwrap_or(match self.flavour {
            Flavour::Elb | Flavour::HaProxy => 3,
            // Every other peer once (`proxy_next_upstream error timeout`).
            Flavour::Nginx => u8::MAX,
        })
    }

    /// For how long a backend that has refused a connection is left alone.
    #[must_use]
    pub fn effective_fail_timeout(&self) -> Span {
        self.fail_timeout.unwrap_or(match self.flavour {
            Flavour::Nginx => Span::from_seconds(10),
            Flavour::Elb | Flavour::HaProxy => Span::ZERO,
        })
    }
}

/// What a balancer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Flavour {
    /// Amazon's classic load balancer.
    #[default]
    Elb,
    /// `HAProxy`, with its admin socket.
    HaProxy,
    /// nginx with an upstream: it looks at nothing but what its requests meet.
    Nginx,
}

impl Flavour {
    /// The check that one gets who says nothing: the ELB API's 30 s, 5 s, 2, 10; `HAProxy`'s 2 s, 3, 2; none in nginx.
    #[must_use]
    pub const fn check(self) -> Option<Check> {
        match self {
            Self::Elb => Some(Check {
                probes: Probes::Request,
                every: Span::from_seconds(30),
                timeout: Span::from_seconds(5),
                fall: 2,
                rise: 10,
            }),
            Self::HaProxy => Some(Check {
                probes: Probes::Connection,
                every: Span::from_seconds(2),
                timeout: Span::from_seconds(2),
                fall: 3,
                rise: 2,
            }),
            Self::Nginx => None,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Elb => "ELB",
            Self::HaProxy => "HAProxy",
            Self::Nginx => "nginx",
        }
    }
}

/// Which backend gets the next request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Balance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The one with the fewest requests in hand; of equals, the next in turn.
    LeastConnections,
}
