// Changes that parties agree on later: another schedule, another lender, another borrower.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { loan } from './loan.js';
import { DAY, USDC } from './parties.js';
import { active, delinquent, repay } from './steps.js';
import { World } from './world.js';

const { Status } = client;

test('lender and borrower agree on another schedule', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const agreed = await loan(world);
  const credit = await delinquent(world, agreed);
  const now = world.creditNow(credit);
  const schedule = [60, 120].map((day) => ({ dueAfter: day * DAY, principal: 50_000n * USDC }));
  const restructure = (limits: Partial<ReturnType<typeof client.restructureLimits>>) =>
    client.getCreditRestructureInstruction({
      lender: parties.lender,
      borrower: parties.borrower,
      market,
      credit,
      terms: { ...agreed.terms, aprBps: 1_000 },
      schedule: client.runsOf(schedule),
      ...client.restructureLimits(now),
      ...limits,
    });
  await world.refused('DebtAboveLimit', restructure({ mostDebt: client.totalDebt(now.debt) - 1n }));
  await world.refused('AgreementReplaced', restructure({ restructurings: 1 }));
  await world.sent(restructure({}));
  const after = world.credit(credit);
  assert.deepEqual([after.status, after.restructurings, after.restructuredAt], [Status.Active, 1, world.now()]);
  assert.deepEqual(await client.termsHash(...client.agreementOf(after)), after.termsHash);
  await world.pass(60 * DAY);
  const due = world.creditNow(credit);
  assert.equal(client.principalInArrears(client.scheduleOf(due), due.debt), 50_000n * USDC);
});

test('a loan passes to another lender, who has read what it buys', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const { lender, buyer, stranger } = parties;
  const credit = await active(world, await loan(world));
  await world.pass(10 * DAY);
  const { offerSlot } = world.credit(credit);
  const offered = (authority = lender) =>
    client.getCreditOfferLenderInstruction({ authority, market, credit, offerSlot, to: buyer.address });
  await world.refused('NotLender', offered(stranger));
  await world.sent(offered());
  const limits = client.purchaseLimits(world.creditNow(credit));
  const take = (authority = buyer, changed: Partial<typeof limits> = {}) =>
    client.getCreditAcceptLenderInstruction({ authority, market, credit, ...limits, ...changed });
  await world.refused('NotOffered', take(stranger));
  await world.refused('DebtBelowLimit', take(buyer, { leastDebt: limits.leastDebt + 1n }));
  await world.refused('AprBelowLimit', take(buyer, { leastAprBps: 1_201 }));
  await world.sent(take());
  const after = world.credit(credit);
  assert.deepEqual([after.lender, client.addressLender(after)], [buyer.address, lender.address]);
  assert.deepEqual(await client.termsHash(...client.agreementOf(after)), after.termsHash);
});

test('the place of the borrower passes to another key, after the delay', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const { lender, borrower, stranger } = parties;
  const credit = await active(world, await loan(world));
  const { offerSlot } = world.credit(credit);
  const offered = (to = stranger.address) =>
    client.getCreditOfferBorrowerInstruction({ lender, borrower, market, credit, offerSlot, to });
  const withdraw = (authority = borrower) => client.getCreditWithdrawBorrowerInstruction({ authority, market, credit });
  await world.refused('SelfLoan', offered(lender.address));
  await world.refused('NotOffered', withdraw());
  await world.sent(offered());
  await world.refused('NotParty', withdraw(stranger));
  await world.sent(withdraw());
  await world.sent(offered());
  const take = () =>
    client.getCreditAcceptBorrowerInstruction({
      authority: stranger,
      market,
      credit,
      ...client.borrowerLimits(world.creditNow(credit)),
    });
  await world.refused('ChangeDelayRunning', take());
  await world.pass(2 * DAY);
  const strict = { ...client.borrowerLimits(world.creditNow(credit)), mostDebt: 1n };
  const refused = client.getCreditAcceptBorrowerInstruction({ authority: stranger, market, credit, ...strict });
  await world.refused('DebtAboveLimit', refused);
  await world.sent(take());
  const after = world.credit(credit);
  assert.deepEqual([after.borrower, client.addressBorrower(after)], [stranger.address, borrower.address]);
  await world.sent(await repay(world, 'stranger', credit, 1_000n * USDC));
});
