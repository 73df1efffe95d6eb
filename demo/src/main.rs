//! `blockable-demo`: a sandbox to try everything (`--serve`), or two stories of a loan that defaults.

use {
    blockable_demo::{DemoArgs, run},
    clap::Parser,
    std::process::ExitCode,
};

/// Exit codes: 0 when every check at the end held, 1 when one did not or something went wrong, 2 for arguments that are
/// wrong.
#[tokio::main]
async fn main() -> ExitCode {
    match run(DemoArgs::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
