// The half of the wallet that has the keys: what a page's lender or borrower would hold, with the habits and the faults of
// wallets as switches.

import { readFileSync } from 'node:fs';
import type { BrowserContext, Page } from '@playwright/test';
import {
  type KeyPairSigner,
  type Transaction,
  compileTransaction,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  decompileTransactionMessage,
  devnet,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  getTransactionEncoder,
  setTransactionMessageLifetimeUsingBlockhash,
  signBytes,
  signTransaction,
} from '@solana/kit';
import { simulateOn, until } from '../../../../../clients/ts-tests/test/cluster.js';
import type { Description } from '../../../../../clients/ts-tests/test/sandbox.js';
import { Wallet as GuardingWallet } from '../../../../../clients/ts-tests/test/wallet.js';
import { type Answer, BRIDGE, CHANGED, type Question, installShim } from './shim.js';

/** The error of EIP-1193 that wallets give where a person declines. */
const DECLINED = { refused: 'User rejected the request.', code: 4001 };

/** The habits and faults of a wallet. */
export type Habits = {
  /** Adds two assertions of Lighthouse to what it signs, as Phantom and Solflare do. */
  guards: boolean;
  /** Declines: everything, transactions alone, or messages alone, as a Ledger that can sign none. */
  declines: 'nothing' | 'everything' | 'transactions' | 'messages';
  /** Signs by a blockhash of its own choice, as wallets do with transactions of one signer. */
  replacesBlockhash: boolean;
  /** Puts the signature of another party where that of the asked account belongs. */
  signsAs: string | undefined;
};

const PLAIN: Habits = { guards: false, declines: 'nothing', replacesBlockhash: false, signsAs: undefined };

/** A wallet of some of the sandbox's parties, in one browser. */
export class TestWallet {
  habits: Habits = { ...PLAIN };
  /** Transactions that it has signed, and those that it was asked to send as well. */
  readonly signed: Transaction[] = [];
  sentByItself = 0;
  messages: string[] = [];
  private held: { promise: Promise<void>; release: () => void } | undefined;
  private asked: (() => void)[] = [];
  private isTrusted = false;
  private readonly keys = new Map<string, KeyPairSigner>();

  private constructor(
    readonly name: string,
    private readonly sandbox: Description,
    private shown: readonly string[],
  ) {}

  /** Adds a wallet with the keys of parties to every page of a browser. */
  static async install(
    context: BrowserContext,
    sandbox: Description,
    parties: readonly string[],
    name = 'Test Wallet',
  ): Promise<TestWallet> {
    const wallet = new TestWallet(name, sandbox, parties);
    for (const [party, { key_file }] of Object.entries(sandbox.parties)) {
      const bytes = Uint8Array.from(JSON.parse(readFileSync(key_file, 'utf8')) as number[]);
      wallet.keys.set(party, await createKeyPairSignerFromBytes(bytes));
    }
    await context.exposeBinding(BRIDGE, async (_, question: Question) => wallet.answer(question));
    await context.addInitScript(installShim, { name, bridge: BRIDGE, changed: CHANGED });
    return wallet;
  }

  /** Changes to accounts of other parties, as a person does in the wallet's own window. */
  async change(page: Page, parties: readonly string[]): Promise<void> {
    this.shown = parties;
    await page.evaluate(([name, detail]) => window.dispatchEvent(new CustomEvent(name, { detail })), [
      CHANGED,
      this.accounts(),
    ] as const);
  }

  /** Lets the wallet wait with every signature, as a person who looks for the device does, until `release`. */
  hold(): void {
    let release = () => {};
    const promise = new Promise<void>((resolve) => (release = resolve));
    this.held = { promise, release };
  }

  /** Ends `hold`. */
  release(): void {
    this.held?.release();
    this.held = undefined;
  }

  /** Waits until the page asks for a signature. Call it before the act that asks. */
  async isAsked(): Promise<void> {
    return new Promise((resolve) => this.asked.push(resolve));
  }

  private accounts(): string[] {
    return this.shown.map((party) => this.keyOf(party).address);
  }

  private keyOf(party: string): KeyPairSigner {
    const key = this.keys.get(party);
    if (key === undefined) throw new Error(`the sandbox has no party ${party}`);
    return key;
  }

  private async answer(question: Question): Promise<Answer> {
    switch (question.ask) {
      case 'connect':
        // A wallet connects without asking where the page was let in before.
        if (question.silent && !this.isTrusted) return { accounts: [] };
        if (this.habits.declines === 'everything') return DECLINED;
        this.isTrusted = true;
        return { accounts: this.accounts() };
      default:
        return this.sign(question);
    }
  }

  private async sign({ ask, address, bytes, sends }: Extract<Question, { bytes: string }>): Promise<Answer> {
    this.asked.splice(0).forEach((resolve) => resolve());
    if (sends) this.sentByItself += 1;
    await this.held?.promise;
    if (this.habits.declines === 'everything' || this.habits.declines === `${ask}s`) return DECLINED;
    const key = [...this.keys.values()].find((known) => known.address === address);
    if (key === undefined) throw new Error(`the wallet has no key of ${address}`);
    const given = new Uint8Array(Buffer.from(bytes, 'base64'));
    if (ask === 'message') {
      this.messages.push(new TextDecoder().decode(given));
      const signature = await signBytes(key.keyPair.privateKey, given);
      return { signed: bytes, signature: toText(signature) };
    }
    const signed = await this.signTransaction(key, given);
    this.signed.push(signed);
    const signature = Object.values(signed.signatures)[0];
    if (!signature) throw new Error('the fee payer has not signed');
    return { signed: toText(getTransactionEncoder().encode(signed)), signature: toText(signature) };
  }

  private async signTransaction(key: KeyPairSigner, given: Uint8Array): Promise<Transaction> {
    const { guards, replacesBlockhash, signsAs } = this.habits;
    const asked = getTransactionDecoder().decode(given);
    const toSign = replacesBlockhash ? await this.withNewBlockhash(asked) : asked;
    if (guards) {
      const guarding = new GuardingWallet([key], simulateOn(this.rpc()));
      const wire = new Uint8Array(getTransactionEncoder().encode(toSign));
      const signed = getTransactionDecoder().decode(await guarding.sign(wire, undefined));
      if (guarding.guarded !== 1) throw new Error('the transaction has no room for the assertions of wallets');
      return signed;
    }
    if (signsAs !== undefined) {
      const signature = await signBytes(this.keyOf(signsAs).keyPair.privateKey, toSign.messageBytes);
      return { ...toSign, signatures: { ...toSign.signatures, [key.address]: signature } };
    }
    return signTransaction([key.keyPair], toSign);
  }

  /** The transaction with a blockhash that is newer than its own. */
  private async withNewBlockhash(given: Transaction): Promise<Transaction> {
    const compiled = getCompiledTransactionMessageDecoder().decode(given.messageBytes);
    const lifetime = await until(async () => {
      const { value } = await this.rpc().getLatestBlockhash({ commitment: 'confirmed' }).send();
      return value.blockhash !== compiled.lifetimeToken && value;
    });
    const message = decompileTransactionMessage(compiled);
    return compileTransaction(setTransactionMessageLifetimeUsingBlockhash(lifetime, message));
  }

  private rpc() {
    return createSolanaRpc(devnet(this.sandbox.cluster.rpc_url));
  }
}

function toText(bytes: ArrayLike<number>): string {
  return Buffer.from(Uint8Array.from(bytes)).toString('base64');
}
