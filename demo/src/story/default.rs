//! The borrower stops paying and uses what it can: marks, freezes, the job that ends, the overrun.

use {
    super::Story,
    crate::{
        DemoError,
        narrator::{Step, money, number, units},
    },
    blockable_sdk::{
        Signer,
        amounts::{ChainTime, MicroUsd, Units},
        client::{Landed, Sender},
        instructions,
        program::{
            instructions::FreezeAmount,
            state::{Credit, FreezeReason},
        },
        rpc::{CommitmentConfig, RpcSendTransactionConfig},
    },
    blockable_service::text,
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Time within which a freeze must be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The freeze of everything, and the debt at the mark of default.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frozen {
    /// Milliseconds from the signature to the frozen account, as read from the node at `processed`.
    pub freeze_ms: u64,
    /// Units frozen.
    pub units: Units,
    /// Debt at the mark of default.
    pub debt: MicroUsd,
    /// Day of the mark of default.
    pub defaulted_on: u32,
}

/// Misses an instalment, marks the loan and freezes it as its terms say.
pub(super) async fn miss_and_freeze(story: &Story<'_>) -> Result<Frozen, DemoError> {
    let (preset, missed) = (&story.loan.preset, missed_on(story));
    let delinquent_on = missed + preset.delinquency_days;
    let defaulted_on = missed + preset.default_days;
    let mut frozen = Frozen { defaulted_on, ..Frozen::default() };
    race(story, missed, delinquent_on, story.loan.freezes_in_full()).await?;
    mark_delinquent(story, delinquent_on).await?;
    if story.loan.freezes_in_full() {
        (frozen.freeze_ms, frozen.units) =
            freeze_all(story, delinquent_on, FreezeReason::MissedPayment).await?;
        end_job(story, delinquent_on).await?;
        frozen.debt = mark_defaulted(story, defaulted_on).await?;
    } else {
        freeze_shortfall(story, delinquent_on).await?;
        race(story, delinquent_on, defaulted_on, true).await?;
        frozen.debt = mark_defaulted(story, defaulted_on).await?;
        (frozen.freeze_ms, frozen.units) = freeze_all(story, defaulted_on, FreezeReason::Default).await?;
        end_job(story, defaulted_on).await?;
    }
    Ok(frozen)
}

/// Day of the first instalment that is not paid.
fn missed_on(story: &Story<'_>) -> u32 {
    let stops_on = story.stage.demand.stops_on;
    story.loan.preset.due_days().find(|day| *day >= stops_on).unwrap_or(stops_on)
}

/// Uses units from a day to another as fast as the borrower wants to and may; on its last day a job is running, where asked
/// for.
async fn race(story: &Story<'_>, from: u32, to: u32, job_runs: bool) -> Result<(), DemoError> {
    let demand = story.stage.demand;
    story.wait_for_day(to, "waiting for the grace to pass").await?;
    let before = story.state().await?;
    let job = if job_runs { demand.last_job } else { Units::ZERO };
    let open = Units(before.collateral.available()).saturating_sub(job);
    let wanted = demand.race(to - from);
    let used = wanted.min(open);
    let cumulative = Units(before.meter.cumulative).saturating_add(used);
    let landed = story.meter(cumulative, job.min(Units(before.collateral.available()))).await?;
    let state = story.state().await?;
    let refused = match wanted.saturating_sub(used) {
        Units::ZERO => String::new(),
        refused => format!(", {} more are refused", text::thousands(refused.get())),
    };
    let misses = from == missed_on(story);
    let sentence = format!(
        "The borrower {} {} times what it planned: {} in {} days{refused}.",
        if misses { "misses its payment, and uses" } else { "goes on using" },
        demand.race_speed,
        text::units(used),
        to - from,
    );
    story.narrator().step(
        Step::new("race", sentence)
            .on(to)
            .landed(&landed)
            .fact(units("wanted", wanted))
            .fact(units("used", used))
            .fact(units("in_flight", job))
            .after(&state),
    );
    Ok(())
}

async fn mark_delinquent(story: &Story<'_>, day: u32) -> Result<(), DemoError> {
    story.wait_for_day(day, "waiting for the delinquency grace to pass").await?;
    let mark = instructions::credit_mark_delinquent(&story.cast().venue.keys.market, &story.credit);
    let landed = story.cast().send(&[mark], &[]).await?;
    let state = story.state().await?;
    let arrears = MicroUsd(state.arrears());
    let sentence = format!(
        "The loan is marked delinquent, which anyone may do: {} are in arrears.",
        text::usd_owed(arrears)
    );
    let step = Step::new("mark_delinquent", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(money("arrears", arrears)).after(&state));
    Ok(())
}

async fn mark_defaulted(story: &Story<'_>, day: u32) -> Result<MicroUsd, DemoError> {
    story.wait_for_day(day, "waiting for the default grace to pass").await?;
    let mark = instructions::credit_mark_defaulted(&story.cast().venue.keys.market, &story.credit);
    let landed = story.cast().send(&[mark], &[]).await?;
    let state = story.state().await?;
    let (arrears, debt) = (MicroUsd(state.arrears()), MicroUsd(state.debt.total()));
    let sentence = format!("The loan is in default. The debt is {}.", text::usd_owed(debt));
    let step = Step::new("mark_defaulted", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(money("arrears", arrears)).fact(money("debt", debt)).after(&state));
    Ok(debt)
}

async fn freeze_shortfall(story: &Story<'_>, day: u32) -> Result<(), DemoError> {
    let (_, landed) = freeze(story, FreezeAmount::Shortfall, FreezeReason::MissedPayment).await?;
    let state = story.state().await?;
    let frozen = Units(state.collateral.frozen());
    let sentence = format!("The lender freezes in proportion to the arrears: {}.", text::units(frozen));
    story.narrator().step(Step::new("freeze_shortfall", sentence).on(day).landed(&landed).after(&state));
    Ok(())
}

async fn freeze_all(story: &Story<'_>, day: u32, reason: FreezeReason) -> Result<(u64, Units), DemoError> {
    let (freeze_ms, landed) = freeze(story, FreezeAmount::All, reason).await?;
    let state = story.state().await?;
    let frozen = Units(state.collateral.frozen());
    let sentence = format!(
        "The lender freezes all that is open, {}, {freeze_ms} ms after its signature.",
        text::units(frozen)
    );
    let step = Step::new("freeze_all", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(number("freeze_ms", freeze_ms)).after(&state));
    Ok((freeze_ms, frozen))
}

/// Freezes, and measures the time from the signature to the frozen account.
async fn freeze(
    story: &Story<'_>,
    amount: FreezeAmount,
    reason: FreezeReason,
) -> Result<(u64, Landed), DemoError> {
    let (cast, credit) = (story.cast(), &story.credit);
    let client = &cast.cluster.client;
    let before = client.credit(credit).await?.collateral.frozen();
    let freeze = instructions::credit_freeze(
        &cast.venue.keys.market,
        &cast.venue.keyring.lender.pubkey(),
        credit,
        amount,
        reason,
    );
    let recorded = client.sign(&[freeze], &cast.venue.keyring.lender, &[]).await?.without_record();
    let signed = Instant::now();
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    let sent = client.rpc().send_transaction_with_config(recorded.transaction(), config).await;
    sent.map_err(|error| DemoError::Client(error.into()))?;
    let deadline = signed + PATIENCE;
    while frozen_at_processed(story).await? <= before && Instant::now() < deadline {
        sleep(Duration::from_millis(1)).await;
    }
    let freeze_ms = signed.elapsed().as_millis() as u64;
    let landed = Sender::new(client).follow(&recorded).await?;
    cast.keep(&landed);
    Ok((freeze_ms, landed))
}

async fn frozen_at_processed(story: &Story<'_>) -> Result<u64, DemoError> {
    let credit: Credit =
        story.cluster().client.fetch_at(&story.credit, CommitmentConfig::processed()).await?;
    Ok(credit.collateral.frozen())
}

/// Reports the end of the running job, which settles from the frozen units. Then, in the first story, use beyond it, which is
/// the provider's loss.
async fn end_job(story: &Story<'_>, day: u32) -> Result<(), DemoError> {
    let demand = story.stage.demand;
    let before = story.state().await?;
    let finished = Units(before.meter.cumulative).saturating_add(Units(before.meter.in_flight));
    let (landed, state) = report(story, finished).await?;
    let job = text::units(Units(before.meter.in_flight));
    let sentence = format!("The job of {job} that was running ends on frozen units. No other may begin.");
    let step = Step::new("settle", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(units("consumed", Units(state.collateral.consumed))).after(&state));
    if !story.loan.freezes_in_full() {
        return Ok(());
    }
    let (landed, state) = report(story, finished.saturating_add(demand.beyond)).await?;
    let overrun = Units(state.meter.overrun);
    let sentence = format!(
        "The provider serves {} all the same. They are its own loss, and not the collateral's.",
        text::units(overrun)
    );
    let step = Step::new("overrun", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(units("overrun", overrun)).after(&state));
    Ok(())
}

/// Reports use once the rate bound allows it. Returns the transaction and the credit after it.
async fn report(story: &Story<'_>, cumulative: Units) -> Result<(Landed, Credit), DemoError> {
    let before = story.state().await?;
    // No report may claim more than the rate bound allows for the time since the last one.
    let more = cumulative.get().saturating_sub(before.meter.cumulative);
    let seconds = i64::try_from(more / before.terms.max_units_per_second.max(1)).unwrap_or(0) + 2;
    let at = ChainTime(before.meter.reported_at).plus_seconds(seconds);
    story.wait_until(at, "waiting for the next report").await?;
    let landed = story.meter(cumulative, Units::ZERO).await?;
    Ok((landed, story.state().await?))
}
