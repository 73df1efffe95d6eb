// What makes an account one of the program's: its owner and its first bytes. A node can answer with any account.

import type { MaybeEncodedAccount, ReadonlyUint8Array } from '@solana/kit';
import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS } from './generated/programs/blockableCredits.js';

/** Requires that an account, where there is one, is the program's and of a type. Throws `TypeError`. */
export function requireAccount<A extends MaybeEncodedAccount>(account: A, type: string, first: ReadonlyUint8Array): A {
  if ('exists' in account && !account.exists) return account;
  const { address, programAddress, data } = account as Extract<MaybeEncodedAccount, { exists: true }>;
  if (programAddress !== BLOCKABLE_CREDITS_PROGRAM_ADDRESS) {
    throw new TypeError(`${address} belongs to ${programAddress}, not to the program`);
  }
  if (!first.every((byte, place) => data[place] === byte)) throw new TypeError(`${address} is no ${type}`);
  return account;
}
