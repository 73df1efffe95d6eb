// The holdback: the part of the principal that stays in the vault at issue, for the units that payments unlock last.

import { min, mulDivCeil, mulDivFloor, saturatingSub, sub } from './units.js';

/** The money that is held back, and the price that the loan paid for its units. */
export type Holdback = {
  /** Money that is held back, in micro-USDC. */
  left: bigint;
  /** Price of all `units`, in micro-USDC. */
  principal: bigint;
  /** Units that the loan paid for. */
  units: bigint;
};

const priceFloor = (holdback: Holdback, units: bigint) => mulDivFloor(units, holdback.principal, holdback.units);
const priceCeil = (holdback: Holdback, units: bigint) => mulDivCeil(units, holdback.principal, holdback.units);

/** Micro-USDC that stay held back while payments have `toUnlock` units still to unlock, rounded up. The rest is earned. */
export function keptHoldback(holdback: Holdback, toUnlock: bigint): bigint {
  if (holdback.left === 0n) return 0n;
  return min(priceCeil(holdback, toUnlock), holdback.left);
}

/** The locked units that the holdback pays for, rounded down: all of them where it reaches. */
export function coveredByHoldback(holdback: Holdback, locked: bigint): bigint {
  if (holdback.left === 0n || locked === 0n) return 0n;
  if (priceFloor(holdback, locked) <= holdback.left) return locked;
  return mulDivFloor(holdback.left, holdback.units, holdback.principal);
}

/** Micro-USDC that a cancel of `units` of the `covered` ones pays, while payments have `toUnlock` units still to unlock. */
export function paidByCancel(holdback: Holdback, units: bigint, covered: bigint, toUnlock: bigint): bigint {
  if (sub(covered, units) === 0n) return holdback.left;
  const needed = priceCeil(holdback, saturatingSub(toUnlock, units));
  const rest = min(sub(holdback.left, priceFloor(holdback, units)), needed);
  const isBelowOneUnit = rest * holdback.units < holdback.principal;
  return isBelowOneUnit ? holdback.left : sub(holdback.left, rest);
}
