//! Causes outside a credit: acts and proposals of the payment token's issuer, the provider, and the market's admin or guardian.
//! Some hold actions up now, others announce a change. While a cause rules an action out, the action is not planned.

use {
    crate::{
        finding::{Fact, Finding, HandOver, OfferFault, Parties, SettingsChange, Waiting},
        plan::now::Now,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, MicroUsd},
        program::{
            state::{CHANGE_LIFETIME, Credit, Provider},
            transitions::Status,
        },
    },
    std::collections::BTreeMap,
};

/// Finds the causes in a snapshot: on the market, on providers that have credits in it, and on credits.
pub(super) fn findings(now: &Now) -> Vec<Finding> {
    let market = of_market(now).into_iter().map(|fact| Finding::is(now.snapshot.market_key, fact));
    let providers = in_use(now).into_iter().flat_map(|(address, provider)| {
        of_provider(now, provider).into_iter().map(move |fact| Finding::is(*address, fact))
    });
    let credits = now.snapshot.credits.iter().flat_map(|(address, credit)| {
        let parties = Parties { lender: credit.lender, borrower: credit.borrower };
        of_credit_alone(now, address, credit)
            .into_iter()
            .map(move |fact| Finding::is(*address, fact).between(parties))
    });
    market.chain(providers).chain(credits).collect()
}

/// Finds the causes that concern one credit, each with the account that it is on.
pub(super) fn of_credit(now: &Now, address: &Pubkey, credit: &Credit) -> Vec<(Pubkey, Fact)> {
    let provider = now.snapshot.providers.get(&credit.provider);
    let of_provider = provider.map(|provider| of_provider(now, provider)).unwrap_or_default();
    let own = of_credit_alone(now, address, credit).into_iter().map(|fact| (*address, fact));
    let of_provider = of_provider.into_iter().map(|fact| (credit.provider, fact));
    let of_market = of_market(now).into_iter().map(|fact| (now.snapshot.market_key, fact));
    own.chain(of_provider).chain(of_market).collect()
}

/// Returns whether the payment token's issuer has frozen a credit's vault, as last read.
pub(super) fn vault_is_frozen(now: &Now, address: &Pubkey) -> bool {
    now.snapshot.frozen_vaults.contains(address)
}

/// The providers that have a credit. Anybody can register others, which concern no loan.
fn in_use<'a>(now: &Now<'a>) -> BTreeMap<&'a Pubkey, &'a Provider> {
    let credits = now.snapshot.credits.values();
    credits.filter_map(|credit| now.snapshot.providers.get_key_value(&credit.provider)).collect()
}

fn of_market(now: &Now) -> Vec<Fact> {
    let market = &now.snapshot.market;
    let halted = now.clock.is_halted.then(|| Fact::MarketHalted {
        since: now.chain_time(MarketTime(market.halted_at)),
        since_market_time: MarketTime(market.halted_at),
        ends_at: known(market.halt_lifts_at).map(|time| now.chain_time(time)),
    });
    let change = waiting(now, market.change_ready_at).map(|waiting| {
        let (from, to) = (market.settings(), market.proposed_settings());
        Fact::MarketChangeProposed(Box::new(SettingsChange { from, to, waiting }))
    });
    let hand_over = hand_over(now, market.admin, market.pending_admin, market.pending_admin_ready_at);
    [halted, change, hand_over.map(Fact::MarketHandOver)].into_iter().flatten().collect()
}

fn of_provider(now: &Now, provider: &Provider) -> Vec<Fact> {
    let is_set = |flag| provider.suspended & flag != 0;
    let suspended = (provider.suspended != 0).then(|| Fact::ProviderSuspended {
        by_itself: is_set(Provider::SUSPENDED_BY_ITSELF),
        by_admin: is_set(Provider::SUSPENDED_BY_ADMIN),
    });
    let change = waiting(now, provider.change_ready_at).map(|waiting| {
        let (from, to) = (provider.settings, provider.proposed);
        Fact::ProviderChangeProposed(Box::new(SettingsChange { from, to, waiting }))
    });
    let ready_at = provider.pending_authority_ready_at;
    let hand_over = hand_over(now, provider.authority, provider.pending_authority, ready_at);
    [suspended, change, hand_over.map(Fact::ProviderHandOver)].into_iter().flatten().collect()
}

/// Facts on the credit itself, without those on its provider and market.
fn of_credit_alone(now: &Now, address: &Pubkey, credit: &Credit) -> Vec<Fact> {
    let status = Status::from_byte(credit.status);
    let frozen = vault_is_frozen(now, address).then(|| {
        let accrued = now.snapshot.accrued(credit);
        let (debt, arrears) = (MicroUsd(accrued.debt.total()), MicroUsd(accrued.arrears()));
        Fact::VaultFrozen { debt, arrears }
    });
    let is_offer = matches!(status, Some(Status::Offered | Status::Accepted));
    let provider = now.snapshot.providers.get(&credit.provider).filter(|_| is_offer);
    let void = provider.and_then(|provider| offer_fault(credit, provider)).map(|fault| Fact::OfferVoid {
        provider: credit.provider,
        fault,
        principal: MicroUsd(credit.claims.escrow),
    });
    let ready_at = credit.pending_borrower_ready_at;
    let hand_over = hand_over(now, credit.borrower, credit.pending_borrower, ready_at);
    [frozen, void, hand_over.map(Fact::BorrowerHandOver)].into_iter().flatten().collect()
}

/// The part of a provider's settings that no longer fits the terms of an offer, so that the offer cannot be issued. A
/// suspension is a fact of its own.
fn offer_fault(credit: &Credit, provider: &Provider) -> Option<OfferFault> {
    let (terms, settings) = (&credit.terms, &provider.settings);
    if terms.reporters_hash != provider.reporters_hash() {
        return Some(OfferFault::Reporters);
    }
    if terms.max_units_per_second > settings.max_units_per_second {
        return Some(OfferFault::Rate);
    }
    (terms.longest_job > settings.longest_job).then_some(OfferFault::LongestJob)
}

fn hand_over(now: &Now, from: Pubkey, to: Pubkey, ready_at: i64) -> Option<HandOver> {
    let waiting = waiting(now, ready_at).filter(|_| to != Pubkey::default())?;
    Some(HandOver { from, to, waiting })
}

/// The time in which a change that is ready at a market time can come into force; `None` where there is none or it has lapsed.
fn waiting(now: &Now, ready_at: i64) -> Option<Waiting> {
    let ready_market_time = known(ready_at)?;
    let lapses = ready_market_time.plus_seconds(i64::from(CHANGE_LIFETIME));
    let (ready_at, lapses_at) = (now.chain_time(ready_market_time), now.chain_time(lapses));
    (now.market <= lapses).then_some(Waiting { ready_at, lapses_at, ready_market_time })
}

/// A market time that an account holds, where 0 stands for none.
fn known(time: i64) -> Option<MarketTime> {
    (time != 0).then_some(MarketTime(time))
}
