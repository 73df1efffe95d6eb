import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser, type StreamEvent } from '../src/data/keeper/stream.js';
import { readCredit, readTotals } from '../src/data/keeper/rows.js';
import { AnswerError } from '../src/data/keeper/json.js';
import { newsOf } from '../src/data/live.js';
import { SettingsError, explorerLink, readSettings, walletChain } from '../src/data/settings.js';
import { isWalletRefusal, errorText } from '../src/text/errors.js';
import { readAnswer } from '../src/act/gate.js';
import { LENDER, PROVIDER } from './credits.js';

const SETTINGS = {
  schema: 1,
  cluster: { name: 'mainnet-beta', genesis: 'g' },
  market: LENDER,
  rpc: [{ http: 'https://rpc.example', ws: null }],
  gates: { [PROVIDER]: 'https://api.example' },
  keeper: true,
  explorer: 'https://explorer.example/{kind}/{id}',
  unit_prices: { [PROVIDER]: '2500.000001' },
  links: null,
};

test('settings are read whole', () => {
  const settings = readSettings(SETTINGS);
  assert.equal(settings.unitPrices.get(PROVIDER), 2_500_000_001n);
  assert.equal(settings.rpc[0]?.ws, undefined);
  assert.equal(walletChain(settings), 'solana:mainnet');
  assert.equal(explorerLink(settings, 'tx', 'a/b'), 'https://explorer.example/tx/a%2Fb');
});

test('settings that are wrong say what is wrong', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ schema: 2 }, /schema 2/],
    [{ market: 'x' }, /market/],
    [{ rpc: [] }, /no node/],
    [{ cluster: { name: 'moon' } }, /cluster/],
    [{ unit_prices: { [PROVIDER]: '1.1234567' } }, /six places/],
  ];
  for (const [change, pattern] of wrong) {
    assert.throws(
      () => readSettings({ ...SETTINGS, ...change }),
      (error) => error instanceof SettingsError && pattern.test(error.message),
    );
  }
});

test('a stream is read whatever pieces it comes in', () => {
  const text =
    ': comment\n\nid: 7\nevent: slot\ndata: {"a":\ndata: 1}\n\nevent: x\r\ndata: "y"\r\n\r\ndata: broken\n\n';
  for (const size of [1, 3, 1_000]) {
    const events: StreamEvent[] = [];
    const parser = new EventParser((event) => events.push(event));
    for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
    assert.deepEqual(events, [
      { id: '7', event: 'slot', data: { a: 1 } },
      { id: undefined, event: 'x', data: 'y' },
    ]);
  }
});

test('an endless event of a stream is refused', () => {
  const parser = new EventParser(() => undefined);
  assert.throws(() => parser.push('x'.repeat((1 << 20) + 1)), RangeError);
});

test('news that cannot be read asks for everything anew', () => {
  assert.deepEqual(newsOf('credit', { credit: LENDER, line: { credit: 'no address' } }), { kind: 'everything' });
  assert.deepEqual(newsOf('credit', { credit: LENDER, slot: 1, line: null }), {
    kind: 'credit',
    credit: LENDER,
    row: undefined,
  });
  assert.deepEqual(newsOf('hello', { resumed: false }), { kind: 'everything' });
  assert.equal(newsOf('hello', { resumed: true }), undefined);
  assert.equal(newsOf('slot', {}), undefined);
});

test('a line without an amount is no line', () => {
  assert.throws(() => readCredit({ credit: LENDER }), AnswerError);
});

test('a sum of the portfolio is read in numbers, and none is without its amounts', () => {
  const at = { text: 'now', unix: 7 };
  const sums = { at, loans: 2, principal: '1', debt: '3000000', arrears: '0', lien_value: '9', covered: '2500000' };
  assert.deepEqual(readTotals(sums), { at: 7, loans: 2, debt: 3_000_000, arrears: 0, covered: 2_500_000 });
  assert.throws(() => readTotals({ ...sums, covered: undefined }), AnswerError);
});

test('a refusal of the wallet is told from a fault', () => {
  assert.ok(isWalletRefusal({ code: 4001 }));
  assert.ok(isWalletRefusal(new Error('User rejected the request.')));
  assert.ok(!isWalletRefusal(new Error('no connection')));
  assert.match(errorText(new Error('User rejected the request.')), /nothing was sent/);
});

test('the gate that is busy or cannot see the chain has not refused', () => {
  assert.equal(readAnswer(200, {}).state, 'obeyed');
  assert.equal(readAnswer(503, { error: { code: 'chain_stale', message: 'm' } }).state, 'unreachable');
  assert.equal(readAnswer(429, { error: { code: 'too_many_freezes', message: 'm' } }).state, 'unreachable');
  assert.equal(readAnswer(403, { error: { code: 'not_freezer', message: 'm' } }).state, 'refused');
});
