//! The acts that links are about.

use {
    serde::{Deserialize, Serialize},
    utoipa::ToSchema,
};

/// An act that a wallet signs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Act {
    /// The lender, or the freeze authority, freezes all units beyond the locked ones.
    Freeze,
    /// It freezes a part of them.
    PartFreeze,
    /// It thaws units.
    Thaw,
    /// Anyone pays; the link is meant for the borrower.
    Repay,
    /// Anyone buys units of a lot.
    Buy,
    /// The borrower accepts an offer.
    Accept,
}

impl Act {
    /// Every act.
    pub(crate) const ALL: [Act; 6] =
        [Act::Freeze, Act::PartFreeze, Act::Thaw, Act::Repay, Act::Buy, Act::Accept];

    /// Its name in paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Act::Freeze => "freeze",
            Act::PartFreeze => "part-freeze",
            Act::Thaw => "thaw",
            Act::Repay => "repay",
            Act::Buy => "buy",
            Act::Accept => "accept",
        }
    }

    /// The act of a name.
    pub(crate) fn from_name(name: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.name() == name)
    }
}
