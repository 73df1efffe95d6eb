//! Accounts as text and as data.

mod credit;
mod effect;
mod figures;
mod lot;
mod market;
mod provider;
mod terms;

pub(crate) use {
    credit::{credit_columns, credit_json, credit_lines, credit_row, health},
    effect::{credit_effect, market_effect},
    lot::{expiry, lot_columns, lot_json, lot_lines, lot_row},
    market::{market_json, market_lines},
    provider::{provider_columns, provider_json, provider_lines, provider_row},
};

use {
    blockable_sdk::{Pubkey, amounts::ChainTime},
    serde_json::{Value, json},
};

/// A time as data, as the keeper's API has it: RFC 3339 and Unix seconds. `null` for 0, which stands for none.
pub(crate) fn time_json(time: ChainTime) -> Value {
    if time.get() == 0 {
        return Value::Null;
    }
    let text = jiff::Timestamp::from_second(time.get()).map(|time| time.to_string());
    json!({"text": text.ok(), "unix": time.get()})
}

/// An address as text; `none` for the zero key.
pub(crate) fn key_or_none(key: Pubkey) -> String {
    if key == Pubkey::default() { "none".to_string() } else { key.to_string() }
}

/// An address as data; `null` for the zero key, which stands for none.
pub(crate) fn key_json(key: Pubkey) -> Value {
    if key == Pubkey::default() { Value::Null } else { json!(key.to_string()) }
}
