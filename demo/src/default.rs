//! Borrower 2 does not pay: marks, freezes, the job that settles, the overrun, seizure and sale.

use {
    super::{
        DemoError,
        cast::{Cast, LIST_PRICE_PER_HOUR, Pace},
        metering::meter,
        narrator::{Narrator, money, number, owed, units, words},
        repayment::wait,
        usage::Usage,
    },
    blockable_sdk::{
        Pubkey, Signer,
        amounts::{ChainTime, MicroUsd, Units},
        client::Landed,
        events::Change,
        instructions::{self, LotKeys},
        program::{
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{Credit, FreezeReason, Party},
            units::PRICE_SCALE,
        },
        rpc::{CommitmentConfig, RpcSendTransactionConfig},
    },
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Units of a job that runs when the credit is frozen.
const JOB: Units = Units(2_400_000);
/// Units that are used after the freeze by jobs that should not have started.
const BEYOND: Units = Units(300_000);

/// The result of the freeze.
pub(crate) struct FreezeOutcome {
    /// Milliseconds from the signed freeze to the frozen account, as read from the node at `processed`.
    pub freeze_ms: u64,
    /// Units frozen in full.
    pub frozen: Units,
    /// Debt at the default.
    pub debt_at_default: MicroUsd,
    /// The credit that was frozen.
    pub credit: Pubkey,
}

/// Marks the missed payment, freezes in proportion, then in full; lets the running job settle and counts the overrun.
pub(crate) async fn miss_and_freeze(
    cast: &Cast,
    narrator: &Narrator,
    pace: &Pace,
    used: Units,
) -> Result<FreezeOutcome, DemoError> {
    let credit = cast.credit_of(&cast.bad);
    let due = cast.issued_at(&credit).await?.plus_seconds(pace.interval.into());
    mark_delinquent(cast, narrator, &credit, due.plus_seconds(pace.delinquency_grace.into())).await?;
    let (_, landed) = freeze(cast, &credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment).await?;
    let state = cast.credit(&credit).await?;
    let facts = vec![
        units("lien", Units(state.collateral.lien())),
        units("frozen", Units(state.collateral.frozen())),
        units("available", Units(state.collateral.available())),
    ];
    narrator.step(
        "freeze_shortfall",
        "The lender freezes in proportion to the shortfall.",
        Some(&landed),
        facts,
    );

    let default_from = due.plus_seconds(pace.default_grace.into());
    wait(cast, narrator, default_from, "waiting for the default grace to pass").await?;
    let running = Usage { cumulative: used, in_flight: JOB };
    let landed = meter(cast, &[(credit, running)]).await?;
    narrator.step("job", "A large job is running.", Some(&landed), vec![units("in_flight", JOB)]);
    let debt_at_default = mark_defaulted(cast, narrator, &credit).await?;

    let (freeze_ms, landed) = freeze(cast, &credit, FreezeAmount::All, FreezeReason::Default).await?;
    let frozen = Units(cast.credit(&credit).await?.collateral.frozen());
    let facts = vec![units("frozen", frozen), number("freeze_ms", freeze_ms)];
    narrator.step("freeze_all", "The lender freezes everything, at once.", Some(&landed), facts);
    report_end_of_job(cast, narrator, pace, used).await?;
    Ok(FreezeOutcome { freeze_ms, frozen, debt_at_default, credit })
}

async fn mark_delinquent(
    cast: &Cast,
    narrator: &Narrator,
    credit: &Pubkey,
    from: ChainTime,
) -> Result<(), DemoError> {
    wait(cast, narrator, from, "waiting for the delinquency grace to pass").await?;
    let mark = instructions::credit_mark_delinquent(&cast.keys.market, credit);
    let landed = cast.send(&[mark], &[]).await?;
    let arrears = MicroUsd(cast.credit(credit).await?.arrears());
    let sentence = "Borrower 2 has missed its first instalment; anyone may mark it delinquent.";
    narrator.step("mark_delinquent", sentence, Some(&landed), vec![owed("arrears", arrears)]);
    Ok(())
}

async fn mark_defaulted(cast: &Cast, narrator: &Narrator, credit: &Pubkey) -> Result<MicroUsd, DemoError> {
    let mark = instructions::credit_mark_defaulted(&cast.keys.market, credit);
    let landed = cast.send(&[mark], &[]).await?;
    let state = cast.credit(credit).await?;
    let (arrears, debt) = (MicroUsd(state.arrears()), MicroUsd(state.debt.total()));
    let sentence = "The default grace has passed: Borrower 2 is in default.";
    narrator.step(
        "mark_defaulted",
        sentence,
        Some(&landed),
        vec![owed("arrears", arrears), owed("debt", debt)],
    );
    Ok(debt)
}

/// Freezes, and measures the time from the signature to the frozen account.
async fn freeze(
    cast: &Cast,
    credit: &Pubkey,
    amount: FreezeAmount,
    reason: FreezeReason,
) -> Result<(u64, Landed), DemoError> {
    let client = &cast.cluster.client;
    let before = client.credit(credit).await?.collateral.frozen();
    let freeze =
        instructions::credit_freeze(&cast.keys.market, &cast.lender.pubkey(), credit, amount, reason);
    let (transaction, last_valid) = client.sign(&[freeze], &cast.lender, &[]).await?;
    let signed = Instant::now();
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    let sent = client.rpc().send_transaction_with_config(&transaction, config).await;
    sent.map_err(|error| DemoError::Client(error.into()))?;
    let deadline = signed + Duration::from_secs(60);
    while frozen_at_processed(cast, credit).await? <= before && Instant::now() < deadline {
        sleep(Duration::from_millis(1)).await;
    }
    let freeze_ms = signed.elapsed().as_millis() as u64;
    let signature = client.confirm(&transaction, last_valid).await?;
    let landed = client.landed(&signature).await?;
    cast.keep(&landed);
    Ok((freeze_ms, landed))
}

async fn frozen_at_processed(cast: &Cast, credit: &Pubkey) -> Result<u64, DemoError> {
    let client = &cast.cluster.client;
    let credit: Credit = client.fetch_at(credit, CommitmentConfig::processed()).await?;
    Ok(credit.collateral.frozen())
}

/// Reports the end of the running job, which settles from the frozen units, and use beyond it, which is the provider's loss.
async fn report_end_of_job(
    cast: &Cast,
    narrator: &Narrator,
    pace: &Pace,
    used: Units,
) -> Result<(), DemoError> {
    let credit = &cast.credit_of(&cast.bad);
    // No report may claim more than the rate bound allows for the time since the last one.
    let seconds = i64::try_from(JOB.get() / pace.max_units_per_second().get()).unwrap_or(0) + 2;
    let finished = used.saturating_add(JOB);
    let reports = [
        ("settle", "The job that was running finishes and settles out of frozen units.", finished),
        (
            "overrun",
            "A report of use beyond it arrives: the provider's loss, not the collateral's.",
            finished.saturating_add(BEYOND),
        ),
    ];
    for (name, sentence, cumulative) in reports {
        let last = ChainTime(cast.credit(credit).await?.meter.reported_at);
        cast.cluster.wait_until(last.plus_seconds(seconds), |_| {}).await?;
        let landed = meter(cast, &[(*credit, Usage { cumulative, in_flight: Units::ZERO })]).await?;
        let state = cast.credit(credit).await?;
        let facts = vec![
            units("consumed", Units(state.collateral.consumed)),
            units("frozen", Units(state.collateral.frozen())),
            units("overrun", Units(state.meter.overrun)),
        ];
        narrator.step(name, sentence, Some(&landed), facts);
    }
    Ok(())
}

/// The money from the sale.
#[derive(Default)]
pub(crate) struct Recovery {
    /// Paid by the buyer.
    pub sold_for: MicroUsd,
    /// Redistribution fee.
    pub fee: MicroUsd,
    /// Part of the lender.
    pub recovered: MicroUsd,
    /// Part of the borrower.
    pub surplus: MicroUsd,
}

impl Recovery {
    fn add(&mut self, cost: MicroUsd, fee: MicroUsd, recovered: MicroUsd, surplus: MicroUsd) {
        self.sold_for = self.sold_for.saturating_add(cost);
        self.fee = self.fee.saturating_add(fee);
        self.recovered = self.recovered.saturating_add(recovered);
        self.surplus = self.surplus.saturating_add(surplus);
    }
}

/// Seizes the lien into a lot, which a third startup buys in two parts as the price falls.
pub(crate) async fn seize_and_sell(
    cast: &Cast,
    narrator: &Narrator,
    pace: &Pace,
) -> Result<Recovery, DemoError> {
    let credit = cast.credit_of(&cast.bad);
    let state = cast.credit(&credit).await?;
    // The demo's market is never paused: its clock and the chain's show the same.
    let curable_until = ChainTime(state.defaulted_at).plus_seconds(pace.cure_period.into());
    wait(cast, narrator, curable_until, "waiting for the cure period to pass").await?;
    let list = list_price().get();
    let terms = LotTerms { start_price: list, floor_price: list * 60 / 100, window: pace.lot_window };
    let lender = cast.lender.pubkey();
    let market = &cast.keys.market;
    let all = UnitBounds::ALL;
    let seize = instructions::credit_seize_to_pool(market, &lender, &lender, &credit, 0, all, terms);
    let landed = cast.send(&[seize], &[&cast.lender]).await?;
    let lot = cast.cluster.client.lot(&blockable_sdk::addresses::lot(&credit, 0)).await?;
    let facts = vec![
        units("seized", Units(lot.units)),
        money("start_price_per_million", MicroUsd(lot.start_price)),
        money("floor_price_per_million", MicroUsd(lot.floor_price)),
    ];
    narrator.step(
        "seize",
        "The cure period has passed: the lender seizes the lien for sale.",
        Some(&landed),
        facts,
    );

    let mut recovery = Recovery::default();
    let half = lot.units / 2;
    for (tenths, part) in [(1, Units(half)), (3, Units(lot.units - half))] {
        let at = ChainTime(lot.opened_at).plus_seconds(i64::from(pace.lot_window) * tenths / 10);
        wait(cast, narrator, at, "the price falls").await?;
        buy(cast, narrator, &credit, part, &mut recovery).await?;
    }
    close(cast, narrator, &credit).await?;
    Ok(recovery)
}

/// List price of a million units.
fn list_price() -> MicroUsd {
    MicroUsd(LIST_PRICE_PER_HOUR.get() * PRICE_SCALE / 3_600)
}

async fn buy(
    cast: &Cast,
    narrator: &Narrator,
    credit: &Pubkey,
    amount: Units,
    recovery: &mut Recovery,
) -> Result<(), DemoError> {
    let lot = LotKeys { credit: *credit, index: 0, provider: cast.provider, units_expire_at: 0 };
    let (buyer, source) = (cast.buyer.pubkey(), cast.wallet(&cast.buyer));
    let exactly = UnitBounds::exactly(amount.get());
    let price = list_price().get();
    let buy = instructions::lot_buy(&cast.keys, &buyer, &buyer, &source, &lot, exactly, price);
    let landed = cast.send(&[buy], &[&cast.buyer]).await?;
    let mut facts = vec![units("units", amount)];
    for record in landed.events.iter().flat_map(|event| event.records()) {
        if let Change::Sold { cost, fee, recovered, surplus, debt, .. } = record.change {
            let [cost, fee, recovered, surplus, debt] = [cost, fee, recovered, surplus, debt].map(MicroUsd);
            recovery.add(cost, fee, recovered, surplus);
            facts.extend([money("cost", cost), money("fee", fee), money("recovered", recovered)]);
            facts.extend([money("surplus", surplus), owed("debt_left", debt)]);
        }
    }
    narrator.step("buy", "A third startup buys seized units at the current price.", Some(&landed), facts);
    Ok(())
}

/// Closes the sold lot, and pays each party's claim out of the vault.
async fn close(cast: &Cast, narrator: &Narrator, credit: &Pubkey) -> Result<(), DemoError> {
    let lender = cast.lender.pubkey();
    let close = instructions::lot_close(&cast.keys.market, &lender, &lender, credit, 0);
    let landed = cast.send(&[close], &[&cast.lender]).await?;
    narrator.step("close_lot", "The sold lot is closed.", Some(&landed), vec![]);
    let claims = cast.credit(credit).await?.claims;
    for (party, owner, claim, name) in [
        (Party::Lender, &cast.lender, claims.lender, "lender"),
        (Party::Treasury, &cast.treasury, claims.treasury, "treasury"),
        (Party::Borrower, &cast.bad, claims.borrower, "borrower"),
    ] {
        if claim == 0 {
            continue;
        }
        let collect = instructions::vault_collect(
            &cast.keys,
            &cast.operator.pubkey(),
            credit,
            &cast.wallet(owner),
            party,
            claim,
        );
        let landed = cast.send(&[collect], &[]).await?;
        let facts = vec![words("party", name), money("collected", MicroUsd(claim))];
        narrator.step("collect", &format!("The {name} is paid out of the vault."), Some(&landed), facts);
    }
    Ok(())
}
