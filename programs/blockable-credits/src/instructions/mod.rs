//! One file per instruction: its accounts, who can call it, and a short handler.

mod accounts;
mod credit_accept;
mod credit_auto_freeze;
mod credit_cancel_offer;
mod credit_freeze;
mod credit_issue;
mod credit_mark_defaulted;
mod credit_mark_delinquent;
mod credit_offer;
mod credit_repay;
mod credit_seize_to_pool;
mod credit_thaw;
mod lot_buy;
mod lot_close;
mod market_create;
mod provider_register;
mod provider_set_capacity;
mod provider_set_reporters;
mod usage_meter;
mod vault_collect;

pub use {
    accounts::*, credit_accept::*, credit_cancel_offer::*, credit_freeze::*, credit_issue::*,
    credit_mark_delinquent::*, credit_offer::*, credit_repay::*, credit_seize_to_pool::*, credit_thaw::*,
    lot_buy::*, lot_close::*, market_create::*, provider_register::*, provider_set_capacity::*,
    usage_meter::*, vault_collect::*,
};
