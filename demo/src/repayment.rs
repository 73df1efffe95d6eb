//! Borrower 1 pays: each payment releases the lien in proportion.

use {
    super::{
        DemoError,
        cast::{Cast, Pace},
        narrator::{Narrator, money, owed, units, words},
    },
    blockable_sdk::{
        Pubkey, Signer,
        amounts::{ChainTime, MicroUsd, Units},
        events::Change,
        instructions::{self, Payment},
        program::{state::Party, transitions::Status},
    },
};

/// Pays the first instalment on its due date.
pub(crate) async fn first_instalment(cast: &Cast, narrator: &Narrator, pace: &Pace) -> Result<(), DemoError> {
    let credit = cast.credit_of(&cast.good);
    let due = cast.issued_at(&credit).await?.plus_seconds(pace.interval.into());
    wait(cast, narrator, due, "waiting for the first due date").await?;
    let arrears = MicroUsd(cast.cluster.client.credit_now(&credit).await?.arrears());
    pay(cast, narrator, &credit, arrears, "Borrower 1 pays the first instalment; the lien shrinks.").await
}

/// Pays everything that is left on the second due date.
pub(crate) async fn pay_off(cast: &Cast, narrator: &Narrator, pace: &Pace) -> Result<(), DemoError> {
    let credit = cast.credit_of(&cast.good);
    let due = cast.issued_at(&credit).await?.plus_seconds(2 * i64::from(pace.interval));
    wait(cast, narrator, due, "waiting for the second due date").await?;
    narrator.chapter("Meanwhile borrower 1 pays off");
    pay(cast, narrator, &credit, MicroUsd::MAX, "Borrower 1 pays off; what is left of its units is free.")
        .await
}

/// Pays an amount, and collects it for the lender in the same transaction.
async fn pay(
    cast: &Cast,
    narrator: &Narrator,
    credit: &Pubkey,
    amount: MicroUsd,
    sentence: &str,
) -> Result<(), DemoError> {
    let read = cast.credit(credit).await?;
    let before = Units(read.collateral.lien());
    let (payer, source) = (cast.good.pubkey(), cast.wallet(&cast.good));
    let payment = Payment::while_it_releases(amount.get(), read.offer_slot);
    let repay = instructions::credit_repay(&cast.keys, &payer, &source, credit, payment);
    let destination = cast.wallet(&cast.lender);
    let collect = instructions::vault_collect(&cast.keys, &payer, credit, &destination, Party::Lender, 1);
    let landed = cast.send(&[repay, collect], &[&cast.good]).await?;
    let after = cast.credit(credit).await?;
    let mut facts = Vec::new();
    for record in landed.events.iter().flat_map(|event| event.records()) {
        if let Change::Paid { late_fees, interest, principal, debt, status, .. } = &record.change {
            let [late_fees, interest, principal, debt] =
                [late_fees, interest, principal, debt].map(|amount| MicroUsd(*amount));
            facts.extend([money("late_fees", late_fees), money("interest", interest)]);
            facts.extend([money("principal", principal), owed("debt_left", debt)]);
            facts.push(words("status", format!("{status:?}").to_lowercase()));
        }
    }
    facts.extend([units("lien_before", before), units("lien_after", Units(after.collateral.lien()))]);
    facts.push(units("available", Units(after.collateral.available())));
    let name = if after.status == Status::Repaid.byte() { "pay_off" } else { "repay" };
    narrator.step(name, sentence, Some(&landed), facts);
    Ok(())
}

/// Waits until the chain's clock shows a time, with a progress bar on a running node. Returns the time it shows then.
pub(crate) async fn wait(
    cast: &Cast,
    narrator: &Narrator,
    until: ChainTime,
    message: &'static str,
) -> Result<ChainTime, DemoError> {
    let left = u64::try_from(until.seconds_since(cast.cluster.now().await?)).unwrap_or(0);
    let bar = narrator.progress(left, message);
    let reached = cast
        .cluster
        .wait_until(until, |seconds| {
            bar.set_position(left.saturating_sub(u64::try_from(seconds).unwrap_or(0)))
        })
        .await?;
    bar.finish_and_clear();
    Ok(reached)
}
