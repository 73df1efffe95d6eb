//! `blockable-provider init`.

use {super::CommandError, blockable_provider::init::init, clap::Args, std::path::PathBuf};

/// Writes provider.toml, with a comment on every key, and the secret of API keys; overwrites nothing
#[derive(Args, Debug)]
pub(super) struct InitArgs {
    /// Folder for both files; it is created where it is missing
    folder: PathBuf,
}

/// Writes the files and prints the next step. Errors: [`CommandError::Init`].
pub(super) fn run(args: &InitArgs) -> Result<(), CommandError> {
    let config = init(&args.folder)?;
    println!(
        "wrote {} and the file `secret` next to it; set chain, models and prices in it",
        config.display()
    );
    Ok(())
}
