use {
    super::ops::Op,
    serde::{Deserialize, Serialize},
};

/// The signer of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// The key that may do it, by what the accounts say.
    Entitled,
    /// One of the actors, entitled or not.
    Actor(u8),
}

/// An amount, relative to the exact one of the moment: a debt, the arrears, a lien, the units of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// Nothing.
    Zero,
    /// The smallest amount there is.
    One,
    /// Exactly the whole.
    Exact,
    /// One less than the whole.
    Under,
    /// One more than the whole.
    Over,
    /// The largest number.
    Max,
    /// A share of the whole in ten-thousandths.
    Part(u16),
    /// Exactly the lesser whole there is: the arrears of a debt, what a lien has frozen.
    Lesser,
}

impl Amount {
    /// The number meant, given the whole and the lesser whole.
    pub fn resolve(self, whole: u64, lesser: u64) -> u64 {
        match self {
            Amount::Zero => 0,
            Amount::One => 1,
            Amount::Exact => whole,
            Amount::Under => whole.saturating_sub(1),
            Amount::Over => whole.saturating_add(1),
            Amount::Max => u64::MAX,
            Amount::Part(share) => (u128::from(whole) * u128::from(share) / 10_000) as u64,
            Amount::Lesser => lesser,
        }
    }
}

/// A moment from which on a credit or a market allows something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    /// The next due date.
    Due,
    /// The end of the delinquency grace.
    Delinquency,
    /// The end of the default grace.
    Default,
    /// The end of the cure period.
    Cure,
    /// The end of a lot's window.
    LotEnd,
    /// The end of the covenant's window.
    Window,
    /// The units' expiry.
    UnitExpiry,
    /// The offer's expiry.
    OfferExpiry,
    /// The end of a pause.
    PauseEnd,
    /// The moment a change of the market may be applied.
    Change,
    /// The moment a change of the provider may be applied.
    ProviderChange,
    /// The moment the borrower's place may be taken.
    Place,
    /// The moment from which anybody may cancel what the holdback covers.
    CancelOpens,
    /// The moment from which lender and borrower may cancel: the admin's suspension of the provider has lasted.
    Suspension,
    /// The end of the grace for a reserve that has been drawn.
    ReserveGrace,
}

/// A move of the clock forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Jump {
    /// That many seconds.
    Seconds(u32),
    /// To a moment of the loan at a place, give or take some seconds; by one second where it has passed.
    To(u8, Moment, i8),
}

/// The flaw of a transaction that is not honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flaw {
    /// The account at a position is another known account.
    Swap(u8, u16),
    /// The account at a position is one with the same role for another market, credit, provider or party.
    SameRole(u8, u16),
    /// The account at a position is read-only.
    ReadOnly(u8),
    /// The account at a position does not sign.
    Unsigned(u8),
    /// An earlier metering is sent again.
    Replay(u8),
}

/// One step of an episode. It holds choices, not bytes: the transaction is built from the state in which the step is taken.
/// So a step stays valid when steps before it are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The clock goes forward.
    Wait(Jump),
    /// A transaction.
    Call(Attempt),
    /// Someone sends tokens to a vault without the program.
    Donate(u8, u64),
    /// The mint's issuer freezes the vault of a loan, or thaws it where it is frozen.
    FreezeVault(u8),
    /// Nothing is sent; other actions are tried on copies of the chain.
    Probe(u8, u64),
}

/// One transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The instruction.
    pub op: Op,
    /// The place of the credit, market or provider it is about.
    pub on: u8,
    /// The signer.
    pub by: By,
    /// The amount, for instructions that take one.
    pub amount: Amount,
    /// The seed of all other choices.
    pub extra: u64,
    /// The flaw, `None` in an honest transaction.
    pub flaw: Option<Flaw>,
    /// The transaction is sent twice.
    pub twice: bool,
}
