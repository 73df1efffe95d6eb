//! The list of errors: cause, name and message. Their order is that of the codes, so that a new one goes to the end once
//! the program is deployed.

#[cfg(feature = "idl-build")]
use anchor_lang::prelude::*;

errors! {
    // Arithmetic and layout.
    /// A result does not fit its type.
    ArithmeticOverflow = "an amount is out of range; use a smaller one",
    /// A status byte of a later version.
    UnknownStatus = "the credit's status is unknown to this version of the program; upgrade your client and retry",

    // Accounts that do not belong together.
    /// The market given is not the account's.
    MarketMismatch = "this account belongs to another market; pass the market it was created in",
    /// The provider given is not the credit's.
    ProviderMismatch = "this is not the credit's provider; pass the provider named in the credit",
    /// The vault given is not the credit's.
    VaultMismatch = "this is not the credit's vault; pass the token account named in the credit",
    /// The lot given is not the credit's.
    LotMismatch = "this lot was opened for another credit; pass the credit named in the lot",
    /// The mint given is not the market's.
    MintMismatch = "this is not the market's payment mint; pass the mint named in the market",
    /// The token program given is not the mint's.
    TokenProgramMismatch = "this is not the payment mint's token program; pass the one named in the market",
    /// A token account of another mint.
    TokenAccountMint = "this token account holds another mint; pass one of the market's payment mint",
    /// A token account that the signer does not own.
    TokenAccountOwner = "this token account belongs to someone else; pass one that the signer owns",
    /// The mint's issuer has frozen the vault.
    VaultFrozen = "the vault is frozen by the mint's issuer, so nobody can pay: no mark, notice or seizure until it is thawed; freezes of units still land",
    /// A transfer moved another amount than asked.
    TransferMismatch = "the transfer moved another amount than asked; the mint must not take fees",
    /// The vault holds less than is owed from it.
    VaultShort = "the vault does not cover what is owed from it; stop and report this",

    // Who may sign.
    /// Not the lender.
    NotLender = "only the credit's lender may do this; sign with the lender's key",
    /// Not the borrower.
    NotBorrower = "only the credit's borrower may do this; sign with the borrower's key",
    /// Neither the lender nor the freeze authority.
    NotFreezer = "only the lender or the freeze authority may freeze and thaw; sign with one of their keys",
    /// Neither lender nor borrower.
    NotParty = "only the lender or the borrower may do this, and the borrower cancels an offer only once it has accepted it; sign with one of their keys",
    /// Not the provider's authority.
    NotProvider = "only the provider's authority may do this; sign with its key",
    /// Not the market's admin.
    NotAdmin = "only the market's admin may do this; sign with its key",
    /// Neither the guardian nor the admin.
    NotGuardian = "only the market's guardian or admin may pause or halt; sign with one of their keys",
    /// Not the key that the role was offered to.
    NotOffered = "this role is offered to another key or to nobody; have it offered to the key that signs",
    /// Not the key that paid the rent.
    ReceiverMismatch = "rent goes back to the key that paid it; pass that key as the receiver",

    // Market.
    /// The mint takes a fee on transfers.
    MintHasTransferFee = "the mint can transfer with a fee or may be given one; choose a mint without the TransferFeeConfig extension",
    /// The mint has a transfer hook.
    MintHasTransferHook = "the mint runs a hook on transfers; choose a mint without the TransferHook extension",
    /// The mint has a permanent delegate.
    MintHasPermanentDelegate = "the mint has a permanent delegate who could empty vaults; choose a mint without it",
    /// New accounts of the mint may be frozen.
    MintDefaultFrozen = "the mint can freeze new accounts by default; choose a mint without the DefaultAccountState extension",
    /// Transfers of the mint can be paused.
    MintPausable = "the mint's transfers can be paused, which would block repayment; choose a mint without the Pausable extension",
    /// An extension that has not been examined.
    MintUnsupportedExtension = "the mint has an extension this program does not support; choose a plain mint or one with metadata only",
    /// Bounds that contradict themselves.
    BoundsInconsistent = "the bounds contradict each other, use reserved bytes or allow more than 10^18 micro-USDC; correct them",
    /// Bounds looser than allowed outside tests.
    BoundsTooLoose = "the bounds are looser than a production market may have; tighten them or create a test market",
    /// Fee above the program's limit.
    FeeTooHigh = "the redistribution fee is above 1,000 basis points; lower it",
    /// The market is paused, and the instruction is not one that a pause leaves open.
    MarketPaused = "the market is paused; only repay, freeze, thaw, auto-freeze and halt are open until the pause ends",
    /// A pause is in force.
    AlreadyPaused = "the market is paused already; wait until the pause ends or unpause first",
    /// No pause is in force.
    NotPaused = "the market is not paused; there is nothing to end",
    /// Another pause than the one that was read.
    PauseReplaced = "another pause is in force than the one you read; read it again before you end it",
    /// The pause has not expired.
    PauseRunning = "the pause has not expired; only the admin may end it before, anyone after",
    /// More than a market may be paused in a day.
    PauseBudgetExceeded = "a market can be paused for six hours per UTC day; ask for fewer seconds or wait for the next day",
    /// More than a market may be paused in 30 days.
    PauseMonthExceeded = "a market can be paused for 24 hours in any 30 days; ask for fewer seconds or wait until earlier pauses are 31 days old",
    /// The market is halted, and the instruction is new business.
    MarketHalted = "the market is halted and takes no new business; wait until the admin has lifted the halt and the market's delay has passed",
    /// A halt without an end is in force.
    AlreadyHalted = "the market is halted already, without an end; there is nothing to add",
    /// No halt is in force.
    NotHalted = "the market is not halted; there is nothing to lift",
    /// Another halt than the one that was read.
    HaltReplaced = "another halt is in force than the one you read; read it again before you lift it",
    /// The end of the halt is set.
    HaltEnds = "the halt has an end already, after the market's delay; wait for it",
    /// A delay out of range.
    ChangeDelayOutOfRange = "a change waits 2 to 60 days, in a test market 1 second to 60 days; correct change_delay",
    /// A provider's delay out of range.
    ProviderDelayOutOfRange = "a provider's change waits 6 hours to 14 days, in a test market 1 second to 14 days; correct provider_delay",
    /// A time of suspension out of range.
    SuspensionOutOfRange = "a suspension lasts 2 to 60 days before a cancel, in a test market 1 second to 60 days; correct min_suspension",
    /// No change is proposed.
    NoChangeProposed = "no change is proposed; propose one first",
    /// The delay has not passed.
    ChangeDelayRunning = "the market's delay for this change has not passed; wait until it has, paused time does not count",
    /// Another change than the one that was read.
    ChangeReplaced = "another change is proposed than the one you read; read it again before you sign",
    /// The change has been ready for too long.
    ChangeLapsed = "the change was ready for more than 14 days and has lapsed; propose or offer it again",
    /// The settings are those in force.
    NothingChanges = "these settings are in force already; propose others",
    /// Not the market's treasury.
    TreasuryMismatch = "this is not the market's treasury; pass the account named in the market",

    // Provider.
    /// The sysvar of slot hashes was not given, or is empty.
    ClusterTagMissing = "there is no slot hash to tie the provider's reports to this cluster; pass the SlotHashes sysvar",
    /// A change or a hand-over of a suspended provider.
    ProposalSuspended = "a suspended provider may only tighten its settings; have the suspension lifted, then propose again",
    /// No reporters or too many.
    ReporterCount = "a provider needs 1 to 8 reporters, and zeros in the places after them; change the list",
    /// The same reporter key twice.
    ReporterDuplicate = "a reporter key is listed twice; a quorum counts distinct keys",
    /// The zero key as reporter.
    ReporterKeyInvalid = "the zero key cannot sign; replace it by the reporter's key",
    /// Quorum of zero or above the number of reporters.
    QuorumOutOfRange = "the quorum is out of range; use 1 up to the number of reporters",
    /// Chunk size of zero or above 32.
    ChunkSizeOutOfRange = "the chunk size is out of range; use 1 to 32",
    /// A rate bound of zero.
    RateBoundZero = "the rate bound is zero; allow at least one unit per second",
    /// A longest job of no time.
    LongestJobZero = "the longest job is zero seconds; state how long a job may run",
    /// More units outstanding than the new authority takes on.
    OutstandingAboveLimit = "the provider owes more units than your limit; read it again before you take it over",
    /// Less capacity than is outstanding.
    CapacityBelowOutstanding = "the capacity is below the units outstanding; keep it at or above them",
    /// More units than the provider has committed.
    CapacityExceeded = "the provider's capacity does not cover these units; raise the capacity or issue fewer",
    /// The provider takes no new credits.
    ProviderSuspended = "the provider is suspended and takes no new credits; choose another or ask it to resume",
    /// Not the payout account of the provider.
    PayoutMismatch = "this is not the provider's payout account; pass the one named in the provider",

    // Terms of an offer.
    /// Lender and borrower are the same.
    SelfLoan = "lender and borrower are the same key; a loan needs two parties",
    /// Principal out of the market's bounds.
    PrincipalOutOfBounds = "the principal is outside the market's bounds; see min_principal and max_principal",
    /// No units are granted.
    NoUnits = "no units are granted; state how many credit units the principal buys",
    /// APR above the bound.
    AprTooHigh = "the APR is above the market's bound; see max_apr_bps",
    /// Late fee above the bound.
    LateFeeTooHigh = "the late fee is above the market's share of the average instalment; see max_late_fee_bps",
    /// Grace to delinquency too short.
    DelinquencyGraceTooShort = "the delinquency grace is below the market's bound; see min_delinquency_grace",
    /// Grace to default too short.
    DefaultGraceTooShort = "the default grace is too short; reach min_default_grace and exceed the delinquency grace",
    /// Cure period too short.
    CurePeriodTooShort = "the cure period is below the market's bound; see min_cure_period",
    /// A flag or reserved byte with no meaning.
    UnknownFlag = "the terms hold a flag this version does not know; use a listed freeze policy, 0 or 1 for auto-freeze, zero for reserved bytes",
    /// No instalments or too many.
    InstalmentCount = "a schedule has 1 to 36 instalments; change its length",
    /// Instalments out of order or too close.
    InstalmentsTooClose = "due dates must ascend and keep the market's interval; see min_instalment_interval",
    /// Term above the bound.
    TermTooLong = "the last due date is beyond the market's longest term; see max_term",
    /// Instalments do not add up.
    PrincipalMismatch = "the instalments do not add up to the principal; correct the schedule",
    /// The loan pays too much for each unit.
    UnitPriceOutOfRange = "the loan pays too much for so few units to price a million of them; grant smaller units, and more of them",
    /// Other reporters or another quorum, in force or proposed, than at the offer.
    ReportersChanged = "the provider's reporters or quorum, or those it has proposed, are not those that the terms name; read the provider again and make a new offer",
    /// A rate bound that the provider does not offer.
    TermsRateOutOfRange = "the terms' max_units_per_second is zero or above the provider's; lower it to that, or raise it above zero",
    /// A longest job that the provider does not offer.
    TermsLongestJobOutOfRange = "the terms' longest_job is zero or above the provider's; lower it to that, or raise it above zero",
    /// The loan pays too little for each unit.
    UnitPriceTooLow = "the loan pays less than 10,000 micro-USDC for a million units, too little to price them exactly; grant larger units, and fewer of them",
    /// The offer has expired.
    OfferExpired = "the offer has expired; ask the lender for a new one",
    /// Another hash than the agreement's.
    TermsHashMismatch = "the terms hash differs from the one you signed; read the terms again before you sign",
    /// An offer of another slot.
    OfferReplaced = "another offer has taken the place of the one you read; read it again before you sign",
    /// Units would expire before the loan is due.
    UnitLifetimeTooShort = "the units must outlast the last due date by the default grace, two cure periods and two of the market's shortest lot windows; lengthen unit_lifetime or set it to 0 for never",
    /// An automatic freeze before the lender may freeze.
    AutoFreezeBeforePolicy = "the terms would let anyone freeze from delinquency, and the lender only from default; change auto_freeze or freeze_policy",
    /// Nothing, or more than is granted, unlocked ahead of payment.
    UnlockedAheadOutOfRange = "unlocked_ahead is zero or above the units granted; set it to the units that may be used ahead of payment, or to all units for no lock",
    /// An instalment that opens too few locked units.
    InstalmentOpensTooLittle = "with a lock every instalment repays at least half of an even share of the principal, or it would open next to nothing; even out the schedule, or drop the lock",
    /// Coupons in kind on a loan with a lock.
    PayInKindWithLock = "coupons in kind raise the principal, so that a repayment would open fewer locked units than it pays for; drop pay_in_kind_bps or the lock",
    /// A covenant that plans more than the lock opens.
    PlanAboveLock = "the covenant plans more use than is unlocked by then for a borrower that pays on the day; lower planned_units, or raise unlocked_ahead",
    /// An unsound covenant.
    CovenantUnsound = "the covenant contradicts itself, the terms or the market's bounds; see the rules of Rider",
    /// More than the whole coupon in kind.
    PayInKindTooHigh = "pay_in_kind_bps is above 10,000; at most the whole coupon can be added to principal",
    /// Coupons in kind could take the principal beyond the program's limit.
    PrincipalOutgrows = "with every coupon in kind the principal could grow beyond 10^18 micro-USDC; lower the principal, the highest APR, pay_in_kind_bps or the term",
    /// More held back than the locked units cost.
    HoldbackTooLarge = "the holdback is above what the loan pays for the locked units; lower it, or unlock fewer units ahead",
    /// A rate on the holdback above the loan's.
    HoldbackAprTooHigh = "holdback_apr_bps is above apr_bps or the covenant's floor, or there is no holdback; lower it",
    /// A reserve above the principal.
    ReserveTooLarge = "the reserve is above the principal; lower it",
    /// The reserve is not full.
    ReserveNotFunded = "the borrower has not funded the reserve; fund it with reserve_fund before the units are issued",

    // State of a credit.
    /// The table has no such edge.
    WrongStatus = "the credit's status does not allow this; read its status and see the table of transitions",
    /// An amount of zero.
    AmountZero = "the amount is zero; state how much",
    /// Nothing is owed.
    NothingOwed = "nothing is owed on this credit; no payment is needed",
    /// Nothing is in arrears.
    NotInArrears = "no instalment is in arrears; there is nothing to mark, to draw the reserve for, or to freeze a shortfall for",
    /// The delinquency grace has not passed.
    DelinquencyGraceRunning = "the delinquency grace period has not passed; wait until it has",
    /// The default grace has not passed.
    DefaultGraceRunning = "the default grace period has not passed; wait until it has",
    /// The cure period has not passed.
    CurePeriodRunning = "the cure period has not passed; wait until it has",
    /// The reserve pays all that is in arrears.
    ReserveCovers = "the reserve covers the arrears, so there is nothing to mark; run reserve_draw, which pays them",
    /// The reserve is empty.
    ReserveEmpty = "the reserve is empty; there is nothing to draw",
    /// The reserve pays a part of the arrears only.
    ReserveTooSmall = "the reserve does not pay all arrears, and a part of them would cure nothing; pay the arrears, or refill the reserve first",
    /// The reserve is full, or none was agreed.
    ReserveFull = "the reserve holds what was agreed, or none was agreed; no more can be put into it",
    /// No late fees are owed.
    NoLateFees = "no late fees are owed; there is nothing to waive",
    /// The loan is in a worse status than the signer has read.
    StatusWorse = "the loan is in a worse status than you accept, so that your signature would have another effect; read it again",
    /// The loan is in a better status than the signer has read.
    StatusBetter = "the loan has been cured since you read it; read it again before you give notice",
    /// The payment did not cure.
    NotCured = "the payment would not cure the loan; pay the arrears in full, a notice of default only with the whole debt",
    /// A restructuring since the signer has read the loan.
    AgreementReplaced = "the loan has been restructured since you read it; read it again before you restructure it",
    /// Another notice than the one that was read.
    NoticeReplaced = "this is not the notice you read; read its time again before you withdraw it",
    /// Less is owed than the signer relies on.
    DebtBelowLimit = "less is owed than you rely on; read the debt again before you take the loan over",
    /// Fewer units are under lien than the signer relies on.
    LienBelowLimit = "fewer units are under lien than you rely on; read the collateral again before you sign",
    /// Fewer units are open to use than the signer relies on.
    UnitsBelowLimit = "fewer units are open to use than you rely on; read the units again before you sign",
    /// Less is held back than the signer relies on.
    HoldbackBelowLimit = "less is held back than you rely on; read the loan again before you take it over",
    /// More units are frozen than the signer relies on.
    FrozenAboveLimit = "more units are frozen than you rely on; read the collateral again before you sign",
    /// More units are locked than the signer relies on.
    LockedAboveLimit = "more units are locked than you rely on; read the collateral again before you sign",
    /// A lower rate is in force than the signer relies on.
    AprBelowLimit = "a lower annual rate is in force than you rely on; read the loan again before you take it over",
    /// More is owed than the signer gives up or takes on.
    DebtAboveLimit = "more is owed than your limit; read the debt again and sign for at most what you accept",
    /// More principal than the new schedule repays.
    PrincipalAboveSchedule = "more principal is outstanding than the instalments add up to; raise them to at least the principal",
    /// Terms that a restructuring may not change.
    RestructureTouchesGrant = "a restructuring keeps principal, units, their lifetime and lock, the holdback, how use is counted and the offer expiry; change the schedule and the rest",
    /// The holdback would wait for longer.
    HoldbackOutlasts = "the provider's holdback would wait for longer than agreed; have the provider sign as well, or keep the last due date with its default grace and cure period within the old one",
    /// Claims of the seller in the vault.
    ClaimUncollected = "the claim of the party that leaves has not been collected; collect it in the same transaction, before its place is taken",
    /// The terms have no notice of default.
    NoticeNotAgreed = "the terms do not allow a notice of default for a breach; only a missed payment can lead to default",
    /// No notice is in force.
    NoNotice = "no notice of default is in force; a missed payment is cured by paying the arrears",
    /// The terms have no covenant.
    CovenantNotAgreed = "the terms have no covenant on utilisation; there is nothing to apply",
    /// The window has not passed.
    CovenantWindowRunning = "no usage report has reached the end of the covenant's window; wait for one that does",
    /// Something is in arrears.
    InArrears = "the covenant is not applied while an instalment is unpaid; apply it once the arrears are paid",
    /// Units past their lifetime.
    UnitsExpired = "the units have expired; run credit_expire_units",
    /// Units within their lifetime, or none to expire.
    NothingToExpire = "no unused units have passed their lifetime; there is nothing to expire",
    /// Lots are open.
    LotsOpen = "lots of this credit are open; close them first",
    /// Units are left.
    UnitsLeft = "units are left; use them, or have the borrower sign with most_units at or above the units left",
    /// The vault is not closed.
    VaultOpen = "the credit's vault is not closed; collect the claims and run vault_close first",
    /// Claims are in the vault.
    ClaimsLeft = "the vault still owes its parties; collect their claims first",

    // Freezing.
    /// The policy does not allow a freeze now.
    FreezePolicyForbids = "the credit's freeze policy does not allow a freeze in this status; wait for the mark it names, or, while a drawn reserve is short past the delinquency grace, freeze for a breach or a risk",
    /// The terms have no auto-freeze.
    AutoFreezeNotAgreed = "the terms do not allow an automatic freeze in this status; the lender must sign a freeze",
    /// The terms have no cross-default.
    CrossDefaultNotAgreed = "the terms do not allow a freeze for the default of another credit; freeze for a reason of this loan",
    /// No other credit was given.
    CrossCreditMissing = "a freeze for cross-default needs the other credit, which is in default; pass its account",
    /// The frozen credit was given as the other one.
    CrossCreditMismatch = "this is not the other credit; pass the one that the freeze rests on, at another address than the frozen one",
    /// The other credit is not in default, or not of the same parties.
    CrossCreditSound = "the other credit is neither in default nor being seized, or has another lender or borrower; pass one that is",
    /// Nothing is frozen for cross-default.
    NoCrossFreeze = "nothing is frozen for cross-default; there is nothing to thaw by this",
    /// The other credit is still in default.
    CrossDefaultStands = "the other credit is still in default or being seized; wait until it is cured or paid",
    /// More than 100 % or zero.
    ShareOutOfRange = "a share is 1 to 10,000 basis points; change it",
    /// More units than are under lien.
    BeyondLien = "fewer units are under lien than you ask for at least; lower the least",
    /// That much is frozen already.
    AlreadyFrozen = "at least that much is frozen for a reason of this kind already; name a larger amount, or thaw to lower it",
    /// No more is frozen than is to stay so.
    BeyondFrozen = "no more units are frozen than you want to keep frozen; there is nothing to thaw within your bounds",

    // Metering.
    /// No report was given.
    ReportsMissing = "no report was given; pass a quorum of signed reports",
    /// Fewer reports than the quorum.
    QuorumNotReached = "fewer reporters signed than the quorum; collect more reports for this chunk",
    /// A reporter index out of range.
    ReporterUnknown = "a report names a reporter the provider does not have; use the index in its current list",
    /// The same reporter twice.
    ReporterRepeated = "the same reporter appears twice; a quorum counts distinct reporters",
    /// An expired reporter.
    ReporterExpired = "a reporter's key has expired; the provider must renew it",
    /// A signature that does not verify.
    ReportSignatureInvalid = "a report's signature does not verify; check its epoch, chunk, provider, market, program and cluster tag",
    /// Readings do not match the bitmap.
    ReportMalformed = "a report has another number of readings than bits set, or bits beyond the chunk; encode it again",
    /// A report from the future.
    ReportFromFuture = "a report is dated in the future; check the reporter's clock",
    /// No credit account was given.
    CreditsMissing = "no credit accounts were given; pass the chunk's credits after the named accounts",

    // Recovery.
    /// Running jobs may still draw on these units.
    HeldByRunningJobs = "running jobs may still draw on part of these units; lower the least, or freeze and wait until they have settled",
    /// A first seizure of a token amount.
    FirstSeizureTooSmall = "the first seizure ends the borrower's right to cure; take at least a tenth of the units that can be taken",
    /// More than the debt is worth.
    BeyondDebt = "the debt does not pay for as many units as you ask for at least; lower the least, or sell them in a lot",
    /// Units that the holdback covers.
    CoveredByHoldback = "the holdback covers part of these units and pays what the loan paid for them; lower the least, and cancel the covered ones",
    /// More units than can be cancelled.
    BeyondCovered = "fewer units can be cancelled than you ask for at least: the holdback covers no more, or the debt pays for no more; lower the least",
    /// Covered units are left.
    CancelFirst = "units that the holdback covers are left, and pay first; cancel them, then draw the reserve",
    /// Units are left that can be seized.
    SeizeFirst = "units are left that the lender can seize, and the reserve is drawn last; seize them, then draw the reserve",
    /// A cancel by anybody before its time.
    CancelNotOpen = "only the lender may cancel yet; anybody may 30 days after the cure period, or once the last instalment's default grace and a cure period have passed",
    /// A stranger's cancel of a part.
    CancelsAll = "anyone but the lender cancels all units that can be cancelled; ask for all of them",
    /// A cancel on a loan that is not in default.
    ProviderNotSuspended = "on a loan that is not in default units are cancelled only once the market's admin has suspended the provider for min_suspension; wait until then, or until after a default",
    /// Prices out of order or below the market's bounds.
    LotPriceTooLow = "the lot's prices must fall from start to floor and keep the market's bounds; raise them",
    /// A start price above the market's bound.
    LotPriceTooHigh = "the lot's start price is above the market's bound on the price that the loan paid; lower it, see max_start_price_bps",
    /// Window out of the market's bounds.
    LotWindowOutOfBounds = "the lot's window is outside the market's bounds; see min_lot_window and max_lot_window",
    /// Units that expire before the price has fallen.
    LotOutlivesUnits = "the units expire before the lot's window ends; take a window that ends before, or the market's shortest",
    /// Fewer units are left than the buyer wants.
    LotUnitsExceeded = "the lot has fewer units left than you ask for at least; lower the least",
    /// The price is above the buyer's limit.
    PriceAboveMaximum = "the price is above your maximum, and the loan's lender pays at least what the loan paid; wait for it to fall or raise the maximum",
    /// The lot can still sell.
    LotStillOpen = "the lot still has units and its window runs; close it when it is sold, satisfied or past its window",
    /// Only the lender may take an unsold lot back.
    LotNotYours = "only the lender may take back an unsold lot; anyone may close it once it is sold or the debt is paid",
    /// A destination that the party does not own.
    DestinationNotAllowed = "a claim is paid to its party alone; pass its associated account, or sign as the party to name another of its own",
    /// The claim of a provider that the market's admin has suspended.
    ClaimSuspended = "the market's admin has suspended the provider, so its claim waits in the vault; have the suspension lifted first",
    /// The party has no claim.
    NothingToCollect = "this party has nothing to collect, or less than you ask for at least; wait for a payment or a sale",
}
