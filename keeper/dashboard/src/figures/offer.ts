// The agreement of an offer, made of named terms as the simulator makes it (`Preset::agreement` of blockable-economics): a
// test compares both by the examples in the table.

import {
  type Instalment,
  type LoanParties,
  type ProviderSettings,
  type Rider,
  type Terms,
  noRider,
  termsHash,
} from '@blockable/client';
import table from '../views/offer/presets.json' with { type: 'json' };

/** Named terms of the simulator's table. */
export type Preset = (typeof table)['presets'][number];

/** All named terms. */
export const PRESETS: readonly Preset[] = table.presets;

/** How the table was simulated. */
export const SIMULATED = { paths: table.paths, seed: table.seed };

/** What a lender chooses. */
export type OfferChoice = {
  preset: Preset;
  principal: bigint;
  units: bigint;
  aprBps: number;
  instalments: number;
  intervalDays: number;
};

/** Terms, rider and schedule of a loan. */
export type Agreement = { terms: Terms; rider: Rider; schedule: readonly Instalment[] };

const DAY = 86_400;
/** Shares of the table are decimals; so many parts of one whole lose none of their places. */
const PARTS = 1_000_000_000;

/** Makes the agreement within a provider's bounds. The hash of the reporters and the end of the offer are set when it is signed. */
export function agreementOf(choice: OfferChoice, provider: ProviderSettings): Agreement {
  const { preset, principal, units } = choice;
  const schedule = scheduleOf(choice);
  const count = BigInt(choice.instalments);
  const each = principal / count;
  const ahead = preset.ahead === null ? units : clamp(partOf(preset.ahead / choice.instalments, units), 1n, units);
  const lockedPrice = units === 0n ? 0n : ((units - ahead) * principal) / units;
  const holdback = smaller(partOf(preset.holdback, lockedPrice), lockedPrice);
  const rate = rateBound(choice);
  const terms: Terms = {
    principal,
    units,
    unlockedAhead: ahead,
    holdback,
    lateFee: partOf(preset.late_fee, each),
    offerExpiresAt: 0n,
    maxUnitsPerSecond: smaller(rate, provider.maxUnitsPerSecond),
    delinquencyGrace: preset.delinquency_days * DAY,
    defaultGrace: preset.default_days * DAY,
    curePeriod: preset.cure_days * DAY,
    unitLifetime: preset.lifetime_days * DAY,
    longestJob: Math.min(DAY, provider.longestJob),
    aprBps: choice.aprBps,
    holdbackAprBps: holdback === 0n ? 0 : Math.min(preset.holdback_apr_bps, choice.aprBps),
    freezePolicy: preset.freeze_policy,
    autoFreeze: preset.auto_freeze,
    reserved: new Uint8Array(6),
    reportersHash: new Uint8Array(32),
  };
  return { terms, rider: { ...noRider(), reserve: partOf(preset.reserve, each) }, schedule };
}

/** Equal parts of the principal; what does not divide falls due with the last one. */
function scheduleOf({ preset, principal, instalments, intervalDays }: OfferChoice): readonly Instalment[] {
  const count = BigInt(instalments);
  const each = principal / count;
  const first = preset.in_advance ? 1 : intervalDays;
  return Array.from({ length: instalments }, (_, place) => ({
    dueAfter: (first + place * intervalDays) * DAY,
    principal: place === instalments - 1 ? principal - each * (count - 1n) : each,
  }));
}

/** The most units a second that reports may count: a multiple of the pace that uses the units up within the term. */
function rateBound({ preset, units, instalments, intervalDays }: OfferChoice): bigint {
  const pace = Number(units) / (instalments * intervalDays * DAY);
  return BigInt(Math.max(1, Math.ceil(pace * preset.rate_multiple)));
}

/**
 * The number of a loan, made of its own terms without the end of the offer: the same offer again has the same address, so that it
 * cannot be made twice. The command line counts in the same way.
 */
export async function nonceOf(
  parties: Omit<LoanParties, 'nonce'>,
  { terms, rider, schedule }: Agreement,
): Promise<bigint> {
  const plain = { ...terms, offerExpiresAt: 0n, reportersHash: new Uint8Array(32) };
  const hash = await termsHash({ ...parties, nonce: 0n }, plain, rider, schedule);
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true);
}

/** Returns true where the choice is what the table was simulated for. */
export function isAsSimulated({ preset, aprBps, instalments, intervalDays }: OfferChoice): boolean {
  return aprBps === preset.apr_bps && instalments === preset.instalments && intervalDays === preset.interval_days;
}

/** The command that simulates exactly these terms. */
export function commandOf(choice: OfferChoice, borrower: string, provider: string): string {
  const name = choice.preset.name === 'prepaid-12' ? 'prepaid' : choice.preset.name;
  const dollars = Number(choice.principal) / 1_000_000;
  return [
    `blockable credit offer --borrower ${borrower} --provider ${provider}`,
    `--principal ${dollars}usdc --units ${choice.units} --terms ${name} --apr ${choice.aprBps / 100}%`,
    `--instalments ${choice.instalments} --every ${choice.intervalDays}d --dry-run`,
  ].join(' ');
}

function partOf(share: number, whole: bigint): bigint {
  return (BigInt(Math.round(share * PARTS)) * whole) / BigInt(PARTS);
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const clamp = (value: bigint, least: bigint, most: bigint) => (value < least ? least : smaller(value, most));
