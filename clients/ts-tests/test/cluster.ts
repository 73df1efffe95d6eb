// A sandbox's cluster as a page meets it: JSON-RPC by Kit, and a wallet that signs. Its clock is held still, so that a story
// has the same seconds as in LiteSVM, and moved by the embedded cluster's own calls.

import assert from 'node:assert/strict';
import * as client from '@blockable/client';
import { TOKEN_PROGRAM_ADDRESS, getTokenDecoder } from '@solana-program/token';
import {
  type Address,
  type Base64EncodedWireTransaction,
  type Instruction,
  type ReadonlyUint8Array,
  type RpcDevnet,
  type SolanaRpcApiDevnet,
  type Signature,
  type TransactionSigner,
  appendTransactionMessageInstructions,
  compileTransaction,
  createNoopSigner,
  createSolanaRpc,
  createTransactionMessage,
  devnet,
  getBase64Decoder,
  getBase64EncodedWireTransaction,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  getTransactionEncoder,
  getU32Encoder,
  lamports,
  pipe,
  prependTransactionMessageInstructions,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import type { Chain, Outcome } from './chain.js';
import { parties } from './parties.js';
import { type Simulate, Wallet } from './wallet.js';

/** The first number of a market, above all that a sandbox has. */
const FIRST_MARKET = 1_000n;
const COMPUTE_BUDGET_PROGRAM_ADDRESS = 'ComputeBudget111111111111111111111111111111' as Address;
const MOST_COMPUTE_UNITS = 1_400_000;
const PROCESSED = { commitment: 'processed' } as const;

export class Cluster implements Chain {
  private markets = FIRST_MARKET;
  private sent = 0;
  private time = 0n;
  private readonly funded = new Set<Address>();
  /** The latest data of every account that a transaction has named. */
  private readonly accounts = new Map<Address, ReadonlyUint8Array | undefined>();
  /** The wallet of all parties. */
  readonly wallet: Wallet;
  /** Versions of the messages that have landed. */
  readonly versions = { legacy: 0, 0: 0 };

  private constructor(
    private readonly url: string,
    /** The node. */
    readonly rpc: RpcDevnet<SolanaRpcApiDevnet>,
  ) {
    this.wallet = new Wallet([], simulateOn(rpc));
  }

  /** Opens the cluster behind a URL, and holds its clock still. */
  static async open(url: string): Promise<Cluster> {
    const cluster = new Cluster(url, createSolanaRpc(devnet(url)));
    await cluster.call('surfnet_pauseClock', []);
    await cluster.readTime();
    return cluster;
  }

  private async call(method: string, params: readonly unknown[]): Promise<void> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { error } = (await answer.json()) as { error?: { message: string } };
    assert.equal(error, undefined, `${method}: ${error?.message}`);
  }

  async nextMarket(): Promise<bigint> {
    this.markets += 1n;
    this.wallet.keys = Object.values(await parties(this.markets));
    return this.markets;
  }

  now(): bigint {
    return this.time;
  }

  async setTime(unix: bigint): Promise<void> {
    await this.call('surfnet_timeTravel', [{ absoluteTimestamp: Number(unix) * 1_000 }]);
    await this.readTime();
    assert.equal(this.time, unix);
  }

  private async readTime(): Promise<void> {
    this.time = await client.fetchChainTime(this.rpc, PROCESSED);
  }

  async fund(address: Address): Promise<void> {
    if (this.funded.has(address)) return;
    this.funded.add(address);
    await this.rpc.requestAirdrop(address, lamports(1_000_000_000_000n), PROCESSED).send();
    await until(async () => (await this.rpc.getBalance(address, PROCESSED).send()).value > 0n);
  }

  data(address: Address): ReadonlyUint8Array | undefined {
    return this.accounts.get(address);
  }

  async send(payer: TransactionSigner, instructions: readonly Instruction[]): Promise<Outcome> {
    const signers = signersOf(instructions);
    const feePayer = signers[0] ?? payer;
    const wire = await this.write(feePayer.address, instructions);
    const signed = await this.wallet.sign(wire, await this.tokensOf(instructions, feePayer.address));
    const transaction = getTransactionDecoder().decode(signed);
    const programs = client.programsOf(transaction);
    const encoded = getBase64Decoder().decode(signed) as Base64EncodedWireTransaction;
    try {
      const options = { encoding: 'base64', preflightCommitment: 'processed' } as const;
      const signature = await this.rpc.sendTransaction(encoded, options).send();
      const fetched = await this.fetched(signature);
      const { version, staticAccounts } = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes);
      this.versions[version === 0 ? 0 : 'legacy'] += 1;
      await this.refresh(staticAccounts);
      return { failure: undefined, programs, logs: fetched.meta.logMessages ?? [], fetched };
    } catch (failure) {
      return { failure, programs, logs: logsOf(failure), fetched: undefined };
    }
  }

  /** Writes the page's transaction: by turns legacy and of version 0. */
  private async write(payer: Address, instructions: readonly Instruction[]): Promise<Uint8Array> {
    this.sent += 1;
    const { value: lifetime } = await this.rpc.getLatestBlockhash(PROCESSED).send();
    const message = pipe(
      createTransactionMessage({ version: this.sent % 2 === 0 ? 'legacy' : 0 }),
      (draft) => setTransactionMessageFeePayerSigner(createNoopSigner(payer), draft),
      (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
      (draft) => appendTransactionMessageInstructions(instructions, draft),
      // Blockhashes stand still with the clock: the limit makes equal transactions differ.
      (draft) => prependTransactionMessageInstructions([computeLimit(MOST_COMPUTE_UNITS - this.sent)], draft),
    );
    return new Uint8Array(getTransactionEncoder().encode(compileTransaction(message)));
  }

  private async tokensOf(instructions: readonly Instruction[], owner: Address): Promise<Address | undefined> {
    const used = instructions.flatMap((instruction) => instruction.accounts ?? []).map(({ address }) => address);
    const mints = used.map(async (mint) => {
      const [tokens] = await client.findTokenAccountPda({ owner, mint, tokenProgram: TOKEN_PROGRAM_ADDRESS });
      return used.includes(tokens) && this.accounts.get(tokens) ? tokens : undefined;
    });
    return (await Promise.all(mints)).find((tokens) => tokens !== undefined);
  }

  private async fetched(signature: Signature) {
    const options = { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 1 } as const;
    const found = await until(async () => this.rpc.getTransaction(signature, options).send());
    assert(found.meta);
    return { ...found, meta: found.meta };
  }

  /** Reads accounts anew. */
  async refresh(addresses: readonly Address[]): Promise<void> {
    const options = { ...PROCESSED, encoding: 'base64' } as const;
    const { value } = await this.rpc.getMultipleAccounts([...addresses], options).send();
    value.forEach((account, place) => {
      const data = account === null ? undefined : getBase64Encoder().encode(account.data[0]);
      this.accounts.set(addresses[place] as Address, data);
    });
  }
}

/** Simulates on a node. */
export function simulateOn(rpc: RpcDevnet<SolanaRpcApiDevnet>): Simulate {
  return async (transaction, { payer, tokens }) => {
    const addresses = tokens === undefined ? [payer] : [payer, tokens];
    const { value } = await rpc
      .simulateTransaction(getBase64EncodedWireTransaction(transaction), {
        accounts: { addresses, encoding: 'base64' },
        commitment: 'processed',
        encoding: 'base64',
        sigVerify: false,
      })
      .send();
    const [own, money] = value.accounts ?? [];
    if (value.err !== null || !own) return undefined;
    const amount = money && getTokenDecoder().decode(getBase64Encoder().encode(money.data[0])).amount;
    return { lamports: own.lamports, tokens: amount ?? undefined };
  };
}

/** Asks until there is an answer. */
export async function until<T>(ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('the cluster gave no answer in time');
}

/** The signers that instructions name, each once. */
function signersOf(instructions: readonly Instruction[]): readonly TransactionSigner[] {
  const metas = instructions.flatMap((instruction) => instruction.accounts ?? []);
  return metas.flatMap((meta) => ('signer' in meta ? [meta.signer as TransactionSigner] : []));
}

function computeLimit(units: number): Instruction {
  const data = new Uint8Array([2, ...getU32Encoder().encode(units)]);
  return { programAddress: COMPUTE_BUDGET_PROGRAM_ADDRESS, accounts: [], data };
}

function logsOf(failure: unknown): readonly string[] {
  const context = (failure as { context?: { logs?: readonly string[] } }).context;
  return context?.logs ?? [String(failure)];
}
