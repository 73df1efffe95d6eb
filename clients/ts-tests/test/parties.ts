// The parties of the tests, the same in every run: the name of a party is the seed of its key.

import { type Address, type KeyPairSigner, createKeyPairSignerFromPrivateKeyBytes } from '@solana/kit';

export const PEOPLE = [
  'payer',
  'admin',
  'guardian',
  'treasury',
  'lender',
  'freezer',
  'borrower',
  'provider',
  'buyer',
  'stranger',
] as const;
export const NAMES = [...PEOPLE, 'mint', 'reporter 0', 'reporter 1', 'reporter 2'] as const;

/** The name of a party. */
export type Name = (typeof NAMES)[number];

/** The signers of all parties. */
export type Parties = Record<Name, KeyPairSigner>;

/** Makes the signers of all parties of a market: the same in all of them, but for the payment token. */
export async function parties(id = 1n): Promise<Parties> {
  const entries = NAMES.map(async (name) => {
    const seed = new Uint8Array(32);
    seed.set(new TextEncoder().encode(name === 'mint' ? `mint ${id}` : name));
    return [name, await createKeyPairSignerFromPrivateKeyBytes(seed)] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Parties;
}

export const ZERO = '11111111111111111111111111111111' as Address;
export const USDC = 1_000_000n;
export const DAY = 86_400;
