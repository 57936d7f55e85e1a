//! The screens: each a file with what it remembers, how it is drawn and what keys do to it.

pub mod briefing;
pub mod debrief;
pub mod help;
pub mod incident;
pub mod levels;
pub mod settings;
pub mod title;
