// The collateral that a borrower can use up before the lender may freeze, as `Exposure` of blockable-economics counts it.

import { FreezePolicy } from '@blockable/client';
import type { Agreement } from './offer.js';

/** The moment before a freeze at which the most units are used that nobody has paid for. */
export type Exposure = { missed: number; freezeAfter: number; lien: bigint; used: bigint; isAll: boolean };

/** The worst moment of an agreement; undefined for one without instalments. */
export function exposureOf({ terms, schedule }: Agreement): Exposure | undefined {
  const total = schedule.reduce((sum, part) => sum + part.principal, 0n);
  let repaid = 0n;
  let worst: Exposure | undefined;
  for (const [place, part] of schedule.entries()) {
    const released = total === 0n ? 0n : (terms.units * repaid) / total;
    repaid += part.principal;
    const freezeAfter = part.dueAfter + grace(terms);
    const counted = terms.maxUnitsPerSecond * BigInt(freezeAfter + terms.longestJob);
    const open = smaller(terms.unlockedAhead + released, terms.units);
    const [lien, used] = [terms.units - released, larger(smaller(counted, open) - released, 0n)];
    if (!worst || used > worst.used) worst = { missed: place + 1, freezeAfter, lien, used, isAll: used >= lien };
  }
  return worst;
}

/** Seconds from a missed due date until the lender may freeze. */
function grace(terms: Agreement['terms']): number {
  if (terms.freezePolicy === FreezePolicy.AtWill) return 0;
  return terms.freezePolicy === FreezePolicy.OnDelinquency ? terms.delinquencyGrace : terms.defaultGrace;
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const larger = (a: bigint, b: bigint) => (a > b ? a : b);
