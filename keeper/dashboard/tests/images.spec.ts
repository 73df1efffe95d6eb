// Pictures of every view for README and docs, in docs/images: light and dark at a desk's width, and at a phone's.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Visitor } from './support/visitor.js';
import { DESK, PHONE } from './support/visitor.js';
import { expect, test } from './support/test.js';
import { chat } from './support/venue.js';
import { toWebp } from './support/picture.js';

const FOLDER = fileURLToPath(new URL('../../../docs/images', import.meta.url));
/** Most bytes of all pictures together. */
const MOST_BYTES = 2_000_000;

/** A view, the party that looks at it, and what must be there before the picture is taken. */
type View = { name: string; party: string | undefined; show: (visitor: Visitor) => Promise<void> };

const seen = async (visitor: Visitor, text: string | RegExp) =>
  expect(visitor.page.getByText(text).first()).toBeVisible();

const VIEWS: readonly View[] = [
  {
    name: 'portfolio',
    party: 'lender',
    show: async (visitor) => {
      await visitor.go(`/?lender=${visitor.venue.party('lender').address}`);
      await expect(visitor.page.getByRole('region', { name: 'Table of loans' }).getByRole('row')).toHaveCount(8);
    },
  },
  {
    name: 'loan',
    party: 'lender',
    show: async (visitor) => {
      await visitor.go(`/loan/${visitor.venue.loan('paying').address}`);
      await seen(visitor, 'Use over time');
      await expect(visitor.panel('History').getByRole('row').nth(1)).toBeVisible();
    },
  },
  {
    name: 'freeze',
    party: 'freeze-authority',
    show: async (visitor) => {
      const form = await visitor.act(visitor.venue.loan('healthy').address, 'freeze', 'Freeze');
      await form.getByRole('radio', { name: 'A share' }).check();
      await form.getByRole('slider').fill('4000');
      await expect(form.getByRole('columnheader', { name: 'Before' })).toBeVisible();
    },
  },
  {
    name: 'offer',
    party: 'lender',
    show: async (visitor) => {
      await visitor.go('/offer');
      await seen(visitor, 'Terms to begin with');
      await visitor.page
        .getByRole('textbox', { name: 'Borrower’s address' })
        .fill(visitor.venue.party('borrower').address);
      await seen(visitor, 'The borrower’s link');
    },
  },
  {
    name: 'borrower',
    party: 'borrower',
    show: async (visitor) => {
      await visitor.go(`/borrow/${visitor.venue.loan('healthy').address}`);
      await expect(visitor.panel('Pay').getByRole('columnheader', { name: 'Before' })).toBeVisible();
    },
  },
  {
    name: 'accept',
    party: 'borrower',
    show: async (visitor) => {
      await visitor.go(`/borrow/${visitor.venue.loan('offered').address}`);
      await seen(visitor, 'the same');
    },
  },
  {
    name: 'pool',
    party: 'buyer',
    show: async (visitor) => {
      await visitor.go(`/pool/${visitor.venue.loan('for_sale').lot ?? ''}`);
      await expect(visitor.page.getByRole('button', { name: 'Buy' })).toBeVisible();
    },
  },
];

/** A desk on which the button of a freeze is in sight. */
const HIGH = { ...DESK, height: 1_000 };
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: HIGH },
  { name: 'dark', colorScheme: 'dark', viewport: HIGH },
  { name: 'phone', colorScheme: 'light', viewport: PHONE },
] as const;

test.describe('pictures', { tag: '@images' }, () => {
  test.describe.configure({ mode: 'serial' });
  let bytes = 0;

  test.beforeAll(async ({ sandbox }) => {
    await mkdir(FOLDER, { recursive: true });
    // Something is used, so that bars and lists have it.
    for (const name of ['healthy', 'paying', 'late']) {
      const { api_key: key } = sandbox.description.credits.find((credit) => credit.name === name)!;
      for (let request = 0; request < 20; request += 1) await chat(sandbox.description, key);
    }
  });

  for (const view of VIEWS) {
    for (const { name, colorScheme, viewport } of LOOKS) {
      test(`${view.name}, ${name}`, async ({ arrive }) => {
        const parties = view.party === undefined ? [] : [view.party];
        const visitor = await arrive({ parties, options: { viewport, colorScheme, reducedMotion: 'reduce' } });
        if (view.party !== undefined) await visitor.connect(view.party);
        await view.show(visitor);
        const picture = await toWebp(visitor.page, await visitor.page.screenshot());
        bytes += picture.length;
        await writeFile(`${FOLDER}/${view.name}-${name}.webp`, picture);
      });
    }
  }

  test('all of them are small', () => {
    expect(bytes).toBeLessThan(MOST_BYTES);
  });
});
