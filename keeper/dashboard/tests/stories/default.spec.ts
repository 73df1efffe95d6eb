// A loan that nobody pays, to its end: the lender cancels what the holdback covers and seizes the rest, and somebody buys.

import * as client from '@blockable/client';
import { expect, test } from '../support/test.js';
import { until } from '../support/venue.js';

test('a loan defaults, is cancelled for the holdback, seized, and bought', async ({ arrive, venue }) => {
  const credit = await venue.issue(501n, { interval: 15, delinquencyGrace: 2, defaultGrace: 6, curePeriod: 2 });
  const { Status } = client;
  const lender = await arrive({ parties: ['lender'] });
  await lender.connect('lender');

  await test.step('the page refuses what comes too early', async () => {
    const form = await lender.act(credit, 'seize', 'Seize for sale');
    await expect(form.getByText('Not now.')).toBeVisible();
    await expect(form.getByRole('button', { name: 'Seize for sale' })).toBeDisabled();
  });

  await test.step('the page tells of the default by itself', async () => {
    await lender.go(`/loan/${credit}`);
    await expect(lender.page.getByText('defaulted', { exact: true })).toBeVisible({ timeout: 60_000 });
    const { curePeriod } = (await venue.credit(credit)).terms;
    await until('the cure period has passed', async () => {
      const { clock, credit: state } = await client.fetchCreditNow(venue.rpc, credit);
      return state.status === Status.Defaulted && clock.market > state.defaultedAt + BigInt(curePeriod);
    });
  });

  await test.step('cancels what the holdback covers', async () => {
    const before = await venue.credit(credit);
    const form = await lender.act(credit, 'cancel-locked', 'Cancel locked units for cash');
    await lender.sign(form, 'Cancel units');
    const after = await venue.credit(credit);
    expect(after.collateral.cancelled).toBeGreaterThan(0n);
    expect(client.totalDebt(after.debt)).toBeLessThan(client.totalDebt(before.debt));
  });

  await test.step('seizes the rest into a lot', async () => {
    const form = await lender.act(credit, 'seize', 'Seize for sale');
    await lender.sign(form, 'Seize for sale');
    expect((await venue.credit(credit)).collateral.seized).toBeGreaterThan(0n);
  });

  await test.step('somebody buys a part at no more than a price', async () => {
    const buyer = await arrive({ parties: ['buyer'] });
    await buyer.connect('buyer');
    const [lot] = await client.findLotPda({ credit, index: 0 });
    const left = async () => (await client.fetchLot(venue.rpc, lot)).data.unitsLeft;
    const before = await left();
    await buyer.go(`/pool/${lot}`);
    const form = buyer.page.getByRole('region', { name: /^Buy from / });
    await form.getByRole('textbox', { name: 'Units', exact: true }).fill('1000000');
    await buyer.sign(form, 'Buy');
    expect(await left()).toBe(before - 1_000_000n);
  });
});
