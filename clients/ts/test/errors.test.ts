import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, SolanaError } from '@solana/kit';
import { allErrors, describeError, errorFromCode, programFailure } from '../src/index.js';

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

test("the program's error is found in a transaction's result and in what Kit throws", () => {
  const { code, name } = describeError('NotFreezer');
  const found = programFailure({ InstructionError: [2, { Custom: code }] });
  assert.deepEqual(found, { instruction: 2, error: describeError(name) });
  const thrown = new SolanaError(SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, { code, index: 1 });
  assert.deepEqual(programFailure(thrown), { instruction: 1, error: describeError(name) });
  assert.deepEqual(programFailure(new Error('failed', { cause: thrown })), programFailure(thrown));
  const others = [undefined, 'AccountNotFound', { InstructionError: [0, 'InvalidArgument'] }, new Error('no')];
  for (const other of others) assert.equal(programFailure(other), undefined);
});
