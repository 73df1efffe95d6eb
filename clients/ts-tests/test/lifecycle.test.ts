// The whole life of markets, providers and loans. The last test requires that every instruction of the program has landed,
// and that every one has been refused by an error of the program.

import assert from 'node:assert/strict';
import test from 'node:test';
import { BlockableCreditsInstruction } from '@blockable/client';
import './agreements.js';
import './enforcement.js';
import './markets.js';
import './origination.js';
import './recovery.js';
import './servicing.js';
import { foreseen } from './predicted.js';
import { landed, refused } from './world.js';

test('every instruction has landed, and every one has been refused', () => {
  const all = Object.values(BlockableCreditsInstruction).filter((name) => typeof name === 'string');
  const missing = (names: ReadonlySet<string>) => all.filter((name) => !names.has(name));
  assert.deepEqual(
    { neverLanded: missing(landed), neverRefused: missing(refused) },
    { neverLanded: [], neverRefused: [] },
  );
});

test('the permission of every act was right before the program accepted it, and before it refused it', () => {
  const missing = [...foreseen.landed].filter((name) => !foreseen.refused.has(name)).sort();
  // The stories have these two refused for what was signed alone.
  assert.deepEqual(
    { landed: foreseen.landed.size, neverRefused: missing },
    { landed: 30, neverRefused: ['CreditRestructure', 'CreditWithdrawNotice'] },
  );
});
