//! `blockable-provider`: the server of a GPU provider.

mod commands;

use {
    blockable_service::command::{Exit, Failure, SCHEMA_VERSION, answered},
    clap::{Parser, error::ErrorKind},
    commands::{Cli, CommandError},
    serde_json::json,
    std::process::ExitCode,
};

/// Exit codes: those of `blockable_service::command::Exit`.
#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let exit = match commands::run(cli).await {
        Ok(()) => Exit::Done,
        Err(CommandError::Printed(exit)) => exit,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit()
        }
    };
    answered();
    exit.into()
}

/// Prints what is wrong with the arguments, as a document where `--json` is among them.
fn usage(error: &clap::Error) -> ExitCode {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !is_answer && std::env::args().any(|argument| argument == "--json") {
        let fault = json!({"code": Exit::Usage.name(), "message": error.to_string().trim()});
        println!("{}", json!({"schema_version": SCHEMA_VERSION, "ok": false, "data": null, "error": fault}));
        return Exit::Usage.into();
    }
    // The terminal may be gone; there is nobody to say so to.
    let _ = error.print();
    if is_answer { Exit::Done.into() } else { Exit::Usage.into() }
}
