// The examples of docs/encodings.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../../../docs/encodings.md', import.meta.url), 'utf8');

/** The bytes that stand on the page behind a name. */
export function published(name: string): Uint8Array {
  const found = new RegExp(`^${name} +([0-9a-f]+)$`, 'm').exec(page)?.[1];
  assert(found, `docs/encodings.md has no line ${name}`);
  return Uint8Array.from(Buffer.from(found, 'hex'));
}
