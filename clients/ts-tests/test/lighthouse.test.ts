// The stand-in for Lighthouse that the sandbox loads, on instructions that the original's own client builds: each assertion
// that a wallet may add holds, and fails the transaction by the original's code where it does not.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Address, Instruction } from '@solana/kit';
import * as lighthouse from 'lighthouse-sdk';
import { LiteChain } from './lite.js';
import { USDC } from './parties.js';
import { World } from './world.js';

const { EquatableOperator, IntegerOperator, KnownProgram } = lighthouse;
const STAND_IN = new URL('../../../../sandbox/programs/', import.meta.url).pathname;
const ASSERTION_FAILED = 6001;
const FIRST_OF_LIST = 0x1900;

/** A world whose chain has the stand-in. */
async function guarded(): Promise<World> {
  const chain = new LiteChain();
  const address = lighthouse.LIGHTHOUSE_PROGRAM_ADDRESS;
  chain.svm.addProgramFromFile(address, `${STAND_IN}${address}.so`);
  return World.withoutMarket(chain);
}

/** The custom code by which a transaction fails; undefined where it lands. */
async function codeOf(world: World, ...instructions: Instruction[]): Promise<number | string | undefined> {
  const { failure } = await world.send(...instructions);
  if (failure === undefined) return undefined;
  const { InstructionError: failed } = failure as { InstructionError?: [number, { Custom: number }] };
  return failed === undefined ? String(failure) : failed[1].Custom;
}

test('the balance, size and owner of an account are asserted', async () => {
  const world = await guarded();
  const targetAccount = world.parties.stranger.address;
  const lamports = (value: bigint, operator: lighthouse.IntegerOperator) =>
    lighthouse.getAssertAccountInfoInstruction({
      targetAccount,
      assertion: lighthouse.accountInfoAssertion('Lamports', { value, operator }),
    });
  const balance = 100_000_000_000n;
  assert.equal(await codeOf(world, lamports(balance, IntegerOperator.GreaterThanOrEqual)), undefined);
  assert.equal(await codeOf(world, lamports(balance + 1n, IntegerOperator.GreaterThanOrEqual)), ASSERTION_FAILED);
  const list = (value: lighthouse.KnownProgram) =>
    lighthouse.getAssertAccountInfoMultiInstruction({
      targetAccount,
      assertions: [
        lighthouse.accountInfoAssertion('DataLength', { value: 0, operator: IntegerOperator.Equal }),
        lighthouse.accountInfoAssertion('KnownOwner', { value, operator: EquatableOperator.Equal }),
        lighthouse.accountInfoAssertion('IsSigner', { value: false, operator: EquatableOperator.Equal }),
      ],
    });
  assert.equal(await codeOf(world, list(KnownProgram.System)), undefined);
  assert.equal(await codeOf(world, list(KnownProgram.Token)), FIRST_OF_LIST + 1);
});

test('what a token account holds, and to whom it belongs, is asserted', async () => {
  const world = await guarded();
  const targetAccount = world.wallets.lender;
  const tokens = (value: bigint, owner: Address, logLevel = lighthouse.LogLevel.Silent) =>
    lighthouse.getAssertTokenAccountMultiInstruction({
      targetAccount,
      logLevel,
      assertions: [
        lighthouse.tokenAccountAssertion('Owner', { value: owner, operator: EquatableOperator.Equal }),
        lighthouse.tokenAccountAssertion('Amount', { value, operator: IntegerOperator.GreaterThanOrEqual }),
        lighthouse.tokenAccountAssertion('Delegate', { value: null, operator: EquatableOperator.Equal }),
        lighthouse.tokenAccountAssertion('CloseAuthority', { value: null, operator: EquatableOperator.Equal }),
      ],
    });
  const { lender, stranger } = world.parties;
  const all = 1_000_000n * USDC;
  assert.equal(await codeOf(world, tokens(all, lender.address)), undefined);
  assert.equal(await codeOf(world, tokens(all, lender.address, lighthouse.LogLevel.FailedPlaintextMessage)), undefined);
  assert.equal(await codeOf(world, tokens(all + 1n, lender.address)), FIRST_OF_LIST + 1);
  assert.equal(await codeOf(world, tokens(all, stranger.address)), FIRST_OF_LIST);
  const mint = lighthouse.getAssertTokenAccountInstruction({
    targetAccount,
    assertion: lighthouse.tokenAccountAssertion('Mint', { value: world.mint, operator: EquatableOperator.Equal }),
  });
  assert.equal(await codeOf(world, mint), undefined);
  assert.equal(
    await codeOf(
      world,
      lighthouse.getAssertMintAccountInstruction({
        targetAccount: world.mint,
        assertion: lighthouse.mintAccountAssertion('Decimals', { value: 6, operator: IntegerOperator.Equal }),
      }),
    ),
    undefined,
  );
});

test('differences of token balances and of lamports between two accounts are asserted', async () => {
  const world = await guarded();
  const tokens = (accountB: Address, value: bigint) =>
    lighthouse.getAssertAccountDeltaInstruction({
      accountA: world.wallets.lender,
      accountB,
      assertion: lighthouse.accountDeltaAssertion('Data', {
        aOffset: 64,
        bOffset: 64,
        assertion: lighthouse.dataValueDeltaAssertion('U64', { value, operator: IntegerOperator.GreaterThanOrEqual }),
      }),
    });
  assert.equal(await codeOf(world, tokens(world.wallets.provider, -1_000_000n * USDC)), undefined);
  assert.equal(await codeOf(world, tokens(world.wallets.provider, 1n - 1_000_000n * USDC)), ASSERTION_FAILED);
  assert.equal(await codeOf(world, tokens(world.wallets.lender, 0n)), undefined);
  const lamports = (value: bigint) =>
    lighthouse.getAssertAccountDeltaInstruction({
      accountA: world.wallets.lender,
      accountB: world.parties.stranger.address,
      assertion: lighthouse.accountDeltaAssertion('AccountInfo', {
        aOffset: 64,
        assertion: lighthouse.accountInfoDeltaAssertion('Lamports', { value, operator: IntegerOperator.Equal }),
      }),
    });
  // The lender's tokens stand where the account's bytes are read.
  const less = 100_000_000_000n - 1_000_000n * USDC;
  assert.equal(await codeOf(world, lamports(less)), undefined);
  assert.equal(await codeOf(world, lamports(less + 1n)), ASSERTION_FAILED);
});

test('bytes of an account and the clock are asserted', async () => {
  const world = await guarded();
  const state = (value: number) =>
    lighthouse.getAssertAccountDataInstruction({
      targetAccount: world.wallets.lender,
      offset: 108,
      assertion: lighthouse.dataValueAssertion('U8', { value, operator: IntegerOperator.Equal }),
    });
  assert.equal(await codeOf(world, state(1)), undefined);
  assert.equal(await codeOf(world, state(2)), ASSERTION_FAILED);
  const time = (value: bigint) =>
    lighthouse.getAssertSysvarClockInstruction({
      assertion: lighthouse.sysvarClockAssertion('UnixTimestamp', { value, operator: IntegerOperator.LessThanOrEqual }),
    });
  assert.equal(await codeOf(world, time(world.now())), undefined);
  assert.equal(await codeOf(world, time(world.now() - 1n)), ASSERTION_FAILED);
});
