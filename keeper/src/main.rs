//! `blockable-keeper`: the keeper daemon of a market.

use std::process::ExitCode;

fn main() -> ExitCode {
    blockable_service::memory::share_arenas();
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    blockable_keeper::run_command_line().await
}
