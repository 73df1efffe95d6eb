//! Games that begin with a known attack. This fuzzer found each on a program without the rules that stop the attack. Where
//! several rules were taken out together, as for the oracle, a recorded game need not use the gap that each of them leaves.

use {
    super::party::{Honest, Move},
    serde::{Deserialize, Serialize},
    std::sync::LazyLock,
};

/// A known attack, as the moves of a game.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known {
    /// Its name, which is that of the mutant that lets it through.
    pub name: String,
    /// The honest party that it was aimed at.
    pub honest: Honest,
    /// The moves.
    pub moves: Vec<Move>,
}

/// The known attacks. The present program stops every one.
pub fn known() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let files = [
            include_str!("../../corpus/issue-names-no-terms.json"),
            include_str!("../../corpus/lot-nobody-can-buy.json"),
            include_str!("../../corpus/provider-moves-its-oracle.json"),
            include_str!("../../corpus/loan-bought-blind.json"),
            include_str!("../../corpus/freeze-in-two-parts.json"),
            include_str!("../../corpus/freeze-and-cancel.json"),
            include_str!("../../corpus/a-cancel-frees-more.json"),
            include_str!("../../corpus/lot-of-covered-units.json"),
            include_str!("../../corpus/expiry-pays-the-provider.json"),
            include_str!("../../corpus/write-off-pays-the-provider.json"),
            include_str!("../../corpus/recovery-releases.json"),
            include_str!("../../corpus/seizure-unlocks.json"),
            include_str!("../../corpus/freeze-closes-nothing.json"),
            include_str!("../../corpus/half-covered-cancelled.json"),
        ];
        files.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
    });
    &KNOWN
}
