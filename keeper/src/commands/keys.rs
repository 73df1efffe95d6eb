//! `keys`: new keys and secrets, in files of their own.

use {
    crate::commands::CommandError,
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{Keypair, Signer},
    blockable_service::{
        hex,
        init_file::{Readers, write_new},
    },
    clap::{Subcommand, ValueEnum},
    std::path::{Path, PathBuf},
};

/// The part of the command.
#[derive(Subcommand)]
pub(super) enum KeysAction {
    /// Writes a new key or secret to a file that its owner alone can read; overwrites nothing
    New {
        /// The file
        file: PathBuf,
        /// A key that pays, the secret of a [[webhook]], or an api.token
        #[arg(long, value_enum, default_value_t = Kind::Key)]
        kind: Kind,
    },
}

/// The kind of a file.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// A keypair, as `solana-keygen` writes it.
    Key,
    /// `whsec_` and 32 random bytes in base64.
    Webhook,
    /// 32 random bytes in hexadecimal digits.
    Token,
}

/// Carries the part out. Prints the file, and the address of a key. Errors: [`CommandError::Init`].
pub(super) fn run(action: KeysAction) -> Result<bool, CommandError> {
    let KeysAction::New { file, kind } = action;
    match kind {
        Kind::Key => {
            let key = Keypair::new();
            let bytes: Vec<String> = key.to_bytes().iter().map(u8::to_string).collect();
            write(&file, &format!("[{}]", bytes.join(",")))?;
            println!("wrote {}; send SOL to {}", file.display(), key.pubkey());
        }
        Kind::Webhook => {
            write(&file, &format!("whsec_{}", STANDARD.encode(random())))?;
            println!("wrote {}; give its content to whoever serves the webhook", file.display());
        }
        Kind::Token => {
            write(&file, &hex::encode(random()))?;
            println!("wrote {}; name it as api.token", file.display());
        }
    }
    Ok(true)
}

fn random() -> [u8; 32] {
    rand::random()
}

fn write(file: &Path, text: &str) -> Result<(), CommandError> {
    Ok(write_new(file, text, Readers::Owner)?)
}
