// Written by scripts/build-client from the IDL. Do not edit.

import type { BlockableErrorName } from '../refusal.js';

/** For every error of the program: what happened, and what to do. */
export const PROGRAM_WORDS: Readonly<Record<BlockableErrorName, readonly [string, string]>> = {
  ArithmeticOverflow: ['An amount is too large to count with.', 'Use a smaller amount.'],
  UnknownStatus: [
    'This loan is in a state that this page does not know.',
    'Reload the page; if this comes back, the page is older than the program and has to be updated.',
  ],
  MarketMismatch: [
    'This account belongs to another market.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  ProviderMismatch: [
    "This is not the credit's provider.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  VaultMismatch: [
    "This is not the credit's vault.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  LotMismatch: [
    'This lot was opened for another credit.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  MintMismatch: [
    "This is not the market's payment mint.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  TokenProgramMismatch: [
    "This is not the payment mint's token program.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  TokenAccountMint: [
    'This token account holds another mint.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  TokenAccountOwner: [
    'This token account belongs to someone else.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  VaultFrozen: [
    "The issuer of the stablecoin has frozen the loan's vault, so nobody can pay into it.",
    'Nobody may mark, give notice or seize until it is thawed. A freeze of units still works.',
  ],
  TransferMismatch: [
    'Another amount arrived in the vault than was sent.',
    'Nothing was taken. Report this: the payment token seems to charge fees.',
  ],
  VaultShort: ['The vault holds less than is owed from it.', 'Nothing was done. Report this at once.'],
  NotLender: ['Only the lender of this loan may do this.', "Connect the lender's wallet."],
  NotBorrower: ['Only the borrower of this loan may do this.', "Connect the borrower's wallet."],
  NotFreezer: [
    "Only the lender or the freeze authority may freeze and thaw this loan's units.",
    'Connect one of their wallets.',
  ],
  NotParty: [
    'Only the lender or the borrower may do this; the borrower only after it has accepted the offer.',
    'Connect one of their wallets.',
  ],
  NotProvider: ['Only the provider may do this.', "Connect the provider's wallet."],
  NotAdmin: ['Only the admin of the market may do this.', "Connect the admin's wallet."],
  NotGuardian: ['Only the guardian or the admin of the market may do this.', 'Connect one of their wallets.'],
  NotOffered: [
    'This place is not offered to your key.',
    'Ask for an offer to the key of this wallet, or connect the wallet that it was made to.',
  ],
  ReceiverMismatch: [
    'Rent goes back to the key that paid it.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  MintHasTransferFee: [
    'The mint can transfer with a fee or may be given one.',
    'Choose a mint without the TransferFeeConfig extension.',
  ],
  MintHasTransferHook: ['The mint runs a hook on transfers.', 'Choose a mint without the TransferHook extension.'],
  MintHasPermanentDelegate: ['The mint has a permanent delegate who could empty vaults.', 'Choose a mint without it.'],
  MintDefaultFrozen: [
    'The mint can freeze new accounts by default.',
    'Choose a mint without the DefaultAccountState extension.',
  ],
  MintPausable: [
    "The mint's transfers can be paused, which would block repayment.",
    'Choose a mint without the Pausable extension.',
  ],
  MintUnsupportedExtension: [
    'The mint has an extension this program does not support.',
    'Choose a plain mint or one with metadata only.',
  ],
  BoundsInconsistent: [
    "The market's bounds contradict each other.",
    "This is a matter of the market's or the provider's settings: correct them and propose them again.",
  ],
  BoundsTooLoose: ['The bounds are looser than a real market may have.', 'Tighten them, or create a test market.'],
  FeeTooHigh: ['The fee on sales is above 10 %.', 'Lower it.'],
  MarketPaused: [
    'The market is paused: only payments, freezes and thaws work now.',
    'Wait until the pause ends. No deadline of a loan runs meanwhile.',
  ],
  AlreadyPaused: ['The market is paused already.', 'Wait until the pause ends or unpause first.'],
  NotPaused: ['The market is not paused.', 'There is nothing to end.'],
  PauseReplaced: ['Another pause is in force than the one you read.', 'Read it again before you end it.'],
  PauseRunning: ['The pause has not expired.', 'Only the admin may end it before, anyone after.'],
  PauseBudgetExceeded: [
    'A market can be paused for six hours per UTC day.',
    'Ask for fewer seconds or wait for the next day.',
  ],
  PauseMonthExceeded: [
    'A market can be paused for 24 hours in any 30 days.',
    'Ask for fewer seconds or wait until earlier pauses are 31 days old.',
  ],
  MarketHalted: [
    'The market takes no new business for now.',
    'Wait until the halt is lifted. Loans that exist go on as agreed.',
  ],
  AlreadyHalted: ['The market is halted already, without an end.', 'There is nothing to add.'],
  NotHalted: ['The market is not halted.', 'There is nothing to lift.'],
  HaltReplaced: ['Another halt is in force than the one you read.', 'Read it again before you lift it.'],
  HaltEnds: ["The halt has an end already, after the market's delay.", 'Wait for it.'],
  ChangeDelayOutOfRange: [
    'The delay of changes is outside 2 to 60 days.',
    "This is a matter of the market's or the provider's settings: correct them and propose them again.",
  ],
  ProviderDelayOutOfRange: [
    "The delay of providers' changes is outside 6 hours to 14 days.",
    "This is a matter of the market's or the provider's settings: correct them and propose them again.",
  ],
  SuspensionOutOfRange: [
    'The least suspension before a cancel is outside 2 to 60 days.',
    "This is a matter of the market's or the provider's settings: correct them and propose them again.",
  ],
  NoChangeProposed: ['No change is proposed.', 'Propose one first.'],
  ChangeDelayRunning: [
    'The waiting time for this change has not passed.',
    'Wait until it has. Time in which the market is paused does not count.',
  ],
  ChangeReplaced: ['Another change is proposed than the one you read.', 'Read it again before you sign.'],
  ChangeLapsed: ['The offer or change was not taken within 14 days and has lapsed.', 'Ask for a new one.'],
  NothingChanges: ['These settings are in force already.', 'Propose others.'],
  TreasuryMismatch: [
    "This is not the market's treasury.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  ClusterTagMissing: [
    "There is no slot hash to tie the provider's reports to this cluster.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  ProposalSuspended: [
    'A suspended provider may only tighten its settings.',
    'Have the suspension lifted, then propose again.',
  ],
  ReporterCount: ['A provider needs 1 to 8 reporters, and zeros in the places after them.', 'Change the list.'],
  ReporterDuplicate: ['A reporter key is listed twice.', 'A quorum counts distinct keys.'],
  ReporterKeyInvalid: ['The zero key cannot sign.', "Replace it by the reporter's key."],
  QuorumOutOfRange: ['The quorum is out of range.', 'Use 1 up to the number of reporters.'],
  ChunkSizeOutOfRange: ['The chunk size is out of range.', 'Use 1 to 32.'],
  RateBoundZero: ['The rate bound is zero.', 'Allow at least one unit per second.'],
  LongestJobZero: ['The longest job is zero seconds.', 'State how long a job may run.'],
  OutstandingAboveLimit: ['The provider owes more units than your limit.', 'Read it again before you take it over.'],
  CapacityBelowOutstanding: ['The capacity is below the units outstanding.', 'Keep it at or above them.'],
  CapacityExceeded: ["The provider's capacity does not cover these units.", 'Raise the capacity or issue fewer.'],
  ProviderSuspended: [
    'The provider is suspended and takes no new loans.',
    'Choose another provider, or wait until the suspension is lifted.',
  ],
  PayoutMismatch: [
    "This is not the provider's payout account.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  SelfLoan: ['Lender and borrower would be the same key.', 'Choose another key for one of them.'],
  PrincipalOutOfBounds: ['The principal is outside what the market allows.', 'Choose another principal.'],
  NoUnits: ['No units are granted.', 'State how many credit units the principal buys.'],
  AprTooHigh: ['The rate is above what the market allows.', 'Lower it.'],
  LateFeeTooHigh: ['The late fee is above what the market allows.', 'Lower it.'],
  DelinquencyGraceTooShort: [
    'The time before a loan counts as late is shorter than the market allows.',
    'Lengthen it.',
  ],
  DefaultGraceTooShort: [
    'The time before a default is too short.',
    'Lengthen it: it has to be longer than the time before a loan counts as late.',
  ],
  CurePeriodTooShort: ['The cure period is shorter than the market allows.', 'Lengthen it.'],
  UnknownFlag: ['The terms hold a choice that this version does not know.', 'Change the terms of the offer.'],
  InstalmentCount: ['A schedule has 1 to 36 instalments.', 'Change its length.'],
  InstalmentsTooClose: ['Two due dates are too close, or not in order.', 'Move them further apart.'],
  TermTooLong: ['The last due date is later than the market allows.', 'Move it forward.'],
  PrincipalMismatch: ['The instalments do not add up to the principal.', 'Correct the schedule.'],
  UnitPriceOutOfRange: [
    'The loan pays too much for so few units to price a million of them.',
    'Grant smaller units, and more of them.',
  ],
  ReportersChanged: ["The provider's reporters are not those that the terms name.", 'Ask the lender for a new offer.'],
  TermsRateOutOfRange: [
    'The most units per second is zero, or above what the provider serves.',
    'Choose a number that the provider serves.',
  ],
  TermsLongestJobOutOfRange: [
    'The longest job is zero, or longer than the provider allows.',
    'Choose a duration that the provider allows.',
  ],
  UnitPriceTooLow: [
    'The loan pays too little for so many units to price them exactly.',
    'Grant larger units, and fewer of them.',
  ],
  OfferExpired: ['The offer has expired.', 'Ask the lender for a new one.'],
  TermsHashMismatch: [
    'The terms on the chain are not those that you agreed to.',
    'Do not sign. Read the terms again and compare them with your agreement.',
  ],
  OfferReplaced: [
    'Another offer has taken the place of the one that you read.',
    'Read it from the beginning before you sign.',
  ],
  UnitLifetimeTooShort: [
    'The units would expire before they could be recovered after a late default.',
    'Lengthen their lifetime, or let them live for ever.',
  ],
  AutoFreezeBeforePolicy: [
    'The terms would let anybody freeze before the lender may.',
    'Change the automatic freeze or the freeze policy.',
  ],
  UnlockedAheadOutOfRange: [
    'The units that are open from the start are none, or more than there are.',
    'Choose a number from 1 to all units.',
  ],
  InstalmentOpensTooLittle: [
    'With a lock every instalment repays at least half of an even share of the principal, or it would open next to nothing.',
    'Even out the schedule, or drop the lock.',
  ],
  PayInKindWithLock: [
    'Interest that is added to the principal does not go together with locked units.',
    'Leave one of the two out.',
  ],
  PlanAboveLock: [
    'The covenant plans more use than payments will have unlocked.',
    'Plan less use, or open more units from the start.',
  ],
  CovenantUnsound: ["The covenant on use contradicts itself or the market's bounds.", 'Correct the covenant.'],
  PayInKindTooHigh: ['More than the whole coupon would be added to the principal.', 'Choose a share of at most 100 %.'],
  PrincipalOutgrows: [
    'Interest that is added to the principal could grow without bound.',
    'Lower the principal, the highest rate, the share that is added, or the term.',
  ],
  HoldbackTooLarge: [
    'The holdback is above what the loan pays for the locked units.',
    'Lower it, or unlock fewer units ahead.',
  ],
  HoldbackAprTooHigh: [
    'The rate on the money held back is too high, or nothing is held back.',
    'Lower it to the rate of the loan or below.',
  ],
  ReserveTooLarge: ['The reserve is above the principal.', 'Lower it.'],
  ReserveNotFunded: [
    'The borrower has not paid the cash reserve yet.',
    "Have the borrower pay it into the loan's vault; then the provider can issue the units.",
  ],
  WrongStatus: ['The state of the loan does not allow this.', 'Reload the page and read the state of the loan again.'],
  AmountZero: ['The amount is zero.', 'Enter an amount.'],
  NothingOwed: ['Nothing is owed on this loan.', 'No payment is needed.'],
  NotInArrears: ['No instalment is overdue.', 'There is nothing to do now.'],
  DelinquencyGraceRunning: [
    'The time to pay an overdue instalment has not run out yet.',
    'Wait until the grace period has passed.',
  ],
  DefaultGraceRunning: ['The time before a default has not run out yet.', 'Wait until the grace period has passed.'],
  CurePeriodRunning: ['The borrower still has time to cure the default.', 'Wait until the cure period has passed.'],
  ReserveCovers: [
    "The borrower's cash reserve covers the overdue payment.",
    'Draw the reserve: it pays what is overdue.',
  ],
  ReserveEmpty: ['The reserve is empty.', 'There is nothing to draw.'],
  ReserveTooSmall: [
    'The cash reserve does not cover all that is overdue.',
    'Pay what is overdue, or refill the reserve first.',
  ],
  ReserveFull: ['The cash reserve is full, or none was agreed.', 'No more can be paid into it.'],
  NoLateFees: ['No late fees are owed.', 'There is nothing to waive.'],
  StatusWorse: [
    'The loan has become worse since you read it, so that your signature would have another effect.',
    'Read the loan again before you sign.',
  ],
  StatusBetter: ['The loan has been cured since you read it.', 'Read the loan again before you give notice.'],
  NotCured: [
    'This payment would not make the loan current.',
    'Pay all that is overdue; after a notice of default, or a seizure, the whole debt.',
  ],
  AgreementReplaced: ['The loan has been restructured since you read it.', 'Read the new agreement before you sign.'],
  NoticeReplaced: ['This is not the notice that you read.', 'Read the loan again before you withdraw it.'],
  DebtBelowLimit: ['Less is owed than you rely on.', 'Read the loan again before you take it over.'],
  LienBelowLimit: ['Fewer units secure the loan than you rely on.', 'Read the collateral again before you sign.'],
  UnitsBelowLimit: ['Fewer units can be used than you rely on.', 'Read the loan again before you sign.'],
  HoldbackBelowLimit: ['Less money is held back than you rely on.', 'Read the loan again before you take it over.'],
  FrozenAboveLimit: ['More units are frozen than you rely on.', 'Read the collateral again before you sign.'],
  LockedAboveLimit: ['More units are locked than you rely on.', 'Read the collateral again before you sign.'],
  AprBelowLimit: ['The loan bears a lower rate than you rely on.', 'Read the loan again before you take it over.'],
  DebtAboveLimit: [
    'More is owed than the limit that you set.',
    'Read the debt again, and set a limit that you accept.',
  ],
  PrincipalAboveSchedule: [
    'More principal is outstanding than the instalments add up to.',
    'Raise them to at least the principal.',
  ],
  RestructureTouchesGrant: [
    'A restructuring cannot change principal, units, their lifetime and lock, the holdback or how use is counted.',
    'Change the schedule and the other terms only.',
  ],
  HoldbackOutlasts: [
    'The provider would wait longer for the money that is held back than was agreed.',
    'Have the provider sign as well, or keep the last due date.',
  ],
  ClaimUncollected: [
    'The party that leaves has money in the vault.',
    'Collect it in the same transaction, before its place is taken.',
  ],
  NoticeNotAgreed: [
    'The terms do not allow a notice of default for a breach.',
    'Only a missed payment can lead to a default of this loan.',
  ],
  NoNotice: ['No notice of default is in force.', 'There is nothing to withdraw.'],
  CovenantNotAgreed: ['The terms have no covenant on use.', 'There is nothing to apply.'],
  CovenantWindowRunning: ["No usage report has reached the end of the covenant's window.", 'Wait for one that does.'],
  InArrears: [
    'An instalment is overdue, and the covenant waits until it is paid.',
    'Apply the covenant once it is paid.',
  ],
  UnitsExpired: [
    'The units have expired.',
    'They can no longer be seized or bought. Anybody may have them expire on the chain.',
  ],
  NothingToExpire: ['No unused unit has passed its lifetime.', 'There is nothing to expire.'],
  LotsOpen: ['Units of this loan are still for sale.', 'Wait until the lots are closed, or close them first.'],
  UnitsLeft: ['Unused units are left in this credit.', 'Use them first. Only the borrower may give them up.'],
  VaultOpen: ["The loan's vault is still open.", 'Collect what is in it and close it first.'],
  ClaimsLeft: ['Money in the vault belongs to its parties.', 'Collect it first.'],
  FreezePolicyForbids: [
    'The terms do not allow the lender to freeze in this state of the loan.',
    "Wait for the state that the freeze policy names. While the borrower's reserve is short past its grace, freeze for a breach or a risk.",
  ],
  AutoFreezeNotAgreed: [
    'The terms do not allow an automatic freeze in this state.',
    'The lender has to sign a freeze.',
  ],
  CrossDefaultNotAgreed: [
    'The terms do not allow a freeze for the default of another loan.',
    'Freeze for a reason of this loan.',
  ],
  CrossCreditMissing: ['A freeze for cross-default needs the other loan, which is in default.', 'Choose that loan.'],
  CrossCreditMismatch: [
    'This is not the loan that the freeze rests on.',
    'Choose another loan than the one to freeze: the one that is in default.',
  ],
  CrossCreditSound: [
    'The other loan is not in default, or has another lender or borrower.',
    'Choose a loan of the same two parties that is in default.',
  ],
  NoCrossFreeze: ['Nothing is frozen for the default of another loan.', 'There is nothing to thaw by this.'],
  CrossDefaultStands: ['The other loan is still in default.', 'Wait until it is cured or paid.'],
  ShareOutOfRange: ['The share is not between 0.01 % and 100 %.', 'Choose another share.'],
  BeyondLien: ['Fewer units secure the loan than you ask for at least.', 'Ask for fewer.'],
  AlreadyFrozen: [
    'At least that many units are frozen already.',
    'Choose a larger amount to freeze more, or thaw to lower it.',
  ],
  BeyondFrozen: ['No more units are frozen than you want to keep frozen.', 'There is nothing to thaw.'],
  ReportsMissing: [
    'No report was given.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  QuorumNotReached: ['Fewer reporters signed than the quorum.', 'Collect more reports for this chunk.'],
  ReporterUnknown: ['A report names a reporter the provider does not have.', 'Use the index in its current list.'],
  ReporterRepeated: ['The same reporter appears twice.', 'A quorum counts distinct reporters.'],
  ReporterExpired: ["A reporter's key has expired.", 'The provider must renew it.'],
  ReportSignatureInvalid: [
    "A report's signature does not verify.",
    'Check its epoch, chunk, provider, market, program and cluster tag.',
  ],
  ReportMalformed: [
    'A report has another number of readings than bits set, or bits beyond the chunk.',
    'Encode it again.',
  ],
  ReportFromFuture: ['A report is dated in the future.', "Check the reporter's clock."],
  CreditsMissing: [
    'No credit accounts were given.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  HeldByRunningJobs: [
    'Running jobs may still use part of these units.',
    'Ask for fewer, or freeze and wait until the jobs have ended.',
  ],
  FirstSeizureTooSmall: [
    "The first seizure ends the borrower's right to cure, so it cannot be a small one.",
    'Take at least a tenth of what can be taken.',
  ],
  BeyondDebt: ['The debt does not pay for that many units.', 'Ask for fewer, or sell them in a lot.'],
  CoveredByHoldback: [
    'Part of these units is covered by money that is held back.',
    'Cancel those units for that money, and ask for fewer here.',
  ],
  BeyondCovered: ['Fewer units can be cancelled than you ask for at least.', 'Ask for fewer.'],
  CancelFirst: ['Units that are covered by money held back come first.', 'Cancel them, then draw the reserve.'],
  SeizeFirst: [
    'Units are left that the lender can seize; the reserve is drawn last.',
    'Seize them, then draw the reserve.',
  ],
  CancelNotOpen: [
    'Only the lender may cancel these units yet.',
    'Wait: anybody may 30 days after the cure period, at the latest some time after the last due date.',
  ],
  CancelsAll: ['Anybody but the lender can only cancel all of these units at once.', 'Ask for all of them.'],
  ProviderNotSuspended: [
    'The loan is not in default, and the provider has not been suspended for long enough.',
    'Wait until it has, or until after a default.',
  ],
  LotPriceTooLow: [
    'The prices are too low for this market, or rise instead of falling.',
    'Raise them, with a start price at or above the lowest price.',
  ],
  LotPriceTooHigh: ['The start price is too high for this market.', 'Lower it.'],
  LotWindowOutOfBounds: [
    'The sale would run for a shorter or a longer time than the market allows.',
    'Choose another duration.',
  ],
  LotOutlivesUnits: [
    'The units expire before the sale would end.',
    "Choose a duration that ends before, or the market's shortest.",
  ],
  LotUnitsExceeded: ['The lot has fewer units left than you ask for at least.', 'Ask for fewer.'],
  PriceAboveMaximum: [
    'The price is above the most that you pay. The lender of the loan pays at least what the loan paid.',
    'Wait until the price has fallen, or raise your limit.',
  ],
  LotStillOpen: [
    'The lot has units left and its sale still runs.',
    'Wait until it is sold out, or its time has passed.',
  ],
  LotNotYours: [
    'Only the lender may take unsold units back.',
    "Connect the lender's wallet. Once all is sold or the debt is paid, anybody may close the lot.",
  ],
  DestinationNotAllowed: ['The money of a party can be paid to that party only.', 'Use its own token account.'],
  ClaimSuspended: [
    'The admin of the market has suspended the provider, so its money waits in the vault.',
    'Have the suspension lifted first.',
  ],
  NothingToCollect: ['There is nothing to collect now.', 'Wait for a payment or a sale.'],
};

/** For every code of a provider's gate: what happened, and what to do. */
export const GATE_WORDS = {
  too_large: [
    "The provider's server took this for no transaction: it is too large.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  malformed: [
    "The provider's server could not read the transaction.",
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  lookup_tables: [
    'The wallet has shortened the transaction with address tables, which the provider cannot check ahead of the chain.',
    'The freeze is on its way to the chain, and counts as soon as it lands.',
  ],
  foreign_instruction: [
    'The wallet has added an instruction that the provider does not obey ahead of the chain.',
    'The freeze is on its way to the chain, and counts as soon as it lands.',
  ],
  companion_refused: [
    'The wallet has added an instruction that the provider does not obey ahead of the chain.',
    'The freeze is on its way to the chain, and counts as soon as it lands.',
  ],
  durable_nonce: [
    'The transaction could land at any later time, so the provider does not obey it ahead of the chain.',
    'It counts as soon as it lands. Sign with a recent blockhash to be obeyed at once.',
  ],
  multisig: [
    'The freeze is decided by a multisig on the chain.',
    'It counts once enough members have approved and it has been executed. A plain key as freeze authority is obeyed at once.',
  ],
  several_freezes: ['The transaction freezes more than one credit.', 'Sign one transaction for each credit.'],
  not_a_freeze: [
    'The provider found no freeze in the transaction.',
    'The page has built a wrong transaction: reload it and try again; if this comes back, report it.',
  ],
  unsigned: ['A signature is missing.', 'Sign again with the wallet of the lender or the freeze authority.'],
  bad_signature: ['A signature is wrong.', 'Sign again.'],
  foreign_market: [
    'The provider does not serve this market.',
    "The freeze counts as soon as it lands on the chain. Check the address of the provider's server.",
  ],
  credit_unknown: [
    'The provider does not serve this credit, or does not know it yet.',
    'Check its address; a new credit is known some seconds after its units are issued.',
  ],
  not_freezer: ['Only the lender or the freeze authority may freeze this credit.', 'Connect one of their wallets.'],
  chain_stale: [
    'The provider is behind the chain and cannot check anything now.',
    'A freeze counts as soon as it lands on the chain. Try again later.',
  ],
  policy_forbids: [
    'The terms do not allow the lender to freeze in this state of the loan.',
    'Wait for the state that the freeze policy names.',
  ],
  already_frozen: ['At least that many units are frozen already.', 'Choose a larger amount to freeze more.'],
  program_refuses: ['The program would refuse this freeze.', 'Read the state of the loan again.'],
  blockhash_expired: ['The signature came too late: the transaction can no longer land.', 'Sign again.'],
  blockhash_unknown: [
    'The transaction was made for another cluster, or too long ago.',
    'Check that wallet and page use the same cluster, and sign again.',
  ],
  unchecked: [
    'The provider cannot reach its node and cannot check the freeze.',
    'The freeze is on its way to the chain, and counts as soon as it lands.',
  ],
  replayed: ['This freeze was given before.', 'Sign a new one if more is to be frozen.'],
  too_many_open: [
    'Too many freezes wait to land.',
    'Wait until they have landed. This one is on its way to the chain.',
  ],
  too_many_unlanded: [
    'Earlier freezes of this credit did not land, so the provider obeys none ahead of the chain for now.',
    'The freeze is on its way to the chain, and counts as soon as it lands.',
  ],
  shutting_down: [
    "The provider's server is about to restart.",
    'Try again in a minute. A freeze counts as soon as it lands on the chain.',
  ],
  credit_not_issued: [
    'The units of this credit are not issued yet.',
    'Wait until the borrower has accepted and the provider has issued.',
  ],
  credit_frozen: [
    'The lender has frozen units that this request needs.',
    'Pay what is overdue or speak to the lender, or ask for less.',
  ],
  credit_locked: ['Units are locked until they are paid for.', 'Make a payment that opens them, or ask for less.'],
  credit_exhausted: [
    'The credit has fewer units left than the request may need.',
    'Ask for less, wait for running jobs to end, or obtain more credit.',
  ],
  rate_bound: [
    'The loan allows only so many units per second, and running jobs use them.',
    'Wait for running jobs to end, or ask for less.',
  ],
  freeze_settling: ['Units were frozen a moment ago, and earlier use is being counted.', 'Try again in some seconds.'],
  credit_expired: ['The units of this credit have expired.', 'Obtain a new credit.'],
  credit_closed: ['This credit is closed.', 'Obtain a new credit.'],
  storage_unavailable: ['The provider cannot record new jobs now.', 'Try again later.'],
} as const;
