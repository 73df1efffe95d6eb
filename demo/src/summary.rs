//! The end of a demo: checks of the books, and the closing table.

use {
    super::{
        DemoError,
        cast::{Cast, PRINCIPAL},
        default::{FreezeOutcome, Recovery},
        narrator::{Narrator, money, number, owed, share, units},
    },
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses,
        amounts::{Bps, MicroUsd, Units},
        events,
        program::{state::Credit, transitions::Status},
    },
};

/// Checks the books and prints the closing table. Returns true where every check held.
pub(crate) async fn print(
    cast: &Cast,
    narrator: &Narrator,
    freeze: &FreezeOutcome,
    recovery: &Recovery,
) -> Result<bool, DemoError> {
    let good = cast.credit(&cast.credit_of(&cast.good)).await?;
    let bad = cast.credit(&freeze.credit).await?;
    let bought = addresses::unrestricted_credit(&cast.keys.market, &cast.provider, &cast.buyer.pubkey(), 0);
    let checks = checks(cast, &good, &bad, &bought, recovery).await?;
    narrator.chapter("The books");
    for (name, holds) in &checks {
        narrator.check(name, *holds);
    }
    let recovery_bps = recovery.recovered.get() * 10_000 / freeze.debt_at_default.get().max(1);
    narrator.summary(
        checks.iter().all(|(_, holds)| *holds),
        vec![
            units("units_granted", Units(bad.collateral.granted)),
            units("units_consumed", Units(bad.collateral.consumed)),
            units("units_frozen", freeze.frozen),
            units("units_seized", Units(bad.collateral.seized)),
            units("units_overrun", Units(bad.meter.overrun)),
            owed("debt_at_default", freeze.debt_at_default),
            money("sold_for", recovery.sold_for),
            money("fee", recovery.fee),
            money("recovered", recovery.recovered),
            share("recovery_bps", Bps(recovery_bps)),
            number("freeze_ms", freeze.freeze_ms),
        ],
    );
    Ok(checks.iter().all(|(_, holds)| *holds))
}

type Check = (&'static str, bool);

async fn checks(
    cast: &Cast,
    good: &Credit,
    bad: &Credit,
    bought: &Pubkey,
    recovery: &Recovery,
) -> Result<Vec<Check>, DemoError> {
    let collateral = bad.collateral;
    let sum = collateral.consumed + collateral.seized + collateral.expired + collateral.remaining();
    let bought_units = cast.credit(bought).await?.collateral.granted;
    let lender = cast.balance(&cast.wallet(&cast.lender)).await?;
    // The lender began with two principals and lent both.
    let received = [MicroUsd(good.principal_repaid), interest_paid(cast, &cast.good), recovery.recovered]
        .into_iter()
        .sum::<MicroUsd>();
    Ok(vec![
        ("the first loan is repaid and its units are free", is_free(good)),
        ("granted = consumed + seized + expired + remaining", sum == collateral.granted),
        ("the buyer got every seized unit", bought_units == collateral.seized),
        ("the proceeds = fee + recovered + surplus", {
            let parts = [recovery.fee, recovery.recovered, recovery.surplus];
            parts.into_iter().sum::<MicroUsd>() == recovery.sold_for
        }),
        ("the lender's wallet holds every payment and recovery", lender == received),
        ("the principal went to the provider", {
            cast.balance(&cast.wallet(&cast.provider_authority)).await? == PRINCIPAL.saturating_add(PRINCIPAL)
        }),
        ("the vaults are empty and nothing is owed from them", vaults_are_empty(cast, good, bad).await?),
        ("every event log hashes to its credit's event hash", logs_hold(cast, bought).await?),
    ])
}

fn is_free(credit: &Credit) -> bool {
    credit.status == Status::Repaid.byte()
        && credit.collateral.lien() == 0
        && credit.collateral.available() == credit.collateral.remaining()
}

fn interest_paid(cast: &Cast, borrower: &Keypair) -> MicroUsd {
    let records = cast.records(&cast.credit_of(borrower));
    let paid = records.iter().map(|record| match record.change {
        events::Change::Paid { interest, late_fees, .. } => MicroUsd(interest.saturating_add(late_fees)),
        _ => MicroUsd::ZERO,
    });
    paid.sum()
}

async fn vaults_are_empty(cast: &Cast, good: &Credit, bad: &Credit) -> Result<bool, DemoError> {
    let mut empty = good.claims == Default::default() && bad.claims == Default::default();
    for borrower in [&cast.good, &cast.bad] {
        empty &= cast.balance(&addresses::vault(&cast.credit_of(borrower))).await?.is_zero();
    }
    Ok(empty)
}

async fn logs_hold(cast: &Cast, bought: &Pubkey) -> Result<bool, DemoError> {
    for credit in [cast.credit_of(&cast.good), cast.credit_of(&cast.bad), *bought] {
        let hash = cast.credit(&credit).await?.event_hash;
        events::verify_log(&credit, &cast.records(&credit), &hash)?;
    }
    Ok(true)
}
