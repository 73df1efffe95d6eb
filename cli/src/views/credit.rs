//! A credit as text and as data.

use {
    super::{
        figures::{MONEY, UNITS},
        key_json, key_or_none,
        terms::{agreed_lines, rider_json, step_lines, steps_json, terms_json},
        time_json,
    },
    crate::{lookup::CreditView, session::MarketView, table::Column},
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MicroUsd, Units},
        names::freeze_reason_byte_name,
        payments::{NextInstalment, next_instalment},
        program::{
            state::{Credit, VaultClaims},
            transitions::Status,
            units::mul_div_floor,
        },
        terms::{coverage, instalments},
    },
    blockable_service::{hex, terms::freezes_text, text},
    console::Style,
    serde_json::{Value, json},
};

/// The columns of a list of credits.
pub(crate) fn credit_columns() -> [Column; 9] {
    [
        Column::Address("CREDIT"),
        Column::Text("STATUS"),
        Column::Address("BORROWER"),
        Column::Figure("PRINCIPAL"),
        Column::Figure("DEBT"),
        Column::Figure("ARREARS"),
        Column::Text("NEXT DUE"),
        Column::Figure("FROZEN"),
        Column::Figure("COVERAGE"),
    ]
}

/// A credit as a row of a list.
pub(crate) fn credit_row(credit: &CreditView, market: &MarketView) -> Vec<String> {
    let account = &credit.account;
    let collateral = &account.collateral;
    let next = next(credit, market)
        .map_or("-".to_string(), |next| text::time(market.chain_time_of(next.due_at.get())));
    let frozen = match collateral.freezable() {
        0 => "-".to_string(),
        freezable => text::percent(share(collateral.frozen(), freezable)),
    };
    // Nothing is owed before the issue, and a debt of $0.00 reads as one that was paid.
    let owed =
        |amount: u64| if is_offer(credit) { "-".to_string() } else { text::usd_owed(MicroUsd(amount)) };
    vec![
        credit.address.to_string(),
        coloured(credit),
        account.borrower.to_string(),
        match account.is_unrestricted() {
            true => "-".to_string(),
            false => text::usd_owed(MicroUsd(account.terms.principal)),
        },
        owed(account.debt.total()),
        owed(account.arrears()),
        next,
        frozen,
        coverage(&credit.account).map_or("-".to_string(), text::percent),
    ]
}

/// True for a loan that is not issued yet.
fn is_offer(credit: &CreditView) -> bool {
    matches!(credit.status(), Ok(Status::Offered | Status::Accepted))
}

/// The principal of a loan that has ended which neither payments nor collateral have paid, at least: a part of what was recovered may have
/// paid interest, and the events alone know the whole loss.
fn least_given_up(credit: &CreditView) -> MicroUsd {
    let account = &credit.account;
    if !matches!(credit.status(), Ok(Status::Repaid)) || account.is_unrestricted() {
        return MicroUsd::ZERO;
    }
    let cancelled = account.value_paid(account.collateral.cancelled).unwrap_or(u64::MAX);
    let paid = account.principal_repaid.saturating_add(account.recovered.max(cancelled));
    MicroUsd(account.terms.principal.saturating_sub(paid))
}

/// The status for people: a loan that ended with a loss is not called repaid.
fn standing(credit: &CreditView) -> &'static str {
    if least_given_up(credit).is_zero() { credit.status_name() } else { "written off" }
}

/// The health of a credit in words.
pub(crate) fn health(credit: &CreditView) -> String {
    let account = &credit.account;
    let (arrears, frozen) = (account.arrears(), account.collateral.frozen());
    let mut words = vec![standing(credit).to_string()];
    if arrears > 0 {
        words.push(format!("{} in arrears", text::usd_owed(MicroUsd(arrears))));
    }
    if frozen > 0 {
        words.push(format!("{} frozen", text::units(Units(frozen))));
    }
    words.join(", ")
}

/// The status in its colour, on a terminal.
fn coloured(credit: &CreditView) -> String {
    let style = match Status::from_byte(credit.account.status) {
        Some(Status::Active) if credit.account.arrears() == 0 => Style::new().green(),
        Some(Status::Active | Status::Delinquent) => Style::new().yellow(),
        Some(Status::Defaulted | Status::Seizing) => Style::new().red(),
        _ => Style::new(),
    };
    style.apply_to(standing(credit)).to_string()
}

/// The lines of a credit for people.
pub(crate) fn credit_lines(credit: &CreditView, market: &MarketView) -> Vec<(String, String)> {
    let account = &credit.account;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    line("credit", credit.address.to_string());
    line("health", health(credit));
    line("market", market.address.to_string());
    line("lender", account.lender.to_string());
    line("borrower", account.borrower.to_string());
    line("provider", account.provider.to_string());
    line("freeze authority", key_or_none(account.freeze_authority));
    lines.extend(pending_lines(account));
    lines.extend(debt_lines(credit, market));
    lines.extend(step_lines(credit, market));
    lines.extend(collateral_lines(credit));
    lines.extend(agreed_lines(credit, market));
    lines
}

/// The keys that a place is offered to, and the command by which each takes it.
fn pending_lines(account: &Credit) -> impl Iterator<Item = (String, String)> {
    let places = [
        ("lender's place", account.pending_lender, "credit accept-assignment"),
        ("borrower's place", account.pending_borrower, "credit borrower-key --accept"),
    ];
    let offered = places.into_iter().filter(|(_, key, _)| *key != Pubkey::default());
    offered.map(|(name, key, by)| {
        (name.to_string(), format!("offered to {key}, who takes it by `blockable {by}`"))
    })
}

fn debt_lines(credit: &CreditView, market: &MarketView) -> Vec<(String, String)> {
    let (account, debt) = (&credit.account, &credit.account.debt);
    let usd = |amount: u64| text::usd_owed(MicroUsd(amount));
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    let interest = debt.interest_due.saturating_add(debt.interest_not_due());
    line(
        "debt",
        format!(
            "{}: principal {}, interest {}, late fees {}",
            usd(debt.total()),
            usd(debt.principal),
            usd(interest),
            usd(debt.late_fees)
        ),
    );
    let since = match debt.arrears_since {
        0 => String::new(),
        since => format!(", since {}", text::time(market.chain_time_of(since))),
    };
    line("arrears", format!("{}{since}", usd(account.arrears())));
    line("next payment", next_text(credit, market));
    line("interest", format!("{} a year", text::percent(Bps(account.apr_bps().into()))));
    let lent = format!("{} for {}", usd(account.terms.principal), text::units(Units(account.terms.units)));
    if is_offer(credit) {
        line("offered", lent);
    } else {
        let repaid = text::usd_received(MicroUsd(account.principal_repaid));
        line("lent", format!("{lent}, {repaid} of it repaid"));
    }
    if account.recovered > 0 {
        line("recovered", format!("{} from the collateral", text::usd_received(MicroUsd(account.recovered))));
    }
    let given_up = least_given_up(credit);
    if !given_up.is_zero() {
        let by = format!("`blockable audit statement {} --month YYYY-MM` has the whole loss", credit.address);
        line("given up", format!("at least {} of principal; {by}", text::usd_received(given_up)));
    }
    if account.holdback_left > 0 {
        line("held back", text::usd_received(MicroUsd(account.holdback_left)));
    }
    if account.reserve_held > 0 || account.rider.reserve > 0 {
        let held = text::usd_received(MicroUsd(account.reserve_held));
        line("reserve", format!("{held} of {}", usd(account.rider.reserve)));
    }
    lines.push(("to collect".to_string(), claims_text(&account.claims)));
    lines
}

/// The payment that falls due next, in words; of an offer the first one.
fn next_text(credit: &CreditView, market: &MarketView) -> String {
    let usd = |amount: MicroUsd| text::usd_owed(amount);
    if let Some(next) = next(credit, market) {
        let by = text::time(market.chain_time_of(next.due_at.get()));
        return format!("{} by {by}", usd(next.quote.paid));
    }
    match instalments(&credit.account).first().filter(|_| is_offer(credit)) {
        Some(first) => format!(
            "{} of principal and the interest until then, {} after the issue",
            usd(MicroUsd(first.principal)),
            text::exact_span(first.due_after.into())
        ),
        None => "none".to_string(),
    }
}

fn claims_text(claims: &VaultClaims) -> String {
    let usd = |amount: u64| text::usd_received(MicroUsd(amount));
    format!(
        "lender {}, borrower {}, provider {}, treasury {}",
        usd(claims.lender),
        usd(claims.borrower),
        usd(claims.provider),
        usd(claims.treasury)
    )
}

fn collateral_lines(credit: &CreditView) -> Vec<(String, String)> {
    let (account, collateral) = (&credit.account, &credit.account.collateral);
    let units = |count: u64| text::units(Units(count));
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    line("units left", format!("{} of {}", units(collateral.remaining()), units(collateral.granted)));
    line("open", format!("{} for new jobs", units(collateral.available())));
    line("lien", format!("{}, of which {} are locked", units(collateral.lien()), units(collateral.locked())));
    if collateral.frozen() > 0 {
        line(
            "frozen",
            format!(
                "{} of {} that can be, for {}",
                units(collateral.frozen()),
                units(collateral.freezable()),
                freeze_reason_byte_name(account.freeze_reason).replace('_', " ")
            ),
        );
    } else {
        line("frozen", format!("none of {} that can be", units(collateral.freezable())));
    }
    if let Some(bps) = coverage(&credit.account) {
        line(
            "coverage",
            format!("the lien is worth {} of the debt, at the loan's price", text::percent(bps)),
        );
    }
    line("freezes", freezes_text(account.terms.freeze_policy, account.terms.auto_freeze));
    line("terms hash", hex::encode(account.terms_hash));
    lines
}

/// The state of a credit as data. Money in micro-USDC, rates in basis points.
pub(crate) fn credit_json(credit: &CreditView, market: &MarketView) -> Value {
    let account = &credit.account;
    let mut data = json!({
        "credit": credit.address.to_string(),
        "market": market.address.to_string(),
        "lender": account.lender.to_string(),
        "borrower": account.borrower.to_string(),
        "provider": account.provider.to_string(),
        "freeze_authority": key_json(account.freeze_authority),
        "pending_lender": key_json(account.pending_lender),
        "pending_borrower": key_json(account.pending_borrower),
        "status": credit.status_name(),
        "health": health(credit),
        "is_loan": !account.is_unrestricted(),
        "apr_bps": account.apr_bps(),
        "coverage_bps": coverage(&credit.account),
        "terms_hash": hex::encode(account.terms_hash),
        "terms": terms_json(credit),
        "rider": rider_json(credit),
        "possible_from": steps_json(credit, market),
        "offer_slot": account.offer_slot,
        "events": account.event_seq,
    });
    if let (Value::Object(data), Value::Object(debt)) = (&mut data, debt_json(credit, market)) {
        data.extend(debt);
    }
    for figure in MONEY.iter().chain(&UNITS) {
        let place = match figure.name.strip_prefix("claims.") {
            Some(party) => &mut data["claims"][party],
            None => &mut data[figure.name],
        };
        *place = json!((figure.read)(account));
    }
    data
}

fn debt_json(credit: &CreditView, market: &MarketView) -> Value {
    let debt = &credit.account.debt;
    let next = next(credit, market).map(|next| {
        json!({"amount": next.quote.paid, "due_at": time_json(market.chain_time_of(next.due_at.get()))})
    });
    let arrears_since = match debt.arrears_since {
        0 => ChainTime(0),
        since => market.chain_time_of(since),
    };
    json!({
        "arrears_since": time_json(arrears_since),
        "next_payment": next,
        "claims": {},
    })
}

fn share(part: u64, whole: u64) -> Bps {
    Bps(mul_div_floor(part, 10_000, whole).unwrap_or(0))
}

/// The payment that falls due next; `None` where nothing does.
fn next(credit: &CreditView, market: &MarketView) -> Option<NextInstalment> {
    next_instalment(&credit.account, &market.clock).ok().flatten()
}
