//! `blockable-economics`: recovery figures, and a quote for one borrower.

use {
    blockable_economics::commands::{Cli, run},
    clap::Parser,
    std::process::ExitCode,
};

/// Exit codes: 0 when the command did its work, 1 when something went wrong, 2 for arguments that are wrong.
fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
