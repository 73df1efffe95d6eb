// Figures for `blockable-bench page`, which starts a keeper with a large market beside this and holds them against bounds.

import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { type Page, type Response } from '@playwright/test';
import * as client from '@blockable/client';
import { expect, test } from './support/test.js';
import { chat, until } from './support/venue.js';
import { grouped } from './support/visitor.js';

const given = (name: string) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run blockable-bench page`);
  return value;
};

/** Visits of the large portfolio. */
const VISITS = 10;

test.describe('figures', { tag: '@measure' }, () => {
  test.describe.configure({ mode: 'serial' });
  const figures: Record<string, number | number[]> = {};

  test('bytes of the first view', async ({ browser, sandbox }) => {
    const page = await browser.newPage();
    const files: Response[] = [];
    page.on('response', (response) => {
      if (['document', 'script', 'stylesheet', 'font', 'image'].includes(response.request().resourceType())) {
        files.push(response);
      }
    });
    await page.goto(`${sandbox.description.keeper_url}/`);
    await expect(page.getByRole('heading', { name: 'Portfolio' })).toBeVisible();
    await page.waitForLoadState('load');
    const sizes = await Promise.all(files.map(async (file) => gzipSync(await file.body(), { level: 9 }).length));
    figures['first_view_bytes'] = sizes.reduce((sum, size) => sum + size, 0);
    await page.close();
  });

  test('a large portfolio', async ({ browser }) => {
    test.setTimeout(300_000);
    const [keeper, credits] = [given('BLOCKABLE_LARGE_MARKET'), BigInt(given('BLOCKABLE_CREDITS'))];
    await until('the keeper has read the market', async () => {
      const answer = await fetch(`${keeper}/v1/credits?limit=1`).catch(() => undefined);
      return answer?.ok === true && ((await answer.json()) as { credits: unknown[] }).credits.length === 1;
    });
    const [shown, searched]: [number[], number[]] = [[], []];
    for (let visit = 0; visit < VISITS; visit += 1) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${keeper}/`, { waitUntil: 'commit' });
      shown.push(await usableAfter(page, grouped(credits)));
      const first = await page.getByRole('region', { name: 'Table of loans' }).getByRole('link').first();
      const address = (await first.getAttribute('title')) ?? '';
      searched.push(await searchTakes(page, address));
      await context.close();
    }
    [figures['portfolio_ms'], figures['search_ms']] = [shown, searched];
  });

  test('from click to refusal', async ({ arrive, sandbox, venue }) => {
    const runs = Number(given('BLOCKABLE_RUNS'));
    test.setTimeout(60_000 + runs * 10_000);
    const { address: credit, api_key: key } = venue.loan('healthy');
    const lender = await arrive({ parties: ['freeze-authority'] });
    await lender.connect('freeze-authority');
    const [asked, refused]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      const form = await lender.act(credit, 'freeze', 'Freeze');
      const button = form.getByRole('button', { name: 'Freeze' });
      await expect(button).toBeEnabled();
      await expect.poll(async () => (await chat(sandbox.description, key)).status).toBe(200);
      const wallet = lender.wallet.isAsked().then(() => Date.now());
      const clicked = button.evaluate(
        (element) =>
          new Promise<number>((resolve) => {
            element.addEventListener('click', () => resolve(Date.now()), { once: true, capture: true });
          }),
      );
      const gate = refusal(async () => (await chat(sandbox.description, key)).status === 402);
      await button.click();
      const at = await clicked;
      asked.push((await wallet) - at);
      refused.push((await gate) - at);
      await expect(form.getByText('It has landed.')).toBeVisible();
      await lender.back(form);
      await venue.thaw(credit);
      await until('it is thawed', async () => client.frozenUnits((await venue.credit(credit)).collateral) === 0n);
    }
    [figures['asked_ms'], figures['refused_ms']] = [asked, refused];
  });

  test.afterAll(async () => writeFile(given('BLOCKABLE_FIGURES'), JSON.stringify(figures)));
});

/** Milliseconds from the begin of the visit until all loans are counted, the first rows stand, and a frame was drawn after. */
async function usableAfter(page: Page, count: string): Promise<number> {
  const measured = await page.waitForFunction(
    (count) => {
      const isCounted = [...document.querySelectorAll('[role="status"]')].some((one) => one.textContent === count);
      const rows = document.querySelectorAll('[aria-label="Table of loans"] tbody a').length;
      const search = document.querySelector('input[type="search"]');
      return isCounted && rows > 0 && search !== null && performance.now();
    },
    count,
    { polling: 'raf', timeout: 60_000 },
  );
  return (await measured.jsonValue()) as number;
}

/** Milliseconds from the input of an address until it alone is shown. */
async function searchTakes(page: Page, address: string): Promise<number> {
  const search = page.getByRole('searchbox');
  const began = search.evaluate(
    (element) =>
      new Promise<number>((resolve) => {
        element.addEventListener('input', () => resolve(performance.now()), { once: true, capture: true });
      }),
  );
  await search.fill(address);
  const ended = await page.waitForFunction(
    () => document.querySelectorAll('[aria-label="Table of loans"] tbody a').length === 1 && performance.now(),
    undefined,
    { polling: 'raf' },
  );
  return ((await ended.jsonValue()) as number) - (await began);
}

/** Asks until the gate refuses, and returns the time of that answer. */
async function refusal(isRefused: () => Promise<boolean>): Promise<number> {
  while (!(await isRefused()));
  return Date.now();
}
