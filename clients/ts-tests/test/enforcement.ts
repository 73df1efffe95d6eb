// Marks, freezes, thaws and notices.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { loan } from './loan.js';
import { DAY, USDC } from './parties.js';
import { active, defaulted, delinquent, freeze, markDefaulted, markDelinquent, meter, repay, thaw } from './steps.js';
import { World } from './world.js';

const { FreezePolicy, FreezeReason, Status, freezeAmount } = client;
const UNITS = 1_000_000_000n;
/** $500 late fee, 30 days of interest, the first instalment. */
const ARREARS = 500_000_000n + 986_301_369n + 20_000_000_000n;

test('a loan is marked the second its graces have passed', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  await world.pass(35 * DAY - 1);
  await world.refused('DelinquencyGraceRunning', await markDelinquent(world, credit));
  await world.pass(1);
  const marked = await world.changes(credit, await markDelinquent(world, credit));
  assert.deepEqual(marked, [{ __kind: 'MarkedDelinquent', arrears: ARREARS }]);
  assert.equal(world.credit(credit).debt.arrearsSince, world.start + 30n * BigInt(DAY));
  await world.refused('DefaultGraceRunning', await markDefaulted(world, credit));
  await world.pass(10 * DAY);
  const debt = client.totalDebt(world.creditNow(credit).debt);
  assert.equal(debt, 100_000_000_000n + 1_479_452_055n + 500_000_000n);
  const defaulted = await world.changes(credit, await markDefaulted(world, credit));
  assert.deepEqual(defaulted, [{ __kind: 'MarkedDefaulted', arrears: ARREARS, debt }]);
});

test('the lender freezes what a shortfall gives, and a payment thaws it', async () => {
  const world = await World.new();
  const credit = await delinquent(world, await loan(world));
  await world.sent(await meter(world, credit, 1_000n, 300n));
  const now = world.creditNow(credit);
  const target = client.freezeTarget(now, freezeAmount('Shortfall'));
  const shortfall = (who: 'lender' | 'borrower') =>
    freeze(world, who, credit, freezeAmount('Shortfall'), FreezeReason.MissedPayment);
  await world.refused('NotFreezer', shortfall('borrower'));
  await world.sent(shortfall('lender'));
  assert.equal(client.frozenUnits(world.credit(credit).collateral), target);
  await world.refused('AlreadyFrozen', shortfall('lender'));

  const quote = client.quotePayment(world.credit(credit), 10_000n * USDC, world.clock().market);
  await world.sent(await repay(world, 'borrower', credit, 10_000n * USDC));
  assert(quote.thawed > 0n);
  assert.equal(client.frozenUnits(world.credit(credit).collateral), target - quote.thawed);
  await world.sent(await repay(world, 'borrower', credit, client.arrears(world.creditNow(credit)), true));
  const cured = world.credit(credit);
  assert.deepEqual([cured.status, client.frozenUnits(cured.collateral)], [Status.Active, 0n]);
});

test('the freeze authority freezes everything, and thaws within bounds', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world, { freezePolicy: FreezePolicy.AtWill }));
  await world.sent(freeze(world, 'freezer', credit, freezeAmount('All'), FreezeReason.Risk));
  assert.equal(client.availableUnits(world.credit(credit).collateral), 0n);
  await world.refused('BeyondFrozen', thaw(world, 'freezer', credit, { most: 5n, keep: UNITS }));
  await world.sent(thaw(world, 'freezer', credit, { most: 400n, keep: 0n }));
  assert.equal(client.frozenUnits(world.credit(credit).collateral), UNITS - 400n);
});

test('the policy forbids a freeze before delinquency', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  assert(!client.mayFreeze(world.credit(credit), Status.Active, world.clock().market));
  const frozen = freeze(world, 'lender', credit, freezeAmount('All'), FreezeReason.Risk);
  await world.refused('FreezePolicyForbids', frozen);
});

test('anyone freezes a loan in default where its terms say so', async () => {
  const world = await World.new();
  const { market } = world;
  const credit = await delinquent(world, await loan(world));
  const freezing = client.getCreditAutoFreezeInstruction({ market, credit });
  await world.refused('AutoFreezeNotAgreed', freezing);
  await world.pass(10 * DAY);
  await world.sent(await markDefaulted(world, credit));
  const [frozen] = await world.changes(credit, freezing);
  assert(frozen?.__kind === 'Frozen');
  assert.deepEqual([frozen.by, frozen.units, frozen.reason], [credit, UNITS, FreezeReason.Default]);
});

test('a default of another loan lets the lender freeze, and its cure lets anyone thaw', async () => {
  const world = await World.new();
  const { market } = world;
  const other = await defaulted(world, await loan(world), 2n);
  const agreed = await loan(world, { offerExpiresAt: 0n }, { crossDefault: 1 });
  const credit = await active(world, agreed);
  const all = freezeAmount('All');
  await world.refused('CrossCreditMissing', freeze(world, 'lender', credit, all, FreezeReason.CrossDefault));
  await world.sent(freeze(world, 'lender', credit, all, FreezeReason.CrossDefault, other));
  assert.deepEqual([world.credit(credit).crossCredit, world.credit(credit).collateral.frozenForCross], [other, UNITS]);
  const thawing = client.getCreditThawCrossInstruction({ market, credit, other });
  await world.refused('CrossDefaultStands', thawing);
  await world.sent(await repay(world, 'borrower', other, client.arrears(world.creditNow(other)), true));
  await world.sent(thawing);
  assert.equal(client.frozenUnits(world.credit(credit).collateral), 0n);
});

test('the lender gives notice for a breach, and withdraws it', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const authority = parties.lender;
  const credit = await active(world, await loan(world, {}, { breachNotice: 1 }));
  const notice = async (signer = authority) =>
    client.getCreditGiveNoticeInstructionAsync({
      authority: signer,
      market,
      credit,
      document: new Uint8Array(32).fill(7),
      offerSlot: world.credit(credit).offerSlot,
      leastStatus: Status.Active,
    });
  await world.refused('NotLender', await notice(parties.stranger));
  await world.sent(await notice());
  const { defaultedAt, noticeGiven, status } = world.credit(credit);
  assert.deepEqual([defaultedAt, noticeGiven, status], [world.now(), 1, Status.Defaulted]);
  const withdraw = (givenAt: bigint) =>
    client.getCreditWithdrawNoticeInstruction({ authority, market, credit, givenAt });
  await world.refused('NoticeReplaced', withdraw(defaultedAt + 1n));
  await world.sent(withdraw(defaultedAt));
  assert.equal(world.credit(credit).status, Status.Active);
});
