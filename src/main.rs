//! The program: everything is in the library.

fn main() -> std::process::ExitCode {
    sev1::cli::run()
}
