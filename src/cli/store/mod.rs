//! The player's own files: runs, results and settings, as the screen's store.

pub mod folders;
pub mod history;
pub mod runs;
pub mod settings;
