//! `blockable pool`: seized units for sale, in lots at a falling price.

mod amount;
mod buy;
mod close;
mod filter;
mod list;
mod quote;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum PoolCommand {
    List(list::ListArgs),
    Quote(quote::QuoteArgs),
    Buy(buy::BuyArgs),
    Close(close::CloseArgs),
}

impl PoolCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            PoolCommand::List(args) => list::run(global, args).await,
            PoolCommand::Quote(args) => quote::run(global, args).await,
            PoolCommand::Buy(args) => buy::run(global, args).await,
            PoolCommand::Close(args) => close::run(global, args).await,
        }
    }
}
