// The waterfall of a payment: late fees, then interest, then principal; first over all that is due, then over the rest.

import type { Debt } from './generated/types/debt.js';
import type { Rates } from './interest.js';
import {
  type Schedule,
  arrearsOf,
  arrearsSinceAfter,
  hasMatured,
  interestNotDue,
  principalInArrears,
} from './schedule.js';
import { add, min, overflow, sub } from './units.js';

/** The parts of an applied payment, in micro-USDC, and the debt after it. */
export type Applied = {
  /** Part that paid late fees. */
  lateFees: bigint;
  /** Part that paid interest. */
  interest: bigint;
  /** Part that paid principal. */
  principal: bigint;
  /** Arrears before the payment. */
  arrearsBefore: bigint;
  /** Arrears after it. */
  arrearsAfter: bigint;
  /** The debt after it. */
  debt: Debt;
};

/** Applies a payment to a debt that has been accrued up to now. Throws for more than the debt. */
export function payDebt(debt: Debt, rates: Rates, schedule: Schedule, amount: bigint): Applied {
  return apply(debt, rates, schedule, amount, hasMatured(schedule, debt));
}

/** Applies proceeds of collateral: as `payDebt`, with all accrued interest due before any principal. */
export function recoverDebt(debt: Debt, rates: Rates, schedule: Schedule, amount: bigint): Applied {
  return apply(debt, rates, schedule, amount, true);
}

/** The parts of money that was held back and is given back, in micro-USDC, and the debt after it. */
export type GivenBack = { principal: bigint; interest: bigint; lateFees: bigint; surplus: bigint; debt: Debt };

/** Applies money that was held back: principal first, since it was never paid out, then interest and late fees. */
export function giveBack(stored: Debt, amount: bigint): GivenBack {
  const debt = { ...stored };
  const left = { amount };
  const principal = take(debt, 'principal', left);
  const interest = take(debt, 'interestDue', left) + takeInterestNotDue(debt, left);
  const lateFees = take(debt, 'lateFees', left);
  return { principal, interest, lateFees, surplus: left.amount, debt };
}

type Left = { amount: bigint };

function apply(stored: Debt, rates: Rates, schedule: Schedule, amount: bigint, allDue: boolean): Applied {
  const debt = { ...stored };
  const arrearsBefore = arrearsOf(schedule, debt);
  const left = { amount };
  const lateFees = take(debt, 'lateFees', left);
  let interest = take(debt, 'interestDue', left);
  if (allDue) interest = add(interest, takeInterestNotDue(debt, left));
  let principal = payPrincipal(debt, left, principalInArrears(schedule, debt));
  interest = add(interest, takeInterestNotDue(debt, left));
  principal = add(principal, payPrincipal(debt, left, debt.principal));
  if (left.amount > 0n) throw overflow();
  debt.arrearsSince = arrearsSinceAfter(schedule, debt, rates);
  return { lateFees, interest, principal, arrearsBefore, arrearsAfter: arrearsOf(schedule, debt), debt };
}

function take(debt: Debt, part: 'principal' | 'interestDue' | 'interestAccrued' | 'lateFees', left: Left): bigint {
  const paid = min(debt[part], left.amount);
  debt[part] -= paid;
  left.amount -= paid;
  return paid;
}

/** Pays accrued interest that is not billed, its fraction rounded up to one micro-USDC and then gone. */
function takeInterestNotDue(debt: Debt, left: Left): bigint {
  const owed = interestNotDue(debt);
  if (left.amount < owed) return take(debt, 'interestAccrued', left);
  debt.interestAccrued = 0n;
  debt.interestRemainder = 0n;
  left.amount -= owed;
  return owed;
}

function payPrincipal(debt: Debt, left: Left, most: bigint): bigint {
  const paid = min(left.amount, most);
  debt.principal = sub(debt.principal, paid);
  debt.schedulePaid = add(debt.schedulePaid, paid);
  left.amount = sub(left.amount, paid);
  return paid;
}
