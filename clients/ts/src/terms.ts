// The hashes that people sign, and schedules as they travel in a transaction.

import { type Address, type ReadonlyUint8Array, getAddressEncoder, getArrayEncoder } from '@solana/kit';
import type { Credit } from './generated/accounts/credit.js';
import type { Provider } from './generated/accounts/provider.js';
import { MAX_INSTALMENTS, REPORTERS_DOMAIN, TERMS_DOMAIN } from './generated/constants.js';
import { type Instalment, getInstalmentEncoder } from './generated/types/instalment.js';
import type { ProviderSettings } from './generated/types/providerSettings.js';
import { type Rider, type RiderArgs, getRiderEncoder } from './generated/types/rider.js';
import type { ScheduleRuns } from './generated/types/scheduleRuns.js';
import { type Terms, type TermsArgs, getTermsEncoder } from './generated/types/terms.js';
import { getU64Encoder, getU8Encoder } from './encoders.js';
import { sameBytes, sha256 } from './hash.js';
import { ensure } from './refusal.js';

/** The parties of a loan as its hash has them: those of the offer, also after an assignment or a hand-over. */
export type LoanParties = {
  /** The market's account. */
  market: Address;
  /** The lender that made the offer. */
  lender: Address;
  /** The borrower that the offer named. */
  borrower: Address;
  /** The provider's account, not its authority. */
  provider: Address;
  /** The number in the credit's address. */
  nonce: bigint;
};

const ZERO_ADDRESS = '11111111111111111111111111111111' as Address;

/** The parties of a credit as its terms hash has them. */
export function partiesOf(credit: Credit): LoanParties {
  const { market, provider, nonce } = credit;
  return { market, lender: addressLender(credit), borrower: addressBorrower(credit), provider, nonce };
}

/** The lender in the credit's address, which assignments of the loan do not change. */
export function addressLender(credit: Credit): Address {
  return credit.originalLender === ZERO_ADDRESS ? credit.lender : credit.originalLender;
}

/** The borrower in the credit's address, which a hand-over of its place does not change. */
export function addressBorrower(credit: Credit): Address {
  return credit.originalBorrower === ZERO_ADDRESS ? credit.borrower : credit.originalBorrower;
}

/**
 * The hash that a borrower accepts and a provider issues on. Compute it from what you agreed on, never from what the account
 * says, and sign it together with the slot of the offer.
 */
export async function termsHash(
  parties: LoanParties,
  terms: TermsArgs,
  rider: RiderArgs,
  schedule: readonly Instalment[],
): Promise<Uint8Array> {
  const keys = [parties.market, parties.lender, parties.borrower, parties.provider];
  return sha256(
    TERMS_DOMAIN,
    ...keys.map((key) => getAddressEncoder().encode(key)),
    getU64Encoder().encode(parties.nonce),
    getTermsEncoder().encode(terms),
    getRiderEncoder().encode(rider),
    getArrayEncoder(getInstalmentEncoder()).encode([...schedule]),
  );
}

/**
 * The agreement in a credit's account: what its terms hash covers, until recovery takes principal off its last instalments
 * (`credit_cancel_locked`, `credit_take_over`, a sale). From then on the agreement is in the record of the offer or of the latest
 * restructuring alone.
 */
export function agreementOf(credit: Credit): [LoanParties, Terms, Rider, readonly Instalment[]] {
  const schedule = credit.dueAfter.slice(0, credit.instalmentCount).map((dueAfter, place) => {
    return { dueAfter, principal: credit.principalDue[place] ?? 0n };
  });
  return [partiesOf(credit), credit.terms, credit.rider, schedule];
}

/** A rider that is not used. */
export function noRider(): Rider {
  return {
    plannedUnits: 0n,
    reserve: 0n,
    covenantWindow: 0,
    highBps: 0,
    lowBps: 0,
    aprStepBps: 0,
    aprFloorBps: 0,
    aprCeilingBps: 0,
    topUpBps: 0,
    payInKindBps: 0,
    breachNotice: 0,
    crossDefault: 0,
    reserved: new Uint8Array(4),
  };
}

/** Makes the shortest runs of a schedule whose due dates ascend. */
export function runsOf(schedule: readonly Instalment[]): ScheduleRuns {
  const runs: ScheduleRuns = { due: [], principal: [] };
  let previous = 0;
  for (const { dueAfter, principal } of schedule) {
    const every = Math.max(dueAfter - previous, 0);
    previous = dueAfter;
    const due = runs.due.at(-1);
    if (due && due.every === every && due.count < 255) due.count += 1;
    else runs.due.push({ count: 1, every });
    const same = runs.principal.at(-1);
    if (same && same.principal === principal && same.count < 255) same.count += 1;
    else runs.principal.push({ count: 1, principal });
  }
  return runs;
}

/** The instalments of runs one by one, as the terms hash covers them. Throws `RefusedError`. */
export function expandRuns(runs: ScheduleRuns): readonly Instalment[] {
  const every = runs.due.flatMap((run) => Array<number>(run.count).fill(run.every));
  const principal = runs.principal.flatMap((run) => Array<bigint>(run.count).fill(run.principal));
  ensure(every.length === principal.length && BigInt(every.length) <= MAX_INSTALMENTS, 'InstalmentCount');
  let dueAfter = 0;
  return principal.map((amount, place) => {
    dueAfter += every[place] ?? 0;
    ensure(dueAfter <= 0xffff_ffff, 'TermTooLong');
    return { dueAfter, principal: amount };
  });
}

/** The hash of a quorum and of the reporters' keys, in their order. Expiry dates do not count. */
export async function settingsHash(settings: ProviderSettings): Promise<Uint8Array> {
  const used = settings.reporters.slice(0, settings.reporterCount);
  const keys: ReadonlyUint8Array[] = used.map((reporter) => getAddressEncoder().encode(reporter.key));
  return sha256(REPORTERS_DOMAIN, getU8Encoder().encode(settings.quorum), ...keys);
}

/** The hash by which terms name the provider's reporters, those that it has proposed included. */
export async function reportersHash(provider: Provider): Promise<Uint8Array> {
  const inForce = await settingsHash(provider.settings);
  if (provider.changeReadyAt === 0n) return inForce;
  const proposed = await settingsHash(provider.proposed);
  return sameBytes(proposed, inForce) ? inForce : sha256(REPORTERS_DOMAIN, inForce, proposed);
}
