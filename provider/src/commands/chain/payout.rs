//! The token account that a provider is paid to.

use {
    super::{ActError, Session},
    blockable_sdk::{Pubkey, tokens},
};

/// Reads the owner of an account of the market's payment token; `None` where there is no account. Errors: [`ActError::Refused`] for
/// an account of another kind or token, [`ActError::Client`].
pub(crate) async fn payout_owner(session: &Session, address: &Pubkey) -> Result<Option<Pubkey>, ActError> {
    let Some(account) = session.client.account(address).await? else { return Ok(None) };
    let (mint, program) = (session.market.payment_mint, session.market.token_program);
    match tokens::owner_and_mint(&account.data).filter(|_| account.owner == program) {
        Some((owner, of)) if of == mint => Ok(Some(owner)),
        Some((_, of)) => Err(ActError::Refused(format!(
            "{address} holds the token {of}, and the market pays in {mint}; name an account of that one"
        ))),
        None => Err(ActError::Refused(format!(
            "{address} is no token account; name one of the market's payment token {mint}"
        ))),
    }
}
