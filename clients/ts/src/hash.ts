import type { ReadonlyUint8Array } from '@solana/kit';

/** One SHA-256 over the bytes joined together. */
export async function sha256(...parts: readonly ReadonlyUint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(parts)));
}

/** Returns true for equal bytes. */
export function sameBytes(one: ReadonlyUint8Array, other: ReadonlyUint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

function joined(parts: readonly ReadonlyUint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
