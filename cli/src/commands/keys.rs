//! `blockable keys`.

use {
    crate::{error::CliError, output::Answer},
    blockable_sdk::{Keypair, Signer},
    blockable_service::init_file::{self, InitFileError, Readers},
    clap::{Args, Subcommand},
    serde_json::json,
    std::path::PathBuf,
};

#[derive(Subcommand, Debug)]
pub(crate) enum KeysCommand {
    New(NewArgs),
}

/// Makes a new key in a file that its owner alone can read; overwrites nothing
#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// The file, in the form of `solana-keygen new`
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl KeysCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) fn run(&self) -> Result<Answer, CliError> {
        let KeysCommand::New(args) = self;
        args.run()
    }
}

impl NewArgs {
    /// Makes the key. Errors: [`CliError::Refused`] where the file is there, [`CliError::Failed`].
    fn run(&self) -> Result<Answer, CliError> {
        let key = Keypair::new();
        let bytes: Vec<String> = key.to_bytes().iter().map(u8::to_string).collect();
        let written = init_file::write_new(&self.file, &format!("[{}]", bytes.join(",")), Readers::Owner);
        written.map_err(|error| match error {
            InitFileError::Exists { path } => {
                CliError::Refused(format!("{path} exists, and a key is never overwritten; name another file"))
            }
            error @ InitFileError::Write { .. } => CliError::Failed(error.to_string()),
        })?;
        let (address, file) = (key.pubkey().to_string(), self.file.display().to_string());
        let text = format!(
            "address  {address}\nfile     {file}\nkeep a copy of the file: nobody can make this key again"
        );
        Ok(Answer { text, data: json!({"address": address, "file": file}) })
    }
}
