// Events in transactions that a node gives, true or forged.

import assert from 'node:assert/strict';
import test from 'node:test';
import { type Address, getBase58Decoder } from '@solana/kit';
import {
  BLOCKABLE_CREDITS_PROGRAM_ADDRESS,
  type FetchedTransaction,
  eventsOfTransaction,
  presentLog,
  recordsOf,
} from '../src/index.js';
import { published } from './page.js';

const event = published('event');
const OTHER = '11111111111111111111111111111111' as Address;
const data = getBase58Decoder().decode(event);

/** A transaction in which the second key has sent itself the event. */
function transaction(changed: Partial<NonNullable<FetchedTransaction['meta']>> = {}): FetchedTransaction {
  return {
    transaction: { message: { accountKeys: [OTHER, BLOCKABLE_CREDITS_PROGRAM_ADDRESS] } },
    meta: { err: null, innerInstructions: [{ instructions: [{ programIdIndex: 1, data }] }], ...changed },
  };
}

test('an event counts where the program itself has recorded it', () => {
  const [first, ...others] = eventsOfTransaction(transaction());
  assert.deepEqual([first?.kind, others], ['CreditChanged', []]);
  const raw = transaction({ innerInstructions: [{ instructions: [{ programIdIndex: 1, data: event }] }] });
  assert.deepEqual(eventsOfTransaction(raw), [first]);
});

test('another program that imitates an event has recorded none', () => {
  for (const programIdIndex of [0, 2, -1, Number.NaN]) {
    const imitated = transaction({ innerInstructions: [{ instructions: [{ programIdIndex, data }] }] });
    assert.deepEqual(eventsOfTransaction(imitated), []);
  }
  const loaded = { writable: [OTHER], readonly: [BLOCKABLE_CREDITS_PROGRAM_ADDRESS] };
  const third = transaction({
    loadedAddresses: loaded,
    innerInstructions: [{ instructions: [{ programIdIndex: 3, data }] }],
  });
  assert.equal(eventsOfTransaction(third).length, 1);
});

test('a transaction that failed has no events, whatever it recorded until then', () => {
  const failed = transaction({ err: { InstructionError: [1, { Custom: 6001 }] } });
  assert.deepEqual(eventsOfTransaction(failed), []);
});

test('an answer that cannot have the events is no answer without events', () => {
  assert.throws(() => eventsOfTransaction({ ...transaction(), meta: null }), TypeError);
  assert.throws(() => eventsOfTransaction(transaction({ innerInstructions: null })), TypeError);
  const parsed = { message: { accountKeys: [{ pubkey: BLOCKABLE_CREDITS_PROGRAM_ADDRESS }] } } as unknown;
  const asParsed = { ...transaction(), transaction: parsed as FetchedTransaction['transaction'] };
  assert.throws(() => eventsOfTransaction(asParsed), TypeError);
  const base64 = { ...transaction(), transaction: ['AQ==', 'base64'] as unknown as FetchedTransaction['transaction'] };
  assert.throws(() => eventsOfTransaction(base64), TypeError);
});

test('the log of an address that is used again begins with its present account', () => {
  const [first] = eventsOfTransaction(transaction()).flatMap(recordsOf);
  assert(first !== undefined);
  const { credit } = first;
  const log = (...seqs: bigint[]) => seqs.map((seq) => ({ ...first, seq }));
  const foreign = { ...first, credit: OTHER, seq: 0n };
  assert.deepEqual(presentLog(credit, log(0n, 1n, 2n)), log(0n, 1n, 2n));
  assert.deepEqual(presentLog(credit, [...log(0n, 1n, 0n), foreign, ...log(1n)]), log(0n, 1n));
  assert.deepEqual(presentLog(credit, log(3n, 4n)), log(3n, 4n), 'its first records are missing: findLogFault says so');
  assert.deepEqual(presentLog(credit, [foreign]), []);
});
