// Addresses that the generated `find...Pda` functions do not cover.

import { type Address, type ProgramDerivedAddress, getAddressEncoder, getProgramDerivedAddress } from '@solana/kit';
import { findCreditPda } from './generated/pdas/credit.js';

/** The address that signs the program's events. */
export const EVENT_AUTHORITY_ADDRESS = '6tjLqEsXXUA8cgk8Qa9qfpCueze9nL4TRqbgkZ25ygj7' as Address;

const ASSOCIATED_TOKEN_PROGRAM_ADDRESS = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address;

/** An owner's unrestricted credit at a provider. */
export type UnrestrictedSeeds = {
  market: Address;
  provider: Address;
  owner: Address;
  /** `unitsExpireAt` of the credit that the units come from: market time, 0 for never. */
  unitsExpireAt: bigint;
};

/** The number in an unrestricted credit's address: units that expire at different times are never mixed. */
export function unrestrictedNonce(unitsExpireAt: bigint): bigint {
  return unitsExpireAt < 0n ? 0n : unitsExpireAt;
}

/** Finds an owner's unrestricted credit: units that were bought from a lot or taken over. */
export async function findUnrestrictedCreditPda(seeds: UnrestrictedSeeds): Promise<ProgramDerivedAddress> {
  const { market, provider, owner, unitsExpireAt } = seeds;
  return findCreditPda({ market, lender: provider, borrower: owner, nonce: unrestrictedNonce(unitsExpireAt) });
}

/** Finds an owner's associated token account. */
export async function findTokenAccountPda(seeds: {
  owner: Address;
  mint: Address;
  tokenProgram: Address;
}): Promise<ProgramDerivedAddress> {
  const keys = [seeds.owner, seeds.tokenProgram, seeds.mint];
  return getProgramDerivedAddress({
    programAddress: ASSOCIATED_TOKEN_PROGRAM_ADDRESS,
    seeds: keys.map((key) => getAddressEncoder().encode(key)),
  });
}
