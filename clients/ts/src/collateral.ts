// The units of a credit: which of them secure the debt, which are locked or frozen, and which new jobs may use.

import type { Collateral } from './generated/types/collateral.js';
import type { Meter } from './generated/types/meter.js';
import { max, min, saturatingAdd, saturatingSub } from './units.js';

/** Units neither consumed, seized, expired nor cancelled. */
export function remainingUnits(units: Collateral): bigint {
  const left = [units.consumed, units.seized, units.expired, units.cancelled];
  return left.reduce(saturatingSub, units.granted);
}

/** Units that secure the debt. Use draws on released units first. */
export function lienUnits(units: Collateral): bigint {
  const left = [units.released, units.seized, units.cancelled].reduce(saturatingSub, units.granted);
  return min(left, remainingUnits(units));
}

/** Units that payments have still to unlock, whether or not the lien has them. */
export function leftToUnlock(units: Collateral): bigint {
  return saturatingSub(saturatingSub(units.lockedAtIssue, units.released), units.cancelled);
}

/** Units of the lien that no payment has unlocked yet. A lock is no freeze. */
export function lockedUnits(units: Collateral): bigint {
  return min(leftToUnlock(units), lienUnits(units));
}

/** Units of the lien beyond the locked ones: the most that can be frozen. */
export function freezableUnits(units: Collateral): bigint {
  return saturatingSub(lienUnits(units), lockedUnits(units));
}

/** Units beyond the locked ones that no new job may use: the largest of the three frozen amounts. */
export function frozenUnits(units: Collateral): bigint {
  return max(max(units.frozenForPayment, units.frozenForOther), units.frozenForCross);
}

/** Units under lien that no new job may use: locked or frozen. */
export function heldUnits(units: Collateral): bigint {
  return saturatingAdd(lockedUnits(units), frozenUnits(units));
}

/** Units that new jobs may use. */
export function availableUnits(units: Collateral): bigint {
  return saturatingSub(remainingUnits(units), heldUnits(units));
}

/** The units with each frozen amount lowered to what can be frozen. */
export function fitFrozen(units: Collateral): Collateral {
  const most = freezableUnits(units);
  return {
    ...units,
    frozenForPayment: min(units.frozenForPayment, most),
    frozenForOther: min(units.frozenForOther, most),
    frozenForCross: min(units.frozenForCross, most),
  };
}

/** The units with at least `released` of them released from the lien. */
export function releaseTo(units: Collateral, released: bigint): Collateral {
  return fitFrozen({ ...units, released: max(released, units.released) });
}

/** Held units that running jobs may still use: those beyond the units left available. */
export function finishingUnits(units: Collateral, meter: Meter): bigint {
  return min(saturatingSub(meter.inFlight, availableUnits(units)), heldUnits(units));
}

/** Units that running jobs hold, as of the last report: at most those open to them. */
export function unitsHeldByJobs(units: Collateral, meter: Meter): bigint {
  return min(meter.inFlight, saturatingAdd(availableUnits(units), finishingUnits(units, meter)));
}

/** Units that a seizure may take. `promiseHolds` while the cure period since the latest promise of a freeze runs. */
export function seizableUnits(units: Collateral, meter: Meter, promiseHolds: boolean): bigint {
  const lien = lienUnits(units);
  const promised = promiseHolds ? 0n : meter.promised;
  const kept = saturatingSub(saturatingSub(unitsHeldByJobs(units, meter), meter.lapsed), promised);
  const outside = saturatingSub(remainingUnits(units), lien);
  return saturatingSub(lien, saturatingSub(kept, outside));
}
