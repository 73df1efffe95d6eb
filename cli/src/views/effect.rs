//! Everything about an account that a change alters.

use {
    super::{credit_json, key_or_none, market_json, market_lines},
    crate::{
        change::{After, Effect, EffectLine},
        error::CliError,
        lookup::CreditView,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        program::state::{Credit, Market},
    },
    blockable_service::text,
    serde_json::Value,
};

/// The effect of a change on a credit: each figure that differs, with the one before.
pub(crate) fn credit_effect(
    credit: &CreditView,
    market: &MarketView,
    after: &After,
) -> Result<Effect, CliError> {
    let Some(account) = after.read::<Credit>(&credit.address)? else {
        let line = EffectLine::changed("credit", credit.status_name().to_string(), "removed".to_string());
        return Ok(Effect { lines: line.into_iter().collect(), state: Value::Null });
    };
    let now = CreditView { address: credit.address, account };
    let mut lines = status_lines(credit, &now);
    lines.extend(money_lines(&credit.account, &now.account));
    lines.extend(unit_lines(&credit.account, &now.account));
    lines.extend(party_lines(&credit.account, &now.account));
    Ok(Effect { lines, state: credit_json(&now, market) })
}

fn status_lines(before: &CreditView, after: &CreditView) -> Vec<EffectLine> {
    let notice = |credit: &CreditView| match credit.account.notice_given {
        1 => "given".to_string(),
        _ => "none".to_string(),
    };
    let rate =
        |credit: &CreditView| format!("{} a year", text::percent(Bps(credit.account.apr_bps().into())));
    let lines = [
        EffectLine::changed("status", before.status_name().to_string(), after.status_name().to_string()),
        EffectLine::changed("notice", notice(before), notice(after)),
        EffectLine::changed("interest", rate(before), rate(after)),
    ];
    lines.into_iter().flatten().collect()
}

fn money_lines(before: &Credit, after: &Credit) -> Vec<EffectLine> {
    let line = |name: &str, amount: fn(&Credit) -> u64| {
        let text = |credit: &Credit| text::usd_owed(MicroUsd(amount(credit)));
        EffectLine::changed(name, text(before), text(after))
    };
    let lines = [
        line("debt", |credit| credit.debt.total()),
        line("late fees", |credit| credit.debt.late_fees),
        line("arrears", Credit::arrears),
        line("reserve", |credit| credit.reserve_held),
        line("held back", |credit| credit.holdback_left),
        line("lender collects", |credit| credit.claims.lender),
        line("borrower collects", |credit| credit.claims.borrower),
        line("provider collects", |credit| credit.claims.provider),
        line("escrow", |credit| credit.claims.escrow),
    ];
    lines.into_iter().flatten().collect()
}

fn unit_lines(before: &Credit, after: &Credit) -> Vec<EffectLine> {
    let line = |name: &str, units: fn(&Credit) -> u64| {
        let text = |credit: &Credit| text::units(Units(units(credit)));
        EffectLine::changed(name, text(before), text(after))
    };
    let lines = [
        line("granted", |credit| credit.collateral.granted),
        line("lien", |credit| credit.collateral.lien()),
        line("locked", |credit| credit.collateral.locked()),
        line("frozen", |credit| credit.collateral.frozen()),
        line("seized", |credit| credit.collateral.seized),
        line("cancelled", |credit| credit.collateral.cancelled),
        line("open to jobs", |credit| credit.collateral.available()),
    ];
    lines.into_iter().flatten().collect()
}

fn party_lines(before: &Credit, after: &Credit) -> Vec<EffectLine> {
    let line = |name: &str, key: fn(&Credit) -> Pubkey| {
        EffectLine::changed(name, key_or_none(key(before)), key_or_none(key(after)))
    };
    let lines = [
        line("lender", |credit| credit.lender),
        line("borrower", |credit| credit.borrower),
        line("freeze authority", |credit| credit.freeze_authority),
        line("offered to lender", |credit| credit.pending_lender),
        line("offered to borrower", |credit| credit.pending_borrower),
    ];
    lines.into_iter().flatten().collect()
}

/// The effect of a change on a market: each line that differs, with the one before.
pub(crate) fn market_effect(market: &MarketView, after: &After) -> Result<Effect, CliError> {
    let account: Market = after.require(&market.address)?;
    let clock = account.clock_at(market.clock.chain).map_err(|_| CliError::OutOfRange(market.address))?;
    let now = MarketView { address: market.address, account, clock };
    let (before, later) = (market_lines(market), market_lines(&now));
    let value = |lines: &[(String, String)], name: &str| {
        let found = lines.iter().find(|(known, _)| known == name);
        found.map_or("none".to_string(), |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = later.iter().map(|(name, _)| name).collect();
    names.extend(
        before.iter().map(|(name, _)| name).filter(|name| !later.iter().any(|(known, _)| known == *name)),
    );
    let lines = names
        .into_iter()
        .filter_map(|name| EffectLine::changed(name.as_str(), value(&before, name), value(&later, name)));
    Ok(Effect { lines: lines.collect(), state: market_json(&now) })
}
