// Repayment schedules: due dates, arrears and the oldest unpaid instalment, as functions of market time.

import type { Debt } from './generated/types/debt.js';
import { type HeldBack, type Rates, secondsOfInterest } from './interest.js';
import { add, after, elapsed, max, min, overflow, saturatingAdd, saturatingSub, saturatingTime } from './units.js';

/** The part of a coupon that is added to the principal instead of falling due: `shareBps x unused / granted`. */
export type PayInKind = {
  /** Share of the coupon on unused units, in basis points; 0 for none. */
  shareBps: number;
  /** Units that are unused. */
  unused: bigint;
  /** Units granted. */
  granted: bigint;
};

/** A repayment schedule. */
export type Schedule = {
  /** Market time that due dates count from. */
  start: bigint;
  /** Seconds from `start` to each due date, ascending. */
  dueAfter: readonly number[];
  /** Principal due at each date, in micro-USDC. */
  principal: readonly bigint[];
  /** Coupons added to the principal so far, in micro-USDC; they fall due with the last instalment. */
  capitalised: bigint;
  /** The part of each further coupon that accrual adds to the principal. */
  payInKind: PayInKind;
  /** The part of the principal that is held back. */
  heldBack: HeldBack;
};

/** Everything owed, in micro-USDC; a fraction of accrued interest counts as one. */
export function totalDebt(debt: Debt): bigint {
  return [debt.interestDue, interestNotDue(debt), debt.lateFees].reduce(saturatingAdd, debt.principal);
}

/** Interest accrued since the last due date, rounded up. */
export function interestNotDue(debt: Debt): bigint {
  return saturatingAdd(debt.interestAccrued, debt.interestRemainder > 0n ? 1n : 0n);
}

/** Due date of an instalment in market time, undefined past the last. */
export function dueDate(schedule: Schedule, instalment: number): bigint | undefined {
  const seconds = schedule.dueAfter[instalment];
  return seconds === undefined ? undefined : after(schedule.start, seconds);
}

/** Number of instalments that fall due within `seconds` of the start. */
export function dueWithin(schedule: Schedule, seconds: bigint): number {
  const later = schedule.dueAfter.findIndex((due) => BigInt(due) > seconds);
  return later < 0 ? schedule.dueAfter.length : later;
}

/** Returns true when the instalment numbered `count`, from 1, is the last. */
export function isLast(schedule: Schedule, count: number): boolean {
  return count >= schedule.dueAfter.length;
}

/** Principal of the first `count` instalments, in micro-USDC. */
export function principalDue(schedule: Schedule, count: number): bigint {
  const withLast = isLast(schedule, count) ? schedule.capitalised : 0n;
  return schedule.principal.slice(0, count).reduce(saturatingAdd, withLast);
}

/** Principal of the instalment at an index, in micro-USDC. */
export function principalOf(schedule: Schedule, index: number): bigint {
  const principal = schedule.principal[index];
  if (principal === undefined) return 0n;
  return saturatingAdd(principal, isLast(schedule, index + 1) ? schedule.capitalised : 0n);
}

/** Returns true when no more principal will fall due, so that all that is owed is due. */
export function hasMatured(schedule: Schedule, debt: Debt): boolean {
  const billed = debt.instalmentsBilled;
  const rest = schedule.principal.slice(billed);
  return rest.every((principal) => principal === 0n) && (schedule.capitalised === 0n || isLast(schedule, billed));
}

/** Principal billed and unpaid, in micro-USDC. */
export function principalInArrears(schedule: Schedule, debt: Debt): bigint {
  return min(saturatingSub(principalDue(schedule, debt.instalmentsBilled), debt.schedulePaid), debt.principal);
}

/** The sum that must be paid to be current, in micro-USDC, as of the last accrual. */
export function arrearsOf(schedule: Schedule, debt: Debt): bigint {
  if (hasMatured(schedule, debt)) return totalDebt(debt);
  if (debt.arrearsSince === 0n) return 0n;
  return [debt.interestDue, principalInArrears(schedule, debt)].reduce(saturatingAdd, debt.lateFees);
}

/** The due date of the oldest instalment that is still unpaid after a payment, 0 for none. */
export function arrearsSinceAfter(schedule: Schedule, debt: Debt, rates: Rates): bigint {
  const dates = [oldestUnpaidInterest(schedule, debt, rates), oldestUnpaidPrincipal(schedule, debt)];
  const known = dates.filter((date) => date !== undefined);
  return known.length === 0 ? 0n : known.reduce(min);
}

function oldestUnpaidPrincipal(schedule: Schedule, debt: Debt): bigint | undefined {
  let through = 0n;
  for (const [index, principal] of schedule.principal.slice(0, debt.instalmentsBilled).entries()) {
    through = add(through, principal);
    if (through > debt.schedulePaid) return dueDate(schedule, index);
  }
  if (principalInArrears(schedule, debt) === 0n) return undefined;
  return dueDate(schedule, Math.max(schedule.dueAfter.length - 1, 0));
}

/** Goes back from the latest billing by the seconds in which the unpaid interest has accrued. */
function oldestUnpaidInterest(schedule: Schedule, debt: Debt, rates: Rates): bigint | undefined {
  if (debt.interestDue === 0n) return undefined;
  const last = debt.instalmentsBilled - 1;
  if (last < 0) return debt.arrearsSince;
  const billedUntil = hasMatured(schedule, debt) ? debt.accruedAt : dueDate(schedule, last);
  if (billedUntil === undefined) throw overflow();
  // A micro-USDC is left out: every billing rounds down and carries its fraction to the next.
  const unpaid = debt.interestDue - 1n;
  const seconds = secondsOfInterest(schedule.heldBack, unpaid, debt.principal, rates, billedUntil);
  if (seconds === undefined) return debt.arrearsSince;
  const paid = elapsed(schedule.start, saturatingTime(billedUntil - seconds));
  const date = dueDate(schedule, Math.min(dueWithin(schedule, paid), last));
  return date === undefined ? undefined : max(date, debt.arrearsSince);
}
