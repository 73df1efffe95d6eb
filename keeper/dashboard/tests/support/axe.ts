// Asks axe about what a screen reader, a keyboard or weak eyes would stumble over.

import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';
import { DESK, PHONE } from './visitor.js';

/** WCAG 2.2 AA, and what axe calls best practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Requires that axe finds nothing on the view that is shown, at a desk's and at a phone's width. */
export async function requireAccessible(page: Page, view: string): Promise<void> {
  for (const size of [PHONE, DESK]) {
    await page.setViewportSize(size);
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary ?? ''}`),
    );
    expect(found, `${view} at ${size.width} pixels`).toEqual([]);
    await requireNoSideways(page, view);
  }
}

/** Requires that the view does not have to be pushed sideways. */
async function requireNoSideways(page: Page, view: string): Promise<void> {
  const [shown, needed] = await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    return [clientWidth, scrollWidth] as const;
  });
  expect(needed, `${view} needs ${needed} pixels of ${shown}`).toBeLessThanOrEqual(shown);
}
