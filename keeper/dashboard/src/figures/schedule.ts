// The instalments of a loan: what of each is paid, due or missed. Principal is paid in order; interest of coming dates is projected.

import { type Credit, type MarketClock, creditAt, dueDate, scheduleOf } from '@blockable/client';
import { chainTime } from './row.js';

/** The state of an instalment. */
export type InstalmentState = 'paid' | 'part paid' | 'missed' | 'due next' | 'to come';

/** An instalment. */
export type InstalmentRow = {
  number: number;
  dueAt: bigint;
  principal: bigint;
  /** Principal of it that is paid. */
  paid: bigint;
  /** Interest that falls due with it where nothing else changes; undefined for those behind. */
  interest: bigint | undefined;
  state: InstalmentState;
};

/** Works out the instalments as of a market time. `stored` is the account as it stands. */
export function instalments(stored: Credit, clock: MarketClock): readonly InstalmentRow[] {
  if (scheduleOf(stored).start === 0n) return previewOf(stored);
  const isSecured = stored.status >= 2 && stored.status <= 5;
  const credit = isSecured ? creditAt(stored, clock.market) : stored;
  const schedule = scheduleOf(credit);
  const { debt } = credit;
  let left = debt.schedulePaid;
  let found = false;
  const isOver = !isSecured;
  const rows = schedule.dueAfter.map((_, place): InstalmentRow => {
    const principal =
      (schedule.principal[place] ?? 0n) + (place === schedule.dueAfter.length - 1 ? credit.capitalised : 0n);
    const paid = isOver ? principal : left < principal ? left : principal;
    left -= paid > left ? left : paid;
    const dueAt = dueDate(schedule, place) ?? 0n;
    const isBilled = place < debt.instalmentsBilled;
    const isMissed = isBilled && debt.arrearsSince !== 0n && dueAt >= debt.arrearsSince;
    const state = ((): InstalmentState => {
      if (isOver) return 'paid';
      if (isBilled) return isMissed ? 'missed' : 'paid';
      if (paid >= principal && principal > 0n) return 'paid';
      if (found) return paid > 0n ? 'part paid' : 'to come';
      found = true;
      return 'due next';
    })();
    return { number: place + 1, dueAt: chainTime(clock, dueAt), principal, paid, interest: undefined, state };
  });
  return isOver ? rows : withInterest(rows, credit, clock);
}

/** Projects the interest of coming dates: each date is paid in full when it falls due. */
function withInterest(rows: readonly InstalmentRow[], credit: Credit, clock: MarketClock): readonly InstalmentRow[] {
  let then = credit;
  return rows.map((row) => {
    const dueAt = row.dueAt - (clock.chain - clock.market);
    if (dueAt <= credit.debt.accruedAt) return row;
    const due = creditAt(then, dueAt);
    const interest = due.debt.interestDue;
    const principal = smaller(row.principal - row.paid, due.debt.principal);
    const debt = {
      ...due.debt,
      interestDue: 0n,
      lateFees: 0n,
      arrearsSince: 0n,
      principal: due.debt.principal - principal,
      schedulePaid: due.debt.schedulePaid + principal,
    };
    then = { ...due, debt };
    return { ...row, interest };
  });
}

/** The schedule of an offer, whose dates count from an issue that has not come: `dueAt` is seconds from it. */
function previewOf(credit: Credit): readonly InstalmentRow[] {
  return credit.dueAfter.slice(0, credit.instalmentCount).map((seconds, place) => ({
    number: place + 1,
    dueAt: BigInt(seconds),
    principal: credit.principalDue[place] ?? 0n,
    paid: 0n,
    interest: undefined,
    state: 'to come',
  }));
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
