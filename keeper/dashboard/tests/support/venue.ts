// The sandbox's market as its parties act in it without a page: what a story needs before the page comes in, and what it is
// compared with.

import { readFileSync } from 'node:fs';
import {
  type Address,
  type Instruction,
  type KeyPairSigner,
  appendTransactionMessageInstructions,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  createTransactionMessage,
  devnet,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import * as client from '@blockable/client';
import type { Description } from '../../../../clients/ts-tests/test/sandbox.js';

/** Micro-USDC in one USDC. */
export const USDC = 1_000_000n;
/** Longest wait for anything of the market, in milliseconds, and the pause between two looks. */
const [PATIENCE, PAUSE] = [60_000, 100];
const CONFIRMED = { commitment: 'confirmed' } as const;

/** Seconds of a loan made by a story: until each instalment, and from its due date to the marks and the seizure. */
export type Pace = {
  interval: number;
  delinquencyGrace: number;
  defaultGrace: number;
  curePeriod: number;
  /** From the mark on which the lender may freeze; without it from delinquency. */
  freezePolicy?: client.FreezePolicy;
};

export class Venue {
  readonly rpc;

  constructor(readonly facts: Description) {
    this.rpc = createSolanaRpc(devnet(facts.cluster.rpc_url));
  }

  /** The loan of the sandbox by its name. */
  loan(name: string): Description['credits'][number] {
    const found = this.facts.credits.find((credit) => credit.name === name);
    if (found === undefined) throw new Error(`the sandbox has no loan ${name}`);
    return found;
  }

  party(name: string): Description['parties'][string] {
    const found = this.facts.parties[name];
    if (found === undefined) throw new Error(`the sandbox has no party ${name}`);
    return found;
  }

  async signer(name: string): Promise<KeyPairSigner> {
    const bytes = JSON.parse(readFileSync(this.party(name).key_file, 'utf8')) as number[];
    return createKeyPairSignerFromBytes(Uint8Array.from(bytes));
  }

  /** What a party has of the payment token, in micro-USDC. */
  async balance(name: string): Promise<bigint> {
    const account = this.party(name).token_account;
    return BigInt((await this.rpc.getTokenAccountBalance(account, CONFIRMED).send()).value.amount);
  }

  /** A credit brought up to the chain's clock. */
  async credit(address: Address): Promise<client.Credit> {
    return (await client.fetchCreditNow(this.rpc, address)).credit;
  }

  /** Lands instructions of signers, the first of which pays. */
  async send(payer: KeyPairSigner, instructions: readonly Instruction[]): Promise<void> {
    const { value: lifetime } = await this.rpc.getLatestBlockhash(CONFIRMED).send();
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      (draft) => setTransactionMessageFeePayerSigner(payer, draft),
      (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
      (draft) => appendTransactionMessageInstructions(instructions, draft),
    );
    const wire = getBase64EncodedWireTransaction(await signTransactionMessageWithSigners(message));
    const options = { encoding: 'base64', preflightCommitment: 'confirmed' } as const;
    const signature = await this.rpc
      .sendTransaction(wire, options)
      .send()
      .catch((error: Error & { context?: { logs?: readonly string[] } }) => {
        throw new Error(`${error.message}:\n${error.context?.logs?.join('\n') ?? ''}`, { cause: error });
      });
    await until(`${signature} is confirmed`, async () => {
      const [status] = (await this.rpc.getSignatureStatuses([signature]).send()).value;
      if (status?.err) throw new Error(`${signature} has failed: ${JSON.stringify(status.err, bigintText)}`);
      return status?.confirmationStatus === 'confirmed' || status?.confirmationStatus === 'finalized';
    });
  }

  /** Gives back what is frozen. */
  async thaw(credit: Address): Promise<void> {
    const authority = await this.signer('freeze-authority');
    const most = client.frozenUnits((await this.credit(credit)).collateral);
    const { market } = this.facts;
    await this.send(authority, [client.getCreditThawInstruction({ authority, market, credit, most, keep: 0n })]);
  }

  /** Offers a loan as those of the sandbox, of another pace. */
  async offer(nonce: bigint, pace: Pace, rider = client.noRider()): Promise<{ credit: Address; hash: Uint8Array }> {
    const { market, mint, token_program: tokenProgram, provider } = this.facts;
    const model = await this.credit(this.loan('late').address);
    const [lender, borrower] = [await this.signer('lender'), this.party('borrower').address];
    const { interval, ...graces } = pace;
    const terms = { ...model.terms, ...graces };
    const schedule = model.principalDue
      .slice(0, model.instalmentCount)
      .map((principal, place) => ({ principal, dueAfter: interval * (place + 1) }));
    const [credit] = await client.findCreditPda({ market, lender: lender.address, borrower, nonce });
    const money = { market, mint, tokenProgram };
    const offer = client.getCreditOfferInstructionAsync({
      lender,
      rentPayer: lender,
      borrower,
      provider,
      source: this.party('lender').token_account,
      ...money,
      nonce,
      freezeAuthority: this.party('freeze-authority').address,
      terms,
      rider,
      schedule: client.runsOf(schedule),
    });
    await this.send(lender, [await offer]);
    const parties = { market, lender: lender.address, borrower, provider, nonce };
    return { credit, hash: await client.termsHash(parties, terms, rider, schedule) };
  }

  /** Makes such a loan, and issues it. */
  async issue(nonce: bigint, pace: Pace, rider = client.noRider()): Promise<Address> {
    const { market, mint, token_program: tokenProgram, provider } = this.facts;
    const [borrower, authority] = [await this.signer('borrower'), await this.signer('provider')];
    const money = { market, mint, tokenProgram };
    const { credit, hash: termsHash } = await this.offer(nonce, pace, rider);
    const { offerSlot: slot } = (await client.fetchCredit(this.rpc, credit)).data;
    const read = { termsHash, slot };
    await this.send(borrower, [client.getCreditAcceptInstruction({ authority: borrower, market, credit, read })]);
    const payout = this.party('provider').token_account;
    const issue = client.getCreditIssueInstructionAsync({ authority, credit, provider, payout, ...money, read });
    await this.send(authority, [await issue]);
    return credit;
  }
}

/** Asks the provider's server for an answer that is paid with the units of a loan. */
export async function chat(facts: Description, apiKey: string): Promise<{ status: number; code: string | undefined }> {
  const answer = await fetch(`${facts.base_url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'freeze me if you can' }] }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const body = (await answer.json()) as { error?: { code?: string } };
  return { status: answer.status, code: body.error?.code };
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it has not come about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const bigintText = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
