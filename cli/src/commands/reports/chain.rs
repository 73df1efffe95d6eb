//! The accounts that reports are about.

use {
    crate::{
        error::CliError,
        lookup::readable,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        Pubkey,
        program::state::{Credit, Provider},
        reports::ReportRecord,
    },
    std::collections::{BTreeMap, BTreeSet},
};

/// The accounts that reports are about. One that is not there is missing here too.
pub(super) struct Chain {
    /// The market.
    pub market: MarketView,
    /// Its providers by their addresses.
    pub providers: BTreeMap<Pubkey, Provider>,
    /// Credits by their addresses, not accrued.
    pub credits: BTreeMap<Pubkey, Credit>,
}

impl Chain {
    /// Reads the accounts. Errors: [`CliError::Usage`] for no reports, or those of several markets; [`CliError::Carry`],
    /// [`CliError::NotFound`] for another cluster's market.
    pub(super) async fn read(session: &Session, records: &[ReportRecord]) -> Result<Chain, CliError> {
        let markets: BTreeSet<Pubkey> = records.iter().map(|record| record.market).collect();
        let market = match markets.iter().collect::<Vec<_>>()[..] {
            [market] => session.market(market).await?,
            [] => {
                return Err(CliError::NotFound(
                    "there are no reports; the provider has no live credit, or its reporters are silent"
                        .to_string(),
                ));
            }
            [first, second, ..] => {
                return Err(CliError::Usage(format!(
                    "the reports are of several markets, {first} and {second}; name those of one"
                )));
            }
        };
        let providers: BTreeSet<Pubkey> = records.iter().map(|record| record.provider).collect();
        let credits: BTreeSet<Pubkey> =
            records.iter().flat_map(|record| &record.readings).map(|reading| reading.credit).collect();
        let (providers, credits) = (readable(session, providers).await?, readable(session, credits).await?);
        Ok(Chain { market, providers, credits })
    }
}
