//! The regions of the screen: each a file, each drawn from plain values, none knows an incident.
//!
//! ```text
//! ┌ header ─────────────────────────────────────────┐
//! │ map                            │ pager, chat    │
//! │ graphs                                          │
//! │ console                        │ notebook       │
//! └ keys ───────────────────────────────────────────┘
//! ```
//! Lists, the palette and questions lie over them ([`dialog`]).

pub mod chart;
pub mod console;
pub mod dialog;
pub mod explore;
pub mod graphs;
pub mod header;
pub mod keys;
pub mod map;
pub mod map_layout;
pub mod map_list;
pub mod map_parts;
pub mod notebook;
pub mod output;
pub mod pager;
pub mod reader;
pub mod watching;
