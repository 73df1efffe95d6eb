//! The commands of the binary, each with its arguments in a file of its own.

mod backup;
mod bound;
mod capacity;
mod chain;
mod collect;
mod error;
mod init;
mod issue;
mod key;
mod offer;
mod register;
mod reporters;
mod restore;
mod serve;
mod settings;
mod show;
mod watch;

pub(crate) use error::CommandError;
use {
    blockable_service::command::{Answer, EXIT_CODES, Failure, document},
    chain::{ActError, ChainArgs},
    clap::{Parser, Subcommand},
    std::future::Future,
};

/// Runs the server of a GPU provider, and signs for the provider on the chain
#[derive(Parser, Debug)]
#[command(name = "blockable-provider", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Init(init::InitArgs),
    Serve(serve::ServeArgs),
    Key(key::KeyArgs),
    Bound(bound::BoundArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Show(show::ShowArgs),
    Register(Box<register::RegisterArgs>),
    Reporters(reporters::ReportersArgs),
    Prices(settings::PricesArgs),
    Bounds(settings::BoundsArgs),
    Payout(settings::PayoutArgs),
    Capacity(capacity::CapacityArgs),
    Suspend(capacity::SuspendArgs),
    Resume(capacity::ResumeArgs),
    Issue(Box<issue::IssueArgs>),
    Collect(collect::CollectArgs),
}

/// Runs a command to its end. Errors: [`CommandError`].
pub(crate) async fn run(cli: Cli) -> Result<(), CommandError> {
    match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Serve(args) => serve::run(args).await,
        Command::Key(args) => key::run(&args),
        Command::Bound(args) => bound::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args).await,
        Command::Show(args) => print(args.chain(), show::run(&args)).await,
        Command::Register(args) => print(args.chain(), register::run(&args)).await,
        Command::Reporters(args) => print(args.chain(), reporters::run(&args)).await,
        Command::Prices(args) => print(args.chain(), settings::prices(&args)).await,
        Command::Bounds(args) => print(args.chain(), settings::bounds(&args)).await,
        Command::Payout(args) => print(args.chain(), settings::payout(&args)).await,
        Command::Capacity(args) => print(args.chain(), capacity::capacity(&args)).await,
        Command::Suspend(args) => print(args.chain(), capacity::suspend(&args)).await,
        Command::Resume(args) => print(args.chain(), capacity::resume(&args)).await,
        Command::Issue(args) if args.watch.is_watching() => {
            let ended = watch::run(&args).await;
            if args.chain().json { ended.map_err(printed) } else { ended }
        }
        Command::Issue(args) => print(args.chain(), issue::run(&args)).await,
        Command::Collect(args) => print(args.chain(), collect::run(&args)).await,
    }
}

/// Prints the result of a command on the chain: its text, or with `--json` its one document, also after a failure.
async fn print(
    args: &ChainArgs,
    running: impl Future<Output = Result<Answer, ActError>>,
) -> Result<(), CommandError> {
    let result = running.await.map_err(CommandError::from);
    if !args.json {
        println!("{}", result?.text);
        return Ok(());
    }
    let data = result.map_err(printed)?.data;
    println!("{}", document(&Ok::<_, CommandError>(data)));
    Ok(())
}

/// Prints the document of a failure.
fn printed(error: CommandError) -> CommandError {
    let exit = error.exit();
    println!("{}", document(&Err(error)));
    CommandError::Printed(exit)
}
