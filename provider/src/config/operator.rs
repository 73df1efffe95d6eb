//! `[operator]`: the key of commands that sign for the provider. The server itself never reads it.

use {blockable_service::settings::Reader, std::path::PathBuf};

/// `[operator]`: used by the commands that sign, never by the server.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// The key file of the provider's authority, as Solana's command line writes it.
    pub keypair: Option<PathBuf>,
}

impl Operator {
    /// Reads the section, which may be left out.
    pub(super) fn read(reader: &mut Reader) -> Operator {
        reader.section("operator", |section| Operator { keypair: section.optional("keypair") })
    }
}
