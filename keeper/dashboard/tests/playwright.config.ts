// Browser: Debian's Chromium, or the one that BLOCKABLE_CHROMIUM names. One test at a time: a sandbox takes a core.

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  outputDir: process.env['BLOCKABLE_TEST_RESULTS'] ?? '.results',
  workers: 1,
  forbidOnly: true,
  timeout: 480_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: process.env['BLOCKABLE_CHROMIUM'] ?? '/usr/bin/chromium' },
    locale: 'en-GB',
    timezoneId: 'Europe/Zurich',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
});
