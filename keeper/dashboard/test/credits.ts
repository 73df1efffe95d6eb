// Credits and rows to test with.

import { type Credit, type MarketClock, Status, getCreditDecoder } from '@blockable/client';
import type { Address } from '@solana/kit';
import type { CreditRow } from '../src/data/types.js';

export const DAY = 86_400n;
export const USDC = 1_000_000n;

/** An address of 32 equal bytes would do as well; these are well-known ones. */
export const [LENDER, BORROWER, PROVIDER] = [
  'SysvarC1ock11111111111111111111111111111111',
  'SysvarRent111111111111111111111111111111111',
  'Stake11111111111111111111111111111111111111',
] as [Address, Address, Address];

/** An active loan of $12,000 for 2,400 units over four instalments of 30 days at 10 %, half of an instalment ahead. */
export function loan(change: Partial<Credit> = {}): Credit {
  const zero = getCreditDecoder().decode(new Uint8Array(1_536));
  const due = [30, 60, 90, 120].map((day) => day * Number(DAY));
  return {
    ...zero,
    status: Status.Active,
    blockable: 1,
    lender: LENDER,
    borrower: BORROWER,
    provider: PROVIDER,
    issuedAt: 1_000n * DAY,
    instalmentCount: 4,
    dueAfter: [...due, ...zero.dueAfter.slice(4)],
    principalDue: [...due.map(() => 3_000n * USDC), ...zero.principalDue.slice(4)],
    terms: {
      ...zero.terms,
      principal: 12_000n * USDC,
      units: 2_400n,
      unlockedAhead: 300n,
      aprBps: 1_000,
      delinquencyGrace: 2 * 86_400,
      defaultGrace: 7 * 86_400,
      curePeriod: 10 * 86_400,
    },
    collateral: { ...zero.collateral, granted: 2_400n, lockedAtIssue: 2_100n },
    debt: { ...zero.debt, principal: 12_000n * USDC, accruedAt: 1_000n * DAY },
    ...change,
  };
}

/** The clock at a day, of a market that was never paused. */
export const clockOn = (day: bigint): MarketClock => ({
  chain: day * DAY,
  market: day * DAY,
  isPaused: false,
  isHalted: false,
});

/** A line to sort and sum up. */
export function row(change: Partial<CreditRow> = {}): CreditRow {
  return {
    credit: LENDER,
    lender: LENDER,
    borrower: BORROWER,
    provider: PROVIDER,
    status: 'active',
    isLoan: true,
    health: { colour: 'green', reason: 'as agreed' },
    principal: 100n * USDC,
    debt: 101n * USDC,
    arrears: 0n,
    nextPayment: undefined,
    remaining: 10n,
    lien: 10n,
    frozen: 0n,
    locked: 5n,
    available: 5n,
    heldBack: 0n,
    lienValue: 200n * USDC,
    aprBps: 1_400,
    maturesAt: undefined,
    unitsPerDay: undefined,
    exhaustedAt: undefined,
    ...change,
  };
}
