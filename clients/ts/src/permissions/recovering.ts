// Seizures, takeovers and cancels.

import { highestLotPrice, leastLotPrice, unitsWorth } from '../auction.js';
import type { MarketClock } from '../clock.js';
import { lienUnits } from '../collateral.js';
import {
  cancelOpensAt,
  cancellableUnits,
  coveredUnits,
  creditAt,
  pricePaid,
  scheduleOf,
  seizableAt,
  termsInForce,
  unitsHaveExpired,
  valuePaid,
} from '../credit.js';
import type { Credit } from '../generated/accounts/credit.js';
import { LEAST_FIRST_SEIZURE, PROVIDER_SUSPENDED_BY_ADMIN } from '../generated/constants.js';
import { Status } from '../generated/types/status.js';
import type { UnitBounds } from '../generated/types/unitBounds.js';
import { type BlockableErrorName, ensure } from '../refusal.js';
import { totalDebt } from '../schedule.js';
import { after, max, min, mulDivCeil, saturatingSub, saturatingTime } from '../units.js';
import { type CancelEffect, cancelCovered, requireCurePeriodOver } from './defaulting.js';
import { recoverDebt } from '../waterfall.js';
import {
  type ProviderView,
  type Verdict,
  type View,
  IN_DEFAULT,
  decide,
  requireLender,
  requireOpen,
  requirePayable,
  requireStatus,
  unitsWithin,
  waitFor,
} from './verdict.js';

/** A sale as it would be signed: prices in micro-USDC per `PRICE_SCALE` units, the window in seconds. */
export type LotRequest = { startPrice: bigint; floorPrice: bigint; window: number };

/** Decides on a seizure of units into a lot. `atMost` is the number that can be taken, `atLeast` the fewest of a first seizure. */
export function canSeize(view: View, request: { amount: UnitBounds; lot: LotRequest }): Verdict<{ units: bigint }> {
  return decide(() => {
    const { credit, clock, isFirst } = beginSeizure(view);
    requireLotWithinBounds(view, clock, request.lot);
    const { units, atLeast, atMost } = takeFromLien(credit, clock, request.amount, undefined, isFirst);
    return { atLeast, atMost, effect: { units } };
  });
}

/** The effect of a takeover: units, and what they take off the debt, in micro-USDC. */
export type TakeOverEffect = { units: bigint; value: bigint; debtLeft: bigint };

/** Decides on a takeover of units by the lender. `atMost` and `atLeast` are as in `canSeize`. */
export function canTakeOver(view: View, amount: UnitBounds): Verdict<TakeOverEffect> {
  return decide(() => {
    const { credit, clock, isFirst } = beginSeizure(view);
    const debt = totalDebt(credit.debt);
    const worth = unitsWorth(debt, credit.terms.principal, credit.terms.units);
    const { units, atLeast, atMost } = takeFromLien(credit, clock, amount, worth, isFirst);
    const value = min(valuePaid(credit, units), debt);
    const { debt: left } = recoverDebt(credit.debt, termsInForce(credit), scheduleOf(credit), value);
    return { atLeast, atMost, effect: { units, value, debtLeft: totalDebt(left) } };
  });
}

function beginSeizure(view: View): { credit: Credit; clock: MarketClock; isFirst: boolean } {
  requireLender(view);
  requirePayable(view);
  const clock = requireOpen(view);
  const status = requireStatus(view.credit, ...IN_DEFAULT);
  ensure(!unitsHaveExpired(view.credit, clock.market), 'UnitsExpired');
  const credit = creditAt(view.credit, clock.market);
  const isFirst = status === Status.Defaulted;
  if (isFirst) requireCurePeriodOver(view, clock);
  return { credit, clock, isFirst };
}

function requireLotWithinBounds({ credit, market }: View, clock: MarketClock, lot: LotRequest): void {
  const { bounds } = market;
  const paid = pricePaid(credit);
  const { startPrice, floorPrice, window } = lot;
  const leastStart = leastLotPrice(paid, bounds.minStartPriceBps);
  const leastFloor = max(leastLotPrice(paid, bounds.minFloorPriceBps), 1n);
  ensure(startPrice >= leastStart && floorPrice >= leastFloor && startPrice >= floorPrice, 'LotPriceTooLow');
  ensure(startPrice <= highestLotPrice(paid, bounds.maxStartPriceBps), 'LotPriceTooHigh');
  ensure(window >= bounds.minLotWindow && window <= bounds.maxLotWindow, 'LotWindowOutOfBounds');
  const outlives = credit.unitsExpireAt !== 0n && after(clock.market, window) > credit.unitsExpireAt;
  ensure(!outlives || window === bounds.minLotWindow, 'LotOutlivesUnits');
}

/** Counts the units that a seizure takes. `worth` is the number that the debt pays for, undefined for a lot. */
function takeFromLien(
  credit: Credit,
  clock: MarketClock,
  amount: UnitBounds,
  worth: bigint | undefined,
  isFirst: boolean,
) {
  const seizable = seizableAt(credit, clock.market);
  const atMost = worth === undefined ? saturatingSub(seizable, coveredUnits(credit)) : min(worth, seizable);
  let tooFew: BlockableErrorName = worth === undefined ? 'CoveredByHoldback' : 'BeyondDebt';
  if (amount.least > seizable) tooFew = 'HeldByRunningJobs';
  if (amount.least > lienUnits(credit.collateral)) tooFew = 'BeyondLien';
  const units = unitsWithinFirst(amount, atMost, tooFew, isFirst);
  return { units, atMost, atLeast: leastOf(atMost, isFirst) };
}

const leastOf = (atMost: bigint, isFirst: boolean) => (isFirst ? mulDivCeil(atMost, 1n, LEAST_FIRST_SEIZURE) : 1n);

/** The units to take within bounds; the first seizure takes at least a tenth. */
function unitsWithinFirst(amount: UnitBounds, atMost: bigint, tooFew: BlockableErrorName, isFirst: boolean): bigint {
  const units = unitsWithin(amount, atMost, tooFew);
  ensure(!isFirst || units >= leastOf(atMost, isFirst), 'FirstSeizureTooSmall');
  return units;
}

/** A cancel as it would be signed. */
export type CancelRequest = {
  /** The units. */
  amount: UnitBounds;
  /** True where the borrower signs as well, for a loan that is not in default. */
  borrowerSigns?: boolean;
};

/** Decides on a cancel of locked units that the holdback pays for. `atMost` is the number that can be cancelled. */
export function canCancelLocked(view: ProviderView, request: CancelRequest): Verdict<CancelEffect> {
  return decide(() => {
    requirePayable(view);
    const clock = requireOpen(view);
    const was = requireStatus(view.credit, Status.Active, Status.Delinquent, ...IN_DEFAULT);
    const credit = creditAt(view.credit, clock.market);
    const atMost = cancellableUnits(credit);
    const units = unitsWithin(request.amount, atMost, 'BeyondCovered');
    const isFirst = was === Status.Defaulted;
    if (was < Status.Defaulted) {
      requireLender(view);
      ensure(request.borrowerSigns === true, 'NotBorrower');
      requireSuspended(view, clock);
    } else {
      if (isFirst) requireCurePeriodOver(view, clock);
      requireMayCancel(view, clock, units === atMost);
      ensure(!isFirst || units >= leastOf(atMost, isFirst), 'FirstSeizureTooSmall');
    }
    const { paid } = cancelCovered(credit, view.provider, units);
    return { atLeast: leastOf(atMost, isFirst), atMost, effect: { units, paid } };
  });
}

function requireMayCancel(view: View, clock: MarketClock, cancelsAll: boolean): void {
  if (view.party === view.credit.lender) return;
  waitFor(view, clock, cancelOpensAt(view.credit), 'CancelNotOpen');
  ensure(cancelsAll, 'CancelsAll');
}

function requireSuspended(view: ProviderView, clock: MarketClock): void {
  const { suspended, adminSuspendedAt } = view.provider;
  ensure((suspended & PROVIDER_SUSPENDED_BY_ADMIN) !== 0, 'ProviderNotSuspended');
  const opensAt = saturatingTime(adminSuspendedAt + BigInt(view.market.minSuspension));
  waitFor(view, clock, opensAt, 'ProviderNotSuspended');
}
