// The examples of the documentation, as scripts/examples.js has written them, on the built program.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import { explain } from '../examples/errors.js';
import { firstFreeze } from '../examples/firstFreeze.js';
import { freezeShortfall } from '../examples/freeze.js';
import { owed } from '../examples/read.js';
import { loan } from './loan.js';
import { nodeOf } from './node.js';
import { delinquent } from './steps.js';
import { World } from './world.js';

test('the first freeze of the page for integrators lands', async () => {
  const world = await World.new();
  const credit = await delinquent(world, await loan(world.parties));
  const { lender, borrower } = world.parties;
  const target = client.freezeTarget(world.creditNow(credit), client.freezeAmount('Shortfall'));
  world.svm.expireBlockhash();
  await firstFreeze(nodeOf(world), lender, borrower.address);
  assert(target > 0n);
  assert.equal(client.frozenUnits(world.credit(credit).collateral), target);
});

test('the examples of the README freeze, read and explain', async () => {
  const world = await World.new();
  const credit = await delinquent(world, await loan(world.parties));
  const { lender, borrower } = world.parties;
  await world.sent(await freezeShortfall(lender, borrower.address));
  const now = world.creditNow(credit);
  assert.deepEqual(await owed(nodeOf(world), credit), {
    debt: client.totalDebt(now.debt),
    arrears: client.arrears(now),
    open: client.availableUnits(now.collateral),
  });
  const { code, text } = client.describeError('AlreadyFrozen');
  assert.equal(explain({ InstructionError: [0, { Custom: code }] }), `instruction 0 was refused: ${text}`);
  assert.equal(explain('AccountNotFound'), 'not an error of the program');
});
