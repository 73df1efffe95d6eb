use {
    crate::{state::TermsRefused, units::Overflow},
    anchor_lang::prelude::*,
};

/// Every failure of the program; each message says what to do.
#[error_code]
#[derive(PartialEq, Eq, Hash, strum::FromRepr, strum::VariantArray)]
pub enum BlockableError {
    // Arithmetic and layout.
    /// A result does not fit its type.
    #[msg("an amount is out of range; use a smaller one")]
    ArithmeticOverflow,
    /// A status byte of a later version.
    #[msg("the credit's status is unknown to this version of the program; upgrade your client and retry")]
    UnknownStatus,

    /// An account of an earlier version.
    #[msg("the account has an earlier layout; run credit_migrate on it first, then retry")]
    VersionOutdated,
    /// An account of this version.
    #[msg("the account has this version's layout already; there is nothing to migrate")]
    VersionCurrent,

    // Accounts that do not belong together.
    /// The market given is not the account's.
    #[msg("this account belongs to another market; pass the market it was created in")]
    MarketMismatch,
    /// The provider given is not the credit's.
    #[msg("this is not the credit's provider; pass the provider named in the credit")]
    ProviderMismatch,
    /// The lot given is not the credit's.
    #[msg("this lot was opened for another credit; pass the credit named in the lot")]
    LotMismatch,
    /// The mint given is not the market's.
    #[msg("this is not the market's payment mint; pass the mint named in the market")]
    MintMismatch,
    /// The token program given is not the mint's.
    #[msg("this is not the payment mint's token program; pass the one named in the market")]
    TokenProgramMismatch,
    /// A token account of another mint.
    #[msg("this token account holds another mint; pass one of the market's payment mint")]
    TokenAccountMint,
    /// A token account the signer does not own.
    #[msg("this token account belongs to someone else; pass one that the signer owns")]
    TokenAccountOwner,
    /// A transfer moved another amount than asked.
    #[msg("the transfer moved another amount than asked; the mint must not take fees")]
    TransferMismatch,
    /// The vault holds less than is owed from it.
    #[msg("the vault does not cover what is owed from it; do not continue and report this")]
    VaultShort,

    // Who may sign.
    /// Not the lender.
    #[msg("only the credit's lender may do this; sign with the lender's key")]
    NotLender,
    /// Not the borrower.
    #[msg("only the credit's borrower may do this; sign with the borrower's key")]
    NotBorrower,
    /// Neither the lender nor the freeze authority.
    #[msg("only the lender or the freeze authority may freeze and thaw; sign with one of their keys")]
    NotFreezer,
    /// Neither lender nor borrower.
    #[msg("only the lender, or the borrower once accepted, may cancel; sign with one of their keys")]
    NotParty,
    /// Not the provider's authority.
    #[msg("only the provider's authority may do this; sign with its key")]
    NotProvider,

    /// Not the market's admin.
    #[msg("only the market's admin may do this; sign with its key")]
    NotAdmin,
    /// Neither the guardian nor the admin.
    #[msg("only the market's guardian or admin may pause; sign with one of their keys")]
    NotGuardian,
    /// Not the key that was offered the place.
    #[msg("this place was not offered to you; have it offered to the key that signs")]
    NotOffered,
    /// Not who paid the rent.
    #[msg("rent goes back to who paid it; pass that key as the receiver")]
    ReceiverMismatch,

    // Market.
    /// The mint takes a fee on transfers.
    #[msg(
        "the mint can transfer with a fee or may be given one; choose a mint without the TransferFeeConfig extension"
    )]
    MintHasTransferFee,
    /// The mint has a transfer hook.
    #[msg("the mint runs a hook on transfers; choose a mint without the TransferHook extension")]
    MintHasTransferHook,
    /// The mint has a permanent delegate.
    #[msg("the mint has a permanent delegate who could empty vaults; choose a mint without it")]
    MintHasPermanentDelegate,
    /// New accounts of the mint may be frozen.
    #[msg(
        "the mint can freeze new accounts by default; choose a mint without the DefaultAccountState extension"
    )]
    MintDefaultFrozen,
    /// Transfers of the mint can be paused.
    #[msg(
        "the mint's transfers can be paused, which would block repayment; choose a mint without the Pausable extension"
    )]
    MintPausable,
    /// An extension that has not been examined.
    #[msg(
        "the mint has an extension this program does not support; choose a plain mint or one with metadata only"
    )]
    MintUnsupportedExtension,
    /// Bounds that contradict themselves.
    #[msg(
        "the bounds contradict each other, use reserved bytes or allow more than 10^18 micro-USDC; correct them"
    )]
    BoundsInconsistent,
    /// Bounds looser than allowed outside tests.
    #[msg("the bounds are looser than a production market may have; tighten them or create a test market")]
    BoundsTooLoose,
    /// Fee above the program's limit.
    #[msg("the redistribution fee is above 1,000 basis points; lower it")]
    FeeTooHigh,
    /// The market's clock stands still.
    #[msg("the market is paused; only repay, freeze, thaw and auto-freeze are open until the pause ends")]
    MarketPaused,

    /// A pause stands.
    #[msg("the market is paused already; wait until the pause ends or unpause first")]
    AlreadyPaused,
    /// No pause.
    #[msg("the market is not paused; there is nothing to end")]
    NotPaused,
    /// The pause has not expired.
    #[msg("the pause has not expired; only the admin may end it before, anyone after")]
    PauseRunning,
    /// More than a market may be paused in a day.
    #[msg("a market can be paused for six hours per UTC day; ask for fewer seconds or wait for the next day")]
    PauseBudgetExceeded,
    /// A delay out of range.
    #[msg("a change waits 2 to 60 days, in a test market 1 second to 60 days; correct change_delay")]
    ChangeDelayOutOfRange,
    /// No change waits.
    #[msg("no change waits; propose one first")]
    NoChangeProposed,
    /// The delay runs.
    #[msg("the change's delay has not passed; wait until it has, paused time does not count")]
    ChangeDelayRunning,
    /// A change of nothing.
    #[msg("these settings are in force already; propose others")]
    NothingChanges,
    /// Not the market's treasury.
    #[msg("this is not the market's treasury; pass the account named in the market")]
    TreasuryMismatch,

    // Provider.
    /// No reporters or too many.
    #[msg("a provider needs 1 to 8 reporters; change the list")]
    ReporterCount,
    /// The same reporter key twice.
    #[msg("a reporter key is listed twice; a quorum counts distinct keys")]
    ReporterDuplicate,
    /// The zero key as reporter.
    #[msg("the zero key cannot sign; replace it by the reporter's key")]
    ReporterKeyInvalid,
    /// Quorum of zero or above the number of reporters.
    #[msg("the quorum is out of range; use 1 up to the number of reporters")]
    QuorumOutOfRange,
    /// Chunk size of zero or above 32.
    #[msg("the chunk size is out of range; use 1 to 32")]
    ChunkSizeOutOfRange,
    /// A rate bound of zero.
    #[msg("the rate bound is zero; allow at least one unit per second")]
    RateBoundZero,
    /// Less capacity than is outstanding.
    #[msg("the capacity is below the units outstanding; keep it at or above them")]
    CapacityBelowOutstanding,
    /// More units than the provider has committed.
    #[msg("the provider's capacity does not cover these units; raise the capacity or issue fewer")]
    CapacityExceeded,
    /// The provider takes no new credits.
    #[msg("the provider is suspended and takes no new credits; choose another or ask it to resume")]
    ProviderSuspended,
    /// Not the payout account of the provider.
    #[msg("this is not the provider's payout account; pass the one named in the provider")]
    PayoutMismatch,

    // Terms of an offer.
    /// Lender and borrower are the same.
    #[msg("lender and borrower are the same key; a loan needs two parties")]
    SelfLoan,
    /// Principal out of the market's bounds.
    #[msg("the principal is outside the market's bounds; see min_principal and max_principal")]
    PrincipalOutOfBounds,
    /// No units.
    #[msg("no units are granted; state how many credit units the principal buys")]
    NoUnits,
    /// APR above the bound.
    #[msg("the APR is above the market's bound; see max_apr_bps")]
    AprTooHigh,
    /// Late fee above the bound.
    #[msg("the late fee is above the market's share of the average instalment; see max_late_fee_bps")]
    LateFeeTooHigh,
    /// Grace to delinquency too short.
    #[msg("the delinquency grace is below the market's bound; see min_delinquency_grace")]
    DelinquencyGraceTooShort,
    /// Grace to default too short.
    #[msg("the default grace is too short; reach min_default_grace and exceed the delinquency grace")]
    DefaultGraceTooShort,
    /// Cure period too short.
    #[msg("the cure period is below the market's bound; see min_cure_period")]
    CurePeriodTooShort,
    /// A flag or reserved byte with no meaning.
    #[msg(
        "the terms hold a flag this version does not know; use a listed freeze policy, 0 or 1 for auto-freeze, zero for reserved bytes"
    )]
    UnknownFlag,
    /// No instalments or too many.
    #[msg("a schedule has 1 to 36 instalments; change its length")]
    InstalmentCount,
    /// Instalments out of order or too close.
    #[msg("due dates must ascend and keep the market's interval; see min_instalment_interval")]
    InstalmentsTooClose,
    /// Term above the bound.
    #[msg("the last due date is beyond the market's longest term; see max_term")]
    TermTooLong,
    /// Instalments do not add up.
    #[msg("the instalments do not add up to the principal; correct the schedule")]
    PrincipalMismatch,
    /// The loan pays too much for each unit.
    #[msg(
        "the loan pays too much for so few units to price a million of them; grant smaller units, and more of them"
    )]
    UnitPriceOutOfRange,
    /// The offer has expired.
    #[msg("the offer has expired; ask the lender for a new one")]
    OfferExpired,
    /// Another hash than the offer's.
    #[msg("the terms hash differs from the offer's; read the offer again before you accept it")]
    TermsHashMismatch,

    /// Units would expire before the loan is due.
    #[msg("the units would expire before the last due date; lengthen unit_lifetime or set it to 0 for never")]
    UnitLifetimeTooShort,
    /// An unsound covenant.
    #[msg("the covenant contradicts itself, the terms or the market's bounds; see the rules of Rider")]
    CovenantUnsound,
    /// More than all in kind.
    #[msg("pay_in_kind_bps is above 10,000; at most the whole coupon can be added to principal")]
    PayInKindTooHigh,
    /// A reserve above the principal.
    #[msg("the reserve is above the principal; lower it")]
    ReserveTooLarge,
    /// The reserve is not full.
    #[msg("the borrower has not funded the reserve; fund it with reserve_fund before the units are issued")]
    ReserveNotFunded,

    // State of a credit.
    /// The table has no such edge.
    #[msg("the credit's status does not allow this; read its status and see the table of transitions")]
    WrongStatus,
    /// An amount of zero.
    #[msg("the amount is zero; state how much")]
    AmountZero,
    /// No debt.
    #[msg("nothing is owed on this credit; no payment is needed")]
    NothingOwed,
    /// Nothing is in arrears.
    #[msg("no instalment is in arrears; there is nothing to mark or to freeze for")]
    NotInArrears,
    /// The delinquency grace runs.
    #[msg("the delinquency grace period has not passed; wait until it has")]
    DelinquencyGraceRunning,
    /// The default grace runs.
    #[msg("the default grace period has not passed; wait until it has")]
    DefaultGraceRunning,
    /// The cure period runs.
    #[msg("the cure period has not passed; wait until it has")]
    CurePeriodRunning,

    /// The reserve still holds cash.
    #[msg("the reserve can still pay; run reserve_draw first, what is unpaid then can be marked")]
    ReserveNotDrawn,
    /// Nothing to draw.
    #[msg("the reserve is empty; there is nothing to draw")]
    ReserveEmpty,
    /// No room in the reserve.
    #[msg("the reserve holds what was agreed, or none was agreed; no more can be put into it")]
    ReserveFull,
    /// No late fee.
    #[msg("fewer late fees are owed than you want to waive; waive at most those, or all")]
    BeyondLateFees,
    /// Terms that a restructuring may not touch.
    #[msg(
        "a restructuring keeps principal, units, unit lifetime and offer expiry; change the schedule and the rest"
    )]
    RestructureTouchesGrant,
    /// Claims of the seller in the vault.
    #[msg("the lender's claim has not been collected; collect it before the loan changes hands")]
    ClaimUncollected,
    /// The terms have no notice of default.
    #[msg(
        "the terms do not allow a notice of default for a breach; only a missed payment can lead to default"
    )]
    NoticeNotAgreed,
    /// No notice.
    #[msg("no notice of default stands; a missed payment is cured by paying the arrears")]
    NoNotice,
    /// No covenant.
    #[msg("the terms have no covenant on utilisation; there is nothing to apply")]
    CovenantNotAgreed,
    /// The window runs.
    #[msg("no usage report has reached the end of the covenant's window; wait for one that does")]
    CovenantWindowRunning,
    /// Something is in arrears.
    #[msg("the covenant rests while something is in arrears; apply it once the arrears are paid")]
    InArrears,
    /// Units past their lifetime.
    #[msg("the units have expired; run credit_expire_units")]
    UnitsExpired,
    /// Units within their lifetime, or none to expire.
    #[msg("no unused units have passed their lifetime; there is nothing to expire")]
    NothingToExpire,
    /// Lots are open.
    #[msg("lots of this credit are open; close them first")]
    LotsOpen,
    /// Units are left.
    #[msg("the credit still holds units; only the borrower may give them up, by signing")]
    UnitsLeft,
    /// The vault stands.
    #[msg("the credit's vault is not closed; collect the claims and run vault_close first")]
    VaultOpen,
    /// Claims are in the vault.
    #[msg("the vault still owes its parties; collect their claims first")]
    ClaimsLeft,

    // Freezing.
    /// The policy does not allow a freeze now.
    #[msg("the credit's freeze policy does not allow a freeze in this status; wait for the mark it names")]
    FreezePolicyForbids,
    /// The terms have no auto-freeze.
    #[msg("the terms do not allow an automatic freeze; the lender must sign a freeze")]
    AutoFreezeNotAgreed,
    /// More than 100 % or zero.
    #[msg("a share is 1 to 10,000 basis points; change it")]
    ShareOutOfRange,
    /// More units than are under lien.
    #[msg("more units than are under lien; use at most the lien, or freeze all")]
    BeyondLien,
    /// That much is frozen already.
    #[msg("at least that much is frozen already; name a larger amount, or thaw to lower it")]
    AlreadyFrozen,
    /// Nothing is frozen, or less than asked.
    #[msg("fewer units are frozen than you want to thaw; use at most the frozen units, or thaw all")]
    BeyondFrozen,

    // Metering.
    /// No report.
    #[msg("no report was given; pass a quorum of signed reports")]
    ReportsMissing,
    /// Fewer reports than the quorum.
    #[msg("fewer reporters signed than the quorum; collect more reports for this chunk")]
    QuorumNotReached,
    /// A reporter index out of range.
    #[msg("a report names a reporter the provider does not have; use the index in its current list")]
    ReporterUnknown,
    /// The same reporter twice.
    #[msg("the same reporter appears twice; a quorum counts distinct reporters")]
    ReporterRepeated,
    /// An expired reporter.
    #[msg("a reporter's key has expired; the provider must renew it")]
    ReporterExpired,
    /// A signature that does not verify.
    #[msg("a report's signature does not verify; check its epoch, chunk, provider, market and program")]
    ReportSignatureInvalid,
    /// Readings do not match the bitmap.
    #[msg("a report has another number of readings than bits set, or bits beyond the chunk; encode it again")]
    ReportMalformed,
    /// A report from the future.
    #[msg("a report is dated in the future; check the reporter's clock")]
    ReportFromFuture,
    /// No credit accounts.
    #[msg("no credit accounts were given; pass the chunk's credits after the named accounts")]
    CreditsMissing,

    // Recovery.
    /// Running jobs may still draw on these units.
    #[msg(
        "running jobs may still draw on part of these units; seize fewer, or freeze and wait until they have settled"
    )]
    HeldByRunningJobs,
    /// More than the debt is worth.
    #[msg(
        "these units are worth more than the debt; take over at most what the debt pays for, or sell them in a lot"
    )]
    BeyondDebt,
    /// Prices out of order or below the market's bounds.
    #[msg("the lot's prices must fall from start to floor and keep the market's bounds; raise them")]
    LotPriceTooLow,
    /// Window out of the market's bounds.
    #[msg("the lot's window is outside the market's bounds; see min_lot_window and max_lot_window")]
    LotWindowOutOfBounds,
    /// Fewer units are left.
    #[msg("the lot has fewer units left; buy at most those")]
    LotUnitsExceeded,
    /// The price is above the buyer's limit.
    #[msg("the price is above your maximum; wait for it to fall or raise the maximum")]
    PriceAboveMaximum,
    /// The lot can still sell.
    #[msg(
        "the lot still has units and its window runs; close it when it is sold, satisfied or past its window"
    )]
    LotStillOpen,
    /// Only the lender may take an unsold lot back.
    #[msg(
        "only the lender may take back an unsold lot; anyone may close it once it is sold or the debt is paid"
    )]
    LotNotYours,
    /// A destination the party does not own.
    #[msg(
        "a claim is paid to its party alone; pass its associated account, or sign as the party to name another of its own"
    )]
    DestinationNotAllowed,
    /// Nothing to collect.
    #[msg("there is nothing to collect for this party; wait for a payment or a sale")]
    NothingToCollect,
}

/// Refuses with `error` unless `holds`. A function and not a macro: it keeps the program small.
pub fn ensure(holds: bool, error: BlockableError) -> Result<()> {
    if holds { Ok(()) } else { Err(refuse(error)) }
}

#[cold]
#[inline(never)]
fn refuse(error: BlockableError) -> Error {
    error.into()
}

impl BlockableError {
    /// The error with a custom program error code, `None` for a code that is not this program's.
    pub fn from_code(code: u32) -> Option<BlockableError> {
        BlockableError::from_repr(code.checked_sub(ERROR_CODE_OFFSET)?)
    }

    /// The custom program error code.
    pub fn code(self) -> u32 {
        self.into()
    }
}

impl From<Overflow> for BlockableError {
    fn from(_: Overflow) -> Self {
        BlockableError::ArithmeticOverflow
    }
}

impl From<Overflow> for Error {
    fn from(overflow: Overflow) -> Self {
        BlockableError::from(overflow).into()
    }
}

impl From<TermsRefused> for BlockableError {
    fn from(refused: TermsRefused) -> Self {
        match refused {
            TermsRefused::PrincipalOutOfBounds => BlockableError::PrincipalOutOfBounds,
            TermsRefused::NoUnits => BlockableError::NoUnits,
            TermsRefused::AprTooHigh => BlockableError::AprTooHigh,
            TermsRefused::LateFeeTooHigh => BlockableError::LateFeeTooHigh,
            TermsRefused::DelinquencyGraceTooShort => BlockableError::DelinquencyGraceTooShort,
            TermsRefused::DefaultGraceTooShort => BlockableError::DefaultGraceTooShort,
            TermsRefused::CurePeriodTooShort => BlockableError::CurePeriodTooShort,
            TermsRefused::UnknownFlag => BlockableError::UnknownFlag,
            TermsRefused::InstalmentCount => BlockableError::InstalmentCount,
            TermsRefused::InstalmentsTooClose => BlockableError::InstalmentsTooClose,
            TermsRefused::TermTooLong => BlockableError::TermTooLong,
            TermsRefused::PrincipalMismatch => BlockableError::PrincipalMismatch,
            TermsRefused::UnitPriceOutOfRange => BlockableError::UnitPriceOutOfRange,
            TermsRefused::UnitLifetimeTooShort => BlockableError::UnitLifetimeTooShort,
            TermsRefused::CovenantUnsound => BlockableError::CovenantUnsound,
            TermsRefused::PayInKindTooHigh => BlockableError::PayInKindTooHigh,
            TermsRefused::ReserveTooLarge => BlockableError::ReserveTooLarge,
        }
    }
}
