// The first story of the market, in two browsers: a lender freezes what a borrower would use, the gate refuses, the borrower pays,
// and the gate serves again.

import * as client from '@blockable/client';
import { requireAccessible } from '../support/axe.js';
import { expect, test } from '../support/test.js';
import { chat, until } from '../support/venue.js';
import { grouped, short } from '../support/visitor.js';

test('a lender freezes 40 %, then all; the borrower pays and may go on', { tag: '@ci' }, async ({ arrive, venue }) => {
  const { address: credit, api_key: key } = venue.loan('healthy');
  const collateral = async () => (await venue.credit(credit)).collateral;
  const lender = await arrive({ parties: ['freeze-authority'] });
  lender.wallet.habits.guards = true;

  await test.step('reads the portfolio without a wallet, and connects', async () => {
    await lender.go(`/?lender=${venue.party('lender').address}`);
    const table = lender.page.getByRole('region', { name: 'Table of loans' });
    for (const { address } of venue.facts.credits) {
      await expect(table.getByRole('link', { name: short(address) })).toBeVisible();
    }
    await requireAccessible(lender.page, 'the portfolio');
    await lender.connect('freeze-authority');
  });

  await test.step('sees use arrive', async () => {
    await lender.go(`/loan/${credit}`);
    const used = async () => grouped((await collateral()).consumed);
    await expect(lender.units('Used')).toContainText(await used());
    const before = (await collateral()).consumed;
    expect(await chat(venue.facts, key)).toEqual({ status: 200, code: undefined });
    await until('the use is on the chain', async () => (await collateral()).consumed > before);
    await expect(lender.units('Used')).toContainText(await used());
    await requireAccessible(lender.page, 'the loan');
  });

  await test.step('freezes 40 %', async () => {
    const form = await lender.act(credit, 'freeze', 'Freeze');
    await form.getByRole('radio', { name: 'A share' }).check();
    await form.getByRole('slider').fill('4000');
    const target = client.freezeTarget(await venue.credit(credit), client.freezeAmount('Bps', [4_000]));
    await expect(form.getByText(grouped(target)).first()).toBeVisible();
    await form.getByRole('combobox', { name: 'Reason' }).selectOption('a risk');
    await requireAccessible(lender.page, 'the freeze');
    await lender.sign(form, 'Freeze');
    await expect(lender.step(form, 'Obeyed by the provider’s gate')).toContainText('done');
    expect(client.frozenUnits(await collateral())).toBe(target);
    expect([lender.wallet.signed.length, lender.wallet.sentByItself]).toEqual([1, 0]);
    await expect(lender.units('Frozen')).toContainText(grouped(target));
  });

  await test.step('freezes all, and the gate refuses', async () => {
    const form = lender.panel('Freeze');
    await expect(lender.step(form, 'Finalized')).toContainText('done');
    await lender.back(form);
    await form.getByRole('radio', { name: 'All that is open' }).check();
    await form.getByRole('combobox', { name: 'Reason' }).selectOption('a risk');
    await lender.sign(form, 'Freeze');
    expect(client.availableUnits(await collateral())).toBe(0n);
    expect(await chat(venue.facts, key)).toEqual({ status: 402, code: 'credit_frozen' });
  });

  await test.step('the borrower pays, and units open', async () => {
    const borrower = await arrive({ parties: ['borrower'] });
    await borrower.connect('borrower');
    await borrower.go(`/borrow/${credit}`);
    await expect(borrower.units('Available')).toContainText(/^0\b/);
    const pay = borrower.panel('Pay');
    await pay.getByRole('radio', { name: /^The next instalment/ }).check();
    await requireAccessible(borrower.page, 'the borrower’s view');
    const before = (await venue.credit(credit)).debt.principal;
    await borrower.sign(pay, /^Pay \$/);
    expect((await venue.credit(credit)).debt.principal).toBeLessThan(before);
    const open = client.availableUnits(await collateral());
    expect(open).toBeGreaterThan(0n);
    await expect(borrower.units('Available')).not.toContainText(/^0\b/);
    await until('the gate serves again', async () => (await chat(venue.facts, key)).status === 200);
    // The other browser hears of it.
    await lender.go(`/loan/${credit}`);
    await expect(lender.units('Available')).not.toContainText(/^0\b/);
  });

  await venue.thaw(credit);
});
