//! `explain`: the reasons for which something is due on a credit, or is not. Sends nothing.

use {
    crate::{
        commands::{CommandError, observer::Observer},
        config::Config,
    },
    blockable_sdk::{Pubkey, amounts::MicroUsd},
};

/// Prints the explanation of a credit, with the effect of a payment. Returns true. Errors: [`CommandError::NoCredit`].
pub(super) async fn run(
    config: Config,
    credit: Pubkey,
    payment: Option<MicroUsd>,
    json: bool,
) -> Result<bool, CommandError> {
    let mut observer = Observer::open(config).await?;
    let explanation =
        observer.keeper.explain(&credit, payment).await?.ok_or(CommandError::NoCredit(credit))?;
    match json {
        true => println!("{}", serde_json::to_string(&explanation)?),
        false => println!("{explanation}"),
    }
    Ok(true)
}
