//! Finds providers.

use {
    super::{Wanted, missing},
    crate::{
        error::CliError,
        session::{MarketView, Session},
    },
    blockable_sdk::{Pubkey, errors::ClientError, program::state::Provider},
    std::collections::BTreeMap,
};

/// Providers, as refusals name them.
const PROVIDERS: Wanted = Wanted { name: "provider", listed_by: "blockable provider list" };

/// A provider as a command finds it.
pub(crate) struct ProviderView {
    /// Its address.
    pub address: Pubkey,
    /// Its account.
    pub account: Provider,
}

impl ProviderView {
    /// Units that it can still issue.
    pub(crate) fn free_units(&self) -> u64 {
        self.account.capacity_units.saturating_sub(self.account.outstanding_units)
    }
}

/// Reads a provider and its market. Errors: [`CliError::NotFound`] with what is there instead, or near; [`CliError::Carry`].
pub(crate) async fn provider(
    session: &Session,
    address: &Pubkey,
) -> Result<(ProviderView, MarketView), CliError> {
    let account = match session.client.provider(address).await {
        Ok(account) => account,
        Err(ClientError::NotFound { .. } | ClientError::Decode { .. }) => {
            let others = async || {
                let known = session.client.providers(None).await?;
                Ok(known.into_iter().map(|(provider, _)| provider).collect())
            };
            return Err(missing(session, address, &PROVIDERS, others).await);
        }
        Err(error) => return Err(error.into()),
    };
    let market = session.market(&account.market).await?;
    Ok((ProviderView { address: *address, account }, market))
}

/// Finds the providers of the settings' market, or of all markets, in the order of their addresses. Errors: [`CliError::Carry`],
/// [`CliError::NotFound`].
pub(crate) async fn find_providers(
    session: &Session,
) -> Result<(Vec<ProviderView>, BTreeMap<Pubkey, MarketView>), CliError> {
    let market = session.settings.market.as_ref().map(|market| market.value);
    let mut accounts = session.client.providers(market.as_ref()).await?;
    accounts.sort_by_key(|(address, _)| address.to_string());
    let markets = session.markets(accounts.iter().map(|(_, account)| account.market)).await?;
    let found = accounts.into_iter().map(|(address, account)| ProviderView { address, account });
    Ok((found.collect(), markets))
}
