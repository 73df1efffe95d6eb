// What an act on a loan rests on: the loan as of now, the key that would sign, and the gate of its provider.

import { type Credit, type ProviderView, clockAt, creditAt } from '@blockable/client';
import type { Address } from '@solana/kit';
import type { LoanNow } from '../data/types.js';

/** A loan and the key that would act on it. */
export type ActContext = {
  loan: LoanNow;
  /** The credit with its debt as of now. */
  credit: Credit;
  view: ProviderView;
  /** The key that signs: the wallet's, or where none is connected the lender's, so that a reader sees what it could do. */
  party: Address;
};

/** The chain's time as it must be by now: its clock at the read, and the seconds since. */
export function chainNow(loan: LoanNow, machine: number): bigint {
  return loan.clock.chain + BigInt(Math.max(0, Math.floor((machine - loan.readAt) / 1_000)));
}

/** Makes the context. Undefined where the provider's account could not be read. */
export function contextOf(loan: LoanNow, party: Address, now: bigint): ActContext | undefined {
  if (!loan.provider) return undefined;
  const { stored, market, vaultIsFrozen } = loan;
  const isSecured = stored.status >= 2 && stored.status <= 5;
  const credit = isSecured ? creditAt(stored, clockAt(market, now).market) : stored;
  const view = { market, credit: stored, party, now, vaultIsFrozen, provider: loan.provider.account };
  return { loan, credit, view, party };
}
