//! Money that events move through the vault of a loan.

use {
    crate::{
        amounts::MicroUsd,
        events::{Change, CreditRecord},
    },
    blockable_credits::state::Credit,
};

/// The money that an event moves into the loan's vault or out of it; `None` for one that moves none. `after` is the credit after it.
///
/// Amounts that are stated and stay where they are move nothing: arrears and debts, fees that are waived, what collateral is worth,
/// and what goes from the holdback or the reserve to a claim, which moves once it is collected.
pub fn money_moved(record: &CreditRecord, after: &Credit) -> Option<MicroUsd> {
    let moved = match &record.change {
        Change::Offered { terms, .. } => terms.principal,
        Change::Issued { held_back, .. } => after.terms.principal.saturating_sub(*held_back),
        Change::Cancelled { refunded } => *refunded,
        // A draw of the reserve pays with money that is in the vault.
        Change::Paid { payer, .. } if *payer == record.credit => 0,
        Change::Paid { reserve, late_fees, interest, principal, .. } => {
            [*late_fees, *interest, *principal].into_iter().fold(*reserve, u64::saturating_add)
        }
        Change::Sold { cost, .. } => *cost,
        Change::Collected { amount, .. } | Change::ReserveFunded { amount, .. } => *amount,
        Change::VaultClosed { swept } => *swept,
        Change::Accepted
        | Change::MarkedDelinquent { .. }
        | Change::MarkedDefaulted { .. }
        | Change::Frozen { .. }
        | Change::Thawed { .. }
        | Change::Metered { .. }
        | Change::Seized { .. }
        | Change::Granted { .. }
        | Change::LotClosed { .. }
        | Change::Restructured { .. }
        | Change::FeeWaived { .. }
        | Change::LenderOffered { .. }
        | Change::LenderChanged { .. }
        | Change::BorrowerOffered { .. }
        | Change::BorrowerChanged { .. }
        | Change::FreezeAuthoritySet { .. }
        | Change::NoticeGiven { .. }
        | Change::NoticeWithdrawn
        | Change::TakenOver { .. }
        | Change::LockedCancelled { .. }
        | Change::WrittenOff { .. }
        | Change::Expired { .. }
        | Change::CovenantApplied { .. }
        | Change::Closed { .. } => 0,
    };
    Some(MicroUsd(moved)).filter(|moved| !moved.is_zero())
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_credits::transitions::Status, bytemuck::Zeroable, solana_pubkey::Pubkey};

    fn moved(change: Change) -> Option<u64> {
        let mut after = Credit::zeroed();
        after.terms.principal = 1_000;
        let record = CreditRecord { credit: Pubkey::new_from_array([1; 32]), seq: 0, at: 0, change };
        money_moved(&record, &after).map(MicroUsd::get)
    }

    #[test]
    fn amounts_that_are_only_stated_move_nothing() {
        for change in [
            Change::MarkedDelinquent { arrears: 7 },
            Change::MarkedDefaulted { arrears: 7, debt: 9 },
            Change::NoticeGiven { document: [0; 32], debt: 9 },
            Change::FeeWaived { amount: 5, earned: 0, debt: 4 },
            Change::WrittenOff { debt: 9, cancelled: 3, paid: 2, earned: 0 },
            Change::CovenantApplied { utilisation_bps: 1, apr_bps: 2, top_up: 300, due_at: 4 },
            Change::TakenOver { to: Pubkey::default(), units: 3, value: 8, earned: 0, debt: 1 },
            Change::Expired { units: 3, paid: 2, debt: 1 },
            Change::Cancelled { refunded: 0 },
        ] {
            assert_eq!(moved(change.clone()), None, "{change:?}");
        }
    }

    #[test]
    fn an_issue_moves_what_is_not_held_back() {
        assert_eq!(moved(Change::Issued { index: 0, issued_at: 0, held_back: 400 }), Some(600));
    }

    #[test]
    fn a_payment_moves_what_its_payer_pays_and_a_draw_nothing() {
        let paid = |payer: u8| Change::Paid {
            payer: Pubkey::new_from_array([payer; 32]),
            reserve: 1,
            late_fees: 2,
            interest: 3,
            principal: 4,
            released: 0,
            earned: 100,
            thawed: 0,
            unlocked: 0,
            frozen_for_payment: 0,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 0,
            debt: 0,
            status: Status::Active,
        };
        assert_eq!((moved(paid(2)), moved(paid(1))), (Some(10), None));
    }
}
