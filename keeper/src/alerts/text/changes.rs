//! Changes of settings as text: one entry for each setting that differs, `NAME from A to B`.

use {
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        program::state::{MarketSettings, ProviderSettings, TermBounds},
    },
    blockable_service::text::{percent, span, units, usd_received},
};

/// A setting's name, its value in force, and the proposed one.
type Row = (&'static str, String, String);

/// The changes between two settings of a provider.
pub(super) fn of_provider(from: &ProviderSettings, to: &ProviderSettings) -> Vec<String> {
    let row = |name, text: &dyn Fn(&ProviderSettings) -> String| -> Row { (name, text(from), text(to)) };
    let rows = [
        ("reporters", reporters(from, from), reporters(from, to)),
        row("most units per second of a new loan", &|settings| units(Units(settings.max_units_per_second))),
        row("longest job of a new loan", &|settings| seconds(settings.longest_job)),
        row("credits per chunk of reports", &|settings| settings.chunk_size.to_string()),
        row("payout account", &|settings| settings.payout.to_string()),
    ];
    let mut changes = differing(rows);
    let (listed, proposed) = (from.reporters(), to.reporters());
    if listed != proposed && reporters(from, from) == reporters(from, to) {
        changes.push("another order or other expiry dates of the reporters".to_string());
    }
    if from.price_list_hash != to.price_list_hash {
        changes.push("another price list".to_string());
    }
    changes
}

/// The changes between two settings of a market.
pub(super) fn of_market(from: &MarketSettings, to: &MarketSettings) -> Vec<String> {
    let row = |name, text: &dyn Fn(&MarketSettings) -> String| -> Row { (name, text(from), text(to)) };
    let rows = [
        row("fee on sales", &|settings| share(settings.redistribution_fee_bps)),
        row("delay of changes", &|settings| seconds(settings.change_delay)),
        row("delay of providers' changes", &|settings| seconds(settings.provider_delay)),
        row("suspension of a provider before covered units can be cancelled", &|settings| {
            seconds(settings.min_suspension)
        }),
        row("guardian", &|settings| settings.guardian.to_string()),
        row("treasury", &|settings| settings.treasury.to_string()),
    ];
    let mut changes = differing(rows);
    changes.extend(of_bounds(&from.bounds, &to.bounds));
    changes
}

/// The changes between two bounds on terms.
fn of_bounds(from: &TermBounds, to: &TermBounds) -> Vec<String> {
    let row = |name, text: &dyn Fn(&TermBounds) -> String| -> Row { (name, text(from), text(to)) };
    differing([
        row("smallest principal", &|bounds| usd_received(MicroUsd(bounds.min_principal))),
        row("largest principal", &|bounds| usd_received(MicroUsd(bounds.max_principal))),
        row("shortest time between due dates", &|bounds| seconds(bounds.min_instalment_interval)),
        row("longest term", &|bounds| seconds(bounds.max_term)),
        row("shortest delinquency grace", &|bounds| seconds(bounds.min_delinquency_grace)),
        row("shortest default grace", &|bounds| seconds(bounds.min_default_grace)),
        row("shortest cure period", &|bounds| seconds(bounds.min_cure_period)),
        row("shortest lot window", &|bounds| seconds(bounds.min_lot_window)),
        row("longest lot window", &|bounds| seconds(bounds.max_lot_window)),
        row("highest APR", &|bounds| share(bounds.max_apr_bps)),
        row("highest late fee", &|bounds| share(bounds.max_late_fee_bps)),
        row("lowest start price of a lot", &|bounds| share(bounds.min_start_price_bps)),
        row("highest start price of a lot", &|bounds| share(bounds.max_start_price_bps)),
        row("lowest floor price of a lot", &|bounds| share(bounds.min_floor_price_bps)),
    ])
}

fn differing(rows: impl IntoIterator<Item = Row>) -> Vec<String> {
    let differing = rows.into_iter().filter(|(_, from, to)| from != to);
    differing.map(|(name, from, to)| format!("{name} from {from} to {to}")).collect()
}

/// The number of reporters and their quorum, with the number of keys that `from` does not list.
fn reporters(from: &ProviderSettings, settings: &ProviderSettings) -> String {
    let is_new = |key| from.reporters().iter().all(|listed| listed.key != key);
    let (listed, quorum) = (settings.reporters(), settings.quorum);
    let count = listed.len();
    match listed.iter().filter(|reporter| is_new(reporter.key)).count() {
        0 => format!("{count}, of which {quorum} must agree"),
        new => format!("{count}, {new} of them new, of which {quorum} must agree"),
    }
}

fn seconds(seconds: u32) -> String {
    span(i64::from(seconds))
}

fn share(bps: u16) -> String {
    percent(Bps(u64::from(bps)))
}
