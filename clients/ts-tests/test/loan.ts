// The market's arguments, the provider's settings, and the loan that tests begin with: $100,000 over five instalments of
// $20,000, 30 days apart, at 12 %.

import {
  type Instalment,
  type MarketCreateInstructionDataArgs,
  type ProviderSettings,
  type Rider,
  type Terms,
  AutoFreeze,
  FreezePolicy,
  noRider,
  settingsHash,
} from '@blockable/client';
import type { Address } from '@solana/kit';
import { type Parties, DAY, USDC, ZERO } from './parties.js';

/** What the arguments depend on: the market's number, its parties, and the chain's time at which it begins. */
export type Setting = { id: bigint; parties: Parties; start: bigint };

/** The arguments of the market that tests use. */
export function marketArgs({ id, parties }: Omit<Setting, 'start'>): MarketCreateInstructionDataArgs {
  return {
    id,
    isTest: false,
    guardian: parties.guardian.address,
    redistributionFeeBps: 200,
    changeDelay: 2 * DAY,
    providerDelay: DAY,
    minSuspension: 2 * DAY,
    bounds: {
      minPrincipal: 1_000_000n,
      maxPrincipal: 1_000_000_000_000_000_000n,
      minInstalmentInterval: DAY,
      maxTerm: 3_660 * DAY,
      minDelinquencyGrace: DAY,
      minDefaultGrace: 2 * DAY,
      minCurePeriod: DAY,
      minLotWindow: 3 * DAY,
      maxLotWindow: 90 * DAY,
      maxAprBps: 5_000,
      maxLateFeeBps: 1_000,
      minStartPriceBps: 5_000,
      maxStartPriceBps: 30_000,
      minFloorPriceBps: 1_000,
      reserved: new Uint8Array(2),
    },
  };
}

/** The provider's settings: three reporters and a quorum of two. */
export function providerSettings({ parties, start }: Omit<Setting, 'id'>, payout: Address): ProviderSettings {
  const used = ([0, 1, 2] as const).map((number) => ({
    key: parties[`reporter ${number}`].address,
    expiresAt: start + 400n * BigInt(DAY),
  }));
  const unused = Array.from({ length: 5 }, () => ({ key: ZERO, expiresAt: 0n }));
  return {
    reporters: [...used, ...unused],
    payout,
    priceListHash: new Uint8Array(32),
    maxUnitsPerSecond: 10_000n,
    longestJob: 30 * DAY,
    reporterCount: 3,
    quorum: 2,
    chunkSize: 32,
    reserved: 0,
  };
}

/** A loan: what lender and borrower agree on. */
export type Loan = { terms: Terms; rider: Rider; schedule: readonly Instalment[] };

/** The loan that tests begin with, with other terms and rider where given. */
export async function loan(
  world: Omit<Setting, 'id'>,
  terms: Partial<Terms> = {},
  rider: Partial<Rider> = {},
): Promise<Loan> {
  const schedule = [1, 2, 3, 4, 5].map((month) => ({ dueAfter: month * 30 * DAY, principal: 20_000n * USDC }));
  const settings = providerSettings(world, ZERO);
  const agreed: Terms = {
    principal: 100_000n * USDC,
    units: 1_000_000_000n,
    unlockedAhead: 1_000_000_000n,
    holdback: 0n,
    lateFee: 500n * USDC,
    offerExpiresAt: world.start + 30n * BigInt(DAY),
    maxUnitsPerSecond: settings.maxUnitsPerSecond,
    delinquencyGrace: 5 * DAY,
    defaultGrace: 15 * DAY,
    curePeriod: 10 * DAY,
    unitLifetime: 0,
    longestJob: settings.longestJob,
    aprBps: 1_200,
    holdbackAprBps: 0,
    freezePolicy: FreezePolicy.OnDelinquency,
    autoFreeze: AutoFreeze.FromDefault,
    reserved: new Uint8Array(6),
    reportersHash: await settingsHash(settings),
    ...terms,
  };
  return { terms: agreed, rider: { ...noRider(), ...rider }, schedule };
}
