use super::ops::Op;

/// The signer of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The key that the accounts name for the action.
    Right,
    /// One of the actors, whatever it is to the credit.
    Actor(u8),
}

/// An amount, relative to the exact one of the moment: a debt, the arrears, a lien, the units of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A moment in the life of a credit or a market that something hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The moment a change may be applied.
    Change,
}

/// A move of the clock forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// That many seconds.
    Seconds(u32),
    /// To a moment of the loan at a place, give or take some seconds; by one second where it has passed.
    To(u8, Moment, i8),
}

/// The flaw of a transaction that is not honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// The account at a place is another one of those known.
    Swap(u8, u16),
    /// The account at a place is the one with the same purpose in another market, credit or provider.
    Cousin(u8, u16),
    /// The account at a place is read-only.
    ReadOnly(u8),
    /// The account at a place does not sign.
    Unsigned(u8),
    /// An earlier metering, once more.
    Replay(u8),
}

/// One step of an episode. It says what is meant and not which bytes, so that it means something in whatever state the
/// steps before it have led to, also when some of them are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The clock goes forward.
    Wait(Jump),
    /// A transaction.
    Call(Attempt),
    /// Someone sends tokens to a vault without the program.
    Donate(u8, u64),
    /// Nothing is sent; other actions are tried on copies of the chain.
    Probe(u8, u64),
}

/// One transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub twist: Option<Twist>,
    /// The transaction is sent twice.
    pub twice: bool,
}
