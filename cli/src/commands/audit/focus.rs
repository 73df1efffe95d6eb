//! The use of a credit in the columns of FOCUS 1.2, the FinOps cost and usage specification.
//!
//! The principal buys the units, as a commitment that use draws on: the purchase is billed at issue and costs nothing by itself, use
//! is billed nothing and costs its share of the price. Both sums are the principal once all units are used.

use {
    super::{
        cells::{exact, timestamp},
        rows::Row,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
        events::Change,
        program::{state::Credit, units::mul_div_floor},
    },
    jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone},
};

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 34] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ResourceId",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SubAccountId",
];

/// A charge: a purchase, or use.
struct Charge {
    category: &'static str,
    description: String,
    from: ChainTime,
    to: ChainTime,
    units: u64,
    billed: MicroUsd,
    effective: MicroUsd,
    is_use: bool,
}

/// The charges of a credit as cells. Units beyond the price's last micro-USDC are rounded so that the sum of all use is exact.
pub(super) fn charges(credit: &Pubkey, rows: &[Row]) -> Vec<Vec<String>> {
    let mut charges = Vec::new();
    let mut measured = ChainTime(0);
    for row in rows {
        let (record, after) = (&row.found().record, row.after());
        let now = ChainTime(record.at);
        match &record.change {
            Change::Issued { .. } => {
                measured = now;
                let price = MicroUsd(after.terms.principal);
                let description = "compute units bought by the loan".to_string();
                let charge = Charge {
                    category: "Purchase",
                    description,
                    from: now,
                    to: now.plus_seconds(1),
                    units: after.terms.units,
                    billed: price,
                    effective: MicroUsd::ZERO,
                    is_use: false,
                };
                charges.push(cells(credit, after, &charge));
            }
            Change::Metered { reported_at, metered, .. } if metered.consumed > 0 => {
                let to = ChainTime(*reported_at);
                let used = after.collateral.consumed;
                let effective =
                    price(after, used).saturating_sub(price(after, used.saturating_sub(metered.consumed)));
                let charge = Charge {
                    category: "Usage",
                    description: "compute units used".to_string(),
                    from: if measured == ChainTime(0) { now } else { measured },
                    to,
                    units: metered.consumed,
                    billed: MicroUsd::ZERO,
                    effective,
                    is_use: true,
                };
                charges.push(cells(credit, after, &charge));
                measured = to;
            }
            Change::Metered { reported_at, .. } => measured = ChainTime(*reported_at),
            _ => {}
        }
    }
    charges
}

/// The price that the loan paid for units; nothing for units that no loan paid.
fn price(credit: &Credit, units: u64) -> MicroUsd {
    MicroUsd(mul_div_floor(units, credit.terms.principal, credit.terms.units).unwrap_or(0))
}

/// One value per column of [`COLUMNS`]; an empty cell is null.
fn cells(credit: &Pubkey, account: &Credit, charge: &Charge) -> Vec<String> {
    let (period_start, period_end) = month_of(charge.from);
    let listed = exact(if charge.is_use { charge.effective } else { charge.billed });
    let provider = account.provider.to_string();
    let for_use = |text: &str| if charge.is_use { text.to_string() } else { String::new() };
    let units = charge.units.to_string();
    vec![
        exact(charge.billed),
        account.borrower.to_string(),
        account.borrower.to_string(),
        "USD".to_string(),
        period_end,
        period_start,
        charge.category.to_string(),
        String::new(),
        charge.description.clone(),
        if charge.is_use { "Usage-Based" } else { "One-Time" }.to_string(),
        timestamp(charge.to),
        timestamp(charge.from),
        "Usage".to_string(),
        credit.to_string(),
        for_use("Used"),
        "Prepaid units".to_string(),
        for_use(&units),
        for_use("Units"),
        listed.clone(),
        exact(charge.effective),
        provider.clone(),
        listed,
        "Committed".to_string(),
        units.clone(),
        "Units".to_string(),
        provider.clone(),
        provider,
        credit.to_string(),
        "Credit".to_string(),
        "AI and Machine Learning".to_string(),
        "GPU compute".to_string(),
        "Other (AI and Machine Learning)".to_string(),
        format!("{}/unit", account.provider),
        account.borrower.to_string(),
    ]
}

/// Beginning and end of the calendar month of a time, in UTC.
fn month_of(time: ChainTime) -> (String, String) {
    let month = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().to_string());
    let bounds = Timestamp::from_second(time.get()).and_then(|at| {
        let first = at.to_zoned(TimeZone::UTC).date().first_of_month();
        Ok((month(first)?, month(first.checked_add(1.month())?)?))
    });
    bounds.unwrap_or_default()
}
