//! `blockable-provider backup`.

use {
    super::CommandError,
    blockable_provider::{Config, restore::back_up},
    clap::Args,
    std::path::PathBuf,
};

/// Copies the server's store to a new file in a folder, while the server may run, and prints its name
///
/// The changes of API keys are copied to a second file next to it. Keep both as you keep the store: they have all use of all
/// credits. The secret and the configuration are not in them.
#[derive(Args, Debug)]
pub(super) struct BackupArgs {
    /// Folder for the copy; it is created where it is missing
    folder: PathBuf,
    /// The server's file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Makes the copy. Errors: [`CommandError::Config`], [`CommandError::Restore`].
pub(super) fn run(args: &BackupArgs) -> Result<(), CommandError> {
    let config = Config::FILE.load(&args.config)?;
    println!("{}", back_up(&config, &args.folder)?.display());
    Ok(())
}
