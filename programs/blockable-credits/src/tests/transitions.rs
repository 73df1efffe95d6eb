use {
    crate::transitions::{Action, EDGES, Status, Status::*, next},
    anchor_lang::AnchorDeserialize,
    std::collections::HashSet,
};

/// Every action, by decoding every byte.
fn actions() -> Vec<Action> {
    (0..=u8::MAX).map_while(|byte| Action::try_from_slice(&[byte]).ok()).collect()
}

/// The signers of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// No signature is needed.
    Anyone,
    Lender,
    /// The lender or the freeze authority.
    Freezer,
    Borrower,
    Provider,
    /// Lender and borrower, together or each on its own.
    Parties,
}

/// The status that an action leads to.
#[derive(Clone, Copy, Debug)]
enum To {
    /// Nowhere: the status stays.
    Stays,
    /// To Seizing from a default on, before that nowhere.
    SeizesInDefault,
    Leads(Status),
}

const OWED: &[Status] = &[Active, Delinquent, Defaulted, Seizing];

/// The table as docs/design.md prints it. A match, so that a new action has to be added here.
fn documented(action: Action) -> (By, &'static [Status], To) {
    match action {
        Action::Accept => (By::Borrower, &[Offered], To::Leads(Accepted)),
        Action::Issue => (By::Provider, &[Accepted], To::Leads(Active)),
        Action::Cancel => (By::Parties, &[Offered, Accepted], To::Leads(Closed)),
        Action::CancelFunded => (By::Parties, &[Accepted], To::Leads(Repaid)),
        Action::Pay => (By::Anyone, OWED, To::Stays),
        Action::Cure => (By::Anyone, &[Active, Delinquent, Defaulted], To::Leads(Active)),
        Action::PayOff => (By::Anyone, OWED, To::Leads(Repaid)),
        Action::MarkDelinquent => (By::Anyone, &[Active], To::Leads(Delinquent)),
        Action::MarkDefaulted => (By::Anyone, &[Delinquent], To::Leads(Defaulted)),
        Action::Freeze | Action::Thaw => (By::Freezer, OWED, To::Stays),
        Action::AutoFreeze => (By::Anyone, &[Delinquent, Defaulted], To::Stays),
        Action::Meter | Action::Expire => {
            (By::Anyone, &[Active, Delinquent, Defaulted, Seizing, Repaid], To::Stays)
        }
        Action::Seize | Action::TakeOver => (By::Lender, &[Defaulted, Seizing], To::Leads(Seizing)),
        Action::Buy => (By::Anyone, &[Seizing], To::Stays),
        Action::CloseLot => (By::Anyone, &[Seizing, Repaid], To::Stays),
        Action::Restructure => (By::Parties, &[Active, Delinquent, Defaulted], To::Leads(Active)),
        Action::WaiveFee => (By::Lender, OWED, To::Stays),
        Action::Assign => (By::Lender, OWED, To::Stays),
        Action::HandOver => (By::Parties, &[Active, Delinquent, Defaulted, Seizing, Repaid], To::Stays),
        Action::SetFreezeAuthority => {
            (By::Lender, &[Offered, Accepted, Active, Delinquent, Defaulted, Seizing], To::Stays)
        }
        Action::GiveNotice => (By::Lender, &[Active, Delinquent], To::Leads(Defaulted)),
        Action::WithdrawNotice => (By::Lender, &[Defaulted], To::Leads(Active)),
        Action::CancelLocked => (By::Parties, OWED, To::SeizesInDefault),
        Action::WriteOff => (By::Lender, &[Defaulted, Seizing], To::Leads(Repaid)),
        Action::ApplyCovenant => (By::Anyone, &[Active], To::Stays),
        Action::FundReserve => (By::Anyone, &[Accepted, Active, Delinquent, Defaulted], To::Stays),
        Action::DrawReserve => (By::Anyone, OWED, To::Stays),
        Action::CloseVault => (By::Anyone, &[Repaid], To::Stays),
        Action::Close => (By::Anyone, &[Repaid], To::Leads(Closed)),
    }
}

#[test]
fn every_action_has_an_edge() {
    assert!(actions().contains(&Action::Close));
    for action in actions() {
        assert!(EDGES.iter().any(|(a, _, _)| *a == action), "{action:?} has no edge");
    }
}

#[test]
fn the_table_is_the_documented_one() {
    let mut edges = 0;
    for action in actions() {
        let (_, statuses, to) = documented(action);
        for from in Status::ALL {
            let expected = match to {
                _ if !statuses.contains(&from) => None,
                To::Stays => Some(from),
                To::SeizesInDefault => Some(if from < Defaulted { from } else { Seizing }),
                To::Leads(to) => Some(to),
            };
            assert_eq!(next(action, from), expected, "{action:?} from {from:?}");
            edges += usize::from(expected.is_some());
        }
    }
    assert_eq!(EDGES.len(), edges);
}

/// Without a signature a credit is marked, cured, paid off or closed; everything else leaves its status.
#[test]
fn what_anyone_may_do_moves_a_credit_along_four_kinds_of_edges() {
    for (action, from, to) in EDGES.iter().filter(|(action, _, _)| documented(*action).0 == By::Anyone) {
        let expected = match action {
            Action::MarkDelinquent => Delinquent,
            Action::MarkDefaulted => Defaulted,
            Action::Cure => Active,
            Action::PayOff => Repaid,
            Action::Close => Closed,
            _ => *from,
        };
        assert_eq!(*to, expected, "{action:?}");
    }
}

#[test]
fn a_mark_cannot_be_made_twice() {
    for mark in [Action::MarkDelinquent, Action::MarkDefaulted] {
        for (_, _, to) in EDGES.iter().filter(|(action, _, _)| *action == mark) {
            assert_eq!(next(mark, *to), None);
        }
    }
}

/// Seized units are only ever taken by the lender, after a default, and a payment does not undo it. So are cancelled ones,
/// until the lender has had 30 days for it; the action checks that.
#[test]
fn the_way_to_seizing_is_the_lenders_and_goes_through_default() {
    for (action, from, to) in EDGES.iter().filter(|(_, from, to)| *to == Seizing && from != to) {
        let by = if *action == Action::CancelLocked { By::Parties } else { By::Lender };
        assert_eq!((documented(*action).0, *from), (by, Defaulted), "{action:?} to {to:?}");
    }
    for (action, _, to) in EDGES.iter().filter(|(_, from, to)| *from == Seizing && *to != Seizing) {
        assert_eq!(*to, Repaid, "{action:?}");
    }
}

/// Value or rights leave the borrower after a default or by the borrower's signature only.
#[test]
fn before_a_default_the_lender_alone_takes_nothing() {
    for (action, from, to) in EDGES.iter().filter(|(action, _, _)| documented(*action).0 == By::Lender) {
        if matches!(from, Active | Delinquent) {
            let harmless = [Action::WaiveFee, Action::Assign, Action::SetFreezeAuthority, Action::GiveNotice];
            assert!(harmless.contains(action), "{action:?} to {to:?}");
        }
    }
}

/// Freezing keys have two actions, and neither moves a credit.
#[test]
fn the_freeze_authority_moves_no_credit() {
    let by_freezer: Vec<_> =
        actions().into_iter().filter(|action| documented(*action).0 == By::Freezer).collect();
    assert_eq!(by_freezer, [Action::Freeze, Action::Thaw]);
    assert!(EDGES.iter().all(|(action, from, to)| !by_freezer.contains(action) || from == to));
}

#[test]
fn every_status_can_be_reached_from_an_offer() {
    let mut reached = HashSet::from([Offered]);
    for _ in Status::ALL {
        for (_, from, to) in EDGES {
            if reached.contains(from) {
                reached.insert(*to);
            }
        }
    }
    assert_eq!(reached.len(), Status::ALL.len());
    assert!(EDGES.iter().all(|(_, from, to)| *to != Offered || *from == Offered));
}

#[test]
fn every_debt_has_a_way_out_by_paying() {
    for status in Status::ALL.into_iter().filter(|status| status.is_secured()) {
        assert!(EDGES.contains(&(Action::PayOff, status, Repaid)));
    }
}

#[test]
fn every_credit_has_a_way_to_be_closed() {
    let mut closing = HashSet::from([Closed]);
    for _ in Status::ALL {
        for (_, from, to) in EDGES {
            if closing.contains(to) {
                closing.insert(*from);
            }
        }
    }
    assert_eq!(closing.len(), Status::ALL.len());
}
