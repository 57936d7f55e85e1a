//! The console.
pub mod shell;
