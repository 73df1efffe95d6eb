// Accrual: interest, billing at due dates, late fees.

import { BPS } from './generated/constants.js';
import type { Debt } from './generated/types/debt.js';
import type { Terms } from './generated/types/terms.js';
import { INTEREST_DENOMINATOR, interestOver } from './interest.js';
import {
  type PayInKind,
  type Schedule,
  dueDate,
  dueWithin,
  hasMatured,
  isLast,
  principalDue,
  principalOf,
} from './schedule.js';
import { U64_MAX, add, elapsed, min, mulDivFloor, overflow, saturatingAdd, saturatingMul, sub, u128 } from './units.js';

/** A debt brought up to a market time, and the coupons added to the principal until then. */
export type Accrued = { debt: Debt; capitalised: bigint };

/** Brings a debt up to a market time. Nothing changes when that is not later than the last accrual. */
export function accrueDebt(stored: Debt, terms: Terms, agreed: Schedule, now: bigint): Accrued {
  const debt = { ...stored };
  const schedule = { ...agreed };
  billUntil(debt, terms, schedule, now);
  chargeLateFees(debt, terms, schedule, now);
  accrueInterest(debt, terms, schedule, now);
  if (hasMatured(schedule, debt)) billInterest(debt);
  return { debt, capitalised: schedule.capitalised };
}

function billUntil(debt: Debt, terms: Terms, schedule: Schedule, now: bigint): void {
  const due = dueWithin(schedule, elapsed(schedule.start, now));
  if (debt.instalmentsBilled >= due) return;
  let principal = skipPaid(debt, terms, schedule, due);
  while (debt.arrearsSince === 0n && debt.instalmentsBilled < due) {
    const instalment = debt.instalmentsBilled;
    const date = dueDate(schedule, instalment);
    if (date === undefined) throw overflow();
    debt.instalmentsBilled += 1;
    principal = add(principal, principalOf(schedule, instalment));
    accrueInterest(debt, terms, schedule, date);
    capitalise(debt, schedule);
    billInterest(debt);
    if (debt.interestDue > 0n || (principal > debt.schedulePaid && debt.principal > 0n)) debt.arrearsSince = date;
  }
  if (debt.instalmentsBilled < due) {
    // While something is in arrears the principal does not change: the interest of all further dates is one sum.
    debt.instalmentsBilled = due;
    const date = dueDate(schedule, due - 1);
    if (date === undefined) throw overflow();
    accrueInterest(debt, terms, schedule, date);
    billInterest(debt);
  }
}

/** Counts due dates as billed at which nothing is unpaid and no interest accrues. Returns the principal due so far. */
function skipPaid(debt: Debt, terms: Terms, schedule: Schedule, due: number): bigint {
  let principal = principalDue(schedule, debt.instalmentsBilled);
  const bearsNoInterest = terms.aprBps === 0 || debt.principal === 0n;
  const owesInterest = debt.interestAccrued > 0n || debt.interestDue > 0n;
  if (debt.arrearsSince !== 0n || owesInterest || !bearsNoInterest) return principal;
  while (debt.instalmentsBilled < due) {
    const next = add(principal, principalOf(schedule, debt.instalmentsBilled));
    if (next > debt.schedulePaid && debt.principal > 0n) break;
    principal = next;
    debt.instalmentsBilled += 1;
  }
  return principal;
}

function partInKind(payInKind: PayInKind, coupon: bigint): bigint {
  const { shareBps, unused, granted } = payInKind;
  if (shareBps === 0 || granted === 0n) return 0n;
  const onUnused = unused === granted ? coupon : mulDivFloor(coupon, unused, granted);
  return BigInt(shareBps) === BPS ? onUnused : mulDivFloor(onUnused, BigInt(shareBps), BPS);
}

/** Adds the agreed part of a coupon to the principal, but for the last instalment, where all falls due. */
function capitalise(debt: Debt, schedule: Schedule): void {
  if (isLast(schedule, debt.instalmentsBilled)) return;
  const part = partInKind(schedule.payInKind, debt.interestAccrued);
  debt.interestAccrued = sub(debt.interestAccrued, part);
  debt.principal = add(debt.principal, part);
  schedule.capitalised = add(schedule.capitalised, part);
}

function billInterest(debt: Debt): void {
  debt.interestDue = saturatingAdd(debt.interestDue, debt.interestAccrued);
  debt.interestAccrued = 0n;
}

/** Charges each instalment's late fee once: when its delinquency grace has passed while it or an older one is unpaid. */
function chargeLateFees(debt: Debt, terms: Terms, schedule: Schedule, now: bigint): void {
  const seconds = elapsed(schedule.start, now) - BigInt(terms.delinquencyGrace);
  if (seconds < 0n) return;
  const checked = dueWithin(schedule, seconds);
  if (debt.arrearsSince !== 0n) {
    const paid = sub(elapsed(schedule.start, debt.arrearsSince), 1n);
    const firstUnpaid = Math.max(dueWithin(schedule, paid), debt.instalmentsLateChecked);
    const late = BigInt(Math.max(checked - firstUnpaid, 0));
    debt.lateFees = saturatingAdd(debt.lateFees, saturatingMul(terms.lateFee, late));
  }
  debt.instalmentsLateChecked = Math.max(checked, debt.instalmentsLateChecked);
}

function accrueInterest(debt: Debt, terms: Terms, schedule: Schedule, now: bigint): void {
  const from = debt.accruedAt;
  const seconds = elapsed(from, now);
  if (seconds === 0n) return;
  debt.accruedAt = now;
  if (debt.principal === 0n || terms.aprBps === 0) return;
  const interest = interestOver(schedule.heldBack, debt.principal, terms, from, seconds);
  const numerator = u128(interest + debt.interestRemainder);
  debt.interestRemainder = numerator % INTEREST_DENOMINATOR;
  debt.interestAccrued = saturatingAdd(debt.interestAccrued, min(numerator / INTEREST_DENOMINATOR, U64_MAX));
}
