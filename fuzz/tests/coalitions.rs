//! Coalitions: the known attacks are stopped, and a short run of games finds nothing.

use blockable_fuzz::{Honest, Move, Options, known, play_moves, run_coalitions};

fn options(jobs: u64) -> Options {
    Options { seed: 5, steps: 3_000, length: 500, jobs, only: None }
}

#[test]
fn the_four_known_attacks_are_in_the_corpus_and_each_is_stopped() {
    let names: Vec<&str> = known().iter().map(|attack| attack.name.as_str()).collect();
    let all =
        ["issue-names-no-terms", "lot-nobody-can-buy", "provider-moves-its-oracle", "loan-bought-blind"];
    assert_eq!(names, all);
    for attack in known() {
        assert_eq!(play_moves(attack.honest, &attack.moves), None, "{}", attack.name);
    }
}

#[test]
fn every_attack_but_on_use_and_sales_turns_on_a_late_signature() {
    let lands_last = |moves: &[Move]| matches!(moves.last(), Some(Move::Land(_)));
    let late = known().iter().filter(|attack| lands_last(&attack.moves)).map(|attack| attack.name.as_str());
    assert_eq!(late.collect::<Vec<_>>(), ["issue-names-no-terms", "loan-bought-blind"]);
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
