// The units of a credit in the parts of one bar: they add up to all that were granted.

import {
  type Credit,
  availableUnits,
  finishingUnits,
  frozenUnits,
  lockedUnits,
  remainingUnits,
} from '@blockable/client';

/** A part of the bar. */
export type UnitPart = {
  key: 'used' | 'running' | 'available' | 'frozen' | 'locked' | 'seized' | 'gone';
  label: string;
  meaning: string;
  units: bigint;
};

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const atLeastZero = (value: bigint) => (value > 0n ? value : 0n);

/**
 * Splits all granted units. Units that running jobs hold, as of the last report, are taken from the open ones first, and beyond these
 * from what a freeze or the lock lets them finish on.
 */
export function unitParts(credit: Credit): readonly UnitPart[] {
  const { collateral, meter } = credit;
  const remaining = remainingUnits(collateral);
  const available = smaller(availableUnits(collateral), remaining);
  const locked = smaller(lockedUnits(collateral), atLeastZero(remaining - available));
  const frozen = smaller(frozenUnits(collateral), atLeastZero(remaining - available - locked));
  const onOpen = smaller(meter.inFlight, available);
  const finishing = finishingUnits(collateral, meter);
  const onFrozen = smaller(finishing, frozen);
  const onLocked = smaller(finishing - onFrozen, locked);
  const part = (key: UnitPart['key'], label: string, meaning: string, units: bigint): UnitPart => ({
    key,
    label,
    meaning,
    units,
  });
  return [
    part('used', 'Used', 'counted by the reporters', collateral.consumed),
    part('running', 'Running', 'held by jobs at the last report', onOpen + onFrozen + onLocked),
    part('available', 'Available', 'open to new jobs now', available - onOpen),
    part('frozen', 'Frozen', 'no new job may use them', frozen - onFrozen),
    part('locked', 'Locked', 'payments open them', locked - onLocked),
    part('seized', 'Seized', 'in lots, sold, or taken over', collateral.seized),
    part('gone', 'Expired or cancelled', 'cannot be used any more', collateral.expired + collateral.cancelled),
  ];
}
