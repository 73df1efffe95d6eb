// What makes a signature of ed25519 strict, as the program verifies it: a key or a commitment of small order would let one signature
// hold for every content, and a browser may accept it.

import { type Address, type ReadonlyUint8Array, getAddressEncoder } from '@solana/kit';

/** The field's prime. */
const PRIME = 2n ** 255n - 19n;
/** The order of the group. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The y-coordinates of the eight points whose order divides 8: two pairs of points of order 8 share theirs. */
const SMALL = [
  0n,
  1n,
  PRIME - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

/** Tests whether a signature has 64 bytes, its scalar is reduced, and neither it nor its key has a point of small order. */
export function isStrict(key: Address, signature: ReadonlyUint8Array): boolean {
  if (signature.length !== 64) return false;
  const [commitment, scalar] = [signature.slice(0, 32), numberOf(signature.slice(32))];
  return scalar < ORDER && ![commitment, getAddressEncoder().encode(key)].some(isSmall);
}

/** A point's first 255 bits are y, in any representation; the last bit is the sign of x. */
function isSmall(point: ReadonlyUint8Array): boolean {
  return SMALL.includes((numberOf(point) & (2n ** 255n - 1n)) % PRIME);
}

/** The number of little-endian bytes. */
function numberOf(bytes: ReadonlyUint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}
