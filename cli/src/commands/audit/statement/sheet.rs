//! The content of a statement, the same for every form.

use {
    super::{
        last,
        lenders::{LenderTime, lenders},
        month::Month,
    },
    crate::{
        commands::audit::cells::{dollars, timestamp},
        views::time_json,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        audit::{Balance, Found, Statement},
        names::status_byte_name,
        program::state::Credit,
        terms::{coverage, lien_value},
    },
    blockable_service::text,
    serde_json::{Value, json},
};

/// Statements of one month.
pub(super) struct Sheet {
    /// The month.
    pub month: Month,
    /// True once the month is over.
    pub is_whole: bool,
    /// The cluster.
    pub cluster: String,
    /// One per credit.
    pub statements: Vec<LoanSheet>,
}

/// The statement of a credit, with its lenders.
pub(super) struct LoanSheet {
    /// The statement.
    pub statement: Statement,
    /// The lenders of the period, in their order.
    pub lenders: Vec<LenderTime>,
}

impl LoanSheet {
    /// The statement of a log, which began with an offer of the lender `first`.
    pub(super) fn new(statement: Statement, log: &[Found], first: Pubkey) -> LoanSheet {
        let lenders = lenders(&statement, log, first);
        LoanSheet { statement, lenders }
    }
}

/// Names and values under a heading.
pub(super) struct Section {
    /// The heading.
    pub title: &'static str,
    /// Names and values.
    pub lines: Vec<(&'static str, String)>,
}

impl Sheet {
    /// Statements of a month.
    pub(super) fn new(month: Month, is_whole: bool, cluster: String, statements: Vec<LoanSheet>) -> Sheet {
        Sheet { month, is_whole, cluster, statements }
    }

    /// The title.
    pub(super) fn title(&self) -> String {
        let until = self.statements.first().filter(|_| !self.is_whole);
        let until = until.map(|loan| format!(", until {}", timestamp(last(loan.statement.to))));
        format!("Statement for {}{}", self.month, until.unwrap_or_default())
    }
}

/// Opening balance, the movements between, and closing balance: names, and the four columns of a balance.
pub(super) fn movements(statement: &Statement) -> Vec<(&'static str, &'static str, Balance)> {
    let capitalised = |principal, interest| Balance { principal, interest, late_fees: MicroUsd::ZERO };
    let mut rows = vec![
        ("opening balance", "", statement.opening),
        ("disbursed", "+", statement.disbursed),
        ("accrued", "+", statement.accrued),
    ];
    if !statement.capitalised.is_zero() {
        rows.push(("coupons added to principal", "+", capitalised(statement.capitalised, MicroUsd::ZERO)));
        rows.push(("coupons taken off interest", "-", capitalised(MicroUsd::ZERO, statement.capitalised)));
    }
    rows.extend([
        ("received in payments", "-", statement.received),
        ("recovered from collateral", "-", statement.recovered),
        ("given up", "-", statement.forgiven),
        ("closing balance", "", statement.closing),
    ]);
    rows
}

/// Everything but balances and events.
pub(super) fn sections(sheet: &LoanSheet) -> Vec<Section> {
    let statement = &sheet.statement;
    let Some(after) = &statement.after else {
        return vec![Section { title: "Loan", lines: vec![("status", "not offered yet".to_string())] }];
    };
    let before = statement.before.as_ref();
    let collateral = &after.collateral;
    let status = status_byte_name(after.status);
    let was = before.map_or("not offered", |before| status_byte_name(before.status));
    let arrears = after.arrears();
    let units = |amount: u64| text::units(Units(amount));
    let mut loan = vec![
        ("status", if was == status { status.to_string() } else { format!("{was}, then {status}") }),
        ("annual rate", text::percent(Bps(after.apr_bps().into()))),
    ];
    loan.extend(sheet.lender_lines());
    loan.extend([("borrower", after.borrower.to_string()), ("provider", after.provider.to_string())]);
    let mut money = vec![
        ("arrears at the end", dollars(MicroUsd(arrears))),
        ("days past due", days_past_due(after).to_string()),
    ];
    money.extend(sheet.collected_lines());
    money.extend([
        ("to be collected by the lender", dollars(MicroUsd(after.claims.lender))),
        ("held back", dollars(MicroUsd(after.holdback_left))),
        ("borrower's reserve", dollars(MicroUsd(after.reserve_held))),
    ]);
    let use_of = vec![
        ("used in the period", text::units(statement.used)),
        ("used in all", units(collateral.consumed)),
        ("beyond what was allowed", text::units(statement.overrun)),
    ];
    let lots_worth =
        after.value_paid(statement.seized.in_lots.get()).ok().filter(|_| !statement.seized.in_lots.is_zero());
    let mut secured = vec![
        ("under lien", units(collateral.lien())),
        ("frozen", units(collateral.frozen())),
        ("locked", units(collateral.locked())),
        ("open to use", text::units(statement.open_to_use())),
        ("for sale in lots", text::units(statement.seized.in_lots)),
        ("sold from lots so far", text::units(statement.seized.sold)),
        ("taken over by the lender so far", text::units(statement.seized.taken_over)),
    ];
    secured.extend(statement.given_up.map(|units| ("given up by the borrower", text::units(units))));
    secured.push(("value of the lien, at the loan's price", dollars(lien_value(after).unwrap_or_default())));
    secured.extend(
        lots_worth.map(|value| ("value of what is for sale, at the loan's price", dollars(MicroUsd(value)))),
    );
    secured.push((
        "coverage of the debt by the lien",
        coverage(after).map_or("no debt".to_string(), text::percent),
    ));
    vec![
        Section { title: "Loan", lines: loan },
        Section { title: "Payments", lines: money },
        Section { title: "Use", lines: use_of },
        Section { title: "Collateral at the end", lines: secured },
    ]
}

/// Days since the oldest unpaid instalment was due, by the market's clock.
fn days_past_due(credit: &Credit) -> i64 {
    match credit.debt.arrears_since {
        0 => 0,
        since => credit.debt.accrued_at.saturating_sub(since).max(0) / 86_400,
    }
}

/// A statement as data. Money in micro-USDC.
pub(super) fn statement_json(loan: &LoanSheet) -> Value {
    let statement = &loan.statement;
    let balance = |balance: &Balance| {
        json!({
            "principal": balance.principal, "interest": balance.interest, "late_fees": balance.late_fees,
            "total": balance.total(),
        })
    };
    let lines = statement.lines.iter().map(|line| {
        json!({
            "event": line.seq, "at": time_json(line.at), "kind": line.kind,
            "transaction": line.signature.to_string(), "added": balance(&line.added),
            "settled": balance(&line.settled), "balance": balance(&line.balance), "moved": line.moved,
            "lenders": loan.changed_by(line).map(|(from, to)| json!({"from": from.to_string(), "to": to.to_string()})),
        })
    });
    let after = statement.after.as_ref();
    json!({
        "credit": statement.credit.to_string(),
        "from": time_json(statement.from),
        "to": time_json(statement.to),
        "status": after.map(|credit| status_byte_name(credit.status)),
        "opening": balance(&statement.opening),
        "disbursed": balance(&statement.disbursed),
        "accrued": balance(&statement.accrued),
        "capitalised": statement.capitalised,
        "received": balance(&statement.received),
        "recovered": balance(&statement.recovered),
        "forgiven": balance(&statement.forgiven),
        "closing": balance(&statement.closing),
        "arrears": after.map(Credit::arrears),
        "days_past_due": after.map(days_past_due),
        "collected": statement.collected,
        "lenders": loan.lenders_json(),
        "lender_claim": after.map(|credit| credit.claims.lender),
        "used": statement.used,
        "overrun": statement.overrun,
        "lien": after.map(|credit| credit.collateral.lien()),
        "frozen": after.map(|credit| credit.collateral.frozen()),
        "locked": after.map(|credit| credit.collateral.locked()),
        "open_to_use": after.map(|_| statement.open_to_use()),
        "in_lots": statement.seized.in_lots,
        "sold": statement.seized.sold,
        "taken_over": statement.seized.taken_over,
        "given_up": statement.given_up,
        "lien_value": after.and_then(lien_value),
        "coverage_bps": after.and_then(coverage),
        "events": lines.collect::<Vec<Value>>(),
    })
}
