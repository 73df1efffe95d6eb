//! One file per instruction: its accounts, the keys that can call it, and a short handler. Instructions that belong together,
//! like an offer of the admin role and its acceptance, share a file. Their effect on the accounts is in `actions`.

mod accounts;
mod covenant_apply;
mod credit_accept;
mod credit_assign;
mod credit_auto_freeze;
mod credit_cancel_locked;
mod credit_cancel_offer;
mod credit_close;
mod credit_expire_units;
mod credit_freeze;
mod credit_hand_over;
mod credit_issue;
mod credit_mark_defaulted;
mod credit_mark_delinquent;
mod credit_notice;
mod credit_offer;
mod credit_repay;
mod credit_restructure;
mod credit_seize_to_lender;
mod credit_seize_to_pool;
mod credit_thaw;
mod credit_thaw_cross;
mod credit_waive_fee;
mod credit_write_off;
mod lot_buy;
mod lot_close;
mod market_admin;
mod market_change;
mod market_create;
mod market_halt;
mod market_pause;
mod provider_authority;
mod provider_change;
mod provider_register;
mod provider_set_capacity;
mod provider_suspend;
mod reserve_draw;
mod reserve_fund;
mod unrestricted;
mod usage_meter;
mod vault_close;
mod vault_collect;

// The arguments of instructions are found where the instructions are.
pub use crate::actions::{
    BorrowerLimits, FreezeAmount, LoanRead, LotTerms, MarketArgs, Notice, OfferArgs, OfferRead,
    PurchaseLimits, RestructureLimits, ThawBounds, UnitBounds,
};
pub use {
    accounts::*, credit_cancel_locked::*, credit_cancel_offer::*, credit_close::*, credit_freeze::*,
    credit_hand_over::*, credit_issue::*, credit_notice::*, credit_offer::*, credit_repay::*,
    credit_restructure::*, credit_seize_to_lender::*, credit_seize_to_pool::*, credit_thaw_cross::*,
    credit_write_off::*, lot_buy::*, lot_close::*, market_admin::*, market_change::*, market_create::*,
    provider_change::*, provider_register::*, provider_set_capacity::*, usage_meter::*, vault_close::*,
    vault_collect::*,
};
