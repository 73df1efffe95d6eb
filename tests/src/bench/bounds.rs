/// Every row of the table, with the most that it may show. What is marked as a promise is the project's to its users;
/// the other bounds are about 25 % above what was measured, so that a regression shows.
pub const BOUNDS: &[(&str, u64)] = &[
    ("market_create", 21_000),
    ("provider_register", 21_000),
    ("provider_set_reporters", 7_200),
    ("provider_set_capacity", 5_200),
    ("credit_offer", 72_000),
    ("credit_accept", 6_200),
    ("credit_issue", 23_500),
    ("offer + accept + issue", 90_000), // promise
    ("credit_cancel_offer", 27_000),
    ("credit_repay", 35_000), // promise
    ("vault_collect", 34_000),
    ("credit_mark_delinquent", 8_000), // promise
    ("credit_mark_defaulted", 8_000),  // promise
    ("credit_freeze", 10_000),         // promise
    ("credit_thaw", 10_000),           // promise
    ("credit_auto_freeze", 6_500),
    ("usage_meter, 2 reporters", 163_000),
    ("usage_meter, 3 reporters", 190_000),
    ("usage_meter, 2 reporters: fixed", 45_000),
    ("usage_meter, 2 reporters: per credit", 3_800),
    ("usage_meter, 3 reporters: fixed", 60_000),     // promise
    ("usage_meter, 3 reporters: per credit", 4_000), // promise
    ("credit_seize_to_pool", 40_000),                // promise
    ("lot_buy", 60_000),                             // promise
    ("lot_close", 7_800),
    ("market_propose_change", 1_000_000),
    ("market_apply_change", 1_000_000),
    ("market_cancel_change", 1_000_000),
    ("market_offer_admin", 1_000_000),
    ("market_accept_admin", 1_000_000),
    ("market_set_guardian", 1_000_000),
    ("market_pause", 1_000_000),
    ("market_unpause", 1_000_000),
    ("provider_offer_authority", 1_000_000),
    ("provider_accept_authority", 1_000_000),
    ("provider_suspend", 1_000_000),
    ("provider_resume", 1_000_000),
    ("provider_set_payout", 1_000_000),
    ("reserve_fund", 1_000_000),
    ("reserve_draw", 1_000_000),
    ("covenant_apply", 1_000_000),
    ("credit_restructure", 1_000_000),
    ("credit_waive_fee", 1_000_000),
    ("credit_offer_lender", 1_000_000),
    ("credit_accept_lender", 1_000_000),
    ("credit_set_freeze_authority", 1_000_000),
    ("credit_give_notice", 1_000_000),
    ("credit_withdraw_notice", 1_000_000),
    ("credit_seize_to_lender", 1_000_000),
    ("credit_write_off", 1_000_000),
    ("credit_expire_units", 1_000_000),
    ("credit_migrate", 1_000_000),
    ("vault_close", 1_000_000),
    ("credit_close", 1_000_000),
    ("ELF, bytes", 600_000),          // promise
    ("Credit account, bytes", 1_536), // promise
];
