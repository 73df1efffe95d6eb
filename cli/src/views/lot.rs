//! A lot of seized units as text and as data.

use {
    super::time_json,
    crate::{error::CliError, lookup::LotView, session::MarketView, table::Column},
    blockable_sdk::{
        amounts::{ChainTime, MicroUsd, Units},
        program::units::mul_div_floor,
    },
    blockable_service::text,
    serde_json::{Value, json},
};

/// The columns of a list of lots.
pub(crate) fn lot_columns() -> [Column; 7] {
    [
        Column::Address("LOT"),
        Column::Text("STATE"),
        Column::Figure("UNITS LEFT"),
        Column::Figure("PER MILLION"),
        Column::Figure("FLOOR"),
        Column::Text("FALLS UNTIL"),
        Column::Address("PROVIDER"),
    ]
}

/// A lot as a row of a list. Errors: [`CliError::OutOfRange`].
pub(crate) fn lot_row(lot: &LotView, market: &MarketView) -> Result<Vec<String>, CliError> {
    Ok(vec![
        lot.address.to_string(),
        state(lot, market).to_string(),
        text::thousands(lot.account.units_left),
        text::usd_owed(lot.price(market)?),
        text::usd_owed(MicroUsd(lot.account.floor_price)),
        text::time(market.chain_time_of(lot.falls_until().get())),
        lot.account.provider.to_string(),
    ])
}

fn state(lot: &LotView, market: &MarketView) -> &'static str {
    lot.not_for_sale(market).map_or("for sale", |reason| reason.text())
}

/// The lines of a lot for people. Errors: [`CliError::OutOfRange`].
pub(crate) fn lot_lines(lot: &LotView, market: &MarketView) -> Result<Vec<(String, String)>, CliError> {
    let account = &lot.account;
    let price = |price: MicroUsd| format!("{} per million units", text::usd_owed(price));
    let (now, falls_until) = (lot.price(market)?, lot.falls_until());
    let fall = if market.clock.market >= falls_until.get() {
        "it stays there".to_string()
    } else {
        format!(
            "falls to {} by {}",
            text::usd_owed(MicroUsd(account.floor_price)),
            text::time(market.chain_time_of(falls_until.get()))
        )
    };
    let loan = lot.credit.account.price_paid().map_err(|_| CliError::OutOfRange(lot.address))?;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    line("lot", lot.address.to_string());
    line("state", state(lot, market).to_string());
    let (left, all) = (text::units(Units(account.units_left)), text::units(Units(account.units)));
    line("units left", format!("{left} of {all}"));
    line("price now", format!("{}, {fall}", price(now)));
    line("the loan paid", price(MicroUsd(loan)));
    line("units expire", expiry(lot, market).map_or("never".to_string(), text::time));
    line("provider", account.provider.to_string());
    line("seized from", account.credit.to_string());
    line("lender", account.lender.to_string());
    Ok(lines)
}

/// The time at which the lot's units expire; `None` for never.
pub(crate) fn expiry(lot: &LotView, market: &MarketView) -> Option<ChainTime> {
    match lot.credit.account.units_expire_at {
        0 => None,
        at => Some(market.chain_time_of(at)),
    }
}

/// The state of a lot as data. Prices in micro-USDC per million units. Errors: [`CliError::OutOfRange`].
pub(crate) fn lot_json(lot: &LotView, market: &MarketView) -> Result<Value, CliError> {
    let (account, credit) = (&lot.account, &lot.credit.account);
    let loan = credit.price_paid().map_err(|_| CliError::OutOfRange(lot.address))?;
    let price = lot.price(market)?;
    Ok(json!({
        "lot": lot.address.to_string(),
        "index": account.index,
        "market": market.address.to_string(),
        "credit": account.credit.to_string(),
        "provider": account.provider.to_string(),
        "lender": account.lender.to_string(),
        "state": state(lot, market),
        "is_for_sale": lot.not_for_sale(market).is_none(),
        "units": account.units,
        "units_left": account.units_left,
        "price": price,
        "start_price": account.start_price,
        "floor_price": account.floor_price,
        "loan_price": loan,
        "price_of_loan_bps": mul_div_floor(price.get(), 10_000, loan).ok(),
        "opened_at": time_json(market.chain_time_of(account.opened_at)),
        "falls_until": time_json(market.chain_time_of(lot.falls_until().get())),
        "units_expire_at": expiry(lot, market).map_or(Value::Null, time_json),
        "proceeds": account.proceeds,
        "debt_left": credit.debt.total(),
    }))
}
