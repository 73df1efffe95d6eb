import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '@blockable/client';
import { healthOf } from '../src/figures/health.js';
import { exposureBy, maturityBand, nextPayments, sumUp } from '../src/figures/portfolio.js';
import { rowOf } from '../src/figures/row.js';
import { instalments } from '../src/figures/schedule.js';
import { csvOf, filtered, sorted } from '../src/figures/table.js';
import { unitParts } from '../src/figures/units.js';
import { unitsPerDay, usedUpAt } from '../src/figures/burn.js';
import { BORROWER, DAY, LENDER, PROVIDER, USDC, clockOn, loan, row } from './credits.js';

test('the parts of the bar add up to all units, whatever state they are in', () => {
  const zero = loan().collateral;
  for (const [collateral, inFlight] of [
    [{}, 0n],
    [{ consumed: 200n }, 50n],
    [{ consumed: 300n, frozenForOther: 0n }, 500n],
    [{ released: 600n, consumed: 100n, frozenForPayment: 300n }, 700n],
    [{ seized: 500n, cancelled: 700n, consumed: 300n }, 10n],
    [{ expired: 2_100n, consumed: 300n }, 0n],
  ] as const) {
    const credit = loan({ collateral: { ...zero, ...collateral }, meter: { ...loan().meter, inFlight } });
    const parts = unitParts(credit);
    assert.equal(
      parts.reduce((sum, part) => sum + part.units, 0n),
      2_400n,
      JSON.stringify(parts, (_, value: unknown) => String(value)),
    );
    assert.ok(parts.every((part) => part.units >= 0n));
  }
});

test('a loan has a line with what is owed, what secures it and what falls due', () => {
  const line = rowOf(LENDER, loan(), clockOn(1_010n));
  assert.equal(line.status, 'active');
  assert.equal(line.health.colour, 'green');
  assert.equal(line.lienValue, 12_000n * USDC);
  assert.equal(line.nextPayment?.dueAt, 1_030n * DAY);
  assert.ok((line.nextPayment?.amount ?? 0n) > 3_000n * USDC);
  assert.ok(line.debt > 12_000n * USDC);
  assert.equal(line.maturesAt, 1_120n * DAY);
  assert.deepEqual([line.available, line.locked], [300n, 2_100n]);
});

test('a missed instalment is amber at first, and what is due then is the arrears', () => {
  const line = rowOf(LENDER, loan(), clockOn(1_031n));
  assert.equal(line.health.colour, 'amber');
  assert.equal(line.nextPayment?.amount, line.arrears);
  assert.match(line.health.reason, /a payment was missed/);
});

test('health goes by the worst that applies', () => {
  const facts = {
    status: 'active',
    isLoan: true,
    debt: 100n,
    arrears: 0n,
    arrearsSince: undefined,
    lien: 10n,
    lienValue: 100n,
    frozen: 0n,
    cureEndsAt: undefined,
  } as const;
  assert.equal(healthOf(facts).colour, 'green');
  assert.equal(healthOf({ ...facts, lienValue: 79n }).colour, 'amber');
  assert.equal(healthOf({ ...facts, lienValue: 69n }).colour, 'red');
  assert.equal(healthOf({ ...facts, lien: 0n, lienValue: 0n }).colour, 'red');
  assert.equal(healthOf({ ...facts, status: 'delinquent', arrears: 5n }).colour, 'red');
  assert.equal(healthOf({ ...facts, frozen: 1n }).colour, 'amber');
  assert.equal(healthOf({ ...facts, status: 'unknown' }).colour, 'amber');
  assert.equal(healthOf({ ...facts, status: 'repaid', debt: 0n, lien: 0n }).colour, 'green');
});

test('the schedule tells paid, missed, next and to come, with the interest of each date', () => {
  const before = instalments(loan(), clockOn(1_010n));
  assert.deepEqual(
    before.map(({ state }) => state),
    ['due next', 'to come', 'to come', 'to come'],
  );
  assert.ok(before.every(({ interest }) => interest !== undefined && interest > 0n));
  const late = instalments(loan(), clockOn(1_031n));
  assert.deepEqual(
    late.map(({ state }) => state),
    ['missed', 'due next', 'to come', 'to come'],
  );
  const paid = loan({
    debt: {
      ...loan().debt,
      principal: 9_000n * USDC,
      schedulePaid: 3_000n * USDC,
      instalmentsBilled: 1,
      accruedAt: 1_031n * DAY,
    },
  });
  assert.deepEqual(
    instalments(paid, clockOn(1_031n)).map(({ state }) => state),
    ['paid', 'due next', 'to come', 'to come'],
  );
  assert.ok(instalments(loan({ status: Status.Repaid }), clockOn(1_031n)).every(({ state }) => state === 'paid'));
  const offer = instalments(loan({ status: Status.Offered, issuedAt: 0n }), clockOn(1_000n));
  assert.equal(offer[0]?.dueAt, 30n * DAY, 'dates of an offer count from the issue');
});

test('collateral of one loan does not cover another one in the sums', () => {
  const rows = [
    row({ lienValue: 1_000n * USDC }),
    row({ lienValue: 0n, lien: 0n, aprBps: 1_000, principal: 300n * USDC, debt: 300n * USDC }),
  ];
  const sums = sumUp(rows, new Map([[PROVIDER, 2_000_000n * USDC]]));
  assert.equal(sums.debt, 401n * USDC);
  assert.equal(sums.coverage, (101n * 10_000n) / 401n);
  assert.equal(sums.apr, 1_100);
  assert.equal(sums.lienValueSet, 20n * USDC);
  assert.equal(sumUp(rows, new Map()).lienValueSet, undefined, 'a price that is not set values nothing');
  assert.equal(sumUp([], new Map()).coverage, undefined);
});

test('exposure is ordered by size, and maturities fall into spans', () => {
  const parts = exposureBy(
    [row({ debt: 1n }), row({ provider: BORROWER, debt: 3n }), row({ isLoan: false, debt: 9n })],
    (line) => line.provider,
  );
  assert.deepEqual(
    parts.map(({ key, share }) => [key, share]),
    [
      [BORROWER, 7_500n],
      [PROVIDER, 2_500n],
    ],
  );
  const now = 1_000n * DAY;
  assert.deepEqual(
    [undefined, 999n, 1_029n, 1_080n, 1_120n, 1_300n, 1_400n].map((day) => maturityBand(day && day * DAY, now)),
    ['not issued', 'past', 'within 30 days', '1 to 3 months', '3 to 6 months', '6 to 12 months', 'over a year'],
  );
});

test('the table searches, filters and orders; what falls due first comes first', () => {
  const [a, b] = [
    row({ credit: PROVIDER, nextPayment: { dueAt: 9n, amount: 1n }, health: { colour: 'red', reason: '' } }),
    row({ nextPayment: { dueAt: 5n, amount: 1n } }),
  ];
  const c = row({ credit: BORROWER });
  assert.deepEqual(
    sorted([a, b, c], { key: 'due', descending: false }).map(({ credit }) => credit),
    [LENDER, PROVIDER, BORROWER],
  );
  assert.deepEqual(sorted([b, c, a], { key: 'health', descending: false })[0], a);
  assert.deepEqual(
    filtered([a, b, c], { search: 'stake111', colour: 'all', status: 'all' }).length,
    3,
    'all are at that provider',
  );
  assert.deepEqual(filtered([a, b, c], { search: '', colour: 'red', status: 'active' }), [a]);
  assert.deepEqual(nextPayments([a, b, c], 1), [b]);
});

test('CSV keeps amounts exact and gives a spreadsheet no formula', () => {
  const csv = csvOf([row({ debt: 0xffff_ffff_ffff_ffffn, health: { colour: 'red', reason: '=cmd, "x"' } })]);
  const [head, line] = csv.split('\r\n');
  assert.ok(head?.startsWith('credit,status,health,reason'));
  assert.ok(line?.includes('18446744073709551615'));
  assert.ok(line?.includes(`"'=cmd, ""x"""`));
});

test('use per day and its end are projected from what was seen', () => {
  const sample = (at: number, consumed: number) => ({ at, consumed, available: 0, frozen: 0, lien: 0, debt: 0 });
  assert.equal(unitsPerDay([sample(0, 0), sample(43_200, 50)]), 100);
  assert.equal(unitsPerDay([sample(0, 0)]), undefined);
  assert.equal(unitsPerDay([sample(0, 5), sample(43_200, 5)]), undefined);
  assert.equal(usedUpAt(200, 100, 1_000), 1_000 + 2 * 86_400);
  assert.equal(usedUpAt(200, undefined, 0), undefined);
});
