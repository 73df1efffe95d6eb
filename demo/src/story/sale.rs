//! Seized units are sold in a lot at a falling price.

use {
    super::{Outcome, Story},
    crate::{
        DemoError,
        narrator::{Step, money, share, units},
    },
    blockable_sdk::{
        Signer, addresses,
        amounts::{Bps, ChainTime, MicroUsd, Units},
        events::Change,
        instructions::{self, LotKeys},
        program::{
            instructions::{LotTerms, UnitBounds},
            state::Lot,
            units::PRICE_SCALE,
        },
    },
    blockable_service::text,
};

/// Prices at which the buyer takes the first and the second half of a lot, in percent of what buyers pay on average.
const BUYS_AT_PERCENT: [f64; 2] = [105.0, 95.0];
/// Seconds of an hour of a GPU, and so units.
const HOUR: f64 = 3_600.0;
/// Days of a year.
const YEAR: f64 = 365.0;
/// Micro-USDC in a dollar.
const DOLLAR: f64 = 1_000_000.0;

/// Seizes what is left and sells it in two parts as the price falls. Returns the day of the last sale.
pub(super) async fn seize_and_sell(
    story: &Story<'_>,
    seized_on: u32,
    outcome: &mut Outcome,
) -> Result<u32, DemoError> {
    let price = market_price(story, seized_on);
    let (lot, terms) = seize(story, seized_on, price).await?;
    outcome.seized = Units(lot.units);
    let (half, mut day) = (lot.units / 2, seized_on);
    for (part, percent) in [half, lot.units - half].into_iter().zip(BUYS_AT_PERCENT) {
        // A cast of a float saturates.
        let pays = (price * story.stage.assumptions.market.buyer_pays * percent / 100.0) as u64;
        let pays = pays.max(terms.floor_price);
        let seconds = seconds_until(&terms, pays);
        let at = ChainTime(lot.opened_at).plus_seconds(seconds.into());
        story.wait_until(at, "waiting for the price to fall").await?;
        let window_days = u64::from(story.loan.preset.lot.window_days);
        let days = window_days * u64::from(seconds) / u64::from(terms.window.max(1));
        day = seized_on + u32::try_from(days).unwrap_or(0);
        buy(story, day, Units(part), pays, outcome).await?;
    }
    Ok(day)
}

/// Price of a million units on the market on a day after issue, in micro-USDC: the list price, moved by the assumed drift.
fn market_price(story: &Story<'_>, day: u32) -> f64 {
    story.stage.assumptions.simulator.list_price * DOLLAR / HOUR * PRICE_SCALE as f64 * drift(story, day)
}

/// Market price on a day after issue, as a multiple of that at issue.
fn drift(story: &Story<'_>, day: u32) -> f64 {
    (1.0 + story.stage.assumptions.market.price_drift).max(0.0).powf(f64::from(day) / YEAR)
}

/// Seizes everything that is left under the lien into a lot.
async fn seize(story: &Story<'_>, day: u32, price: f64) -> Result<(Lot, LotTerms), DemoError> {
    let (cast, pace, plan) = (story.cast(), story.stage.pace, story.loan.preset.lot);
    let state = story.state().await?;
    let now = story.cluster().now().await?.get();
    let days_of = plan.terms(price, &state, &pace.bounds(), now);
    let days_of = days_of.ok_or_else(|| DemoError::amount("the loan has no price"))?;
    let terms = LotTerms { window: pace.lot_window(plan.window_days), ..days_of };
    let (market, lender, all) =
        (&cast.venue.keys.market, cast.venue.keyring.lender.pubkey(), UnitBounds::ALL);
    let seize = instructions::credit_seize_to_pool(market, &lender, &lender, &story.credit, 0, all, terms);
    let landed = cast.send(&[seize], &[&cast.venue.keyring.lender]).await?;
    let lot = cast.cluster.client.lot(&addresses::lot(&story.credit, 0)).await?;
    let state = story.state().await?;
    // A cast of a float saturates.
    let level = Bps((drift(story, day) * 10_000.0).round() as u64);
    let sentence = format!(
        "The lender seizes {} for sale, from the market's price, now {} of that at issue, down to {:.0} % of it in {} days.",
        text::units(Units(lot.units)),
        text::percent(level),
        plan.floor * 100.0,
        plan.window_days,
    );
    story.narrator().step(
        Step::new("seize", sentence)
            .on(day)
            .landed(&landed)
            .fact(units("seized", Units(lot.units)))
            .fact(money("start_price_per_million", MicroUsd(lot.start_price)))
            .fact(money("floor_price_per_million", MicroUsd(lot.floor_price)))
            .fact(share("market_price_bps", level))
            .after(&state),
    );
    Ok((lot, terms))
}

/// A third startup buys a part of the lot, at most at the price that it pays.
async fn buy(
    story: &Story<'_>,
    day: u32,
    amount: Units,
    pays: u64,
    outcome: &mut Outcome,
) -> Result<(), DemoError> {
    let cast = story.cast();
    let keys = LotKeys { credit: story.credit, index: 0, provider: cast.venue.provider, units_expire_at: 0 };
    let (buyer, source) = (cast.venue.keyring.buyer.pubkey(), cast.venue.wallet(&cast.venue.keyring.buyer));
    let exactly = UnitBounds::exactly(amount.get());
    let buy = instructions::lot_buy(&cast.venue.keys, &buyer, &buyer, &source, &keys, exactly, pays);
    let landed = cast.send(&[buy], &[&cast.venue.keyring.buyer]).await?;
    let state = story.state().await?;
    for record in landed.events.iter().flat_map(|event| event.records()) {
        let Change::Sold { cost, fee, recovered, surplus, .. } = record.change else { continue };
        let [cost, fee, recovered, surplus] = [cost, fee, recovered, surplus].map(MicroUsd);
        outcome.sold_for = outcome.sold_for.saturating_add(cost);
        outcome.fee = outcome.fee.saturating_add(fee);
        outcome.from_sales = outcome.from_sales.saturating_add(recovered);
        let sentence = format!(
            "A third startup buys {} for {}; {} go to the lender.",
            text::units(amount),
            text::usd_received(cost),
            text::usd_received(recovered),
        );
        story.narrator().step(
            Step::new("buy", sentence)
                .on(day)
                .landed(&landed)
                .fact(units("units", amount))
                .fact(money("cost", cost))
                .fact(money("fee", fee))
                .fact(money("recovered", recovered))
                .fact(money("surplus", surplus))
                .after(&state),
        );
    }
    Ok(())
}

/// Seconds after its opening from which a lot's price is at most `pays`.
fn seconds_until(terms: &LotTerms, pays: u64) -> u32 {
    let fall = u128::from(terms.start_price.saturating_sub(terms.floor_price)).max(1);
    let needed = u128::from(terms.start_price.saturating_sub(pays));
    let seconds = (needed * u128::from(terms.window)).div_ceil(fall);
    u32::try_from(seconds).unwrap_or(u32::MAX).min(terms.window)
}
