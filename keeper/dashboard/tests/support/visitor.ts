// A person at the page: a browser of its own, a wallet with the keys of a party, and the page's controls by role and name.

import { type Browser, type BrowserContextOptions, type Locator, type Page, expect } from '@playwright/test';
import type { Address } from '@solana/kit';
import type { Sandbox } from '../../../../clients/ts-tests/test/sandbox.js';
import { Outage } from './outage.js';
import { Venue } from './venue.js';
import { TestWallet } from './wallet/wallet.js';

/** A desk and a phone, in CSS pixels. */
export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export type Person = {
  /** The parties whose accounts the wallet shows, the first one first; none for a browser without a wallet. */
  parties: readonly string[];
  options?: BrowserContextOptions;
};

export class Visitor {
  private constructor(
    readonly page: Page,
    readonly venue: Venue,
    /** Between the browser and the node. */
    readonly node: Outage,
    private readonly maybeWallet: TestWallet | undefined,
    private readonly home: string,
  ) {}

  /** Opens a browser at the page's beginning. */
  static async arrive(browser: Browser, sandbox: Sandbox, { parties, options = {} }: Person): Promise<Visitor> {
    const { description } = sandbox;
    const context = await browser.newContext({ viewport: DESK, ...options });
    const wallet = parties.length === 0 ? undefined : await TestWallet.install(context, description, [...parties]);
    const node = await Outage.between(context, [description.cluster.rpc_url, description.cluster.ws_url]);
    const page = await context.newPage();
    const visitor = new Visitor(page, new Venue(description), node, wallet, `${description.keeper_url}/`);
    await visitor.go('/');
    return visitor;
  }

  get wallet(): TestWallet {
    if (this.maybeWallet === undefined) throw new Error('this visitor has no wallet');
    return this.maybeWallet;
  }

  /** Goes to a view, as by its link. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.home}#${path}`);
    await expect(this.page.getByRole('navigation', { name: 'Views' })).toBeVisible();
  }

  /** Connects the wallet by the button at the top. */
  async connect(party: string): Promise<void> {
    const { address } = this.venue.party(party);
    await this.page.getByRole('button', { name: 'Connect a wallet' }).click();
    await this.page.getByRole('button', { name: this.wallet.name }).click();
    await expect(this.page.getByRole('button', { name: short(address) })).toBeVisible();
  }

  /** Opens the form of an act on a credit. */
  async act(credit: Address, act: string, heading: string): Promise<Locator> {
    await this.go(`/act/${credit}/${act}`);
    const form = this.panel(heading);
    await expect(form).toBeVisible();
    return form;
  }

  /** The part of the view under a heading. */
  panel(heading: string): Locator {
    return this.page.getByRole('region', { name: heading, exact: true });
  }

  /** Units of one kind in the bar of a loan, as they are written out under it. */
  units(kind: string): Locator {
    const names = this.panel('Units').locator('dt', { hasText: new RegExp(`^\\s*${kind}\\s*$`) });
    return names.locator('xpath=following-sibling::dd[1]');
  }

  /** Clicks the button that signs, and waits until what was signed has landed. */
  async sign(form: Locator, verb: string | RegExp): Promise<void> {
    await form.getByRole('button', { name: verb }).click();
    const progress = form.getByRole('region', { name: 'Progress of what was signed' });
    await expect(progress.getByText('It has landed.')).toBeVisible();
  }

  /** Leaves the progress of what was signed. */
  async back(form: Locator): Promise<void> {
    await form.getByRole('button', { name: 'Back to the form' }).click();
  }

  /** A step of the way of what was signed. */
  step(form: Locator, label: string): Locator {
    return form.getByRole('listitem').filter({ hasText: label });
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}

/** An address in short, as the page writes it. */
export function short(address: string): string {
  return `${address.slice(0, 4)}…${address.slice(-4)}`;
}

/** A count as the page writes it. */
export function grouped(count: bigint): string {
  return count.toLocaleString('en');
}
