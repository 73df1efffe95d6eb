// What wallets and the people behind them do: decline, sign as somebody else, take another blockhash, wait, change accounts.

import * as client from '@blockable/client';
import { expect, test } from '../support/test.js';
import { short } from '../support/visitor.js';

const NOTHING = 'Nothing was sent.';

test.describe('a wallet', () => {
  test.afterEach(async ({ venue }) => {
    const { address } = venue.loan('healthy');
    if (client.frozenUnits((await venue.credit(address)).collateral) > 0n) await venue.thaw(address);
  });

  test('that declines leaves everything as it is, and may be asked again', async ({ arrive, venue }) => {
    const { address: credit } = venue.loan('healthy');
    const lender = await arrive({ parties: ['freeze-authority'] });
    await lender.connect('freeze-authority');
    const form = await lender.act(credit, 'freeze', 'Freeze');
    lender.wallet.habits.declines = 'transactions';
    await form.getByRole('button', { name: 'Freeze' }).click();
    await expect(form.getByRole('alert')).toContainText(NOTHING);
    await expect(form.getByRole('alert')).toContainText('refused');
    expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBe(0n);
    lender.wallet.habits.declines = 'nothing';
    await lender.sign(form, 'Freeze');
    expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBeGreaterThan(0n);
  });

  test('that signs as somebody else is found out before anything is sent', async ({ arrive, venue }) => {
    const { address: credit } = venue.loan('healthy');
    const lender = await arrive({ parties: ['freeze-authority'] });
    await lender.connect('freeze-authority');
    const form = await lender.act(credit, 'freeze', 'Freeze');
    lender.wallet.habits.signsAs = 'borrower';
    await form.getByRole('button', { name: 'Freeze' }).click();
    await expect(form.getByRole('alert')).toContainText(NOTHING);
    expect(lender.wallet.signed).toHaveLength(1);
    expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBe(0n);
  });

  test('that takes a newer blockhash is followed to the end all the same', async ({ arrive, venue }) => {
    const { address: credit } = venue.loan('healthy');
    const lender = await arrive({ parties: ['freeze-authority'] });
    await lender.connect('freeze-authority');
    const form = await lender.act(credit, 'freeze', 'Freeze');
    lender.wallet.habits.replacesBlockhash = true;
    await lender.sign(form, 'Freeze');
    await expect(lender.step(form, 'Obeyed by the provider’s gate')).toContainText('done');
  });

  test('of nobody in the loan can sign no freeze, and is told who may', async ({ arrive, venue }) => {
    const { address: credit } = venue.loan('healthy');
    const stranger = await arrive({ parties: ['buyer'] });
    await stranger.connect('buyer');
    const form = await stranger.act(credit, 'freeze', 'Freeze');
    await expect(form.getByRole('button', { name: 'Freeze' })).toBeDisabled();
    await expect(form.getByText('Not now.')).toBeVisible();
    await expect(stranger.page.getByText(short(venue.party('freeze-authority').address)).first()).toBeVisible();
  });

  test('that changes to another account is followed by the page', async ({ arrive, venue }) => {
    const { address: credit } = venue.loan('healthy');
    const person = await arrive({ parties: ['buyer'] });
    await person.connect('buyer');
    const form = await person.act(credit, 'freeze', 'Freeze');
    await expect(form.getByRole('button', { name: 'Freeze' })).toBeDisabled();
    await person.wallet.change(person.page, ['freeze-authority']);
    await expect(
      person.page.getByRole('button', { name: short(venue.party('freeze-authority').address) }),
    ).toBeVisible();
    await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled();
  });

  test('that is slow, and a reload in between: nothing is signed twice, and what was signed is followed', async ({
    arrive,
    venue,
  }) => {
    const { address: credit } = venue.loan('healthy');
    const lender = await arrive({ parties: ['freeze-authority'] });
    await lender.connect('freeze-authority');
    const form = await lender.act(credit, 'freeze', 'Freeze');
    lender.wallet.hold();
    const asked = lender.wallet.isAsked();
    await form.getByRole('button', { name: 'Freeze' }).click();
    await asked;
    await expect(form.getByRole('button', { name: 'Waiting for the wallet…' })).toBeDisabled();
    await lender.page.reload();
    lender.wallet.release();
    // The page that had asked is gone: its signature is lost, and nothing was sent.
    await expect(form.getByRole('button', { name: 'Freeze' })).toBeEnabled();
    expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBe(0n);

    await form.getByRole('button', { name: 'Freeze' }).click();
    const progress = form.getByRole('region', { name: 'Progress of what was signed' });
    await expect(progress).toBeVisible();
    await lender.page.reload();
    await lender.go('/signed');
    const signed = lender.page.getByRole('region', { name: /^Freeze all that is open/ });
    await expect(signed.getByText('It has landed.')).toBeVisible();
    expect(client.frozenUnits((await venue.credit(credit)).collateral)).toBeGreaterThan(0n);
  });
});
