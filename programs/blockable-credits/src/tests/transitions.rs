use {
    crate::transitions::{Action, EDGES, Status},
    anchor_lang::AnchorDeserialize,
    std::collections::HashSet,
};

/// Every action, by decoding every byte.
fn actions() -> Vec<Action> {
    (0..=u8::MAX).map_while(|byte| Action::try_from_slice(&[byte]).ok()).collect()
}

#[test]
fn every_action_has_an_edge() {
    assert!(actions().contains(&Action::CloseLot));
    for action in actions() {
        assert!(EDGES.iter().any(|(a, _, _)| *a == action), "{action:?} has no edge");
    }
}

#[test]
fn every_status_can_be_reached_from_an_offer() {
    let mut reached = HashSet::from([Status::Offered]);
    for _ in Status::ALL {
        for (_, from, to) in EDGES {
            if reached.contains(from) {
                reached.insert(*to);
            }
        }
    }
    assert_eq!(reached.len(), Status::ALL.len());
    assert!(EDGES.iter().all(|(_, from, to)| *to != Status::Offered || *from == Status::Offered));
}

#[test]
fn every_debt_has_a_way_out_by_paying() {
    for status in Status::ALL.into_iter().filter(|status| status.is_secured()) {
        assert!(EDGES.contains(&(Action::PayOff, status, Status::Repaid)));
    }
}
