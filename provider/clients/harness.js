// What the cases of a Node client share: the server's addresses and keys, and the records of use that a case causes.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const modules = createRequire(path.join(process.env.CHECK_NODE_MODULES, 'anchor.js'));

/** Loads a package of the environment, which lies outside of the checkout. */
export const load = (name) => import(pathToFileURL(modules.resolve(name)));
export const version = (name) => modules(path.join(process.env.CHECK_NODE_MODULES, name, 'package.json')).version;

export const BASE_URL = process.env.CHECK_BASE_URL;
export const FROZEN_KEY = process.env.CHECK_FROZEN_KEY;
export const ANSWER = 'alpha beta gamma delta';
export const PROMPT = 'one two three';
export const MESSAGES = [{ role: 'user', content: PROMPT }];
/** The charge of the prompt with its whole answer. */
export const UNITS = 3 + 4 * 4;

/** A request without any client. */
export async function call(method, url, key = process.env.CHECK_FIRST_KEY, body = undefined) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  assert(answer.ok, `${method} ${url}: ${answer.status}`);
  return answer.json();
}

/** A sub-key of its own, whose records nobody else makes. */
export class Key {
  static made = 0;

  static async make(bounds = {}) {
    const key = new Key();
    Key.made += 1;
    key.name = `${process.env.CHECK_CLIENT}_${process.pid}_${Key.made}`;
    const made = await call('PUT', `${BASE_URL}/keys/${key.name}`, undefined, bounds);
    return Object.assign(key, { text: made.key, cursor: '' });
  }

  /** Requires that since the last time exactly these charges were recorded, in any order; returns the records. */
  async charged(...units) {
    const records = await this.records(units.length);
    const sorted = (numbers) => [...numbers].sort((left, right) => left - right);
    assert.deepEqual(sorted(records.map((record) => record.units)), sorted(units), JSON.stringify(records));
    return records;
  }

  /** The records since the last time, as many as are expected. */
  async records(count) {
    const found = [];
    for (let left = 200; found.length < count && left > 0; left -= 1) {
      found.push(...(await this.page()));
      await sleep(50);
    }
    found.push(...(await this.page()));
    assert.equal(found.length, count, JSON.stringify(found));
    return found;
  }

  async page() {
    const page = await call('GET', `${BASE_URL}/usage?limit=1000&cursor=${this.cursor || '0'}`, this.text);
    this.cursor = page.next ?? this.cursor;
    return page.data;
  }
}

/** The calls that reached the model with a text in them. */
export const upstreamCalls = (text) => call('GET', `${process.env.CHECK_UPSTREAM}/calls?text=${encodeURIComponent(text)}`);

/** The exception of a class that an action must throw. */
export async function fails(kind, action) {
  try {
    await action();
  } catch (error) {
    assert(error instanceof kind, `${error.constructor.name}: ${error.message}`);
    return error;
  }
  throw new assert.AssertionError({ message: `no ${kind.name} was thrown` });
}

/** Runs the cases in their order and exits. */
export async function run(version, cases) {
  console.log(JSON.stringify({ version }));
  let failed = 0;
  for (const [name, action] of Object.entries(cases)) {
    const result = { case: name, ok: true, says: '' };
    try {
      result.says = (await action()) ?? '';
    } catch (error) {
      Object.assign(result, { ok: false, says: `${error.name}: ${error.message}`.slice(0, 500) });
      console.error(name, error);
      failed = 1;
    }
    console.log(JSON.stringify(result));
  }
  process.exit(failed);
}
