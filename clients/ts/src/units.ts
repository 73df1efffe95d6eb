// Integer arithmetic of the program: 64 bits, with the direction of rounding in the name. Debts round up, payouts and
// releases round down. A result that does not fit throws `RefusedError` with `ArithmeticOverflow`.

import { RefusedError } from './refusal.js';

/** The largest amount that fits. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;
const U128_MAX = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffffn;
const I64_MAX = 0x7fff_ffff_ffff_ffffn;
const I64_MIN = -0x8000_0000_0000_0000n;

/** Makes the error for a result that does not fit. */
export const overflow = (): RefusedError => new RefusedError('ArithmeticOverflow');

function within(value: bigint, least: bigint, most: bigint): bigint {
  if (value < least || value > most) throw overflow();
  return value;
}

/** The smaller of two integers. */
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The larger of two integers. */
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** `a + b`. */
export const add = (a: bigint, b: bigint): bigint => within(a + b, 0n, U64_MAX);

/** `a - b`. */
export const sub = (a: bigint, b: bigint): bigint => within(a - b, 0n, U64_MAX);

/** `a + b`, at most 2^64 - 1. */
export const saturatingAdd = (a: bigint, b: bigint): bigint => min(a + b, U64_MAX);

/** `a - b`, at least 0. */
export const saturatingSub = (a: bigint, b: bigint): bigint => max(a - b, 0n);

/** `a x b`, at most 2^64 - 1. */
export const saturatingMul = (a: bigint, b: bigint): bigint => min(a * b, U64_MAX);

/** Requires a value of 128 bits. */
export const u128 = (value: bigint): bigint => within(value, 0n, U128_MAX);

/** Requires a time of 64 bits with a sign. */
export const i64 = (value: bigint): bigint => within(value, I64_MIN, I64_MAX);

/** A time, moved to the nearest that fits. */
export const saturatingTime = (value: bigint): bigint => max(I64_MIN, min(I64_MAX, value));

/** A time moved forward by a number of seconds. */
export const after = (time: bigint, seconds: number): bigint => i64(time + BigInt(seconds));

/** Seconds from one time to another, 0 when that is earlier. */
export const elapsed = (from: bigint, to: bigint): bigint => max(i64(to - from), 0n);

/** `a x b / divisor`, rounded down. */
export function mulDivFloor(a: bigint, b: bigint, divisor: bigint): bigint {
  if (divisor === 0n) throw overflow();
  return within((a * b) / divisor, 0n, U64_MAX);
}

/** `a x b / divisor`, rounded up. */
export function mulDivCeil(a: bigint, b: bigint, divisor: bigint): bigint {
  if (divisor === 0n) throw overflow();
  return within((a * b + divisor - 1n) / divisor, 0n, U64_MAX);
}
