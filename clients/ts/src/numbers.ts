// Encoders of small integers that refuse what is none. Kit's own write 0 for NaN and drop fractions: an interest rate that a
// page has failed to compute would become a loan at 0 %.

import {
  type FixedSizeEncoder,
  getU16Encoder as kitU16Encoder,
  getU32Encoder as kitU32Encoder,
  getU8Encoder as kitU8Encoder,
  transformEncoder,
} from '@solana/kit';

/** Encodes an integer of 8 bits. Throws `RangeError` for what is no integer. */
export const getU8Encoder = (): FixedSizeEncoder<number | bigint, 1> => transformEncoder(kitU8Encoder(), integer);

/** Encodes an integer of 16 bits. Throws `RangeError` for what is no integer. */
export const getU16Encoder = (): FixedSizeEncoder<number | bigint, 2> => transformEncoder(kitU16Encoder(), integer);

/** Encodes an integer of 32 bits. Throws `RangeError` for what is no integer. */
export const getU32Encoder = (): FixedSizeEncoder<number | bigint, 4> => transformEncoder(kitU32Encoder(), integer);

function integer(value: number | bigint): number | bigint {
  if (typeof value === 'bigint' || Number.isInteger(value)) return value;
  throw new RangeError(`${String(value)} is no integer`);
}
