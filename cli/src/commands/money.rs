//! The money of a command's signer.

use {
    crate::{change::After, error::CliError, session::Session},
    blockable_sdk::{Pubkey, amounts::MicroUsd, tokens},
    blockable_service::text,
};

/// Requires money in the account that pays; returns its balance. Errors: [`CliError::NotFound`], [`CliError::Refused`] with both sums.
pub(super) async fn require_money(
    session: &Session,
    source: &Pubkey,
    sum: MicroUsd,
) -> Result<MicroUsd, CliError> {
    let account = session.client.account(source).await?;
    let balance =
        account.and_then(|account| tokens::balance(&account.data)).map(MicroUsd).ok_or_else(|| {
            CliError::NotFound(format!(
                "there is no token account {source} to pay from; fund it, or name another with --from"
            ))
        })?;
    if balance < sum {
        return Err(CliError::Refused(format!(
            "the payment is {} and {source} holds {}; fund it, pay less, or name another account with --from",
            text::usd_owed(sum),
            text::usd_received(balance)
        )));
    }
    Ok(balance)
}

/// The balance of a token account afterwards; `None` where it is not watched.
pub(super) fn balance_after(after: &After, account: &Pubkey) -> Option<MicroUsd> {
    let account = after.accounts.get(account)?.as_ref()?;
    tokens::balance(&account.data).map(MicroUsd)
}
