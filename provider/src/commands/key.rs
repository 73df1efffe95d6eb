//! `blockable-provider key`.

use {
    super::CommandError,
    blockable_provider::{ApiKeys, Config},
    blockable_sdk::Pubkey,
    blockable_service::address::address,
    clap::Args,
    secrecy::ExposeSecret,
    std::path::PathBuf,
};

/// Prints the API key of a credit; its holder can use the credit's units
///
/// The key is made from the secret alone: neither chain nor store is read. It opens nothing where there is no such credit, or where
/// its borrower has voided keys of this generation.
#[derive(Args, Debug)]
pub(super) struct KeyArgs {
    /// The server's file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The credit's address
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    credit: Pubkey,
    /// The borrower of today, where the place of the first one has been handed over: the keys of those before it are void
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    successor: Option<Pubkey>,
    /// Generation of the key: a higher one allows to revoke the lower ones
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    generation: u32,
}

/// Prints the key. Errors: [`CommandError::Config`], [`CommandError::Placeholder`], [`CommandError::Secret`].
pub(super) fn run(args: &KeyArgs) -> Result<(), CommandError> {
    let config = Config::FILE.load(&args.config)?;
    // A key for another market or provider opens nothing.
    config.require_complete()?;
    let chain = &config.chain;
    let keys = ApiKeys::load(&config.secret_file, chain.market, chain.provider, &config.revoked)?;
    eprintln!(
        "made from the secret alone: it opens nothing where the provider has no such credit, or where its borrower has voided keys of \
         generation {}; GET /v1/usage answers 401 then",
        args.generation
    );
    println!("{}", keys.make(&args.credit, args.generation, args.successor.as_ref()).expose_secret());
    Ok(())
}
