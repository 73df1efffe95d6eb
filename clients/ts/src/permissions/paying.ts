// Acceptance, payments and the reserve.

import {
  arrears,
  coveredUnits,
  creditAt,
  offerHasExpired,
  policyAllows,
  statusOf,
  unitsHaveExpired,
} from '../credit.js';
import { lienUnits } from '../collateral.js';
import { Status } from '../generated/types/status.js';
import { type PaymentQuote, quotePayment } from '../payment.js';
import { ensure } from '../refusal.js';
import { totalDebt } from '../schedule.js';
import { after, min, saturatingSub } from '../units.js';
import { requireCurePeriodOver } from './defaulting.js';
import {
  type Verdict,
  type View,
  SECURED,
  beginByAnyone,
  beginByLender,
  clockOf,
  decide,
  requireNotHalted,
  requireOpen,
  requireStatus,
  waitFor,
} from './verdict.js';

/** Decides on the borrower's acceptance of the offer as it stands. */
export function canAccept(view: View): Verdict<Record<never, never>> {
  return decide(() => {
    const clock = requireOpen(view);
    requireNotHalted(view, clock);
    ensure(view.credit.borrower === view.party, 'NotBorrower');
    requireStatus(view.credit, Status.Offered);
    ensure(!offerHasExpired(view.credit, clock), 'OfferExpired');
    return { effect: {} };
  });
}

/** A payment as it would be signed. */
export type RepayRequest = {
  /** The most to pay, in micro-USDC. */
  amount: bigint;
  /** True to have it refused where arrears or a notice would be left. */
  mustCure?: boolean;
};

/** Decides on a payment, open to anyone. `atMost` is the whole debt. A payer's balance is not looked at. */
export function canRepay(view: View, request: RepayRequest): Verdict<PaymentQuote> {
  return decide(() => {
    const clock = clockOf(view);
    // The program reads the loan before the amount.
    statusOf(view.credit);
    const quote = quotePayment(view.credit, request.amount, clock.market);
    const isOpen = quote.statusAfter === Status.Active || quote.statusAfter === Status.Repaid;
    ensure(request.mustCure !== true || (isOpen && quote.arrearsLeft === 0n), 'NotCured');
    return { atMost: quote.paid + quote.debtLeft - quote.toReserve, effect: quote };
  });
}

/**
 * Decides on the payment that makes a late loan current: the arrears, under a notice or after a seizure the whole debt. Denies
 * with `NotInArrears` where nothing is to be cured.
 */
export function canCure(view: View): Verdict<PaymentQuote> {
  const amount = decide(() => {
    const clock = clockOf(view);
    ensure(
      SECURED.some((status) => status === statusOf(view.credit)),
      'NothingOwed',
    );
    const credit = creditAt(view.credit, clock.market);
    const takesAll = credit.noticeGiven === 1 || credit.status === Status.Seizing;
    const due = takesAll ? totalDebt(credit.debt) : arrears(credit);
    ensure(due > 0n, 'NotInArrears');
    return { effect: due };
  });
  return amount.ok ? canRepay(view, { amount: amount.effect, mustCure: true }) : amount;
}

/** Decides on a payment into the reserve, open to anyone. `atMost` is what is missing in it, in micro-USDC. */
export function canFundReserve(view: View, request: { amount: bigint }): Verdict<{ amount: bigint }> {
  return decide(() => {
    statusOf(view.credit);
    ensure(request.amount > 0n, 'AmountZero');
    beginByAnyone(view, Status.Accepted, Status.Active, Status.Delinquent, Status.Defaulted);
    const missing = saturatingSub(view.credit.rider.reserve, view.credit.reserveHeld);
    const amount = min(request.amount, missing);
    ensure(amount > 0n, 'ReserveFull');
    // A full reserve thaws what the policy does not allow: the program reads the policy then.
    if (amount === missing) policyAllows(view.credit, statusOf(view.credit));
    return { atMost: missing, effect: { amount } };
  });
}

/** Decides on a draw of the reserve by anyone: for all arrears, or as recovery. */
export function canDrawReserve(view: View): Verdict<{ amount: bigint }> {
  return decide(() => {
    const clock = beginByAnyone(view, ...SECURED);
    const credit = creditAt(view.credit, clock.market);
    const isRecovery = statusOf(credit) >= Status.Defaulted;
    const owed = isRecovery ? totalDebt(credit.debt) : arrears(credit);
    ensure(owed > 0n, 'NotInArrears');
    ensure(credit.reserveHeld > 0n, 'ReserveEmpty');
    if (isRecovery) {
      requireRecovers({ ...view, credit });
    } else {
      ensure(credit.reserveHeld >= owed, 'ReserveTooSmall');
    }
    return { effect: { amount: min(owed, credit.reserveHeld) } };
  });
}

function requireRecovers(view: View): void {
  const { credit } = view;
  const clock = clockOf(view);
  ensure(coveredUnits(credit) === 0n, 'CancelFirst');
  if (credit.status === Status.Seizing) return;
  ensure(lienUnits(credit.collateral) === 0n || unitsHaveExpired(credit, clock.market), 'SeizeFirst');
  requireCurePeriodOver(view, clock);
}

/** Decides on the mark of delinquency, open to anyone. */
export function canMarkDelinquent(view: View): Verdict<{ arrears: bigint }> {
  return canMark(view, Status.Active, view.credit.terms.delinquencyGrace, 'DelinquencyGraceRunning');
}

/** Decides on the mark of default, open to anyone. */
export function canMarkDefaulted(view: View): Verdict<{ arrears: bigint }> {
  return canMark(view, Status.Delinquent, view.credit.terms.defaultGrace, 'DefaultGraceRunning');
}

function canMark(
  view: View,
  status: Status,
  grace: number,
  early: 'DelinquencyGraceRunning' | 'DefaultGraceRunning',
): Verdict<{ arrears: bigint }> {
  return decide(() => {
    const clock = beginByAnyone(view, status);
    const credit = creditAt(view.credit, clock.market);
    ensure(credit.debt.arrearsSince !== 0n, 'NotInArrears');
    const due = arrears(credit);
    ensure(credit.reserveHeld < due, 'ReserveCovers');
    waitFor(view, clock, after(credit.debt.arrearsSince, grace), early);
    return { effect: { arrears: due } };
  });
}

/** Decides on a waiver of late fees by the lender. `atMost` is what is owed of them, in micro-USDC. */
export function canWaiveFee(view: View, request: { amount: bigint }): Verdict<{ amount: bigint }> {
  return decide(() => {
    clockOf(view);
    ensure(request.amount > 0n, 'AmountZero');
    const clock = beginByLender(view, ...SECURED);
    const { lateFees } = creditAt(view.credit, clock.market).debt;
    const amount = min(request.amount, lateFees);
    ensure(amount > 0n, 'NoLateFees');
    return { atMost: lateFees, effect: { amount } };
  });
}
