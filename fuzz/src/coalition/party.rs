use {
    crate::{
        action::{Attempt, Jump},
        lab::{Lab, actor},
    },
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
};

/// The honest party of a game; everyone else is against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Honest {
    /// A lender: it offers and buys loans, freezes, seizes and collects.
    Lender,
    /// A borrower: it accepts offers, funds its reserve, and pays while it can.
    Borrower,
    /// A provider: it issues the units of offers that it has read, and reports their use truly.
    Provider,
}

impl Honest {
    /// Every honest party.
    pub const ALL: [Honest; 3] = [Honest::Lender, Honest::Borrower, Honest::Provider];

    /// The index of its key among the actors.
    pub fn index(self) -> u8 {
        match self {
            Honest::Lender => Lab::LENDERS[0],
            Honest::Borrower => Lab::BORROWERS[0],
            Honest::Provider => Lab::PROVIDERS[0],
        }
    }

    /// Its key.
    pub fn key(self) -> Pubkey {
        actor(self.index())
    }
}

/// One step of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// The clock goes forward.
    Wait(Jump),
    /// The others act.
    Act(Attempt),
    /// The honest party reads the loan at a place and signs what its policy says, by the seed of its choices. It does not land yet.
    Sign(u8, u64),
    /// The others let a signed transaction land: the one at a place in the order of signing.
    Land(u8),
}
