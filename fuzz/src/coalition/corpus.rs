//! Games that begin with a known attack: each was found by this fuzzer on a program without the rule that stops it.

use {
    super::party::{Honest, Move},
    serde::{Deserialize, Serialize},
    std::sync::LazyLock,
};

/// A known attack, as the moves of a game.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known {
    /// Its name, that of the mutant which lets it through.
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
        ];
        files.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
    });
    &KNOWN
}
