// From a market and a provider to live units, and the offers that come to nothing.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { loan } from './loan.js';
import { USDC } from './parties.js';
import { accept, accepted, active, creditAddress, issue, offer, offerRead } from './steps.js';
import { World } from './world.js';

const { Status } = client;

test('a loan is offered, accepted and issued, and the principal goes to the provider', async () => {
  const world = await World.new();
  const agreed = await loan(world);
  const credit = await creditAddress(world, 1n);
  const [offered] = await world.changes(credit, await offer(world, agreed, 1n));
  assert(offered?.__kind === 'Offered');
  assert.equal(world.balance(world.wallets.lender), 900_000n * USDC);
  assert.equal(world.credit(credit).claims.escrow, 100_000n * USDC);
  const read = await offerRead(world, agreed, 1n);
  assert.deepEqual(world.credit(credit).termsHash, read.termsHash);
  assert.deepEqual(offered.termsHash, read.termsHash);
  assert.deepEqual(await client.termsHash(...client.agreementOf(world.credit(credit))), read.termsHash);

  const { borrower, stranger } = world.parties;
  const acceptance = { market: world.market, credit, read };
  await world.refused('NotBorrower', client.getCreditAcceptInstruction({ authority: stranger, ...acceptance }));
  const another = { ...read, termsHash: new Uint8Array(32) };
  const wrong = client.getCreditAcceptInstruction({ authority: borrower, ...acceptance, read: another });
  await world.refused('TermsHashMismatch', wrong);
  const later = { ...read, slot: read.slot + 1n };
  await world.refused(
    'OfferReplaced',
    client.getCreditAcceptInstruction({ authority: borrower, ...acceptance, read: later }),
  );
  await world.refused('WrongStatus', await issue(world, agreed, 1n));
  await world.sent(await accept(world, agreed, 1n));
  assert.equal(world.credit(credit).status, Status.Accepted);

  await world.sent(await issue(world, agreed, 1n));
  const issued = world.credit(credit);
  assert.equal(issued.status, Status.Active);
  assert.equal(world.balance(world.wallets.provider), 100_000n * USDC);
  assert.equal(client.totalDebt(issued.debt), 100_000n * USDC);
  assert.equal(client.availableUnits(issued.collateral), 1_000_000_000n);
  assert.equal(world.providerNow().outstandingUnits, 1_000_000_000n);
  assert.equal(await world.proveLogs(), 1);
});

test('the parts of one transaction make, accept and issue an offer that states slot 0', async () => {
  const world = await World.new();
  const agreed = await loan(world);
  const credit = await creditAddress(world, 1n);
  const { market, provider, parties } = world;
  const keys = { market, lender: parties.lender.address, borrower: parties.borrower.address, provider, nonce: 1n };
  const read = { termsHash: await client.termsHash(keys, agreed.terms, agreed.rider, agreed.schedule), slot: 0n };
  const acceptance = client.getCreditAcceptInstruction({ authority: parties.borrower, market, credit, read });
  const issuing = await client.getCreditIssueInstructionAsync({
    authority: parties.provider,
    credit,
    provider,
    payout: world.wallets.provider,
    ...world.money,
    read,
  });
  await world.sent(await offer(world, agreed, 1n));
  await world.sent(await cancel(world, 'lender', 1n));
  await world.sent(await offer(world, agreed, 1n), acceptance, issuing);
  assert.equal(world.credit(credit).status, Status.Active);
});

async function cancel(world: World, party: 'lender' | 'borrower' | 'stranger', nonce: bigint) {
  const credit = await creditAddress(world, nonce);
  return client.getCreditCancelOfferInstructionAsync({
    party: world.parties[party],
    receiver: world.parties.lender.address,
    credit,
    refund: world.wallets.lender,
    ...world.money,
    offerSlot: world.credit(credit).offerSlot,
  });
}

test('an offer is withdrawn and the principal comes back', async () => {
  const world = await World.new();
  const agreed = await loan(world);
  await world.sent(await offer(world, agreed, 1n));
  await world.refused('NotParty', await cancel(world, 'borrower', 1n));
  await world.sent(await cancel(world, 'lender', 1n));
  assert.equal(world.balance(world.wallets.lender), 1_000_000n * USDC);
  assert(!world.exists(await creditAddress(world, 1n)));
  const second = await accepted(world, agreed, 2n);
  await world.refused('NotParty', await cancel(world, 'stranger', 2n));
  await world.sent(await cancel(world, 'borrower', 2n));
  assert(!world.exists(second));
});

test('terms outside the bounds of the market are refused', async () => {
  const world = await World.new();
  const refused = async (error: client.BlockableErrorName, terms: Partial<client.Terms>) =>
    world.refused(error, await offer(world, await loan(world, terms), 1n));
  await refused('AprTooHigh', { aprBps: 5_001 });
  await refused('ReportersChanged', { reportersHash: new Uint8Array(32) });
  await refused('TermsRateOutOfRange', { maxUnitsPerSecond: 10_001n });
  await refused('OfferExpired', { offerExpiresAt: world.now() - 1n });
});

test('the lender names another freeze authority', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  const { lender, stranger } = world.parties;
  const { offerSlot } = world.credit(credit);
  const named = { market: world.market, credit, offerSlot, to: stranger.address };
  const byStranger = client.getCreditSetFreezeAuthorityInstruction({ authority: stranger, ...named });
  await world.refused('NotLender', byStranger);
  await world.sent(client.getCreditSetFreezeAuthorityInstruction({ authority: lender, ...named }));
  assert.equal(world.credit(credit).freezeAuthority, stranger.address);
});
