// The examples of docs/encodings.md, built by this client.

import assert from 'node:assert/strict';
import test from 'node:test';
import { getAddressDecoder } from '@solana/kit';
import {
  type CreditReading,
  type ProviderSettings,
  decodeEvent,
  decodeRecord,
  encodeRecord,
  expandRuns,
  findLogFault,
  foldRecord,
  noRider,
  readingOf,
  readingsByBit,
  recordsOf,
  reportDigest,
  settingsHash,
  termsHash,
} from '../src/index.js';
import { published } from './page.js';
import { someTerms } from './terms.js';

const filled = (byte: number) => new Uint8Array(32).fill(byte);
const key = (byte: number) => getAddressDecoder().decode(filled(byte));

const terms = someTerms();

test('the terms hash is the one on the page', async () => {
  const parties = { market: key(1), lender: key(2), borrower: key(3), provider: key(4), nonce: 5n };
  const schedule = [
    { dueAfter: 2_592_000, principal: 400_000_000n },
    { dueAfter: 5_184_000, principal: 600_000_000n },
  ];
  const hash = await termsHash(parties, terms, noRider(), schedule);
  assert.deepEqual(hash, published('terms hash'));
});

test('the hash of the reporters is the one on the page', async () => {
  const place = (byte: number) => ({ key: key(byte), expiresAt: 9n });
  const settings: ProviderSettings = {
    reporters: [10, 11, 12, 0, 0, 0, 0, 0].map(place),
    payout: key(0),
    priceListHash: filled(0),
    maxUnitsPerSecond: 0n,
    longestJob: 0,
    reporterCount: 3,
    quorum: 2,
    chunkSize: 8,
    reserved: 0,
  };
  assert.deepEqual(await settingsHash(settings), published("reporters' hash"));
});

test('the digest of a report is the one on the page, and its readings are found by their bits', async () => {
  const first: CreditReading = { cumulative: 120_450n, inFlight: 800n };
  const second: CreditReading = { cumulative: 77n, inFlight: 0n };
  const report = readingsByBit(
    1_800_000_000n,
    new Map([
      [2, second],
      [0, first],
    ]),
  );
  assert.equal(report.bitmap, 5);
  const scope = { clusterTag: filled(9), market: key(1), provider: key(4), epoch: 3, chunk: 2 };
  assert.deepEqual(await reportDigest(report, scope), published('report digest'));
  assert.deepEqual([readingOf(report, 0), readingOf(report, 1), readingOf(report, 2)], [first, undefined, second]);
  assert.throws(() => readingsByBit(0n, new Map([[32, first]])), RangeError);
});

test('a record, its hash and its event are those on the page', async () => {
  const bytes = published('record');
  const record = decodeRecord(bytes);
  assert.deepEqual(record.change, { __kind: 'MarkedDelinquent', arrears: 1_500_000n });
  assert.deepEqual(new Uint8Array(encodeRecord(record)), bytes);
  assert.deepEqual(await foldRecord(filled(0), record), published('event_hash'));
  const event = decodeEvent(published('event'));
  assert(event?.kind === 'CreditChanged');
  assert.deepEqual(recordsOf(event), [record]);
  assert.throws(() => decodeRecord(new Uint8Array([...bytes, 0])), RangeError);
});

test('other bytes are no event', () => {
  const event = published('event');
  assert.equal(decodeEvent(event.slice(8)), undefined);
  assert.equal(decodeEvent(event.slice(0, -1)), undefined);
  assert.equal(decodeEvent(new Uint8Array([...event, 0])), undefined);
  assert.equal(decodeEvent(new Uint8Array()), undefined);
});

test('a log is proven, or its fault is named', async () => {
  const [credit, at] = [key(7), 5n];
  const change = { __kind: 'Accepted' } as const;
  const log = [0n, 1n, 2n, 3n].map((seq) => ({ credit, seq, at, change }));
  let hash: Uint8Array = filled(0);
  for (const record of log) hash = await foldRecord(hash, record);
  const faultOf = (records: typeof log) => findLogFault(credit, records, hash);
  assert.equal(await faultOf(log), undefined);
  assert.deepEqual(await faultOf(log.slice(0, 3)), { fault: 'hash' });
  assert.deepEqual(await faultOf(log.slice(1)), { fault: 'gap', expected: 0n, found: 1n });
  assert.deepEqual(await faultOf(log.map((record) => ({ ...record, at: 6n }))), { fault: 'hash' });
  assert.deepEqual(await findLogFault(key(8), log, hash), { fault: 'foreign', seq: 0n });
});

test('runs are expanded as the page says', () => {
  const runs = {
    due: [
      { count: 2, every: 30 },
      { count: 1, every: 31 },
    ],
    principal: [
      { count: 1, principal: 7n },
      { count: 2, principal: 9n },
    ],
  };
  const expected = [
    { dueAfter: 30, principal: 7n },
    { dueAfter: 60, principal: 9n },
    { dueAfter: 91, principal: 9n },
  ];
  assert.deepEqual(expandRuns(runs), expected);
});
