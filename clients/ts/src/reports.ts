// Usage reports: the bytes that a reporter signs, their digest, and the instruction that meters by them.

import {
  type Address,
  type ReadonlyUint8Array,
  type SignatureBytes,
  AccountRole,
  getAddressEncoder,
  getBytesEncoder,
  getPublicKeyFromAddress,
  verifySignature,
} from '@solana/kit';
import type { Provider } from './generated/accounts/provider.js';
import { REPORT_DOMAIN } from './generated/constants.js';
import { getUsageMeterInstruction } from './generated/instructions/usageMeter.js';
import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS } from './generated/programs/blockableCredits.js';
import { type CreditReading, getCreditReadingEncoder } from './generated/types/creditReading.js';
import type { SignedReport } from './generated/types/signedReport.js';
import { fixEncoderSize, getI64Encoder, getU32Encoder } from './encoders.js';
import { sameBytes, sha256 } from './hash.js';
import { isStrict } from './signature.js';

/** The part that all reports of one provider on one chunk have in common. */
export type ReportScope = {
  /** The provider's `clusterTag`: a report of another cluster is worth nothing here. */
  clusterTag: ReadonlyUint8Array;
  /** The market's account. */
  market: Address;
  /** The provider's account. */
  provider: Address;
  /** Epoch of the provider's reporters. */
  epoch: number;
  /** The chunk of credits. */
  chunk: number;
};

/** The scope of reports on a chunk, in the present epoch of the provider at `address`. */
export function scopeOf(provider: Provider, address: Address, chunk: number): ReportScope {
  const { clusterTag, market, epoch } = provider;
  return { clusterTag, market, provider: address, epoch, chunk };
}

/** The readings of one chunk at one instant, before they are signed. */
export type UsageReadings = Pick<SignedReport, 'reportedAt' | 'bitmap' | 'readings'>;

/** Makes the readings of a chunk from those of single credits, by the credits' bits. Throws for a bit beyond the 32. */
export function readingsByBit(reportedAt: bigint, readings: ReadonlyMap<number, CreditReading>): UsageReadings {
  const bits = [...readings.keys()].sort((one, other) => one - other);
  const outside = bits.find((bit) => !Number.isInteger(bit) || bit < 0 || bit > 31);
  if (outside !== undefined) throw new RangeError(`bit ${outside} is outside a chunk of 32`);
  const bitmap = bits.reduce((map, bit) => map | (1 << bit), 0) >>> 0;
  return { reportedAt, bitmap, readings: bits.map((bit) => readings.get(bit) as CreditReading) };
}

/** The digest that a reporter signs. */
export async function reportDigest(report: UsageReadings, scope: ReportScope): Promise<Uint8Array> {
  const key = getAddressEncoder();
  const number = getU32Encoder();
  return sha256(
    REPORT_DOMAIN,
    key.encode(BLOCKABLE_CREDITS_PROGRAM_ADDRESS),
    fixEncoderSize(getBytesEncoder(), 32).encode(scope.clusterTag),
    key.encode(scope.market),
    key.encode(scope.provider),
    number.encode(scope.epoch),
    number.encode(scope.chunk),
    getI64Encoder().encode(report.reportedAt),
    number.encode(report.bitmap),
    ...report.readings.map((reading) => getCreditReadingEncoder().encode(reading)),
  );
}

/** The reading for a bit of the chunk; undefined where the report has none. */
export function readingOf(report: UsageReadings, bit: number): CreditReading | undefined {
  if (!Number.isInteger(bit) || bit < 0 || bit > 31 || ((report.bitmap >>> bit) & 1) === 0) return undefined;
  return report.readings[countBits(report.bitmap & ~(-1 << bit))];
}

function countBits(bitmap: number): number {
  return (bitmap >>> 0).toString(2).replaceAll('0', '').length;
}

/** The reason for which a report cannot be trusted. */
export type ReportFault = 'otherScope' | 'unknownReporter' | 'malformed' | 'badSignature';

/**
 * Checks a report as the program will, but for expiry and time. Undefined for a report that holds. A scope of another cluster
 * or market, or of another epoch of the provider, does not, whatever its signature. That the scope's address is that of
 * `provider` is the caller's to know; `scopeOf` takes both together.
 */
export async function findReportFault(
  report: SignedReport,
  scope: ReportScope,
  provider: Provider,
): Promise<ReportFault | undefined> {
  const { clusterTag, epoch, market, settings } = provider;
  const isOwn = scope.market === market && scope.epoch === epoch && sameBytes(scope.clusterTag, clusterTag);
  if (!isOwn) return 'otherScope';
  const reporter = settings.reporters.slice(0, settings.reporterCount)[report.reporter];
  if (reporter === undefined) return 'unknownReporter';
  const isBitmap = report.bitmap === report.bitmap >>> 0;
  if (!isBitmap || countBits(report.bitmap) !== report.readings.length) return 'malformed';
  if (!isStrict(reporter.key, report.signature)) return 'badSignature';
  const key = await getPublicKeyFromAddress(reporter.key);
  const digest = await reportDigest(report, scope);
  const holds = await verifySignature(key, report.signature as SignatureBytes, digest);
  return holds ? undefined : 'badSignature';
}

/** A metering instruction's accounts and arguments. */
export type MeterInput = {
  market: Address;
  provider: Address;
  chunk: number;
  /** A report each of as many distinct reporters as the provider's quorum, or more. */
  reports: readonly SignedReport[];
  /** The credits to meter, at least one. One that cannot be metered is left out, and the event has the reason. */
  credits: readonly Address[];
};

/** Builds `usage_meter` with the credits behind the accounts that the IDL names. */
export function getMeterCreditsInstruction(input: MeterInput) {
  const { credits, reports, ...named } = input;
  const instruction = getUsageMeterInstruction({ ...named, reports: [...reports] });
  const metered = credits.map((address) => ({ address, role: AccountRole.WRITABLE }) as const);
  return { ...instruction, accounts: [...instruction.accounts, ...metered] };
}
