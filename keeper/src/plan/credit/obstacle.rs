//! Obstacles for which an action on a credit does not apply, and their text.

use blockable_sdk::program::{errors::BlockableError, transitions::Status};

/// The obstacle for which a kind of intent does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::plan) enum Obstacle {
    #[error("it is switched off in this keeper; add it to enforcement.actions to have it done")]
    Off,
    #[error("its lender is not in this keeper's enforcement.lenders; add it there to have it done")]
    OtherLender,
    #[error("its provider is not in this keeper's enforcement.providers; add it there to have it done")]
    OtherProvider,
    #[error("the credit is of another market")]
    OtherMarket,
    #[error("the account is of version {0}, which this keeper does not know; update the keeper")]
    LaterVersion(u8),
    #[error("its status, {0:?}, does not allow it")]
    WrongStatus(Status),
    #[error("the market is paused")]
    Paused,
    #[error("the payment token's issuer has frozen the vault: nobody can pay, and the program marks nobody")]
    VaultFrozen,
    #[error("nothing is in arrears")]
    NotInArrears,
    #[error("the reserve covers the arrears")]
    ReserveCovers,
    #[error("the reserve is empty")]
    NoReserve,
    #[error("the reserve does not pay all arrears, and is drawn only where it does")]
    ReserveTooSmall,
    #[error("units that the holdback covers are to be cancelled before the reserve is drawn")]
    CancelFirst,
    #[error("units are left that the lender can seize, and the reserve is drawn last")]
    SeizeFirst,
    #[error(
        "only lender and borrower together may, while the market's admin has the provider suspended for long enough"
    )]
    OnlyBothParties,
    #[error("the holdback covers no unit")]
    NothingCovered,
    #[error("nothing is frozen for the default of another credit")]
    NoCrossFreeze,
    #[error("the other credit, on whose default the freeze rests, is still in default or being seized")]
    CrossDefaultStands,
    #[error("the other credit, on whose default the freeze rests, has not been read yet")]
    OtherCreditUnread,
    #[error("the program refuses it: {0}")]
    Refused(BlockableError),
    #[error("the terms do not agree on it")]
    NotAgreed,
    #[error("all of the lien that is not locked is frozen")]
    AlreadyFrozen,
    #[error("its units never expire")]
    NeverExpire,
    #[error("no unit is left that no running job holds")]
    NothingToExpire,
    #[error("something is in arrears, and the covenant rests until it is paid")]
    InArrears,
    #[error("usage reports have not reached the end of the covenant's window")]
    AwaitsReports,
    #[error("its amounts are out of range, and the program would refuse it")]
    OutOfRange,
}

impl Obstacle {
    /// The obstacle that a refusal of the program stands for; `None` stands for an error of another kind, such as an overflow.
    pub(super) fn from_refusal(error: Option<BlockableError>) -> Obstacle {
        match error {
            Some(BlockableError::NotInArrears) => Obstacle::NotInArrears,
            Some(BlockableError::ReserveEmpty) => Obstacle::NoReserve,
            Some(BlockableError::ReserveTooSmall) => Obstacle::ReserveTooSmall,
            Some(BlockableError::CancelFirst) => Obstacle::CancelFirst,
            Some(BlockableError::SeizeFirst) => Obstacle::SeizeFirst,
            Some(BlockableError::InArrears) => Obstacle::InArrears,
            Some(BlockableError::NothingToExpire) => Obstacle::NothingToExpire,
            Some(BlockableError::BeyondCovered) => Obstacle::NothingCovered,
            Some(BlockableError::NoCrossFreeze) => Obstacle::NoCrossFreeze,
            Some(BlockableError::CrossDefaultStands) => Obstacle::CrossDefaultStands,
            Some(BlockableError::ArithmeticOverflow) | None => Obstacle::OutOfRange,
            Some(other) => Obstacle::Refused(other),
        }
    }
}
