// The wallet of these tests, before it signs for anything else: it is found by a page, it really signs, and each of its habits
// is what a page would meet.

import type { Page } from '@playwright/test';
import {
  appendTransactionMessageInstruction,
  compileTransaction,
  createNoopSigner,
  createSolanaRpc,
  createTransactionMessage,
  devnet,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  getTransactionEncoder,
  getUtf8Encoder,
  getAddressEncoder,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signatureBytes,
  verifySignature,
  type Address,
} from '@solana/kit';
import * as client from '@blockable/client';
import { expect, test, type Sandbox } from './support/test.js';
import { serveTrivialPage } from './support/trivial.js';
import { TestWallet } from './support/wallet/wallet.js';

type Feature = Record<string, (...inputs: unknown[]) => Promise<unknown>>;
type Wallet = { name: string; accounts: { address: string }[]; features: Record<string, Feature> };
type InPage = Window & { wallets: Wallet[]; seen: string[][] };

test.describe('the test wallet', { tag: '@ci' }, () => {
  let site: Awaited<ReturnType<typeof serveTrivialPage>>;
  let wallet: TestWallet;
  test.beforeAll(async () => {
    site = await serveTrivialPage();
  });
  test.afterAll(async () => site.close());
  test.beforeEach(async ({ context, page, sandbox }) => {
    wallet = await TestWallet.install(context, sandbox.description, ['freeze-authority', 'lender']);
    await page.goto(site.url);
  });

  test('is found once, connects, tells of other accounts, and is let in silently again', async ({ page, sandbox }) => {
    const address = (party: string) => sandbox.description.parties[party]!.address;
    expect(await page.evaluate(() => (window as unknown as InPage).wallets.map(({ name }) => name))).toEqual([
      'Test Wallet',
    ]);
    expect(await connect(page, true)).toEqual([]);
    await page.evaluate(() => {
      const { wallets } = window as unknown as InPage;
      (window as unknown as InPage).seen = [];
      void wallets[0]!.features['standard:events']!['on']!('change', ({ accounts }: { accounts: Wallet['accounts'] }) =>
        (window as unknown as InPage).seen.push(accounts.map((account) => account.address)),
      );
    });
    const both = [address('freeze-authority'), address('lender')];
    expect(await connect(page, false)).toEqual(both);
    await wallet.change(page, ['borrower']);
    const seen = () => page.evaluate(() => (window as unknown as InPage).seen);
    expect(await seen()).toEqual([both, [address('borrower')]]);
    await page.reload();
    expect(await connect(page, true)).toEqual([address('borrower')]);
  });

  test('signs messages and transactions of its accounts by ed25519', async ({ page, sandbox }) => {
    await connect(page, false);
    const { address } = sandbox.description.parties['freeze-authority']!;
    const words = 'I am the freeze authority';
    const message = [...getUtf8Encoder().encode(words)];
    const { signature } = await ask(page, 'solana:signMessage', 'signMessage', { message });
    expect(await isBy(address, Uint8Array.from(signature!), Uint8Array.from(message))).toBe(true);
    expect(wallet.messages).toEqual([words]);

    const transaction = await freezeOf(sandbox);
    const { signedTransaction } = await ask(page, 'solana:signTransaction', 'signTransaction', { transaction });
    const signed = getTransactionDecoder().decode(Uint8Array.from(signedTransaction!));
    const given = getTransactionDecoder().decode(Uint8Array.from(transaction));
    expect(signed.messageBytes).toEqual(given.messageBytes);
    expect(await isBy(address, signed.signatures[address]!, signed.messageBytes)).toBe(true);
    expect([wallet.signed.length, wallet.sentByItself]).toEqual([1, 0]);
  });

  test('adds assertions, takes another blockhash, and signs as another where it is told to', async ({
    page,
    sandbox,
  }) => {
    await connect(page, false);
    const { address } = sandbox.description.parties['freeze-authority']!;
    const transaction = await freezeOf(sandbox);
    const given = getTransactionDecoder().decode(Uint8Array.from(transaction));
    const before = getCompiledTransactionMessageDecoder().decode(given.messageBytes);
    const signed = async () => {
      const { signedTransaction } = await ask(page, 'solana:signTransaction', 'signTransaction', { transaction });
      return getTransactionDecoder().decode(Uint8Array.from(signedTransaction!));
    };

    wallet.habits.guards = true;
    const guarded = await signed();
    expect(client.programsOf(guarded).length).toBe(client.programsOf(given).length + 2);
    expect(await isBy(address, guarded.signatures[address]!, guarded.messageBytes)).toBe(true);

    wallet.habits = { ...wallet.habits, guards: false, replacesBlockhash: true };
    const replaced = await signed();
    const after = getCompiledTransactionMessageDecoder().decode(replaced.messageBytes);
    expect(after.lifetimeToken).not.toBe(before.lifetimeToken);
    expect(await isBy(address, replaced.signatures[address]!, replaced.messageBytes)).toBe(true);

    wallet.habits = { ...wallet.habits, replacesBlockhash: false, signsAs: 'borrower' };
    const foreign = await signed();
    const { borrower } = sandbox.description.parties;
    expect(await isBy(address, foreign.signatures[address]!, foreign.messageBytes)).toBe(false);
    expect(await isBy(borrower!.address, foreign.signatures[address]!, foreign.messageBytes)).toBe(true);
  });

  test('declines as wallets do, and waits until it is released', async ({ page, sandbox }) => {
    await connect(page, false);
    const transaction = await freezeOf(sandbox);
    wallet.habits.declines = 'transactions';
    const declined = await ask(page, 'solana:signTransaction', 'signTransaction', { transaction });
    expect(declined).toEqual({ error: 'User rejected the request.', code: 4001 });
    wallet.habits.declines = 'nothing';
    wallet.hold();
    const asked = wallet.isAsked();
    let isSigned = false;
    const signing = ask(page, 'solana:signTransaction', 'signTransaction', { transaction }).then((answer) => {
      isSigned = true;
      return answer;
    });
    await asked;
    // Whatever the page has answered by now, this comes behind it.
    await page.evaluate(() => undefined);
    expect(isSigned).toBe(false);
    wallet.release();
    expect((await signing).signedTransaction).toBeDefined();
  });
});

async function connect(page: Page, silent: boolean): Promise<string[]> {
  return page.evaluate(async (silent) => {
    const [wallet] = (window as unknown as InPage).wallets;
    const connected = await wallet!.features['standard:connect']!['connect']!({ silent });
    return (connected as Pick<Wallet, 'accounts'>).accounts.map((account) => account.address);
  }, silent);
}

type Answered = { error?: string; code?: number; signature?: number[]; signedTransaction?: number[] };

/** Asks the wallet as a page does, for its first account. Bytes are lists of numbers on the way. */
async function ask(page: Page, feature: string, method: string, bytes: Record<string, number[]>): Promise<Answered> {
  return page.evaluate(
    async ([feature, method, bytes]) => {
      const [wallet] = (window as unknown as InPage).wallets;
      const input = Object.entries(bytes).map(([name, value]) => [name, Uint8Array.from(value)]);
      const account = wallet!.accounts[0];
      try {
        const call = wallet!.features[feature]![method]!({ account, ...Object.fromEntries(input) });
        const [output] = (await call) as Record<string, Uint8Array>[];
        return Object.fromEntries(Object.entries(output!).map(([name, value]) => [name, [...value]]));
      } catch (error) {
        return { error: (error as Error).message, code: (error as { code: number }).code };
      }
    },
    [feature, method, bytes] as const,
  );
}

async function isBy(signer: Address, signature: ArrayLike<number>, signed: ArrayLike<number>): Promise<boolean> {
  const bytes = new Uint8Array(getAddressEncoder().encode(signer));
  const key = await crypto.subtle.importKey('raw', bytes, 'Ed25519', true, ['verify']);
  return verifySignature(key, signatureBytes(Uint8Array.from(signature)), Uint8Array.from(signed));
}

/** The unsigned transaction of a freeze, as bytes. */
async function freezeOf({ description }: Sandbox): Promise<number[]> {
  const { cluster, credits, market, parties } = description;
  const { value: lifetime } = await createSolanaRpc(devnet(cluster.rpc_url)).getLatestBlockhash().send();
  const authority = createNoopSigner(parties['freeze-authority']!.address);
  const credit = credits.find(({ name }) => name === 'healthy')!.address;
  const amount = client.freezeAmount('All');
  const reason = client.FreezeReason.Risk;
  const freeze = client.getCreditFreezeInstruction({ authority, market, credit, amount, reason });
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayerSigner(authority, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
    (draft) => appendTransactionMessageInstruction(freeze, draft),
  );
  return [...getTransactionEncoder().encode(compileTransaction(message))];
}
