//! The provider behind a loan, for those who take a place in it: the units are worth no more than its promise.

use {
    crate::{
        commands::act::OnCredit,
        error::CliError,
        lookup::{ProviderView, provider},
        session::MarketView,
    },
    blockable_sdk::{amounts::Units, program::state::Credit},
    blockable_service::text,
};

/// Reads the provider of a credit. Errors: as [`provider`].
pub(super) async fn served_by(on: &OnCredit<'_>) -> Result<ProviderView, CliError> {
    Ok(provider(&on.session, &on.credit.account.provider).await?.0)
}

/// Lines of a review: the provider and the key that acts for it, what it can issue, who reports the use, and the money of the loan.
pub(super) fn provider_facts(provider: &ProviderView, market: &MarketView) -> Vec<(&'static str, String)> {
    let (account, settings) = (&provider.account, &provider.account.settings);
    let state = if account.suspended == 0 { "open" } else { "SUSPENDED" };
    let units = |count: u64| text::units(Units(count));
    let reporters = settings.reporters().iter().map(|reporter| match reporter.expires_at {
        at if at <= market.clock.chain => format!("{} (EXPIRED)", reporter.key),
        _ => reporter.key.to_string(),
    });
    vec![
        ("provider", format!("{} ({state})", provider.address)),
        ("its authority", account.authority.to_string()),
        (
            "its capacity",
            format!("{}, of which {} are free", units(account.capacity_units), units(provider.free_units())),
        ),
        (
            "its reporters",
            format!(
                "{} of {} must agree on the use: {}",
                settings.quorum,
                settings.reporter_count,
                reporters.collect::<Vec<_>>().join(", ")
            ),
        ),
        ("paid in", format!("token {}", market.account.payment_mint)),
    ]
}

/// The danger of a provider that is a party to the loan itself: nobody else stands for the units.
pub(super) fn own_provider(provider: &ProviderView, credit: &Credit, market: &MarketView) -> Option<String> {
    let (account, keys) = (&provider.account, market.keys());
    let is = |key| account.authority == key || account.settings.payout == keys.token_account(&key);
    let (party, flow) = match (is(credit.lender), is(credit.borrower)) {
        (true, _) => ("LENDER", "the principal goes back to the one who lends it, and the debt stays"),
        (_, true) => {
            ("BORROWER", "the principal goes to the one who owes it, and the collateral is its own promise")
        }
        _ => return None,
    };
    Some(format!(
        "THE {party} IS THE PROVIDER: {} acts for {}, so that {flow}; nobody else answers for the units",
        account.authority, provider.address
    ))
}
