// A page on a running sandbox, by JSON-RPC and WebSocket: it freezes a loan, hears of it, and proves the loan's log.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import * as client from '@blockable/client';
import { wordsOfError } from '@blockable/client/words';
import {
  type Address,
  type Lamports,
  type Base64EncodedWireTransaction,
  type Instruction,
  type KeyPairSigner,
  type Signature,
  appendTransactionMessageInstruction,
  compileTransaction,
  createKeyPairSignerFromBytes,
  createNoopSigner,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
  createTransactionMessage,
  decompileTransactionMessage,
  devnet,
  getBase64Decoder,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  getTransactionEncoder,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import * as lighthouse from 'lighthouse-sdk';
import { provenLog } from '../examples/events.js';
import { simulateOn, until } from './cluster.js';
import type { Description } from './sandbox.js';
import { Wallet } from './wallet.js';

const CONFIRMED = { commitment: 'confirmed' } as const;
/** Time within which a notification must come. */
const PATIENCE = 30_000;

/** A page with a wallet that holds one key. */
class Page {
  private constructor(
    readonly signer: KeyPairSigner,
    readonly rpc: ReturnType<typeof rpcOf>,
    private readonly wallet: Wallet,
  ) {}

  static async open(url: string, keyFile: string): Promise<Page> {
    const bytes = JSON.parse(readFileSync(keyFile, 'utf8')) as number[];
    const signer = await createKeyPairSignerFromBytes(Uint8Array.from(bytes));
    const rpc = rpcOf(url);
    return new Page(signer, rpc, new Wallet([signer], simulateOn(rpc)));
  }

  /** Has the wallet sign a transaction, and gives it to the node. */
  async send(version: 'legacy' | 0, instruction: Instruction): Promise<Signature> {
    const { value: lifetime } = await this.rpc.getLatestBlockhash(CONFIRMED).send();
    const message = pipe(
      createTransactionMessage({ version }),
      (draft) => setTransactionMessageFeePayerSigner(createNoopSigner(this.signer.address), draft),
      (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
      (draft) => appendTransactionMessageInstruction(instruction, draft),
    );
    return this.sign(new Uint8Array(getTransactionEncoder().encode(compileTransaction(message))));
  }

  /** Has the wallet sign a transaction that somebody else has built, with a blockhash of the wallet's own, and send it. */
  async signAndSend(given: Uint8Array): Promise<Signature> {
    const { value: lifetime } = await this.rpc.getLatestBlockhash(CONFIRMED).send();
    const { messageBytes } = getTransactionDecoder().decode(given);
    const message = decompileTransactionMessage(getCompiledTransactionMessageDecoder().decode(messageBytes));
    const own = setTransactionMessageLifetimeUsingBlockhash(lifetime, message);
    return this.sign(new Uint8Array(getTransactionEncoder().encode(compileTransaction(own))));
  }

  private async sign(given: Uint8Array): Promise<Signature> {
    const signed = await this.wallet.sign(given, undefined);
    const programs = client.programsOf(getTransactionDecoder().decode(signed));
    const added = programs.filter((program) => program === lighthouse.LIGHTHOUSE_PROGRAM_ADDRESS);
    assert.deepEqual([added.length, programs.length], [2, 3]);
    const wire = getBase64Decoder().decode(signed) as Base64EncodedWireTransaction;
    return this.rpc.sendTransaction(wire, { encoding: 'base64', preflightCommitment: 'confirmed' }).send();
  }

  async fetched(signature: Signature): Promise<client.FetchedTransaction> {
    const options = { ...CONFIRMED, encoding: 'json', maxSupportedTransactionVersion: 1 } as const;
    // A node may announce a transaction before it can give it.
    return until(async () =>
      this.rpc
        .getTransaction(signature, options)
        .send()
        .catch(() => null),
    );
  }
}

const rpcOf = (url: string) => createSolanaRpc(devnet(url));

/** Takes notifications until one is wanted. */
async function first<T>(notifications: AsyncIterable<T>, isWanted: (notification: T) => boolean): Promise<T> {
  for await (const notification of notifications) if (isWanted(notification)) return notification;
  throw new Error('the subscription has ended');
}

/** Registers the tests on a sandbox whose clock runs. */
export function live({ cluster, credits, keeper_url, market, parties }: Description): void {
  const healthy = credits.find((credit) => credit.name === 'healthy')?.address;
  const keyFile = parties['freeze-authority']?.key_file;
  assert(healthy && keyFile);
  const credit: Address = healthy;

  test('a page freezes a loan, hears of it over WebSocket, and proves its log', async (t) => {
    const page = await Page.open(cluster.rpc_url, keyFile);
    const node = createSolanaRpcSubscriptions(devnet(cluster.ws_url));
    const abort = AbortSignal.any([t.signal, AbortSignal.timeout(PATIENCE)]);
    const accounts = await node
      .accountNotifications(credit, { ...CONFIRMED, encoding: 'base64' })
      .subscribe({ abortSignal: abort });
    const logs = await node.logsNotifications({ mentions: [credit] }, CONFIRMED).subscribe({ abortSignal: abort });

    const before = (await client.fetchCreditNow(page.rpc, credit)).credit;
    const amount = client.freezeAmount('All');
    const reason = client.FreezeReason.Risk;
    const freeze = client.getCreditFreezeInstruction({ authority: page.signer, market, credit, amount, reason });
    const signature = await page.send('legacy', freeze);

    const notice = await first(logs, ({ value }) => value.signature === signature);
    assert.equal(notice.value.err, null);
    const isFrozen = (state: client.Credit) => client.frozenUnits(state.collateral) > 0n;
    const changed = await first(accounts, ({ value }) => isFrozen(decoded(credit, value)));
    const after = decoded(credit, changed.value);
    assert.equal(client.frozenUnits(after.collateral), client.freezeTarget(before, amount));
    assert.equal(client.availableUnits(after.collateral), 0n);

    const [event] = client.eventsOfTransaction(await page.fetched(signature));
    assert(event?.kind === 'CreditChanged' && event.event.record.change.__kind === 'Frozen');
    const { by, units } = event.event.record.change;
    assert.deepEqual([by, units], [page.signer.address, client.frozenUnits(after.collateral)]);

    const log = await provenLog(page.rpc, credit);
    const missing = log.filter((record) => record.seq !== 1n);
    assert.deepEqual(await client.findLogFault(credit, missing, after.eventHash), {
      fault: 'gap',
      expected: 1n,
      found: 2n,
    });
    const forged = log.map((record) => (record.seq === 1n ? { ...record, at: record.at + 1n } : record));
    assert.deepEqual(await client.findLogFault(credit, forged, after.eventHash), { fault: 'hash' });
  });

  test('a page thaws it again, and a second freeze authority is refused', async (t) => {
    const page = await Page.open(cluster.rpc_url, keyFile);
    const state = (await client.fetchCredit(page.rpc, credit)).data;
    const most = client.frozenUnits(state.collateral);
    const thaw = client.getCreditThawInstruction({ authority: page.signer, market, credit, most, keep: 0n });
    const node = createSolanaRpcSubscriptions(devnet(cluster.ws_url));
    const abort = AbortSignal.any([t.signal, AbortSignal.timeout(PATIENCE)]);
    const accounts = await node
      .accountNotifications(credit, { ...CONFIRMED, encoding: 'base64' })
      .subscribe({ abortSignal: abort });
    await page.send(0, thaw);
    const thawed = await first(accounts, ({ value }) => client.frozenUnits(decoded(credit, value).collateral) === 0n);
    assert(client.availableUnits(decoded(credit, thawed.value).collateral) > 0n);

    const borrower = parties['borrower'];
    assert(borrower);
    const other = await Page.open(cluster.rpc_url, borrower.key_file);
    const [amount, reason] = [client.freezeAmount('All'), client.FreezeReason.Risk];
    const freeze = client.getCreditFreezeInstruction({ authority: other.signer, market, credit, amount, reason });
    const refused = await other.send(0, freeze).catch((error: unknown) => client.programFailure(error, {}));
    assert(typeof refused === 'object' && refused.error.name === 'NotFreezer');
  });

  test('a wallet carries out a link of the keeper, with a blockhash and assertions of its own', async () => {
    const page = await Page.open(cluster.rpc_url, keyFile);
    const shown = await fetch(`${keeper_url}/links/part-freeze/${credit}`);
    assert.equal(shown.headers.get('access-control-allow-origin'), '*');
    const { links } = (await shown.json()) as { links: { actions: { href: string; label: string }[] } };
    const [quarter] = links.actions;
    assert(quarter?.label === 'Freeze 25 %' && quarter.href.startsWith(keeper_url), JSON.stringify(links));
    const ask = async (account: Address) => fetch(quarter.href, { method: 'POST', body: JSON.stringify({ account }) });
    const stranger = parties['borrower']?.address;
    assert(stranger);
    const refused = await ask(stranger);
    const { message } = (await refused.json()) as { message: string };
    assert.equal(refused.status, 422);
    assert(message.startsWith(wordsOfError('NotFreezer').happened), message);

    const { collateral } = (await client.fetchCredit(page.rpc, credit)).data;
    const answer = (await (await ask(page.signer.address)).json()) as { transaction: string };
    await page.signAndSend(new Uint8Array(getBase64Encoder().encode(answer.transaction)));
    const target = client.freezableUnits(collateral) / 4n;
    await until(async () => {
      const { data } = await client.fetchCredit(page.rpc, credit, CONFIRMED);
      return client.frozenUnits(data.collateral) === target;
    });
  });
}

type Notified = { data: readonly [string, string]; owner: Address; lamports: Lamports; executable: boolean };

/** The credit of a notification, which is the program's or nobody's. */
function decoded(address: Address, value: Notified): client.Credit {
  const data = getBase64Encoder().encode(value.data[0]);
  const account = { address, data, programAddress: value.owner, executable: value.executable };
  return client.decodeCredit({ ...account, lamports: value.lamports, space: BigInt(data.length) }).data;
}
