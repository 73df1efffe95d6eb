// The examples of the documentation, as scripts/examples.js has written them, on the built program.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as client from '@blockable/client';
import {
  type Blockhash,
  type Instruction,
  type Transaction,
  type TransactionSigner,
  appendTransactionMessageInstruction,
  createTransactionMessage,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { freezeButton } from '../examples/decide.js';
import { explain } from '../examples/errors.js';
import { firstFreeze } from '../examples/firstFreeze.js';
import { freezeShortfall } from '../examples/freeze.js';
import { cure } from '../examples/pay.js';
import { owed } from '../examples/read.js';
import { loan } from './loan.js';
import { LiteChain } from './lite.js';
import { nodeOf } from './node.js';
import { delinquent } from './steps.js';
import { ZERO } from './parties.js';
import { World } from './world.js';

const LIFETIME = { blockhash: ZERO as string as Blockhash, lastValidBlockHeight: 0n };

test('the first freeze of the page for integrators lands', async () => {
  const chain = new LiteChain();
  const world = await World.new(chain);
  const credit = await delinquent(world, await loan(world));
  const { lender } = world.parties;
  const target = client.freezeTarget(world.creditNow(credit), client.freezeAmount('Shortfall'));
  chain.svm.expireBlockhash();
  await firstFreeze(nodeOf(chain), lender, { market: world.market, credit });
  assert(target > 0n);
  assert.equal(client.frozenUnits(world.credit(credit).collateral), target);
});

test('the examples of the README freeze, read and explain', async () => {
  const chain = new LiteChain();
  const world = await World.new(chain);
  const credit = await delinquent(world, await loan(world));
  const { lender } = world.parties;
  await world.sent(freezeShortfall(lender, world.market, credit));
  const now = world.creditNow(credit);
  assert.deepEqual(await owed(nodeOf(chain), credit), {
    debt: client.totalDebt(now.debt),
    arrears: client.arrears(now),
    locked: client.lockedUnits(now.collateral),
    frozen: client.frozenUnits(now.collateral),
    open: client.availableUnits(now.collateral),
  });
  const { code, text } = client.describeError('AlreadyFrozen');
  const signed = await signedBy(lender, freezeShortfall(lender, world.market, credit));
  assert.equal(explain({ InstructionError: [0, { Custom: code }] }, signed), `instruction 0 was refused: ${text}`);
  assert.equal(explain('AccountNotFound', signed), 'not an error of the program');
});

test('a loan as of now is that of the market time, which stands still in a pause', async () => {
  const chain = new LiteChain();
  const world = await World.new(chain);
  const address = await delinquent(world, await loan(world));
  const { guardian: authority } = world.parties;
  await world.pass(86_400);
  await world.sent(client.getMarketPauseInstruction({ authority, market: world.market, seconds: 7_200 }));
  const began = world.now();
  await world.pass(3_600);
  const { credit, clock } = await client.fetchCreditNow(nodeOf(chain), address);
  assert.deepEqual(clock, { chain: began + 3_600n, market: began, isPaused: true, isHalted: false });
  assert.deepEqual(credit, client.creditAt(world.credit(address), began));
  const due = ({ debt }: client.Credit) => client.totalDebt(debt);
  assert(due(world.credit(address)) < due(credit), 'a day of interest');
  assert(due(credit) < due(client.creditAt(world.credit(address), began + 3_600n)), 'and no hour of the pause');
});

test('the payment of the README cures a loan, and takes no more than its quote', async () => {
  const chain = new LiteChain();
  const world = await World.new(chain);
  const credit = await delinquent(world, await loan(world));
  const before = world.balance(world.wallets.borrower);
  const arrears = client.arrears(world.creditNow(credit));
  await world.sent(await cure(nodeOf(chain), world.parties.borrower, credit));
  assert.equal(world.credit(credit).status, client.Status.Active);
  const paid = before - world.balance(world.wallets.borrower);
  assert(paid >= arrears && paid < arrears + 1_000_000n, `${paid} micro-USDC for arrears of ${arrears}`);
  await assert.rejects(cure(nodeOf(chain), world.parties.borrower, credit));
});

test('the button of the README offers a freeze where the program accepts one', async () => {
  const world = await World.new();
  const credit = await delinquent(world, await loan(world));
  const { lender, stranger } = world.parties;
  const view = { market: world.marketNow(), credit: world.credit(credit), now: world.now() };
  assert.equal(freezeButton({ ...view, party: lender.address }), 'freeze 400000000 of 1000000000 units');
  const { text } = client.describeError('NotFreezer');
  assert.equal(freezeButton({ ...view, party: stranger.address }), `no freeze: ${text}`);
});

/** A transaction of one instruction, signed. */
async function signedBy(payer: TransactionSigner, instruction: Instruction): Promise<Transaction> {
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayerSigner(payer, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(LIFETIME, draft),
    (draft) => appendTransactionMessageInstruction(instruction, draft),
  );
  return signTransactionMessageWithSigners(message);
}
