// Answers of a hostile node and input that is no number: refused, not misread.

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Address,
  generateKeyPairSigner,
  getAddressDecoder,
  getBase64Decoder,
  isSolanaError,
  lamports,
  signBytes,
} from '@solana/kit';
import {
  BLOCKABLE_CREDITS_PROGRAM_ADDRESS,
  CREDIT_DISCRIMINATOR,
  LOT_DISCRIMINATOR,
  MARKET_DISCRIMINATOR,
  PROVIDER_DISCRIMINATOR,
  type ReportScope,
  type Rider,
  type SignedReport,
  Status,
  type Terms,
  decodeCredit,
  decodeLot,
  decodeMarket,
  decodeProvider,
  fetchCreditNow,
  findReportFault,
  freezeAmount,
  getCreditRepayInstructionDataEncoder,
  getFreezeAmountEncoder,
  getInstalmentEncoder,
  getLotSize,
  getMarketPauseInstructionDataEncoder,
  noRider,
  readingOf,
  readingsByBit,
  reportDigest,
  scopeOf,
  termsHash,
} from '../src/index.js';
import { someTerms } from './terms.js';

const ADDRESS = '11111111111111111111111111111111' as Address;
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as Address;

/** An account with these first bytes, and zeros behind them. */
function account(
  first: ArrayLike<number>,
  programAddress = BLOCKABLE_CREDITS_PROGRAM_ADDRESS as Address,
  size = 4_096,
) {
  const data = new Uint8Array(size);
  data.set(first);
  return { address: ADDRESS, data, executable: false, lamports: lamports(1n), programAddress, space: BigInt(size) };
}

type Given = ReturnType<typeof account>;
const types = [
  { decode: (given: Given) => decodeCredit(given).address, first: CREDIT_DISCRIMINATOR },
  { decode: (given: Given) => decodeLot(given).address, first: LOT_DISCRIMINATOR },
  { decode: (given: Given) => decodeMarket(given).address, first: MARKET_DISCRIMINATOR },
  { decode: (given: Given) => decodeProvider(given).address, first: PROVIDER_DISCRIMINATOR },
];

test('an account is decoded only as the type that it is, and only where the program owns it', () => {
  for (const { decode, first } of types) {
    assert.equal(decode(account(first)), ADDRESS);
    assert.throws(() => decode(account(first, TOKEN)), TypeError);
    for (const other of types) {
      if (other.first !== first) assert.throws(() => decode(account(other.first)), TypeError);
    }
    assert.throws(() => decode(account([])), TypeError);
    assert.throws(() => decode(account(first.slice(0, 7), undefined, 7)), TypeError);
  }
  assert.throws(() => decodeLot(account(LOT_DISCRIMINATOR, undefined, getLotSize() - 1)));
  assert.deepEqual(decodeCredit({ address: ADDRESS, exists: false }), { address: ADDRESS, exists: false });
});

test('a node that answers with another account is not believed', async () => {
  const answer = (owner: Address, bytes: Uint8Array) => ({
    context: { slot: 1n },
    value: { data: [getBase64Decoder().decode(bytes), 'base64'], executable: false, lamports: 1n, owner, space: 1n },
  });
  const node = (owner: Address, first: ArrayLike<number>) =>
    ({
      getAccountInfo: () => ({ send: async () => answer(owner, account(first).data) }),
    }) as unknown as Parameters<typeof fetchCreditNow>[0];
  await assert.rejects(fetchCreditNow(node(TOKEN, CREDIT_DISCRIMINATOR), ADDRESS), TypeError);
  await assert.rejects(
    fetchCreditNow(node(BLOCKABLE_CREDITS_PROGRAM_ADDRESS, MARKET_DISCRIMINATOR), ADDRESS),
    TypeError,
  );
});

/** A provider with one reporter, the scope of its reports, and what signs one for a scope. */
async function reporting() {
  const reporter = await generateKeyPairSigner();
  const first = { ...decodeProvider(account(PROVIDER_DISCRIMINATOR)).data, market: ADDRESS, epoch: 3 };
  const reporters = [{ key: reporter.address, expiresAt: 9n }, ...first.settings.reporters.slice(1)];
  const provider = { ...first, settings: { ...first.settings, reporters, reporterCount: 1 } };
  const own = scopeOf(provider, TOKEN, 2);
  const read = readingsByBit(5n, new Map([[1, { cumulative: 7n, inFlight: 0n }]]));
  const signedFor = async (scope: ReportScope): Promise<SignedReport> => {
    const signature = await signBytes(reporter.keyPair.privateKey, await reportDigest(read, scope));
    return { reporter: 0, signature, ...read };
  };
  return { provider, own, read, signedFor };
}

test('a report of another cluster, market, provider or epoch does not hold, however well it is signed', async () => {
  const { provider, own, read, signedFor } = await reporting();
  assert.equal(await findReportFault(await signedFor(own), own, provider), undefined);
  const others = [{ clusterTag: new Uint8Array(32).fill(1) }, { market: TOKEN }, { epoch: 4 }];
  for (const other of others) {
    const scope = { ...own, ...other };
    assert.equal(await findReportFault(await signedFor(scope), scope, provider), 'otherScope');
    assert.equal(await findReportFault(await signedFor(scope), own, provider), 'badSignature');
  }
  const report = await signedFor(own);
  for (const odd of [
    { ...report, reporter: 1 },
    { ...report, reporter: Number.NaN },
    { ...report, reporter: -1 },
  ]) {
    assert.equal(await findReportFault(odd, own, provider), 'unknownReporter');
  }
  assert.equal(await findReportFault({ ...report, readings: [] }, own, provider), 'malformed');
  assert.equal(await findReportFault({ ...report, bitmap: 2 ** 33 }, own, provider), 'malformed');
  for (const signature of [new Uint8Array(), new Uint8Array(63), new Uint8Array(64), new Uint8Array(65)]) {
    assert.equal(await findReportFault({ ...report, signature }, own, provider), 'badSignature');
  }
  for (const bit of [-1, 0, 32, 0.5, Number.NaN]) assert.equal(readingOf(read, bit), undefined, `bit ${bit}`);
});

test('what is no integer is not written as one', async () => {
  const odd = [Number.NaN, 0.5, -1, Number.POSITIVE_INFINITY, '7' as unknown as number, 2 ** 32];
  for (const dueAfter of odd) {
    assert.throws(() => getInstalmentEncoder().encode({ dueAfter, principal: 1n }), `dueAfter ${dueAfter}`);
    assert.throws(() => getMarketPauseInstructionDataEncoder().encode({ seconds: dueAfter }), `seconds ${dueAfter}`);
  }
  for (const units of [Number.NaN, 0.5, -1, 2n ** 64n]) {
    assert.throws(() => getFreezeAmountEncoder().encode(freezeAmount('Units', [units])), `units ${units}`);
    assert.throws(() => getInstalmentEncoder().encode({ dueAfter: 1, principal: units }), `principal ${units}`);
  }
  for (const bps of [Number.NaN, 0.5, 65_536]) {
    assert.throws(() => getFreezeAmountEncoder().encode(freezeAmount('Bps', [bps])), `bps ${bps}`);
  }
  const parties = { market: ADDRESS, lender: ADDRESS, borrower: ADDRESS, provider: ADDRESS, nonce: 0n };
  const hash = async (changed: Partial<Terms>) => termsHash(parties, { ...someTerms(), ...changed }, noRider(), []);
  for (const changed of [{ aprBps: Number.NaN }, { aprBps: 1.5 }, { delinquencyGrace: Number.NaN }, { units: -1n }]) {
    await assert.rejects(hash(changed), RangeErrorOrKit, Object.keys(changed)[0]);
  }
  await hash({ units: 2n ** 64n - 1n });
});

test('numbers, booleans and bytes are written as they are, or refused', async () => {
  const wide = ['', ' ', '7', '0x10', false, true, [], null, 2 ** 53] as unknown as bigint[];
  for (const units of wide) {
    assert.throws(() => getInstalmentEncoder().encode({ dueAfter: 1, principal: units }), RangeError, `units ${units}`);
    assert.throws(() => getFreezeAmountEncoder().encode(freezeAmount('Units', [units])), RangeError);
  }
  const repay = { amount: 1n, mustCure: true, read: { offerSlot: 1n, worstStatus: Status.Active } };
  const [data, other] = [getCreditRepayInstructionDataEncoder(), ['false', 0, 1, undefined] as unknown as boolean[]];
  for (const mustCure of other) assert.throws(() => data.encode({ ...repay, mustCure }), TypeError, `${mustCure}`);
  assert.notDeepEqual(data.encode(repay), data.encode({ ...repay, mustCure: false }));
  const parties = { market: ADDRESS, lender: ADDRESS, borrower: ADDRESS, provider: ADDRESS, nonce: 0n };
  const hash = async (terms: Partial<Terms>, rider: Partial<Rider>) =>
    termsHash(parties, { ...someTerms(), ...terms }, { ...noRider(), ...rider }, []);
  for (const length of [0, 31, 33]) {
    await assert.rejects(hash({ reportersHash: new Uint8Array(length) }, {}), RangeError);
  }
  for (const length of [0, 3, 5]) await assert.rejects(hash({}, { reserved: new Uint8Array(length) }), RangeError);
  await assert.rejects(
    termsHash({ ...parties, nonce: 9007199254740993 as unknown as bigint }, someTerms(), noRider(), []),
  );
});

test('a report for another provider does not hold, nor one by a key of small order', async () => {
  const { provider, own, signedFor } = await reporting();
  const report = await signedFor(own);
  assert.equal(await findReportFault(report, { ...own, provider: ADDRESS }, provider), 'badSignature');
  await assert.rejects(reportDigest(report, { ...own, clusterTag: own.clusterTag.slice(1) }), RangeError);
  const identity = Uint8Array.from([1, ...Array<number>(31).fill(0)]);
  const settings = { ...provider.settings, reporters: [{ key: getAddressDecoder().decode(identity), expiresAt: 9n }] };
  const weak = { ...provider, settings };
  for (const cumulative of [1n, 2n, 3n]) {
    const forged = {
      ...report,
      readings: [{ cumulative, inFlight: 0n }],
      signature: Uint8Array.from([...identity, ...new Uint8Array(32)]),
    };
    assert.equal(await findReportFault(forged, own, weak), 'badSignature');
  }
});

/** Kit throws an error of its own for what is out of range. */
const RangeErrorOrKit = (error: unknown) => error instanceof RangeError || isSolanaError(error);
