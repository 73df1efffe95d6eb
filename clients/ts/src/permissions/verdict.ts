// Permissions: the acts that the program accepts from a key at a time, derived from the accounts alone. Each function checks
// in the program's order, so that the reason of a denial is the error that the program would give. What the accounts do not
// say is left out: balances of token accounts, and relations between accounts that builders of instructions keep.

import { type MarketClock, chainTimeOf, clockAt } from '../clock.js';
import { statusOf } from '../credit.js';
import type { Credit } from '../generated/accounts/credit.js';
import type { Lot } from '../generated/accounts/lot.js';
import type { Market } from '../generated/accounts/market.js';
import type { Provider } from '../generated/accounts/provider.js';
import { Status } from '../generated/types/status.js';
import type { UnitBounds } from '../generated/types/unitBounds.js';
import { type BlockableErrorName, RefusedError, ensure } from '../refusal.js';
import { max, min } from '../units.js';
import type { Address } from '@solana/kit';

/** The accounts of a loan, and the key that would sign. */
export type View = {
  /** The credit's market. */
  market: Market;
  /** The credit as its account has it. */
  credit: Credit;
  /** The key that would sign. */
  party: Address;
  /** The chain's Unix time. */
  now: bigint;
  /** True where the mint's issuer has frozen the credit's vault. */
  vaultIsFrozen?: boolean;
};

/** A view with the credit's provider. */
export type ProviderView = View & { provider: Provider };

/** A view with a lot of the credit. */
export type LotView = View & { lot: Lot };

/** An act that the program accepts. */
export type Allowed<Effect> = {
  ok: true;
  /** The fewest units that the act takes, where it has a least. */
  atLeast?: bigint;
  /** The most units, or micro-USDC, that the act can be about. */
  atMost?: bigint;
  /** The effect of the act as it was asked for. */
  effect: Effect;
};

/** An act that the program refuses. */
export type Denied = {
  ok: false;
  /** The error that the program would give. */
  reason: BlockableErrorName;
  /** The chain's Unix time from which this reason no longer stands, where time alone ends it. Another may stand then. */
  from?: bigint;
};

/** The decision about one act. */
export type Verdict<Effect = object> = Allowed<Effect> | Denied;

/** The statuses in which units are live and something is owed. */
export const SECURED = [Status.Active, Status.Delinquent, Status.Defaulted, Status.Seizing] as const;

/** The statuses of a loan in default. */
export const IN_DEFAULT = [Status.Defaulted, Status.Seizing] as const;

/** Turns a refusal that is thrown into a denial. */
export function decide<Effect>(allow: () => Omit<Allowed<Effect>, 'ok'>): Verdict<Effect> {
  try {
    return { ok: true, ...allow() };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { refusal: reason, from } = error;
    return from === undefined ? { ok: false, reason } : { ok: false, reason, from };
  }
}

/** Both clocks of a view's market. */
export const clockOf = (view: View): MarketClock => clockAt(view.market, view.now);

/** Requires a market time that has come. */
export function waitFor(view: View, clock: MarketClock, time: bigint, reason: BlockableErrorName): void {
  if (clock.market < time) throw new RefusedError(reason, chainTimeOf(view.market, time));
}

/** Requires that the market is not paused. Returns its clocks. */
export function requireOpen(view: View): MarketClock {
  const clock = clockOf(view);
  if (clock.isPaused) throw new RefusedError('MarketPaused', view.market.pauseExpiresAt);
  return clock;
}

/** Requires that the market takes new business. */
export function requireNotHalted(view: View, clock: MarketClock): void {
  if (!clock.isHalted) return;
  const { haltLiftsAt } = view.market;
  throw new RefusedError('MarketHalted', haltLiftsAt === 0n ? undefined : chainTimeOf(view.market, haltLiftsAt));
}

/** Requires a vault that can be paid into. */
export const requirePayable = (view: View): void => ensure(view.vaultIsFrozen !== true, 'VaultFrozen');

/** Requires one of some statuses. Returns it. */
export function requireStatus(credit: Credit, ...statuses: readonly Status[]): Status {
  const status = statusOf(credit);
  ensure(statuses.includes(status), 'WrongStatus');
  return status;
}

/** Requires the lender. */
export const requireLender = ({ credit, party }: View): void => ensure(credit.lender === party, 'NotLender');

/** Begins an act of the lender in one of some statuses. Returns the market's clocks. */
export function beginByLender(view: View, ...statuses: readonly Status[]): MarketClock {
  const clock = requireOpen(view);
  requireLender(view);
  requireStatus(view.credit, ...statuses);
  return clock;
}

/** Begins an act that is open to anyone, in one of some statuses. Returns the market's clocks. */
export function beginByAnyone(view: View, ...statuses: readonly Status[]): MarketClock {
  const clock = requireOpen(view);
  requireStatus(view.credit, ...statuses);
  return clock;
}

/** The units to take within bounds where `available` can be had. */
export function unitsWithin(amount: UnitBounds, available: bigint, tooFew: BlockableErrorName): bigint {
  ensure(amount.most > 0n, 'AmountZero');
  const units = min(amount.most, available);
  ensure(units >= max(amount.least, 1n), tooFew);
  return units;
}
