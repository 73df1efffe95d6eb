// The chain that a story runs on: LiteSVM in this process, or a cluster behind JSON-RPC.

import type * as client from '@blockable/client';
import type { Address, Instruction, ReadonlyUint8Array, TransactionSigner } from '@solana/kit';

/** The end of a transaction. */
export type Outcome = {
  /** The reason for which it was refused, as Kit throws it or as a node gives it; undefined where it has landed. */
  failure: unknown;
  /** The programs of its instructions, in order, those included that a wallet has added. */
  programs: readonly Address[];
  /** Its log. */
  logs: readonly string[];
  /** The transaction as a node gives it; undefined where it was refused. */
  fetched: client.FetchedTransaction | undefined;
};

export interface Chain {
  /** The number of a market that does not exist yet. */
  nextMarket(): Promise<bigint>;
  /** The chain's clock, in Unix seconds. It stands still but for `setTime`. */
  now(): bigint;
  /** Moves the clock forward to a time. */
  setTime(unix: bigint): Promise<void>;
  /** Gives an address SOL for fees and rent. */
  fund(address: Address): Promise<void>;
  /** The data of an account as of the latest transaction that has named it; undefined where there is none. */
  data(address: Address): ReadonlyUint8Array | undefined;
  /** Sends instructions in one transaction, signed by the signers in them. `payer` pays where nobody signs. */
  send(payer: TransactionSigner, instructions: readonly Instruction[]): Promise<Outcome>;
}
