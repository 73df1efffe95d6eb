// Payments, the reserve, the covenant, metering, and the end of a loan.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { loan } from './loan.js';
import { DAY, USDC } from './parties.js';
import { accepted, active, collect, delinquent, fundReserve, meter, repay, reports } from './steps.js';
import { World } from './world.js';

const { Party, Status } = client;
/** Interest of 30 days on $100,000 at 12 %, whole micro-USDC. */
const MONTH = 986_301_369n;

test('a payment does what its quote says, and the lender collects it', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  await world.pass(30 * DAY);
  const now = world.creditNow(credit);
  assert.equal(client.arrears(now), 20_000n * USDC + MONTH);
  const amount = 50_000n * USDC;
  const quote = client.quotePayment(world.credit(credit), amount, world.clock().market);
  assert.deepEqual([quote.interest, quote.principal, quote.released], [MONTH + 1n, amount - MONTH - 1n, 490_136_986n]);

  await world.refused('AmountZero', await repay(world, 'borrower', credit, 0n));
  const [paid] = await world.changes(credit, await repay(world, 'borrower', credit, amount, true));
  assert(paid?.__kind === 'Paid');
  assert.deepEqual([paid.interest, paid.principal, paid.released], [quote.interest, quote.principal, quote.released]);
  const after = world.credit(credit);
  const { eventSeq, eventHash } = after;
  assert.deepEqual(after, { ...quote.credit, eventSeq, eventHash });
  assert.equal(world.balance(world.wallets.borrower), 950_000n * USDC);

  await world.refused('DestinationNotAllowed', await collect(world, 'stranger', credit, Party.Lender, 'stranger'));
  await world.refused(
    'NothingToCollect',
    await collect(world, 'stranger', credit, Party.Lender, 'lender', amount + 1n),
  );
  await world.sent(await collect(world, 'stranger', credit, Party.Lender, 'lender', amount));
  assert.equal(world.balance(world.wallets.lender), 950_000n * USDC);
});

test('a payment of everything ends the loan, and vault and credit are removed', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  const { market, mint, parties, provider, wallets } = world;
  const { lender, borrower, stranger } = parties;
  const { vault } = world.credit(credit);
  await world.pass(60);
  const debt = client.totalDebt(world.creditNow(credit).debt);
  await world.sent(await repay(world, 'borrower', credit, 2n ** 64n - 1n));
  assert.equal(world.balance(wallets.borrower), 1_000_000n * USDC - debt);
  assert.equal(world.credit(credit).status, Status.Repaid);
  await world.refused('NothingOwed', await repay(world, 'borrower', credit, 1n));

  const closeVault = await client.getVaultCloseInstructionAsync({
    credit,
    receiver: lender.address,
    treasury: wallets.treasury,
    ...world.money,
  });
  const close = (closer = borrower, mostUnits = 2n ** 64n - 1n) =>
    client.getCreditCloseInstruction({ closer, receiver: lender.address, market, credit, provider, mostUnits });
  await world.refused('ClaimsLeft', closeVault);
  await world.refused('VaultOpen', close());
  await world.sent(await collect(world, 'stranger', credit, Party.Lender, 'lender'));
  assert.equal(world.balance(wallets.lender), 900_000n * USDC + debt);
  await world.sent(closeVault);
  assert(!world.exists(vault));
  await world.refused('UnitsLeft', close(stranger, 0n));
  const [closed] = await world.changes(credit, close());
  assert.deepEqual(closed, { __kind: 'Closed', givenUp: 1_000_000_000n });
  assert(!world.exists(credit));
  assert.equal(world.providerNow().outstandingUnits, 0n);
  assert.equal(mint, world.marketNow().paymentMint);
});

test('the reserve is funded, drawn for a missed instalment and refilled', async () => {
  const world = await World.new();
  const { market } = world;
  const reserve = 25_000n * USDC;
  const agreed = await loan(world, {}, { reserve });
  const waiting = await accepted(world, agreed, 2n);
  await world.sent(await fundReserve(world, 'borrower', waiting, reserve));
  await world.refused('ReserveFull', await fundReserve(world, 'borrower', waiting, 1n));
  const credit = await active(world, agreed);
  assert.equal(world.credit(credit).reserveHeld, reserve);
  const draw = client.getReserveDrawInstruction({ market, credit });
  await world.refused('NotInArrears', draw);
  await world.pass(30 * DAY);
  await world.sent(draw);
  const left = reserve - 20_000n * USDC - MONTH;
  assert.equal(world.credit(credit).reserveHeld, left);
  assert.equal(world.credit(credit).claims.lender, 20_000n * USDC + MONTH);
  const quote = client.quotePayment(world.credit(credit), reserve, world.clock().market);
  assert.equal(quote.toReserve, reserve - left);
  await world.sent(await repay(world, 'borrower', credit, reserve));
  assert.equal(world.credit(credit).reserveHeld, reserve);
});

test('the covenant moves the rate at the end of its window', async () => {
  const world = await World.new();
  const { market } = world;
  const window = 5 * DAY;
  const covenant = {
    plannedUnits: 1_000_000n,
    covenantWindow: window,
    highBps: 9_000,
    lowBps: 5_000,
    aprStepBps: 100,
    aprFloorBps: 1_050,
    aprCeilingBps: 1_350,
  };
  const credit = await active(world, await loan(world, {}, covenant));
  const apply = client.getCovenantApplyInstruction({ market, credit });
  await world.refused('CovenantWindowRunning', apply);
  await world.pass(window);
  await world.sent(await meter(world, credit, 900_000n));
  await world.sent(apply);
  assert.equal(client.aprInForce(world.credit(credit)), 1_100);
  assert.equal(world.credit(credit).terms.aprBps, 1_200);
});

test('the lender waives late fees', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const credit = await delinquent(world, await loan(world));
  const waive = (authority = parties.lender, amount = 200n * USDC) =>
    client.getCreditWaiveFeeInstruction({ authority, market, credit, amount });
  await world.refused('NotLender', waive(parties.stranger));
  await world.sent(waive());
  assert.equal(world.credit(credit).debt.lateFees, 300n * USDC);
});

test('use is metered by a quorum of reports, and the reasons for leaving credits out are recorded', async () => {
  const world = await World.new();
  const { market, provider } = world;
  const agreed = await loan(world);
  const credit = await active(world, agreed);
  const another = await active(world, agreed, 2n);
  await world.pass(60);
  const used = new Map([[0, { cumulative: 1_000n, inFlight: 300n }]]);
  const single = await reports(world, used, [2]);
  const metering = { market, provider, chunk: 0, credits: [credit, another] };
  await world.refused('QuorumNotReached', client.getMeterCreditsInstruction({ ...metering, reports: single }));
  const signed = await reports(world, used);
  for (const report of signed) {
    const scope = client.scopeOf(world.providerNow(), provider, 0);
    assert.equal(await client.findReportFault(report, scope, world.providerNow()), undefined);
    const changed = { ...report, reportedAt: report.reportedAt + 1n };
    assert.equal(await client.findReportFault(changed, scope, world.providerNow()), 'badSignature');
  }
  const { events } = await world.sent(client.getMeterCreditsInstruction({ ...metering, reports: signed }));
  const metered = events[0];
  assert(metered?.kind === 'ChunkMetered');
  assert.deepEqual(metered.event.skipped, [{ credit: another, reason: client.Skip.NoQuorum }]);
  const state = world.credit(credit);
  assert.deepEqual([state.collateral.consumed, state.meter.inFlight], [1_000n, 300n]);
  assert.equal(client.availableUnits(state.collateral), 999_999_000n);
  assert.equal(await world.proveLogs(), 2);
});

test('unused units expire when their lifetime has passed', async () => {
  const world = await World.new();
  const { market } = world;
  const agreed = await loan(world, { unitLifetime: 191 * DAY, offerExpiresAt: 0n });
  const credit = await active(world, agreed);
  await world.sent(await repay(world, 'borrower', credit, 2n ** 64n - 1n));
  const expire = client.getCreditExpireUnitsInstruction({ market, credit });
  await world.refused('NothingToExpire', expire);
  await world.pass(191 * DAY);
  assert(client.unitsHaveExpired(world.credit(credit), world.clock().market));
  await world.sent(expire);
  assert.equal(client.remainingUnits(world.credit(credit).collateral), 0n);
});
