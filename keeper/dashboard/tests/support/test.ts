// The fixtures of all tests: a sandbox for the tests of a file, and browsers of its parties.

import { test as base } from '@playwright/test';
import { type Sandbox, startSandbox } from '../../../../clients/ts-tests/test/sandbox.js';

export { expect } from '@playwright/test';
export type { Sandbox };

export const test = base.extend<object, { sandbox: Sandbox }>({
  sandbox: [
    async ({}, use) => {
      const sandbox = await startSandbox([]);
      await use(sandbox);
      await sandbox.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});
