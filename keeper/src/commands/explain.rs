//! `explain`: the reasons for which something is due on a credit, or is not. Sends nothing.

use {
    crate::{
        commands::{CommandError, observer::Observer},
        config::Config,
    },
    blockable_sdk::Pubkey,
};

/// Prints the explanation of a credit. Returns true. Errors: [`CommandError::NoCredit`].
pub(super) async fn run(config: Config, credit: Pubkey, json: bool) -> Result<bool, CommandError> {
    let mut observer = Observer::open(config).await?;
    let explanation = observer.keeper.explain(&credit).await?.ok_or(CommandError::NoCredit(credit))?;
    match json {
        true => println!("{}", serde_json::to_string(&explanation)?),
        false => println!("{explanation}"),
    }
    Ok(true)
}
