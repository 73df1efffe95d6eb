// Every error has words for people, and the words are theirs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { allErrors } from '../src/index.js';
import { type Words, gateCodes, wordsOfError, wordsOfGate } from '../src/words.js';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

function requireSentences(name: string, words: Words): void {
  for (const text of [words.happened, words.advice]) {
    assert.match(text, /^[A-Z0-9].{3,}\.$/, `${name}: ${text}`);
    // Names of fields and instructions, and units that only programs count in.
    assert.doesNotMatch(text, /[a-z]_[a-z]|micro-USDC|basis points|sysvar|\bpass\b/, `${name}: ${text}`);
  }
}

test('every error of the IDL has words', () => {
  const idl = JSON.parse(read('app-idl/blockable_credits.json')) as { errors: { name: string }[] };
  const names = allErrors().map(({ name }) => name);
  assert.deepEqual(
    names,
    idl.errors.map(({ name }) => name),
  );
  for (const name of names) requireSentences(name, wordsOfError(name));
});

test('every code of the gate has words, and no other', () => {
  const sources = ['gate/src/freeze_orders/refused.rs', 'gate/src/hold.rs'].map(read);
  const codes = new Set(
    sources.flatMap((source) => [...source.matchAll(/Refus\w+::[^\n]* => "([a-z_]+)"/g)].map(([, code]) => code)),
  );
  assert(codes.size > 30, `${codes.size} codes in the gate's sources`);
  assert.deepEqual([...gateCodes()].sort(), [...codes].sort());
  for (const code of gateCodes()) {
    const words = wordsOfGate(code);
    assert(words);
    requireSentences(code, words);
  }
  for (const code of ['', '__proto__', 'toString', 'no_such_code']) assert.equal(wordsOfGate(code), undefined);
});
