//! sev1: live through other people's outages before you have your own.
//!
//! Five layers, each of which may use those below it and never those above
//! (`tests/architecture.rs` holds them to it):
//!
//! | layer | is | must never know |
//! |---|---|---|
//! | [`cli`] | one file a subcommand; the store of runs | |
//! | [`tui`] | draws an incident, turns keys into console lines | how anything works inside |
//! | [`incident`] | one play of one level: console, alerts, team, score, debrief | terminals, the wall clock |
//! | [`level`] | RON text to a checked level; the condition language | players, terminals |
//! | [`sim`] | the discrete-event core: a system, what happens in it, what it tells | files, prose, players, the wall clock |
//!
//! Three things travel through the house, each one way:
//!
//! * **A request**: its source, the link, a component, the steps of its handler, an outcome; from there telemetry,
//!   the scrape, a graph, an alert ([`sim`]).
//! * **A level**: text, a document with places, the schema, every problem in it, a system that runs ([`level`]).
//! * **A keystroke**: a key, an intent, a console line, a parsed command, a check, an operation on the system or a view
//!   of it, output, and a line in the run ([`tui`], then [`incident`]).
//!
//! Nothing here is scripted: a level describes a system, its load and what lies dormant in it. Whatever happens, happens
//! because of what the components do with it.

pub mod cli;
pub mod incident;
pub mod level;
pub mod sim;
pub mod tui;
