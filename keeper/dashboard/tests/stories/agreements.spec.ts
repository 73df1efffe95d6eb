// What lenders do besides freezing and seizing: withdraw an offer, sell a loan, freeze for another loan, and end one without a keeper.

import * as client from '@blockable/client';
import { requireAccessible } from '../support/axe.js';
import { expect, test } from '../support/test.js';
import { short } from '../support/visitor.js';
import { until } from '../support/venue.js';

const { FreezePolicy, Status } = client;
/** A loan whose instalments do not fall due while a test runs. */
const CALM = { interval: 3_600, delinquencyGrace: 60, defaultGrace: 120, curePeriod: 60 };

test('an offer is withdrawn, and its principal comes back', async ({ arrive, venue }) => {
  const { credit } = await venue.offer(502n, CALM);
  const lender = await arrive({ parties: ['lender'] });
  await lender.connect('lender');
  const form = await lender.act(credit, 'cancel-offer', 'Withdraw the offer');
  await expect(form.getByRole('button', { name: 'Withdraw the offer' })).toBeEnabled();
  await requireAccessible(lender.page, 'the withdrawal of an offer');
  const before = await venue.balance('lender');
  const { principal } = (await venue.credit(credit)).terms;
  await lender.sign(form, 'Withdraw the offer');
  expect(await venue.balance('lender')).toBe(before + principal);
  const { value } = await venue.rpc.getAccountInfo(credit, { encoding: 'base64', commitment: 'confirmed' }).send();
  expect(value).toBeNull();
});

test('a loan is offered to another lender, who takes it and may freeze it', async ({ arrive, venue }) => {
  const credit = await venue.issue(503n, { ...CALM, freezePolicy: FreezePolicy.AtWill });
  const { address: buyer } = venue.party('buyer');
  const lender = await arrive({ parties: ['lender'] });
  await lender.connect('lender');
  const form = await lender.act(credit, 'assign', 'Offer the loan to a lender');
  await form.getByRole('textbox', { name: 'Address of the new lender' }).fill(buyer);
  await requireAccessible(lender.page, 'the offer of a loan');
  await lender.sign(form, 'Offer the loan');
  await lender.back(form);
  await expect(form.getByRole('button', { name: 'Withdraw' })).toBeEnabled();

  const other = await arrive({ parties: ['buyer'] });
  await other.connect('buyer');
  const taking = await other.act(credit, 'take-loan', 'Take the loan');
  await requireAccessible(other.page, 'the taking of a loan');
  await other.sign(taking, 'Take the loan');
  expect((await venue.credit(credit)).lender).toBe(buyer);
  const freezing = await other.act(credit, 'freeze', 'Freeze');
  await other.sign(freezing, 'Freeze');
  expect(client.availableUnits((await venue.credit(credit)).collateral)).toBe(0n);
});

test('a loan is frozen for the default of another one of the same parties', async ({ arrive, venue }) => {
  const credit = await venue.issue(504n, CALM, { ...client.noRider(), crossDefault: 1 });
  const { address: broken } = venue.loan('for_sale');
  const lender = await arrive({ parties: ['freeze-authority'] });
  await lender.connect('freeze-authority');
  const form = await lender.act(credit, 'freeze', 'Freeze');
  await form.getByRole('combobox', { name: 'Reason' }).selectOption('another loan in default');
  await expect(form.getByText('Not now.')).toBeVisible();
  await form.getByRole('combobox', { name: 'The other loan' }).selectOption(broken);
  await requireAccessible(lender.page, 'the freeze for another loan');
  await lender.sign(form, 'Freeze');
  await expect(form.getByText(`for the default of ${short(broken)}`)).toBeVisible();
  expect((await venue.credit(credit)).collateral.frozenForCross).toBeGreaterThan(0n);
});

test('without a keeper the lender marks a loan and writes it off', async ({ arrive, sandbox, venue }) => {
  const credit = await venue.issue(505n, { interval: 15, delinquencyGrace: 2, defaultGrace: 3, curePeriod: 2 });
  const lender = await arrive({ parties: ['lender'] });
  await lender.connect('lender');
  const form = await lender.act(credit, 'mark', 'Mark as unpaid');
  await expect(form.getByText('Not now.')).toBeVisible();
  await sandbox.order('stop keeper', 'the keeper is stopped');
  try {
    for (const status of [Status.Delinquent, Status.Defaulted]) {
      await expect(form.getByRole('button', { name: 'Mark' })).toBeEnabled({ timeout: 60_000 });
      await lender.sign(form, 'Mark');
      expect((await venue.credit(credit)).status).toBe(status);
      await lender.back(form);
    }
  } finally {
    await sandbox.order('start keeper', 'the keeper runs');
  }
  const { curePeriod } = (await venue.credit(credit)).terms;
  await until('the cure period has passed', async () => {
    const { clock, credit: state } = await client.fetchCreditNow(venue.rpc, credit);
    return clock.market > state.defaultedAt + BigInt(curePeriod);
  });
  const ending = await lender.act(credit, 'write-off', 'Write off');
  await expect(ending.getByRole('button', { name: 'Write off' })).toBeEnabled();
  await requireAccessible(lender.page, 'the write-off');
  await lender.sign(ending, 'Write off');
  const ended = await venue.credit(credit);
  expect([ended.status, client.totalDebt(ended.debt)]).toEqual([Status.Repaid, 0n]);
});
