// The fixtures of all tests: one sandbox, and people who visit the page that its keeper serves.

import { test as base } from '@playwright/test';
import { type Sandbox, startSandbox } from '../../../../clients/ts-tests/test/sandbox.js';
import { type Person, Visitor } from './visitor.js';
import { Venue } from './venue.js';

export { expect } from '@playwright/test';
export type { Sandbox };

type OfTest = {
  venue: Venue;
  /** Lets somebody in. All leave at the end of the test. */
  arrive: (person: Person) => Promise<Visitor>;
};

export const test = base.extend<OfTest, { sandbox: Sandbox }>({
  sandbox: [
    async ({}, use) => {
      const sandbox = await startSandbox(['--control']);
      await use(sandbox);
      await sandbox.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  venue: async ({ sandbox }, use) => use(new Venue(sandbox.description)),
  arrive: async ({ browser, sandbox }, use) => {
    const visitors: Visitor[] = [];
    await use(async (person) => {
      const visitor = await Visitor.arrive(browser, sandbox, person);
      visitors.push(visitor);
      return visitor;
    });
    await Promise.all(visitors.map(async (visitor) => visitor.leave()));
  },
});
