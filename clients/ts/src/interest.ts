// Simple interest, actual/365, at one rate on what the provider has been paid and at another on what is held back.

import { BPS, SECONDS_PER_YEAR } from './generated/constants.js';
import type { Terms } from './generated/types/terms.js';
import { elapsed, i64, min, saturatingSub, u128 } from './units.js';
import { RefusedError } from './refusal.js';

/** The part of the principal that is held back. It bears the holdback's rate, and nothing from a date on. */
export type HeldBack = {
  /** Micro-USDC held back; the principal where that is less. */
  amount: bigint;
  /** Market time from which it bears no interest. */
  until: bigint;
};

/** Annual rates, in basis points. */
export type Rates = Pick<Terms, 'aprBps' | 'holdbackAprBps'>;

/** The denominator of an interest fraction: basis points times seconds per year. */
export const INTEREST_DENOMINATOR = BPS * SECONDS_PER_YEAR;

/** Interest per second, before and after the date at which the interest on the holdback has ended. */
function perSecond(held: HeldBack, principal: bigint, rates: Rates): { before: bigint; ended: bigint } {
  const amount = min(held.amount, principal);
  const ended = saturatingSub(principal, amount) * BigInt(rates.aprBps);
  return { before: ended + amount * BigInt(rates.holdbackAprBps), ended };
}

/** Interest over `seconds` from a market time on, as a numerator over `INTEREST_DENOMINATOR`. */
export function interestOver(held: HeldBack, principal: bigint, rates: Rates, from: bigint, seconds: bigint): bigint {
  if (held.amount === 0n) return u128(principal * BigInt(rates.aprBps) * seconds);
  const rate = perSecond(held, principal, rates);
  const before = min(elapsed(from, held.until), seconds);
  return u128(u128(rate.before * before) + u128(rate.ended * saturatingSub(seconds, before)));
}

/** Seconds before `to` in which `unpaid` micro-USDC have accrued, rounded down; undefined where they never do. */
export function secondsOfInterest(
  held: HeldBack,
  unpaid: bigint,
  principal: bigint,
  rates: Rates,
  to: bigint,
): bigint | undefined {
  const rate = perSecond(held, principal, rates);
  const numerator = unpaid * INTEREST_DENOMINATOR;
  try {
    const since = held.amount === 0n ? 0n : elapsed(held.until, to);
    const sinceEnd = u128(rate.ended * since);
    if (held.amount === 0n || numerator < sinceEnd) {
      return rate.ended === 0n ? undefined : i64(numerator / rate.ended);
    }
    return rate.before === 0n ? undefined : i64(u128((numerator - sinceEnd) / rate.before + since));
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}
