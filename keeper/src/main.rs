//! `blockable-keeper`: the keeper daemon of a market.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    blockable_keeper::commands::main().await
}
