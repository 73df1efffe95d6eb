use serde::Deserialize;

/// Every row of the table, with the most that it may show. What is marked as a promise is the project's to its users;
/// the other bounds are about 25 % above what was measured, so that a regression shows.
pub const BOUNDS: &[(&str, u64)] = &[
    ("market_create", 22_900),
    ("market_propose_change", 7_800),
    ("market_apply_change", 5_500),
    ("market_cancel_change", 4_700),
    ("market_offer_admin", 4_700),
    ("market_accept_admin", 4_700),
    ("market_pause", 6_000),
    ("market_unpause", 4_700),
    ("market_halt", 4_700),
    ("market_lift_halt", 4_700),
    ("provider_register", 25_400),
    ("provider_propose_change", 12_100),
    ("provider_apply_change", 9_100),
    ("provider_cancel_change", 8_200),
    ("provider_set_capacity", 8_000),
    ("provider_offer_authority", 8_100),
    ("provider_accept_authority", 8_200),
    ("provider_suspend", 8_200),
    ("provider_resume", 8_000),
    ("credit_offer", 72_000),
    ("credit_accept", 6_200),
    ("credit_issue", 23_500),
    ("offer + accept + issue", 92_000), // promise
    ("credit_cancel_offer", 35_500),
    ("credit_repay", 36_000),                    // promise
    ("credit_repay, lock and holdback", 40_000), // promise
    ("credit_repay, 36 dates in kind at once", 46_000),
    ("reserve_fund", 23_200),
    ("reserve_draw", 30_200),
    ("covenant_apply", 26_600),
    ("credit_restructure", 45_500),
    ("credit_waive_fee", 27_000),
    ("credit_offer_lender", 6_900),
    ("credit_accept_lender", 29_500),
    ("credit_offer_borrower", 6_300),
    ("credit_withdraw_borrower", 5_900),
    ("credit_accept_borrower", 29_500),
    ("credit_set_freeze_authority", 7_000),
    ("vault_collect", 34_000),
    ("credit_mark_delinquent", 10_000),                    // promise
    ("credit_mark_delinquent, lock and holdback", 12_000), // promise
    ("credit_mark_delinquent, 36 dates in kind at once", 31_500),
    ("credit_mark_defaulted", 10_000),                    // promise
    ("credit_mark_defaulted, lock and holdback", 12_000), // promise
    ("credit_give_notice", 30_800),
    ("credit_withdraw_notice", 6_800),
    ("credit_freeze", 8_000),                 // promise
    ("credit_freeze, cross-default", 10_000), // promise
    ("credit_freeze, 36 dates in kind at once", 28_000),
    ("credit_thaw", 8_000), // promise
    ("credit_thaw_cross", 6_100),
    ("credit_auto_freeze", 6_500),
    ("usage_meter, 2 reporters", 163_000),
    ("usage_meter, 3 reporters", 190_000),
    ("usage_meter, 2 reporters: fixed", 45_000),
    ("usage_meter, 2 reporters: per credit", 3_800),
    ("usage_meter, 3 reporters: fixed", 50_000),     // promise
    ("usage_meter, 3 reporters: per credit", 3_000), // promise
    ("credit_seize_to_pool", 36_000),                // promise
    ("lot_buy", 60_000),                             // promise
    ("credit_seize_to_lender", 44_000),              // promise
    ("credit_cancel_locked", 16_000),
    ("credit_write_off", 27_300),
    ("lot_close", 7_800),
    ("credit_expire_units", 12_900),
    ("vault_close", 27_600),
    ("credit_close", 8_300),
    ("ELF, bytes", 720_000),          // promise
    ("Credit account, bytes", 1_536), // promise
];

/// The committed program's interface.
const IDL: &str = include_str!("../../app-idl/blockable_credits.json");

#[derive(Deserialize)]
struct Idl {
    instructions: Vec<IdlInstruction>,
}

#[derive(Deserialize)]
struct IdlInstruction {
    name: String,
}

/// Instructions of the committed program that no row is of.
pub fn without_row() -> Vec<String> {
    let names: Vec<&str> = BOUNDS.iter().map(|(name, _)| *name).collect();
    not_among(IDL, &names)
}

/// Instructions of an IDL without a row. A row bears the instruction's name, alone or with a comma and a case after it.
fn not_among(idl: &str, rows: &[&str]) -> Vec<String> {
    let idl: Idl = serde_json::from_str(idl).expect("an IDL lists its instructions");
    let is_of = |row: &str, name: &str| {
        row.strip_prefix(name).is_some_and(|case| case.is_empty() || case.starts_with(','))
    };
    let names = idl.instructions.into_iter().map(|instruction| instruction.name);
    names.filter(|name| !rows.iter().any(|row| is_of(row, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_of_the_program_has_a_row() {
        assert_eq!(without_row(), Vec::<String>::new());
    }

    #[test]
    fn an_instruction_is_not_taken_for_another_whose_name_begins_the_same() {
        let idl = r#"{"instructions": [{"name": "lot_buy"}, {"name": "lot"}, {"name": "usage_meter"}]}"#;
        assert_eq!(not_among(idl, &["lot_buy", "usage_meter, 2 reporters"]), ["lot"]);
        assert_eq!(not_among(idl, &[]), ["lot_buy", "lot", "usage_meter"]);
    }
}
