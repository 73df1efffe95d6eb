//! Everything about an account that a change alters.

use {
    super::{
        credit_json,
        figures::{MONEY, UNITS},
        key_or_none, market_json, market_lines,
    },
    crate::{
        change::{After, Effect, EffectLine},
        error::CliError,
        lookup::CreditView,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey,
        amounts::Bps,
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
    let (before, now) = credit.compared_with(account, market)?;
    let mut lines = status_lines(&before, &now);
    lines.extend(figure_lines(&before.account, &now.account));
    lines.extend(party_lines(&before.account, &now.account));
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

fn figure_lines(before: &Credit, after: &Credit) -> Vec<EffectLine> {
    MONEY
        .iter()
        .chain(&UNITS)
        .filter_map(|figure| EffectLine::changed(figure.title?, figure.text(before), figure.text(after)))
        .collect()
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

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::program::{state::MarketClock, transitions::Status},
        bytemuck::Zeroable,
        serde_json::json,
    };

    /// A credit of which every byte of the amounts is another, so that each figure has its own value.
    fn credits() -> (CreditView, CreditView, MarketView) {
        let clock = MarketClock { chain: 100, market: 100, is_paused: false, is_halted: false };
        let market = MarketView { address: Pubkey::default(), account: Market::zeroed(), clock };
        let before = CreditView { address: Pubkey::default(), account: Credit::zeroed() };
        let mut account = Credit::zeroed();
        account.claims.treasury = 5_000_000;
        (account.recovered, account.principal_repaid) = (6_000_000, 7_000_000);
        (account.collateral.released, account.collateral.expired) = (8, 9);
        account.collateral.granted = 100;
        account.collateral.consumed = 10;
        (before, CreditView { address: Pubkey::default(), account }, market)
    }

    #[test]
    fn a_review_has_every_figure_that_changes() {
        let (before, after, market) = credits();
        let lines = figure_lines(&before.account, &after.account);
        let changed = |name: &str| lines.iter().any(|line| line.name == name);
        for name in ["treasury collects", "recovered", "principal repaid", "released", "expired", "used"] {
            assert!(changed(name), "{name}: {lines:?}");
        }
        let data = credit_json(&after, &market);
        assert_eq!((&data["claims"]["treasury"], &data["released"]), (&json!(5_000_000), &json!(8)));
        assert_eq!(data["recovered"], 6_000_000);
    }

    #[test]
    fn units_that_were_sold_or_cancelled_are_not_released() {
        let (_, _, market) = credits();
        let mut account = Credit::zeroed();
        (account.collateral.granted, account.collateral.seized, account.collateral.cancelled) = (100, 60, 10);
        // As the program counts once nothing is owed.
        account.collateral.release_all().unwrap();
        let credit = CreditView { address: Pubkey::default(), account };
        assert_eq!(credit_json(&credit, &market)["released"], 30);
        let lines = figure_lines(&Credit::zeroed(), &credit.account);
        assert_eq!(lines.iter().find(|line| line.name == "released").unwrap().after, "30 units");
    }

    #[test]
    fn money_that_is_owed_is_rounded_up_and_money_that_is_held_is_rounded_down() {
        let (before, _, _) = credits();
        let mut account = Credit::zeroed();
        (account.debt.late_fees, account.claims.lender) = (5_822_805_001, 5_822_805_001);
        let lines = figure_lines(&before.account, &account);
        let after = |name: &str| lines.iter().find(|line| line.name == name).unwrap().after.as_str();
        assert_eq!((after("late fees"), after("lender collects")), ("$5,822.81", "$5,822.80"));
    }

    #[test]
    fn time_alone_is_no_effect_of_a_change() {
        let (_, _, mut market) = credits();
        market.clock.market = 86_400;
        let mut account = Credit { issued_at: 1, instalment_count: 1, ..Credit::zeroed() };
        account.lender = Pubkey::new_from_array([1; 32]);
        (account.due_after[0], account.principal_due[0]) = (3_600, 6_000_000_000);
        (account.terms.principal, account.debt.principal, account.terms.units) =
            (6_000_000_000, 6_000_000_000, 6_000);
        (account.terms.late_fee, account.terms.delinquency_grace) = (20_000_000, 60);
        (account.terms.apr_bps, account.debt.accrued_at, account.status) = (1_000, 1, Status::Active as u8);
        let before = CreditView::new(Pubkey::default(), account, &market).unwrap();
        assert!(before.account.debt.late_fees > 0, "time has made a debt of it");
        account.freeze_authority = Pubkey::new_from_array([2; 32]);
        // The chain keeps the account as it was accrued last.
        for changed_at in [1, 90_000] {
            let mut after = account;
            after.accrue(changed_at).unwrap();
            let (before, after) = before.compared_with(after, &market).unwrap();
            assert_eq!(figure_lines(&before.account, &after.account).len(), 0, "{changed_at}");
            assert_eq!(party_lines(&before.account, &after.account).len(), 1);
        }
    }
}
