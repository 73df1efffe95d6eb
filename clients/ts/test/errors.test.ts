import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { type Address, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, SolanaError } from '@solana/kit';
import {
  BLOCKABLE_CREDITS_PROGRAM_ADDRESS,
  allErrors,
  describeError,
  errorFromCode,
  programFailure,
} from '../src/index.js';

const path = new URL('../../../../app-idl/blockable_credits.json', import.meta.url);
const idl = JSON.parse(readFileSync(path, 'utf8')) as { errors: { code: number; name: string; msg: string }[] };

test('every error of the IDL has its number, name and text', () => {
  assert.deepEqual(
    allErrors(),
    idl.errors.map(({ code, name, msg }) => ({ code, name, text: msg })),
  );
  for (const error of allErrors()) {
    assert.deepEqual(errorFromCode(error.code), error);
    assert.deepEqual(describeError(error.name), error);
  }
});

test('codes of others are not ours', () => {
  for (const code of [0, 1, 2006, 3012, 5999, 6000 + idl.errors.length]) assert.equal(errorFromCode(code), undefined);
});

const PROGRAM = BLOCKABLE_CREDITS_PROGRAM_ADDRESS;
const LIGHTHOUSE = 'L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95' as Address;
const OTHER = '11111111111111111111111111111111' as Address;

test("the program's error is found in a transaction's result and in what Kit throws", () => {
  const { code, name } = describeError('NotFreezer');
  const programs = [OTHER, PROGRAM, PROGRAM];
  const error = describeError(name);
  const result = { InstructionError: [2, { Custom: code }] };
  assert.deepEqual(programFailure(result, { programs }), { instruction: 2, error });
  // Kit gives integers of JSON as bigint.
  const big = { InstructionError: [2n, { Custom: BigInt(code) }] };
  assert.deepEqual(programFailure(big, { programs }), { instruction: 2, error });
  const thrown = new SolanaError(SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, { code, index: 1 });
  assert.deepEqual(programFailure(thrown, { programs }), { instruction: 1, error });
  assert.deepEqual(programFailure(new Error('failed', { cause: thrown }), { programs }), { instruction: 1, error });
  const others = [undefined, 'AccountNotFound', { InstructionError: [0, 'InvalidArgument'] }, new Error('no')];
  for (const other of others) assert.equal(programFailure(other, { programs: [PROGRAM] }), undefined);
});

test('an error of another program is not ours, whatever its code', () => {
  const { code } = describeError('NotFreezer');
  // A wallet's assertion that does not hold: Lighthouse counts from 6000 as well.
  const failure = { InstructionError: [0, { Custom: code }] };
  assert.equal(programFailure(failure, { programs: [LIGHTHOUSE, PROGRAM] }), undefined);
  assert.equal(programFailure(failure, { programs: [] }), undefined);
  assert.equal(programFailure(failure, {}), undefined);
});

test('the log says which program has failed, also in a call of another', () => {
  const { code, name } = describeError('NotFreezer');
  const failure = { InstructionError: [0, { Custom: code }] };
  const hex = code.toString(16);
  const inner = [`Program ${PROGRAM} failed: custom program error: 0x${hex}`];
  const called = [...inner, `Program ${OTHER} failed: custom program error: 0x${hex}`];
  const found = { instruction: 0, error: describeError(name) };
  assert.deepEqual(programFailure(failure, { programs: [OTHER], logs: called }), found);
  // Another program's words are not the runtime's.
  const forged = [
    `Program log: ${inner[0]}`,
    `Program log: \n${inner[0]}`,
    `Program ${OTHER} failed: custom program error: 0x1`,
  ];
  assert.equal(programFailure(failure, { logs: forged }), undefined);
  assert.deepEqual(programFailure(failure, { programs: [PROGRAM], logs: ['Log truncated'] }), found);
  const thrown = new SolanaError(SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, { code, index: 0 });
  const preflight = Object.assign(new Error('simulation failed', { cause: thrown }), { context: { logs: inner } });
  assert.deepEqual(programFailure(preflight, {}), found);
});

test('what a prototype has is no answer', () => {
  const { code } = describeError('NotFreezer');
  const polluted = Object.create({ InstructionError: [0, { Custom: code }] }) as object;
  assert.equal(programFailure(polluted, { programs: [PROGRAM] }), undefined);
  const reason = Object.create({ Custom: code }) as object;
  assert.equal(programFailure({ InstructionError: [0, reason] }, { programs: [PROGRAM] }), undefined);
  for (const name of ['__proto__', 'constructor', 'toString', 'length']) {
    assert.throws(() => describeError(name as 'NotFreezer'), RangeError);
  }
  for (const odd of [Number.NaN, 6000.5, -1, Number.POSITIVE_INFINITY]) assert.equal(errorFromCode(odd), undefined);
});
