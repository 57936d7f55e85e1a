//! The command line: one file a subcommand, the store of runs, the reports.

pub mod store;

/// Runs the program with the words of its command line and returns its exit code.
#[must_use]
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
