import type { Address } from '@solana/kit';

/** The largest amount that an instruction takes: more than there ever is. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** The key that stands where no key is named. */
export const NOBODY = '11111111111111111111111111111111' as Address;

/** The most debt to state in a write-off: interest goes on until it lands, for a minute at most. */
export const mostGivenUp = (debt: bigint): bigint => debt + debt / 1_000n + 10_000n;

/** The units that may be used of a lien until a purchase of the loan lands. */
export const mostUsedMeanwhile = (lien: bigint): bigint => lien / 100n;
