// Encoders that refuse what they cannot write as it is. Kit's own write 0 for NaN, '' or false, drop fractions, round what is above
// 2^53, and cut or pad bytes: an interest rate that a page has failed to compute would become a loan at 0 %.

import {
  type Encoder,
  type FixedSizeEncoder,
  type ReadonlyUint8Array,
  fixEncoderSize as kitFixEncoderSize,
  getBooleanEncoder as kitBooleanEncoder,
  getI64Encoder as kitI64Encoder,
  getU16Encoder as kitU16Encoder,
  getU32Encoder as kitU32Encoder,
  getU64Encoder as kitU64Encoder,
  getU8Encoder as kitU8Encoder,
  transformEncoder,
} from '@solana/kit';

/** Encodes an integer of 8 bits. Throws for what is no integer or out of range. */
export const getU8Encoder = (): FixedSizeEncoder<number | bigint, 1> => transformEncoder(kitU8Encoder(), integer);

/** Encodes an integer of 16 bits. Throws for what is no integer or out of range. */
export const getU16Encoder = (): FixedSizeEncoder<number | bigint, 2> => transformEncoder(kitU16Encoder(), integer);

/** Encodes an integer of 32 bits. Throws for what is no integer or out of range. */
export const getU32Encoder = (): FixedSizeEncoder<number | bigint, 4> => transformEncoder(kitU32Encoder(), integer);

/** Encodes an integer of 64 bits. Throws for what is no exact integer or out of range. */
export const getU64Encoder = (): FixedSizeEncoder<number | bigint, 8> => transformEncoder(kitU64Encoder(), integer);

/** Encodes a signed integer of 64 bits. Throws for what is no exact integer or out of range. */
export const getI64Encoder = (): FixedSizeEncoder<number | bigint, 8> => transformEncoder(kitI64Encoder(), integer);

/** Encodes a boolean. Throws for anything else, where Kit writes true for the text 'false'. */
export const getBooleanEncoder = (): FixedSizeEncoder<boolean, 1> =>
  transformEncoder(kitBooleanEncoder(), (value) => {
    if (typeof value === 'boolean') return value;
    throw new TypeError(`${String(value)} is no boolean`);
  });

/** Encodes bytes of a fixed length. Throws `RangeError` for another length. */
export const fixEncoderSize = <TSize extends number>(
  encoder: Encoder<ReadonlyUint8Array>,
  size: TSize,
): FixedSizeEncoder<ReadonlyUint8Array, TSize> =>
  transformEncoder(kitFixEncoderSize(encoder, size), (bytes) => {
    if (bytes.length === size) return bytes;
    throw new RangeError(`${bytes.length} bytes where ${size} belong`);
  });

function integer(value: number | bigint): number | bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value;
  throw new RangeError(`${String(value)} is no exact integer; above 2^53 give a bigint`);
}
