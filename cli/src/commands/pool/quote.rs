//! `blockable pool quote`.

use {
    super::amount::{Purchase, PurchaseArgs},
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::{LotView, lot},
        output::Answer,
        session::{MarketView, Session},
        table::lines,
        views::{lot_json, lot_lines, time_json},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd},
        program::{
            auction::{self, Proceeds},
            units::mul_div_ceil,
        },
    },
    blockable_service::{command::values::address, text},
    clap::Args,
    serde_json::json,
};

/// Shows the cost of units of a lot now, at the floor of its price, and who gets the money
///
/// Nothing is reserved: another buyer may be faster, and the price falls meanwhile.
#[derive(Args, Debug)]
pub(crate) struct QuoteArgs {
    /// The lot's account
    #[arg(value_name = "LOT", value_parser = address)]
    lot: Pubkey,
    #[command(flatten)]
    amount: PurchaseArgs,
    /// The buyer: the lender of the loan pays no less than the loan did
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    buyer: Option<Pubkey>,
}

/// Quotes. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &QuoteArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (lot, market) = lot(&session, &args.lot).await?;
    let buyer = args.buyer.unwrap_or_default();
    let purchase = args.amount.purchase(&lot, &market, &buyer)?;
    let shares = shares(&lot, &market, &purchase)?;
    let at_floor = at_floor(&lot, &purchase)?;
    let falls_until = market.chain_time_of(lot.falls_until().get());
    // The parts add up to what the buyer pays.
    let [lender, borrower, fee] =
        text::usd_parts([shares.recovered, shares.surplus, shares.fee].map(MicroUsd));
    let mut shown = lot_lines(&lot, &market)?;
    let mut line = |name: &str, value: String| shown.push((name.to_string(), value));
    line("you buy", text::units(purchase.units));
    line(
        "you pay",
        format!("{}, {} of what the loan paid", text::usd_owed(purchase.cost), of_loan(&lot, &purchase)?),
    );
    line("it goes to", format!("lender {lender}, borrower {borrower}, market {fee}"));
    if at_floor < purchase.cost {
        line("at the floor", format!("{} from {}", text::usd_owed(at_floor), text::time(falls_until)));
    }
    let data = json!({
        "cluster": session.cluster_json(),
        "lot": lot_json(&lot, &market)?,
        "units": purchase.units,
        "price": purchase.price,
        "cost": purchase.cost,
        "fee": shares.fee,
        "recovered": shares.recovered,
        "surplus": shares.surplus,
        "cost_at_floor": at_floor,
        "floor_from": time_json(falls_until),
    });
    Ok(Answer { text: lines(&shown), data })
}

/// The shares of the proceeds.
fn shares(lot: &LotView, market: &MarketView, purchase: &Purchase) -> Result<Proceeds, CliError> {
    let (fee, debt) = (market.account.redistribution_fee_bps, lot.credit.account.debt.total());
    auction::split(purchase.cost.get(), fee, debt).map_err(|_| CliError::OutOfRange(lot.address))
}

/// The cost of the same units at the floor of the price, as far as this buyer's falls.
fn at_floor(lot: &LotView, purchase: &Purchase) -> Result<MicroUsd, CliError> {
    let cost = auction::cost(purchase.units.get(), lot.account.floor_price);
    cost.map(|cost| MicroUsd(cost).min(purchase.cost)).map_err(|_| CliError::OutOfRange(lot.address))
}

/// The price as a share of what the loan paid.
fn of_loan(lot: &LotView, purchase: &Purchase) -> Result<String, CliError> {
    let loan = lot.credit.account.price_paid().map_err(|_| CliError::OutOfRange(lot.address))?;
    let share = mul_div_ceil(purchase.price.get(), 10_000, loan);
    share.map(|share| text::percent(Bps(share))).map_err(|_| CliError::OutOfRange(lot.address))
}
