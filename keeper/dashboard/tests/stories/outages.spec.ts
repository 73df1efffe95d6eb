// What fails around the page: the node, the keeper, and two people at once.

import * as client from '@blockable/client';
import { requireAccessible } from '../support/axe.js';
import { expect, test } from '../support/test.js';
import { short } from '../support/visitor.js';

test('while no node answers nothing is signed, and the page goes on by itself afterwards', async ({
  arrive,
  venue,
}) => {
  const { address: credit } = venue.loan('healthy');
  const lender = await arrive({ parties: ['freeze-authority'] });
  await lender.connect('freeze-authority');
  const form = await lender.act(credit, 'freeze', 'Freeze');
  await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled();
  await lender.node.begin();
  await expect(lender.page.getByText('No node answers.').first()).toBeVisible({ timeout: 60_000 });
  await expect(form.getByRole('button', { name: 'Freeze' })).toBeDisabled({ timeout: 60_000 });
  await requireAccessible(lender.page, 'the freeze without a node');
  lender.node.end();
  await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled({ timeout: 60_000 });
  await lender.sign(form, 'Freeze');
  expect(lender.wallet.signed).toHaveLength(1);
  await venue.thaw(credit);
});

test('an open page goes on from the chain while the keeper is down', async ({ arrive, sandbox, venue }) => {
  const { address: credit } = venue.loan('healthy');
  const lender = await arrive({ parties: ['freeze-authority'] });
  await lender.connect('freeze-authority');
  await lender.go(`/?lender=${venue.party('lender').address}`);
  const table = lender.page.getByRole('region', { name: 'Table of loans' });
  await expect(table.getByRole('link', { name: short(credit) })).toBeVisible();
  // The page fetches the files of its other views by itself.
  await lender.page.waitForFunction(() => {
    const files = performance.getEntriesByType('resource').map(({ name }) => name);
    return ['LoanView', 'ActView'].every((view) => files.some((file) => file.includes(view)));
  });
  await sandbox.order('stop keeper', 'the keeper is stopped');
  try {
    await expect(lender.page.getByText('The keeper does not answer.')).toBeVisible({ timeout: 60_000 });
    await requireAccessible(lender.page, 'the portfolio without a keeper');
    // By its own links: a reload would ask the keeper for the page.
    await table.getByRole('link', { name: short(credit) }).click();
    await expect(lender.units('Available')).not.toContainText(/^0\b/);
    await lender.page.getByRole('link', { name: 'Act on this loan' }).click();
    const form = lender.panel('Freeze');
    await lender.sign(form, 'Freeze');
    await expect(lender.step(form, 'Obeyed by the provider’s gate')).toContainText('done');
    await expect(lender.units('Available')).toContainText(/^0\b/);
  } finally {
    await sandbox.order('start keeper', 'the keeper runs');
  }
  await expect(lender.page.getByText('The keeper does not answer.')).toBeHidden({ timeout: 60_000 });
  await venue.thaw(credit);
});

test('of two browsers each hears of what the other does', async ({ arrive, venue }) => {
  const { address: credit } = venue.loan('healthy');
  const [first, second] = [await arrive({ parties: ['freeze-authority'] }), await arrive({ parties: ['lender'] })];
  await first.connect('freeze-authority');
  await second.connect('lender');
  const theirs = await second.act(credit, 'freeze', 'Freeze');
  await expect(theirs.getByRole('button', { name: 'Freeze' })).toBeEnabled();
  const form = await first.act(credit, 'freeze', 'Freeze');
  await first.sign(form, 'Freeze');
  // All is frozen: there is nothing left for the second one, whose page was not touched.
  await expect(theirs.getByText('Not now.')).toBeVisible({ timeout: 60_000 });
  await expect(theirs.getByRole('button', { name: 'Freeze' })).toBeDisabled();
  const thaw = await second.act(credit, 'thaw', 'Thaw');
  await second.sign(thaw, 'Thaw');
  expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBe(0n);
  await first.back(form);
  await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled({ timeout: 60_000 });
});
