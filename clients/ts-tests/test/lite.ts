// LiteSVM in this process, with the built program.

import * as client from '@blockable/client';
import {
  type Address,
  type Instruction,
  type TransactionSigner,
  appendTransactionMessageInstructions,
  compileTransactionMessage,
  createTransactionMessage,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { FailedTransactionMetadata, LiteSVM, type TransactionMetadata } from 'litesvm';
import type { Chain, Outcome } from './chain.js';

const BUILT = new URL('../../../../app-idl/blockable_credits.so', import.meta.url).pathname;
const ELF = process.env['BLOCKABLE_ELF'] ?? BUILT;
/** The chain's time at which every test begins. */
const START = 1_800_000_000n;

export class LiteChain implements Chain {
  readonly svm: LiteSVM;

  constructor() {
    // A version 1 transaction is not needed here, and history is off so that equal transactions can follow each other.
    this.svm = new LiteSVM().withTransactionHistory(0n);
    this.svm.addProgramFromFile(client.BLOCKABLE_CREDITS_PROGRAM_ADDRESS, ELF);
    this.moveTo(START);
  }

  async nextMarket(): Promise<bigint> {
    return 1n;
  }

  now(): bigint {
    return this.svm.getClock().unixTimestamp;
  }

  async setTime(unix: bigint): Promise<void> {
    this.moveTo(unix);
  }

  private moveTo(unix: bigint): void {
    const clock = this.svm.getClock();
    clock.unixTimestamp = unix;
    clock.slot += 1n;
    this.svm.setClock(clock);
  }

  async fund(address: Address): Promise<void> {
    this.svm.airdrop(address, lamports(100_000_000_000n));
  }

  data(address: Address) {
    const account = this.svm.getAccount(address);
    return account.exists ? account.data : undefined;
  }

  async send(payer: TransactionSigner, instructions: readonly Instruction[]): Promise<Outcome> {
    this.svm.expireBlockhash();
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      (draft) => setTransactionMessageFeePayerSigner(payer, draft),
      (draft) => this.svm.setTransactionMessageLifetimeUsingLatestBlockhash(draft),
      (draft) => appendTransactionMessageInstructions(instructions, draft),
    );
    const programs = instructions.map((instruction) => instruction.programAddress);
    const result = this.svm.sendTransaction(await signTransactionMessageWithSigners(message));
    if (result instanceof FailedTransactionMetadata) {
      return { failure: failureOf(result), programs, logs: result.meta().logs(), fetched: undefined };
    }
    const fetched = fetchedFrom(result, compileTransactionMessage(message).staticAccounts);
    return { failure: undefined, programs, logs: result.logs(), fetched };
  }
}

/** The failure as a node gives it. */
function failureOf(failed: FailedTransactionMetadata): unknown {
  const error = failed.err();
  if (typeof error !== 'object' || !('err' in error)) return failed.toString();
  const reason = error.err();
  return {
    InstructionError: [error.index, typeof reason === 'object' && 'code' in reason ? { Custom: reason.code } : reason],
  };
}

/** The transaction as a node gives it. */
function fetchedFrom(meta: TransactionMetadata, accountKeys: readonly Address[]): client.FetchedTransaction {
  const innerInstructions = meta.innerInstructions().map((group) => ({
    instructions: group.map((inner) => {
      const compiled = inner.instruction();
      return { programIdIndex: compiled.programIdIndex(), data: compiled.data() };
    }),
  }));
  return { transaction: { message: { accountKeys } }, meta: { err: null, innerInstructions } };
}
