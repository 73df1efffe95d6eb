//! The borrower uses units and pays: the lock opens as it pays.

use {
    super::Story,
    crate::{
        DemoError,
        narrator::{Step, money, number, units, words},
    },
    blockable_sdk::{
        Signer,
        amounts::{MicroUsd, Units},
        events::Change,
        instructions::{self, Payment},
        payments::least_payment_to_open,
        program::state::{Credit, Party},
    },
    blockable_service::text,
};

/// Plays the days for which the borrower pays: its first job, its instalments, and the replay of its requests.
pub(super) async fn use_and_pay(story: &Story<'_>) -> Result<(), DemoError> {
    let (demand, preset) = (story.stage.demand, &story.loan.preset);
    let mut due = preset.due_days().filter(|day| *day < demand.stops_on).peekable();
    let mut is_admitted = ask_for_first_job(story, 0).await?;
    let bar = story.narrator().progress(demand.replay.len() as u64, "replaying usage");
    let mut landed = None;
    for (day, usage) in demand.windows() {
        while let Some(due) = due.next_if(|due| *due <= day) {
            pay_instalment(story, due).await?;
            if !is_admitted {
                is_admitted = ask_for_first_job(story, due).await?;
            }
        }
        story.wait_for_day(day, "waiting for the next report").await?;
        landed = Some(story.meter(usage.cumulative, usage.in_flight).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let state = story.state().await?;
    let sentence = format!(
        "{} requests ({}) have been replayed in {} reports, each signed by three reporters: {} are used.",
        text::thousands(demand.requests as u64),
        demand.source,
        demand.replay.len(),
        text::units(Units(state.collateral.consumed)),
    );
    let mut step = Step::new("replay", sentence).on(demand.stops_on);
    if let Some(landed) = &landed {
        step = step.landed(landed);
    }
    story.narrator().step(
        step.fact(number("requests", demand.requests as u64))
            .fact(words("source", demand.source.clone()))
            .fact(number("reports", demand.replay.len() as u64))
            .fact(units("used", Units(state.collateral.consumed)))
            .fact(words("third_reporter", "reads 3 % high; the lower median ignores it"))
            .after(&state),
    );
    Ok(())
}

/// Asks the provider for the first job. It begins jobs on open units alone, by the rule of `blockable-gate`. Returns whether
/// it was admitted.
async fn ask_for_first_job(story: &Story<'_>, day: u32) -> Result<bool, DemoError> {
    let (needed, state) = (story.stage.demand.first_job, story.state().await?);
    let open = Units(state.collateral.available());
    if needed > open {
        let missing = needed.saturating_sub(open);
        let quote = quote(story, &state, missing).await?;
        let sentence = format!(
            "The borrower asks for a job of {}. The provider refuses it: {} are open. A payment of {} would open the rest.",
            text::units(needed),
            text::thousands(open.get()),
            text::usd_owed(quote),
        );
        story.narrator().step(
            Step::new("refuse", sentence)
                .on(day)
                .fact(units("needed", needed))
                .fact(units("missing", missing))
                .fact(money("opens_for", quote))
                .after(&state),
        );
        return Ok(false);
    }
    // A report counts only if it is later than the issue.
    story.wait_until(story.issued_at.plus_seconds(1), "waiting for the next second").await?;
    let landed = story.meter(Units::ZERO, needed).await?;
    let state = story.state().await?;
    let sentence = format!("The job of {} is admitted.", text::units(needed));
    let step = Step::new("admit", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(units("in_flight", needed)).after(&state));
    Ok(true)
}

/// Finds the least payment that opens so many units.
async fn quote(story: &Story<'_>, credit: &Credit, units: Units) -> Result<MicroUsd, DemoError> {
    let client = &story.cluster().client;
    let market = client.market(&credit.market).await?;
    let clock = market
        .clock_at(client.chain_time().await?)
        .map_err(|_| DemoError::amount("the market's clock is out of range"))?;
    let quote = least_payment_to_open(credit, &clock, units).map_err(DemoError::amount)?;
    Ok(quote.map_or(MicroUsd::MAX, |quote| quote.paid))
}

/// Pays the arrears on a due date, and collects them for the lender in the same transaction.
async fn pay_instalment(story: &Story<'_>, day: u32) -> Result<(), DemoError> {
    story.wait_for_day(day, "waiting for the due date").await?;
    let (cast, credit) = (story.cast(), &story.credit);
    let read = cast.cluster.client.credit_now(credit).await?;
    let (payer, source) =
        (cast.venue.keyring.borrower.pubkey(), cast.venue.wallet(&cast.venue.keyring.borrower));
    let payment = Payment::while_it_releases(read.arrears(), read.offer_slot);
    let repay = instructions::credit_repay(&cast.venue.keys, &payer, &source, credit, payment);
    let destination = cast.venue.wallet(&cast.venue.keyring.lender);
    let collect =
        instructions::vault_collect(&cast.venue.keys, &payer, credit, &destination, Party::Lender, 1);
    let landed = cast.send(&[repay, collect], &[&cast.venue.keyring.borrower]).await?;
    let state = story.state().await?;
    for record in landed.events.iter().flat_map(|event| event.records()) {
        let Change::Paid { late_fees, interest, principal, unlocked, released, earned, .. } = &record.change
        else {
            continue;
        };
        let [late_fees, interest, principal, earned] =
            [late_fees, interest, principal, earned].map(|amount| MicroUsd(*amount));
        let paid: MicroUsd = [late_fees, interest, principal].into_iter().sum();
        let effect = match unlocked {
            0 => format!("takes {} out of the lien", text::units(Units(*released))),
            unlocked => format!("opens {}", text::units(Units(*unlocked))),
        };
        let sentence =
            format!("The borrower pays its instalment, {}, which {effect}.", text::usd_received(paid));
        story.narrator().step(
            Step::new("repay", sentence)
                .on(day)
                .landed(&landed)
                .fact(money("paid", paid))
                .fact(money("late_fees", late_fees))
                .fact(money("interest", interest))
                .fact(money("principal", principal))
                .fact(money("earned_by_provider", earned))
                .fact(units("unlocked", Units(*unlocked)))
                .fact(units("released", Units(*released)))
                .after(&state),
        );
    }
    Ok(())
}
