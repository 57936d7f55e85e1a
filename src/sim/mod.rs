//! The simulation: a deterministic discrete-event core. Values in, telemetry out.
//!
//! Knows nothing of files, levels, prose, players, terminals or the wall clock.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod quantity;
