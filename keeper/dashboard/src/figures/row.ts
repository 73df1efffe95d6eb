// A credit's account as a line of the portfolio.

import {
  type Credit,
  type MarketClock,
  aprInForce,
  arrears,
  availableUnits,
  creditAt,
  dueDate,
  frozenUnits,
  lienUnits,
  lockedUnits,
  nextInstalment,
  remainingUnits,
  scheduleOf,
  secondsPaused,
  totalDebt,
} from '@blockable/client';
import type { Address } from '@solana/kit';
import type { CreditRow } from '../data/types.js';
import { statusName } from '../text/names.js';
import { healthOf } from './health.js';

/** A market time as a time of the chain, where the market is paused no more than it has been. */
export function chainTime(clock: MarketClock, market: bigint): bigint {
  return market + secondsPaused(clock);
}

/** Value of units at exactly what the loan paid, rounded down: what a lender is shown is never too much. */
export function valueAtPricePaid(credit: Credit, count: bigint): bigint {
  const { principal, units } = credit.terms;
  return units === 0n ? 0n : (count * principal) / units;
}

/** Due date of the last instalment as a time of the chain; undefined before the issue. */
export function maturityOf(credit: Credit, clock: MarketClock): bigint | undefined {
  const schedule = scheduleOf(credit);
  if (schedule.start === 0n) return undefined;
  const last = dueDate(schedule, schedule.dueAfter.length - 1);
  return last === undefined ? undefined : chainTime(clock, last);
}

/** Makes the line of a credit. */
export function rowOf(address: Address, stored: Credit, clock: MarketClock): CreditRow {
  const isSecured = stored.status >= 2 && stored.status <= 5;
  const credit = isSecured ? creditAt(stored, clock.market) : stored;
  const units = credit.collateral;
  const [debt, unpaid, lien] = [totalDebt(credit.debt), isSecured ? arrears(credit) : 0n, lienUnits(units)];
  const isLoan = credit.lender !== credit.provider;
  const status = statusName(credit);
  const lienValue = isLoan ? valueAtPricePaid(credit, lien) : 0n;
  const cureEnds = credit.defaultedAt === 0n ? undefined : credit.defaultedAt + BigInt(credit.terms.curePeriod);
  const { arrearsSince } = credit.debt;
  const next = isSecured && isLoan ? nextPayment(credit, clock, unpaid) : undefined;
  return {
    credit: address,
    lender: credit.lender,
    borrower: credit.borrower,
    provider: credit.provider,
    status,
    isLoan,
    health: healthOf({
      status,
      isLoan,
      debt,
      arrears: unpaid,
      arrearsSince: arrearsSince === 0n ? undefined : chainTime(clock, arrearsSince),
      lien,
      lienValue,
      frozen: frozenUnits(units),
      cureEndsAt: cureEnds === undefined ? undefined : chainTime(clock, cureEnds),
    }),
    principal: credit.debt.principal,
    debt,
    arrears: unpaid,
    nextPayment: next,
    remaining: remainingUnits(units),
    lien,
    frozen: frozenUnits(units),
    locked: lockedUnits(units),
    available: availableUnits(units),
    heldBack: credit.holdbackLeft,
    lienValue,
    aprBps: isLoan ? aprInForce(credit) : undefined,
    maturesAt: isLoan ? maturityOf(credit, clock) : undefined,
    unitsPerDay: undefined,
    exhaustedAt: undefined,
  };
}

function nextPayment(credit: Credit, clock: MarketClock, unpaid: bigint): CreditRow['nextPayment'] {
  if (unpaid > 0n) return { dueAt: chainTime(clock, credit.debt.arrearsSince), amount: unpaid };
  if (credit.status === 5) return undefined;
  const next = nextInstalment(credit, clock.market);
  return next && { dueAt: chainTime(clock, next.dueAt), amount: next.quote.paid };
}
