//! The borrower who pays: each payment releases the lien in proportion.

use {
    super::{
        DemoError,
        cast::{Cast, Pace},
        narrator::{Narrator, money, units, words},
    },
    blockable_sdk::{
        Pubkey, Signer,
        events::Change,
        instructions,
        program::{state::Party, transitions::Status},
    },
};

/// Pays the first instalment on its due date.
pub async fn first_instalment(cast: &Cast, narrator: &Narrator, pace: &Pace) -> Result<(), DemoError> {
    let credit = cast.credit_of(&cast.good);
    let due = cast.credit(&credit).await?.issued_at + i64::from(pace.interval);
    wait(cast, narrator, due, "waiting for the first due date").await?;
    let arrears = cast.cluster.client.credit_now(&credit).await?.arrears();
    pay(cast, narrator, &credit, arrears, "Borrower 1 pays the first instalment; the lien shrinks.").await
}

/// Pays everything that is left on the second due date.
pub async fn pay_off(cast: &Cast, narrator: &Narrator, pace: &Pace) -> Result<(), DemoError> {
    let credit = cast.credit_of(&cast.good);
    let due = cast.credit(&credit).await?.issued_at + 2 * i64::from(pace.interval);
    wait(cast, narrator, due, "waiting for the second due date").await?;
    narrator.chapter("Meanwhile the first pays off");
    pay(cast, narrator, &credit, u64::MAX, "Borrower 1 pays off; what is left of its units is free.").await
}

/// Pays, and hands the lender the cash in the same transaction.
async fn pay(
    cast: &Cast,
    narrator: &Narrator,
    credit: &Pubkey,
    amount: u64,
    sentence: &str,
) -> Result<(), DemoError> {
    let before = cast.credit(credit).await?.collateral.lien();
    let (payer, source) = (cast.good.pubkey(), cast.wallet(&cast.good));
    let repay = instructions::credit_repay(&cast.keys, &payer, &source, credit, amount);
    let destination = cast.wallet(&cast.lender);
    let collect = instructions::vault_collect(&cast.keys, &payer, credit, &destination, Party::Lender);
    let landed = cast.send(&[repay, collect], &[&cast.good]).await?;
    let after = cast.credit(credit).await?;
    let mut facts = Vec::new();
    for record in landed.events.iter().flat_map(|event| event.records()) {
        if let Change::Paid { late_fees, interest, principal, debt, status, .. } = &record.change {
            facts.extend([money("late_fees", *late_fees), money("interest", *interest)]);
            facts.extend([money("principal", *principal), money("debt_left", *debt)]);
            facts.push(words("status", format!("{status:?}").to_lowercase()));
        }
    }
    facts.extend([units("lien_before", before), units("lien_after", after.collateral.lien())]);
    facts.push(units("available", after.collateral.available()));
    let name = if after.status == Status::Repaid.byte() { "pay_off" } else { "repay" };
    narrator.step(name, sentence, Some(&landed), facts);
    Ok(())
}

/// Waits for a time on the chain's clock, with a progress bar where the wait is real.
pub async fn wait(
    cast: &Cast,
    narrator: &Narrator,
    unix: i64,
    message: &'static str,
) -> Result<i64, DemoError> {
    let left = u64::try_from(unix - cast.cluster.client.chain_time().await?).unwrap_or(0);
    let bar = narrator.progress(left, message);
    let reached = cast
        .cluster
        .wait_until(unix, |seconds| {
            bar.set_position(left.saturating_sub(u64::try_from(seconds).unwrap_or(0)))
        })
        .await?;
    bar.finish_and_clear();
    Ok(reached)
}
