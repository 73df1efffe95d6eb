// A freeze without a mouse.

import * as client from '@blockable/client';
import { type Page } from '@playwright/test';
import { expect, test } from '../support/test.js';

/** Goes on by the tab key until the focus is on what has a name; fails where it does not come by. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let steps = 0; steps < 120; steps += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return '';
      const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
      const label = labels.map((one) => one.textContent ?? '').join(' ');
      return `${element.getAttribute('aria-label') ?? ''} ${label} ${element.textContent ?? ''}`.trim();
    });
    if (name.test(focused)) {
      // Who goes by the keyboard must see where it is.
      const outline = await page.evaluate(() => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement as Element);
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      });
      expect(outline, `the focus on ${focused} can be seen`).toBe(true);
      return;
    }
  }
  throw new Error(`the tab key leads to nothing named ${name}`);
}

test('a loan is found, frozen and thawed by the keyboard alone', async ({ arrive, venue }) => {
  const { address: credit } = venue.loan('healthy');
  const lender = await arrive({ parties: ['lender'] });
  const { page } = lender;
  const press = async (key: string) => page.keyboard.press(key);
  await tabTo(page, /Connect a wallet/);
  await press('Enter');
  await tabTo(page, /Test Wallet/);
  await press('Enter');
  await tabTo(page, /Search by address/);
  await page.keyboard.type(credit.slice(0, 12));
  await expect(page.getByRole('region', { name: 'Table of loans' }).getByRole('row')).toHaveCount(2);
  await tabTo(page, new RegExp(`^${credit.slice(0, 4)}`));
  await press('Enter');
  await tabTo(page, /Act on this loan/);
  await press('Enter');
  const form = lender.panel('Freeze');
  await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled();
  await tabTo(page, /All that is open/);
  await press('ArrowDown');
  await expect(form.getByRole('radio', { name: 'A share' })).toBeChecked();
  await tabTo(page, /Share of the open lien/);
  for (let step = 0; step < 10; step += 1) await press('ArrowLeft');
  await tabTo(page, /^Reason/);
  await page.keyboard.type('a risk');
  await tabTo(page, /^Freeze$/);
  await press('Enter');
  await expect(form.getByText('It has landed.')).toBeVisible();
  const { collateral } = await venue.credit(credit);
  const share = client.freezeTarget(await venue.credit(credit), client.freezeAmount('Bps', [4_000]));
  expect(client.frozenUnits(collateral)).toBe(share);
  await venue.thaw(credit);
});
