import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parsePercent,
  parseUnits,
  parseUsd,
  percent,
  shareBps,
  units,
  unitsShort,
  usdExact,
  usdOwed,
  usdReceived,
} from '../src/text/money.js';
import { milliseconds, relativeText, spanText, timeText } from '../src/text/time.js';

test('what is owed is rounded up to a cent, what is received down', () => {
  assert.equal(usdOwed(1_118_360_001n), '$1,118.37');
  assert.equal(usdReceived(1_118_369_999n), '$1,118.36');
  assert.equal(usdOwed(0n), '$0.00');
  assert.equal(usdExact(4_500_000n), '$4.50');
  assert.equal(usdExact(1n), '$0.000001');
  assert.equal(usdOwed(0xffff_ffff_ffff_ffffn), '$18,446,744,073,709.56');
});

test('counts are written in groups, or in short with three digits', () => {
  assert.equal(units(2_400_000_000n), '2,400,000,000');
  assert.deepEqual([0n, 999n, 1_000n, 12_340n, 999_999n, 2_400_000_000n].map(unitsShort), [
    '0',
    '999',
    '1.00 k',
    '12.3 k',
    '1000 k',
    '2.40 bn',
  ]);
});

test('basis points become percentages without noise', () => {
  assert.deepEqual([0, 1400, 938n * 10n, 1_250, 1, 105].map(percent), [
    '0 %',
    '14 %',
    '93.8 %',
    '12.5 %',
    '0.01 %',
    '1.05 %',
  ]);
  assert.equal(shareBps(1n, 3n), 3_333n);
  assert.equal(shareBps(1n, 0n), undefined);
});

test('only well-formed amounts are read', () => {
  assert.equal(parseUsd('1,200.5'), 1_200_500_000n);
  assert.equal(parseUsd('$0.000001'), 1n);
  for (const wrong of ['', '-1', '1.2345678', '1,20', '1e6', '12..3', '99999999999999999999'])
    assert.equal(parseUsd(wrong), undefined, wrong);
  assert.equal(parseUnits('2,400'), 2_400n);
  assert.equal(parseUnits('18446744073709551616'), undefined);
  assert.equal(parseUnits('1.5'), undefined);
  assert.equal(parsePercent('12.5 %'), 1_250);
  assert.equal(parsePercent('12.345'), undefined);
});

test('times stand in a zone with UTC beside', () => {
  const noon = Date.UTC(2026, 10, 30, 12, 5) / 1_000;
  assert.deepEqual(timeText(noon, { zone: 'Europe/Berlin' }), {
    local: '30 Nov 2026, 13:05',
    utc: '12:05 UTC',
    iso: '2026-11-30T12:05:00.000Z',
  });
  const late = timeText(noon + 11.5 * 3_600, { zone: 'Europe/Berlin' });
  assert.deepEqual([late.local, late.utc], ['1 Dec 2026, 00:35', '30 Nov 2026, 23:35 UTC']);
  assert.equal(timeText(1n << 62n).local, 'out of range');
});

test('spans name their two largest parts', () => {
  assert.deepEqual([0, 59, 3_600, 3_661, 86_400 * 3 + 4 * 3_600 + 5].map(spanText), [
    '0 s',
    '59 s',
    '1 h',
    '1 h 1 min',
    '3 d 4 h',
  ]);
  assert.equal(relativeText(100, 40), 'in 1 min');
  assert.equal(relativeText(40, 100), '1 min ago');
  assert.deepEqual([6, 653, 1_234, 61_000].map(milliseconds), ['6 ms', '653 ms', '1.2 s', '61 s']);
});
