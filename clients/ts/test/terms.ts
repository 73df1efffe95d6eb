import type { Terms } from '../src/index.js';

/** The terms of docs/encodings.md. */
export function someTerms(): Terms {
  return {
    principal: 1_000_000_000n,
    units: 2_000_000_000n,
    unlockedAhead: 100_000_000n,
    holdback: 400_000_000n,
    lateFee: 1_000_000n,
    offerExpiresAt: 0n,
    maxUnitsPerSecond: 50_000n,
    delinquencyGrace: 172_800,
    defaultGrace: 604_800,
    curePeriod: 864_000,
    unitLifetime: 0,
    longestJob: 3_600,
    aprBps: 1_200,
    holdbackAprBps: 600,
    freezePolicy: 1,
    autoFreeze: 1,
    reserved: new Uint8Array(6),
    reportersHash: new Uint8Array(32).fill(6),
  };
}
