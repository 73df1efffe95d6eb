// The roles of a market and of a provider: settings, changes that wait, pauses, halts, hand-overs.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';
import { loan, marketArgs, providerSettings } from './loan.js';
import { type Name, DAY } from './parties.js';
import { active, offer } from './steps.js';
import { World } from './world.js';

test('a market is created with its bounds, and only within those of real markets', async () => {
  const world = await World.withoutMarket();
  const { payer, admin } = world.parties;
  const { mint, wallets } = world;
  const create = async (args: Partial<client.MarketCreateInstructionDataArgs>) =>
    client.getMarketCreateInstructionAsync({
      rentPayer: payer,
      admin,
      mint,
      treasury: wallets.treasury,
      tokenProgram: TOKEN_PROGRAM_ADDRESS,
      ...marketArgs(world),
      ...args,
    });
  await world.refused('FeeTooHigh', await create({ redistributionFeeBps: 1_001 }));
  const bounds = { ...marketArgs(world).bounds, minCurePeriod: 1 };
  await world.refused('BoundsTooLoose', await create({ bounds }));
  const { events } = await world.sent(await create({}));
  assert.deepEqual(events[0], {
    kind: 'MarketCreated',
    event: { market: world.market, admin: admin.address, paymentMint: mint, isTest: 0 },
  });
  assert.equal(world.marketNow().guardian, world.parties.guardian.address);
});

/** The market's settings as they are, with some changed. */
function settings(world: World, changed: Partial<client.MarketSettings>): client.MarketSettings {
  const { redistributionFeeBps, changeDelay, providerDelay, minSuspension, guardian, treasury, bounds } =
    world.marketNow();
  return { redistributionFeeBps, changeDelay, providerDelay, minSuspension, guardian, treasury, bounds, ...changed };
}

function propose(world: World, who: Name, changed: Partial<client.MarketSettings>) {
  const { market, wallets, parties } = world;
  const authority = parties[who];
  const proposed = settings(world, changed);
  return client.getMarketProposeChangeInstruction({
    authority,
    market,
    treasury: wallets.treasury,
    settings: proposed,
  });
}

test('a change of the market waits for its delay, and a tightening does not', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const authority = parties.admin;
  await world.refused('NotAdmin', propose(world, 'stranger', { redistributionFeeBps: 100 }));
  await world.sent(propose(world, 'admin', { redistributionFeeBps: 100 }));
  assert.equal(world.marketNow().redistributionFeeBps, 100);

  const apply = (readyAt: bigint) => client.getMarketApplyChangeInstruction({ authority, market, readyAt });
  const drop = (readyAt: bigint) => client.getMarketCancelChangeInstruction({ authority, market, readyAt });
  await world.refused('NoChangeProposed', drop(1n));
  await world.sent(propose(world, 'admin', { redistributionFeeBps: 300 }));
  await world.sent(drop(world.marketNow().changeReadyAt));
  await world.sent(propose(world, 'admin', { redistributionFeeBps: 400 }));
  const { changeReadyAt } = world.marketNow();
  assert.equal(changeReadyAt, world.now() + 2n * BigInt(DAY));
  await world.refused('ChangeDelayRunning', apply(changeReadyAt));
  await world.pass(2 * DAY);
  await world.refused('ChangeReplaced', apply(changeReadyAt + 1n));
  await world.sent(apply(changeReadyAt));
  assert.equal(world.marketNow().redistributionFeeBps, 400);
});

test('the role of the admin is offered, and taken after the delay', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const to = parties.buyer.address;
  const offered = client.getMarketOfferAdminInstruction({ authority: parties.stranger, market, to });
  await world.refused('NotAdmin', offered);
  await world.sent(client.getMarketOfferAdminInstruction({ authority: parties.admin, market, to }));
  const take = (authority = parties.buyer) => client.getMarketAcceptAdminInstruction({ authority, market });
  await world.refused('ChangeDelayRunning', take());
  await world.refused('NotOffered', take(parties.stranger));
  await world.pass(2 * DAY);
  await world.sent(take());
  assert.equal(world.marketNow().admin, to);
});

test('a pause stops market time, and ends as its signer says', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const agreed = await loan(world);
  const pause = (authority = parties.guardian, seconds = 3_600) =>
    client.getMarketPauseInstruction({ authority, market, seconds });
  await world.refused('NotGuardian', pause(parties.stranger));
  // Two days of 6 hours each do not hold it, also where midnight is near.
  await world.refused('PauseBudgetExceeded', pause(parties.guardian, 43_201));
  await world.sent(pause());
  assert(world.clock().isPaused);
  await world.refused('MarketPaused', await offer(world, agreed, 1n));
  const before = world.clock().market;
  await world.pass(600);
  assert.equal(world.clock().market, before);
  const unpause = (began: bigint, authority = parties.admin) =>
    client.getMarketUnpauseInstruction({ authority, market, beganAt: began });
  const { pausedAt } = world.marketNow();
  await world.refused('PauseRunning', unpause(pausedAt, parties.stranger));
  await world.refused('PauseReplaced', unpause(pausedAt + 1n));
  await world.sent(unpause(pausedAt));
  assert.deepEqual([world.clock().isPaused, client.secondsPaused(world.clock())], [false, 600n]);
});

test('a halt stops new business until the admin has lifted it', async () => {
  const world = await World.new();
  const { market, parties } = world;
  const agreed = await loan(world);
  await world.refused('NotGuardian', client.getMarketHaltInstruction({ authority: parties.stranger, market }));
  await world.sent(client.getMarketHaltInstruction({ authority: parties.guardian, market }));
  assert(world.clock().isHalted);
  await world.refused('MarketHalted', await offer(world, agreed, 1n));
  const lift = (haltedAt: bigint) =>
    client.getMarketLiftHaltInstruction({ authority: parties.admin, market, haltedAt });
  await world.refused('HaltReplaced', lift(1n));
  await world.sent(lift(world.marketNow().haltedAt));
  assert(world.clock().isHalted);
  await world.pass(2 * DAY);
  assert(!world.clock().isHalted);
  await world.sent(await offer(world, agreed, 1n));
});

test('a provider registers within the rules for settings', async () => {
  const world = await World.new();
  const { buyer } = world.parties;
  const payout = world.wallets.buyer;
  const register = async (changed: Partial<client.ProviderSettings>) =>
    client.getProviderRegisterInstructionAsync({
      authority: buyer,
      rentPayer: buyer,
      market: world.market,
      payout,
      capacityUnits: 5n,
      settings: { ...providerSettings(world, payout), ...changed },
    });
  await world.refused('QuorumOutOfRange', await register({ quorum: 4 }));
  const { events } = await world.sent(await register({}));
  const changed = events[0];
  assert(changed?.kind === 'ProviderChanged');
  assert.deepEqual([changed.event.authority, changed.event.capacityUnits], [buyer.address, 5n]);
});

test('a provider changes its settings after the delay, and its capacity at once', async () => {
  const world = await World.new();
  const { market, provider, parties } = world;
  const authority = parties.provider;
  const keys = { authority, market, provider };
  const proposed = (signer = authority, longestJob = 60 * DAY) => {
    const settings = { ...providerSettings(world, world.wallets.provider), longestJob };
    const payout = world.wallets.provider;
    return client.getProviderProposeChangeInstruction({ ...keys, authority: signer, payout, settings });
  };
  await world.refused('NotProvider', proposed(parties.stranger));
  await world.sent(proposed());
  const drop = (readyAt: bigint) => client.getProviderCancelChangeInstruction({ ...keys, readyAt });
  await world.sent(drop(world.providerNow().changeReadyAt));
  await world.refused('NoChangeProposed', drop(1n));
  await world.sent(proposed());
  const { changeReadyAt } = world.providerNow();
  const apply = client.getProviderApplyChangeInstruction({ ...keys, readyAt: changeReadyAt });
  await world.refused('ChangeDelayRunning', apply);
  await world.pass(DAY);
  await world.sent(apply);
  assert.equal(world.providerNow().settings.longestJob, 60 * DAY);

  await active(world, await loan(world));
  const capacity = (capacityUnits: bigint) => client.getProviderSetCapacityInstruction({ ...keys, capacityUnits });
  await world.refused('CapacityBelowOutstanding', capacity(999_999_999n));
  await world.sent(capacity(1_000_000_000n));
  assert.equal(world.providerNow().capacityUnits, 1_000_000_000n);
});

test('the authority of a provider is offered, and taken after the delay', async () => {
  const world = await World.new();
  const { market, provider, parties } = world;
  const to = parties.buyer.address;
  const offered = (authority = parties.provider) =>
    client.getProviderOfferAuthorityInstruction({ authority, market, provider, to });
  await world.refused('NotProvider', offered(parties.stranger));
  await world.sent(offered());
  const take = client.getProviderAcceptAuthorityInstruction({
    authority: parties.buyer,
    market,
    provider,
    mostOutstanding: 0n,
  });
  await world.refused('ChangeDelayRunning', take);
  await world.pass(DAY);
  await world.sent(take);
  assert.equal(world.providerNow().authority, to);
});

test('a suspended provider takes no new loans', async () => {
  const world = await World.new();
  const { market, provider, parties } = world;
  const agreed = await loan(world);
  const suspend = (authority = parties.admin) => client.getProviderSuspendInstruction({ authority, market, provider });
  const resume = (authority = parties.admin) => client.getProviderResumeInstruction({ authority, market, provider });
  await world.refused('NotProvider', suspend(parties.stranger));
  await world.refused('NotProvider', resume(parties.stranger));
  await world.sent(suspend());
  assert.equal(world.providerNow().suspended, client.PROVIDER_SUSPENDED_BY_ADMIN);
  await world.refused('ProviderSuspended', await offer(world, agreed, 1n));
  await world.sent(resume());
  await world.sent(await offer(world, agreed, 1n));
});
