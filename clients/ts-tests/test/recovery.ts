// Seizures, lots, takeovers, cancels under the holdback, and writing off.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import type { Address } from '@solana/kit';
import { loan } from './loan.js';
import { DAY, USDC } from './parties.js';
import {
  LOT_TERMS,
  active,
  buy,
  collect,
  defaulted,
  freeze,
  markDefaulted,
  markDelinquent,
  nextLot,
  seize,
  seized,
  unrestricted,
} from './steps.js';
import { World } from './world.js';

const { Party, Status } = client;
const UNITS = 1_000_000_000n;

test('units are seized into a lot, sold at its falling price, and what is left comes back', async () => {
  const world = await World.new();
  const agreed = await loan(world);
  const credit = await defaulted(world, agreed);
  await world.refused('CurePeriodRunning', await seize(world, 'lender', credit, client.allUnits()));
  await world.sent(freeze(world, 'lender', credit, client.freezeAmount('All'), client.FreezeReason.Default));
  await world.pass(10 * DAY);
  assert.equal(client.seizableAt(world.credit(credit), world.clock().market), UNITS);
  const lot = await nextLot(world, credit);
  await world.refused('FirstSeizureTooSmall', await seize(world, 'lender', credit, client.exactUnits(1n)));
  await world.sent(await seize(world, 'lender', credit, client.exactUnits(500_000_000n)));
  assert.deepEqual([world.lot(lot).unitsLeft, world.credit(credit).status], [500_000_000n, Status.Seizing]);

  await world.pass(5 * DAY);
  const price = client.lotPriceAt(world.lot(lot), world.clock().market);
  assert.equal(price, 75n * USDC);
  await world.refused('PriceAboveMaximum', await buy(world, 'buyer', credit, lot, 100_000_000n, price - 1n));
  await world.sent(await buy(world, 'buyer', credit, lot, 100_000_000n, price));
  const cost = client.costOfUnits(100_000_000n, price);
  assert.equal(world.balance(world.wallets.buyer), 1_000_000n * USDC - cost);
  const { fee, recovered } = client.splitProceeds(cost, 200, client.totalDebt(world.credit(credit).debt));
  const { claims } = world.credit(credit);
  assert.deepEqual([claims.treasury, claims.lender], [fee, recovered]);
  const bought = world.credit(await unrestricted(world, 'buyer', credit));
  assert.deepEqual(
    [client.availableUnits(bought.collateral), bought.borrower],
    [100_000_000n, world.parties.buyer.address],
  );
  await world.sent(await collect(world, 'stranger', credit, Party.Treasury, 'treasury', fee));
  assert.equal(world.balance(world.wallets.treasury), fee);

  const { market, parties } = world;
  const rentPayer = parties.lender.address;
  const close = (closer = parties.lender) => client.getLotCloseInstruction({ closer, rentPayer, market, credit, lot });
  await world.refused('LotStillOpen', close());
  await world.pass(LOT_TERMS.window);
  await world.refused('LotNotYours', close(parties.stranger));
  await world.sent(close());
  assert(!world.exists(lot));
  assert.equal(world.credit(credit).collateral.seized, 100_000_000n);
  assert.equal(await world.proveLogs(), 2);
});

test('the lender takes units over for what the loan paid for them', async () => {
  const world = await World.new();
  const credit = await defaulted(world, await loan(world));
  const { market, provider, parties } = world;
  const take = async (lender = parties.lender, amount = client.exactUnits(400_000_000n)) =>
    client.getCreditSeizeToLenderInstructionAsync({
      lender,
      rentPayer: lender,
      market,
      credit,
      provider,
      lenderCredit: await unrestricted(world, lender === parties.lender ? 'lender' : 'stranger', credit),
      amount,
    });
  await world.pass(10 * DAY);
  await world.refused('NotLender', await take(parties.stranger));
  const before = client.totalDebt(world.creditNow(credit).debt);
  await world.sent(await take());
  const value = client.valuePaid(world.credit(credit), 400_000_000n);
  assert.equal(value, 40_000n * USDC);
  assert.equal(client.totalDebt(world.credit(credit).debt), before - value);
  const own = world.credit(await unrestricted(world, 'lender', credit));
  assert.equal(client.availableUnits(own.collateral), 400_000_000n);
});

/** A loan of which three quarters of the units are locked, with a holdback for a third of those. */
async function lockedLoan(world: World) {
  return loan(world, { unlockedAhead: 250_000_000n, holdback: 25_000n * USDC, holdbackAprBps: 600 });
}

test('units under the holdback are cancelled, and the money that was held back is given back', async () => {
  const world = await World.new();
  const agreed = await lockedLoan(world);
  const credit = await active(world, agreed);
  const { market, provider, parties } = world;
  assert.equal(world.balance(world.wallets.provider), 75_000n * USDC);
  const issued = world.credit(credit);
  assert.deepEqual([issued.holdbackLeft, client.coveredUnits(issued)], [25_000n * USDC, 250_000_000n]);
  assert.deepEqual(
    [client.lockedUnits(issued.collateral), client.availableUnits(issued.collateral)],
    [750_000_000n, 250_000_000n],
  );

  await world.pass(35 * DAY);
  await world.sent(await markDelinquent(world, credit));
  await world.pass(10 * DAY);
  await world.sent(await markDefaulted(world, credit));
  const cancel = async (amount: client.UnitBounds) =>
    client.getCreditCancelLockedInstructionAsync({
      signer: parties.lender,
      market,
      credit,
      provider,
      amount,
      read: client.loanRead(world.credit(credit)),
    });
  await world.refused('CurePeriodRunning', await cancel(client.allUnits()));
  await world.pass(10 * DAY);
  await world.refused('BeyondCovered', await cancel(client.exactUnits(250_000_001n)));
  const now = world.creditNow(credit);
  const [units, toUnlock] = [100_000_000n, client.leftToUnlock(now.collateral)];
  const paid = client.paidByCancel(client.holdbackOf(now), units, client.coveredUnits(now), toUnlock);
  const [cancelled] = await world.changes(credit, await cancel(client.exactUnits(units)));
  assert(cancelled?.__kind === 'LockedCancelled');
  assert.deepEqual([cancelled.units, cancelled.paid], [units, paid]);
  const after = world.credit(credit);
  assert.equal(client.totalDebt(after.debt), client.totalDebt(now.debt) - paid);
  assert.deepEqual([after.holdbackLeft, after.claims.lender], [25_000n * USDC - paid, paid]);
  await world.sent(await collect(world, 'lender', credit, Party.Lender, 'lender', paid));
  await world.proveLogs();
});

test('payments earn the holdback for the provider, who collects it', async () => {
  const world = await World.new();
  const credit = await active(world, await lockedLoan(world));
  const quote = client.quotePayment(world.credit(credit), 90_000n * USDC, world.clock().market);
  const repaid = await client.getCreditRepayInstructionAsync({
    payer: world.parties.borrower,
    source: world.wallets.borrower,
    credit,
    ...world.money,
    amount: 90_000n * USDC,
    read: client.loanBeforeSeizure(world.credit(credit)),
    mustCure: false,
  });
  await world.sent(repaid);
  const earned = world.credit(credit).claims.provider;
  assert(earned > 0n);
  assert.equal(quote.credit.claims.provider, earned);
  await world.sent(await collect(world, 'stranger', credit, Party.Provider, 'provider', earned));
  assert.equal(world.balance(world.wallets.provider), 75_000n * USDC + earned);
});

test('the lender writes the rest of a debt off', async () => {
  const world = await World.new();
  const { market, provider, parties } = world;
  const credit = await seized(world, await loan(world), 200_000_000n);
  const writeOff = (at: Address, authority = parties.lender) => {
    const { offerSlot } = world.credit(at);
    const mostDebt = client.totalDebt(world.creditNow(at).debt);
    return client.getCreditWriteOffInstruction({ authority, market, credit: at, provider, offerSlot, mostDebt });
  };
  await world.refused('LotsOpen', writeOff(credit));
  const another = await defaulted(world, await loan(world, { offerExpiresAt: 0n }), 2n);
  await world.refused('NotLender', writeOff(another, parties.stranger));
  const debt = client.totalDebt(world.creditNow(another).debt);
  const [written] = await world.changes(another, writeOff(another));
  assert(written?.__kind === 'WrittenOff');
  assert(debt > 0n);
  const after = world.credit(another);
  assert.deepEqual([after.status, client.totalDebt(after.debt)], [Status.Repaid, 0n]);
  assert.equal(client.availableUnits(after.collateral), UNITS);
});
