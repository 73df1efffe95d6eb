// A sandbox over JSON-RPC and WebSocket: first as a page meets it, then the stories of lifecycle.test.ts on its cluster, in
// markets of their own. All of it is signed by a wallet that adds two assertions of Lighthouse.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import * as client from '@blockable/client';
import type { Instruction } from '@solana/kit';
import * as lighthouse from 'lighthouse-sdk';
import { firstFreeze } from '../examples/firstFreeze.js';
import { Cluster, until } from './cluster.js';
import { live } from './live.js';
import { loan } from './loan.js';
import { USDC } from './parties.js';
import { startSandbox } from './sandbox.js';
import { active, delinquent, repay } from './steps.js';
import { World, landed, refused, useChain } from './world.js';

const sandbox = await startSandbox();
after(async () => sandbox.stop());
live(sandbox.description);

/** Its clock stands still from here on. */
let cluster: Cluster;
test('the clock of the sandbox is held', async () => {
  cluster = await Cluster.open(sandbox.description.cluster.rpc_url);
  useChain(cluster);
});

for (const story of ['agreements', 'enforcement', 'markets', 'origination', 'recovery', 'servicing']) {
  await import(`./${story}.js`);
}

test('an assertion of the wallet that does not hold undoes a payment, and is no error of the program', async () => {
  const world = await World.new();
  const credit = await active(world, await loan(world));
  const amount = 1_000n * USDC;
  const { collateral, debt } = world.credit(credit);
  const left = (value: bigint) =>
    lighthouse.getAssertTokenAccountInstruction({
      targetAccount: world.wallets.borrower,
      assertion: lighthouse.tokenAccountAssertion('Amount', {
        value,
        operator: lighthouse.IntegerOperator.GreaterThanOrEqual,
      }),
    }) as Instruction;
  const all = world.balance(world.wallets.borrower);
  const { failure, programs, logs } = await world.send(await repay(world, 'borrower', credit, amount), left(all));
  // The code is one of the program's own, too.
  assert.equal(client.errorFromCode(6_001)?.code, 6_001);
  assert(
    logs.some((line) => line.startsWith(`Program ${lighthouse.LIGHTHOUSE_PROGRAM_ADDRESS} failed`)),
    logs.join('\n'),
  );
  assert.equal(client.programFailure(failure, { programs }), undefined);
  assert.equal(client.programFailure(failure, {}), undefined);
  await cluster.refresh([credit, world.wallets.borrower]);
  assert.deepEqual([world.credit(credit).collateral, world.credit(credit).debt], [collateral, debt]);
  assert.equal(world.balance(world.wallets.borrower), all);
  await world.sent(await repay(world, 'borrower', credit, amount), left(all - amount));
  assert.equal(world.balance(world.wallets.borrower), all - amount);
});

test('the first freeze of the page for integrators lands, and lands once', async () => {
  const world = await World.new();
  const credit = await delinquent(world, await loan(world));
  const target = client.freezeTarget(world.creditNow(credit), client.freezeAmount('Shortfall'));
  const freeze = async (by: 'lender' | 'freezer') => {
    await cluster.fund(world.parties[by].address);
    return firstFreeze(cluster.rpc, world.parties[by], { market: world.market, credit });
  };
  await freeze('freezer');
  await until(async () => {
    await cluster.refresh([credit]);
    return client.frozenUnits(world.credit(credit).collateral) > 0n;
  });
  assert.equal(client.frozenUnits(world.credit(credit).collateral), target);
  await assert.rejects(
    freeze('lender'),
    (failure) => client.programFailure(failure, {})?.error.name === 'AlreadyFrozen',
  );
});

test('every instruction has landed there, and every one has been refused', () => {
  const all = Object.values(client.BlockableCreditsInstruction).filter((name) => typeof name === 'string');
  const missing = (names: ReadonlySet<string>) => all.filter((name) => !names.has(name));
  assert.deepEqual(
    { neverLanded: missing(landed), neverRefused: missing(refused) },
    { neverLanded: [], neverRefused: [] },
  );
  const { bare, guarded } = cluster.wallet;
  assert(guarded > 500 && bare === 0, `${bare} transactions had no room for the assertions, ${guarded} had them`);
  assert(cluster.versions.legacy > 200 && cluster.versions[0] > 200);
});
