//! Coalitions: the known attacks are stopped, and a short run of games finds nothing.

use blockable_fuzz::{Honest, Move, Options, known, play_moves, run_coalitions};

fn options(jobs: u64) -> Options {
    Options { seed: 5, steps: 3_000, length: 500, jobs, only: None }
}

/// The known attacks by name: four on the first version, two on late reports, and eight on lock and holdback.
const ATTACKS: [&str; 14] = [
    "issue-names-no-terms",
    "lot-nobody-can-buy",
    "provider-moves-its-oracle",
    "loan-bought-blind",
    "freeze-in-two-parts",
    "freeze-and-cancel",
    "a-cancel-frees-more",
    "lot-of-covered-units",
    "expiry-pays-the-provider",
    "write-off-pays-the-provider",
    "recovery-releases",
    "seizure-unlocks",
    "freeze-closes-nothing",
    "half-covered-cancelled",
];

#[test]
fn the_known_attacks_are_in_the_corpus_and_each_is_stopped() {
    let names: Vec<&str> = known().iter().map(|attack| attack.name.as_str()).collect();
    assert_eq!(names, ATTACKS);
    for attack in known() {
        assert_eq!(play_moves(attack.honest, &attack.moves), None, "{}", attack.name);
    }
}

#[test]
fn five_attacks_turn_on_what_lands_before_a_signature() {
    let lands_last = |moves: &[Move]| matches!(moves.last(), Some(Move::Land(_)));
    let late = known().iter().filter(|attack| lands_last(&attack.moves)).map(|attack| attack.name.as_str());
    let named = [
        "issue-names-no-terms",
        "loan-bought-blind",
        "freeze-in-two-parts",
        "freeze-and-cancel",
        "write-off-pays-the-provider",
    ];
    assert_eq!(late.collect::<Vec<_>>(), named);
}

#[test]
fn a_short_run_finds_no_loss_and_does_not_depend_on_threads() {
    let (one, two) = (run_coalitions(&options(1), true, |_| {}), run_coalitions(&options(2), true, |_| {}));
    assert!(one.is_good(), "{}", one.text());
    assert_eq!(one.moves, options(1).steps);
    assert_eq!(one.landed, two.landed);
    assert_eq!(one.by_status, two.by_status);
    for honest in Honest::ALL {
        let [own, others] = one.landed[&honest];
        assert!(own > 0 && others > 0, "{honest:?}: {own} of its own and {others} of the others' landed");
    }
}
