// Events: reads them from transactions, and proves that the log of a credit is complete and in order.

import { type Address, type ReadonlyUint8Array, getBase58Encoder } from '@solana/kit';
import { EVENT_DISCRIMINATORS } from './generated/eventDiscriminators.js';
import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS } from './generated/programs/blockableCredits.js';
import { type ChunkMetered, getChunkMeteredDecoder } from './generated/types/chunkMetered.js';
import { type CreditChanged, getCreditChangedDecoder } from './generated/types/creditChanged.js';
import { type CreditRecord, getCreditRecordDecoder, getCreditRecordEncoder } from './generated/types/creditRecord.js';
import { type MarketChanged, getMarketChangedDecoder } from './generated/types/marketChanged.js';
import { type MarketCreated, getMarketCreatedDecoder } from './generated/types/marketCreated.js';
import { type ProviderChanged, getProviderChangedDecoder } from './generated/types/providerChanged.js';
import { sameBytes, sha256 } from './hash.js';

/** An event of the program. */
export type BlockableEvent =
  | { kind: 'MarketCreated'; event: MarketCreated }
  | { kind: 'MarketChanged'; event: MarketChanged }
  | { kind: 'ProviderChanged'; event: ProviderChanged }
  | { kind: 'CreditChanged'; event: CreditChanged }
  | { kind: 'ChunkMetered'; event: ChunkMetered };

/** First bytes of every instruction that the program sends to itself to record an event. */
const EVENT_TAG: readonly number[] = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];
const HEAD = 16;

/**
 * Decodes the data of an instruction that the program sent to itself. Undefined for any other data, for bytes left over and
 * for a change of a later version of the program.
 */
export function decodeEvent(data: ReadonlyUint8Array): BlockableEvent | undefined {
  const startsWith = (bytes: readonly number[], at: number) => bytes.every((byte, place) => byte === data[at + place]);
  if (!startsWith(EVENT_TAG, 0)) return undefined;
  const is = (kind: BlockableEvent['kind']) => startsWith(EVENT_DISCRIMINATORS[kind], EVENT_TAG.length);
  const read = <T>(decoder: { read(bytes: ReadonlyUint8Array, at: number): [T, number] }): T | undefined => {
    try {
      const [event, end] = decoder.read(data, HEAD);
      return end === data.length ? event : undefined;
    } catch {
      return undefined;
    }
  };
  const as = <K extends BlockableEvent['kind'], T>(kind: K, event: T | undefined) => event && { kind, event };
  if (is('CreditChanged')) return as('CreditChanged', read(getCreditChangedDecoder()));
  if (is('ChunkMetered')) return as('ChunkMetered', read(getChunkMeteredDecoder()));
  if (is('MarketCreated')) return as('MarketCreated', read(getMarketCreatedDecoder()));
  if (is('MarketChanged')) return as('MarketChanged', read(getMarketChangedDecoder()));
  if (is('ProviderChanged')) return as('ProviderChanged', read(getProviderChangedDecoder()));
  return undefined;
}

/** The records of credits that an event carries, in order. */
export function recordsOf(event: BlockableEvent): readonly CreditRecord[] {
  if (event.kind === 'CreditChanged') return [event.event.record];
  return event.kind === 'ChunkMetered' ? event.event.records : [];
}

/** An inner instruction of a transaction as a node gives it: its program by place among the transaction's keys, and data. */
export type InnerInstruction = { programIdIndex: number; data: string | ReadonlyUint8Array };

/** A transaction as `getTransaction` gives it with encoding `json` and `maxSupportedTransactionVersion: 1`. */
export type FetchedTransaction = {
  transaction: { message: { accountKeys: readonly Address[] } };
  meta: {
    /** `null` for a transaction that has landed: one that failed has changed nothing, whatever it recorded until then. */
    err: unknown;
    innerInstructions?: readonly { instructions: readonly InnerInstruction[] }[] | null;
    loadedAddresses?: { writable: readonly Address[]; readonly: readonly Address[] } | null;
  } | null;
};

/**
 * The program's events in a transaction, in order: none for one that failed. Only inner instructions of the program itself
 * count. Throws `TypeError` for another encoding than `json`, and where the node has no record of inner instructions.
 */
export function eventsOfTransaction(fetched: FetchedTransaction): readonly BlockableEvent[] {
  const { meta } = fetched;
  const accountKeys = fetched.transaction.message?.accountKeys;
  if (!meta || !Array.isArray(meta.innerInstructions) || !accountKeys?.every((key) => typeof key === 'string')) {
    throw new TypeError('fetch the transaction with encoding json, from a node that records inner instructions');
  }
  if (meta.err !== null) return [];
  const keys = [...accountKeys, ...(meta.loadedAddresses?.writable ?? []), ...(meta.loadedAddresses?.readonly ?? [])];
  return meta.innerInstructions
    .flatMap((group) => group.instructions)
    .filter((instruction) => keys[instruction.programIdIndex] === BLOCKABLE_CREDITS_PROGRAM_ADDRESS)
    .map(({ data }) => decodeEvent(typeof data === 'string' ? getBase58Encoder().encode(data) : data))
    .filter((event) => event !== undefined);
}

/** A record's bytes, as they are folded into the hash chain. */
export function encodeRecord(record: CreditRecord): ReadonlyUint8Array {
  return getCreditRecordEncoder().encode(record);
}

/** Reads a record from its bytes. Throws for other bytes. */
export function decodeRecord(bytes: ReadonlyUint8Array): CreditRecord {
  const [record, end] = getCreditRecordDecoder().read(bytes, 0);
  if (end !== bytes.length) throw new RangeError(`the record has ${bytes.length - end} bytes too many`);
  return record;
}

/** The hash chain after a record. */
export async function foldRecord(previous: ReadonlyUint8Array, record: CreditRecord): Promise<Uint8Array> {
  return sha256(previous, encodeRecord(record));
}

/**
 * The records of a credit's present account, of all that its address ever had, oldest first. An address can be used again after its
 * account was closed, and the log then begins at 0 anew.
 */
export function presentLog(credit: Address, records: readonly CreditRecord[]): readonly CreditRecord[] {
  const own = records.filter((record) => record.credit === credit);
  const begin = own.reduce((latest, record, place) => (record.seq === 0n ? place : latest), 0);
  return own.slice(begin);
}

/** The reason for which a log is not proven. */
export type LogFault =
  | { fault: 'gap'; expected: bigint; found: bigint }
  | { fault: 'foreign'; seq: bigint }
  | { fault: 'hash' };

/**
 * Proves that `records` are all the events of a credit, in order, whose account holds `eventHash`. Returns the fault that was
 * found: `gap` where a record is missing or out of order, `foreign` for one of another credit, `hash` where a record was
 * altered or the end is missing. Undefined for a proven log.
 */
export async function findLogFault(
  credit: Address,
  records: readonly CreditRecord[],
  eventHash: ReadonlyUint8Array,
): Promise<LogFault | undefined> {
  let hash: ReadonlyUint8Array = new Uint8Array(32);
  let expected = 0n;
  for (const record of records) {
    if (record.credit !== credit) return { fault: 'foreign', seq: record.seq };
    if (record.seq !== expected) return { fault: 'gap', expected, found: record.seq };
    hash = await foldRecord(hash, record);
    expected += 1n;
  }
  return sameBytes(hash, eventHash) ? undefined : { fault: 'hash' };
}
