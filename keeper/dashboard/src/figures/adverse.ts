// The acts against a borrower that come next if nothing is paid, with the time from which each is possible and the sum that
// prevents it.

import {
  type Credit,
  type Market,
  AutoFreeze,
  Status,
  arrears,
  cancelOpensAt,
  clockAt,
  creditAt,
  nextInstalment,
  totalDebt,
} from '@blockable/client';
import { chainTime } from './row.js';

/** An act that may come. `from` is a time of the chain, `pay` the micro-USDC that prevent it, 0 where payment does not. */
export type AdverseAct = { label: string; meaning: string; from: bigint; pay: bigint };

/** Lists the acts in the order in which they become possible. */
export function adverseActs(stored: Credit, market: Market, now: bigint): readonly AdverseAct[] {
  const clock = clockAt(market, now);
  const credit = creditAt(stored, clock.market);
  const { terms } = credit;
  const at = (time: bigint) => chainTime(clock, time);
  const after = (time: bigint, seconds: number) => time + BigInt(seconds);
  const acts: AdverseAct[] = [];
  const unpaid = arrears(credit);
  const next = unpaid > 0n ? undefined : nextInstalment(stored, clock.market);
  const since = unpaid > 0n ? credit.debt.arrearsSince : next?.dueAt;
  const pay = unpaid > 0n ? unpaid : (next?.quote.paid ?? 0n);

  if (credit.status === Status.Active && since !== undefined && since !== 0n) {
    const fee = terms.lateFee > 0n ? ' A late fee is added.' : '';
    acts.push({
      label: 'Marked delinquent',
      meaning: `Anybody may mark the loan.${fee}`,
      from: at(after(since, terms.delinquencyGrace)),
      pay,
    });
    if (terms.autoFreeze === AutoFreeze.FromDelinquency) {
      acts.push({
        label: 'All open units frozen',
        meaning: 'Anybody may freeze them from the mark on. They thaw as you pay.',
        from: at(after(since, terms.delinquencyGrace)),
        pay,
      });
    }
  }
  if ((credit.status === Status.Active || credit.status === Status.Delinquent) && since !== undefined && since !== 0n) {
    const from = at(after(since, terms.defaultGrace));
    acts.push({ label: 'Marked in default', meaning: 'Paying the arrears still cures it.', from, pay });
    acts.push({
      label: 'Units cancelled or seized',
      meaning:
        'After the time to cure the lender may cancel locked units and sell the others. Then only the whole debt ends it.',
      from: at(after(after(since, terms.defaultGrace), terms.curePeriod)),
      pay,
    });
  }
  if (credit.status === Status.Defaulted) {
    const cure = credit.noticeGiven === 1 ? totalDebt(credit.debt) : unpaid;
    const from = at(after(credit.defaultedAt, terms.curePeriod));
    acts.push({
      label: 'Units cancelled or seized',
      meaning: 'The lender may cancel locked units and sell the others. Then only the whole debt ends it.',
      from,
      pay: cure,
    });
    acts.push({
      label: 'Locked units cancelled by anybody',
      meaning: 'Their price is taken off the debt.',
      from: at(cancelOpensAt(credit)),
      pay: cure,
    });
  }
  if (credit.status === Status.Seizing) {
    acts.push({
      label: 'More units seized or sold',
      meaning: 'What is sold lowers the debt; a surplus is yours.',
      from: now,
      pay: totalDebt(credit.debt),
    });
  }
  if (credit.unitsExpireAt !== 0n) {
    acts.push({
      label: 'Unused units expire',
      meaning: 'They cannot be used from then on.',
      from: at(credit.unitsExpireAt),
      pay: 0n,
    });
  }
  return acts;
}
