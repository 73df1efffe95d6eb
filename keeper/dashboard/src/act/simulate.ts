// What an act would do now: the same transaction, run by a node without a signature.

import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS, type Credit, type ProgramFailure, programFailure } from '@blockable/client';
import { type Address, type Base64EncodedWireTransaction, type Instruction, getBase64Decoder } from '@solana/kit';
import { creditOf } from '../data/chain/accounts.js';
import type { Nodes } from '../data/chain/nodes.js';
import { refusalText } from '../text/errors.js';
import { type Budget, type Lifetime, buildTransaction } from './transaction.js';

/** The result of a simulation. */
export type Simulation =
  | { ok: true; units: number; after: Credit | undefined; slot: bigint }
  | { ok: false; reason: string; failure: ProgramFailure | undefined; slot: bigint };

/** The most lamports that a transaction pays for priority. */
const MOST_PRIORITY_LAMPORTS = 50_000n;
const MICRO = 1_000_000n;
/** Compute units for the assertions that wallets add, beyond what the simulation took. */
const WALLET_UNITS = 60_000;
const MOST_UNITS = 1_400_000;

/** Fetches a blockhash that lasts for about a minute. */
export async function fetchLifetime(nodes: Nodes, signal?: AbortSignal): Promise<Lifetime> {
  const ask = nodes.ask(
    (rpc, abortSignal) => rpc.getLatestBlockhash({ commitment: 'confirmed' }).send({ abortSignal }),
    { signal },
  );
  return (await ask).value;
}

/** Simulates instructions, and reads the credit that they leave behind. */
export async function simulate(
  nodes: Nodes,
  payer: Address,
  instructions: readonly Instruction[],
  credit: Address | undefined,
  signal?: AbortSignal,
): Promise<Simulation> {
  const lifetime = await fetchLifetime(nodes, signal);
  const wire = getBase64Decoder().decode(
    buildTransaction(payer, instructions, lifetime),
  ) as Base64EncodedWireTransaction;
  const options = {
    encoding: 'base64',
    sigVerify: false,
    replaceRecentBlockhash: true,
    commitment: 'confirmed',
    accounts: { encoding: 'base64', addresses: credit ? [credit] : [] },
  } as const;
  const { context, value } = await nodes.ask(
    (rpc, abortSignal) => rpc.simulateTransaction(wire, options).send({ abortSignal }),
    { signal },
  );
  if (value.err !== null) {
    const failure = programFailure(value.err, {
      logs: value.logs,
      programs: instructions.map(({ programAddress }) => programAddress),
    });
    return { ok: false, failure, reason: reasonOf(value.err, value.logs, failure), slot: context.slot };
  }
  const account = credit ? value.accounts?.[0] : undefined;
  // An act that closes the credit leaves an empty account behind.
  const isLeft = account?.owner === BLOCKABLE_CREDITS_PROGRAM_ADDRESS;
  return {
    ok: true,
    units: Number(value.unitsConsumed ?? 200_000n),
    after: credit && account && isLeft ? creditOf(credit, account) : undefined,
    slot: context.slot,
  };
}

/** The compute to ask for after a simulation, at what others pay for the same accounts. */
export async function budgetFor(
  nodes: Nodes,
  units: number,
  accounts: readonly Address[],
  signal?: AbortSignal,
): Promise<Budget> {
  const limit = Math.min(MOST_UNITS, Math.ceil(units * 1.2) + WALLET_UNITS);
  const ask = nodes.ask((rpc, abortSignal) => rpc.getRecentPrioritizationFees([...accounts]).send({ abortSignal }), {
    signal,
  });
  const recent = await ask.catch(() => []);
  const fees = recent
    .map(({ prioritizationFee }) => BigInt(prioritizationFee))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const usual = fees[Math.floor(fees.length * 0.75)] ?? 0n;
  const most = (MOST_PRIORITY_LAMPORTS * MICRO) / BigInt(limit);
  return { units: limit, price: usual < most ? usual : most };
}

/** The reason of a failure in people's words. */
export function reasonOf(
  error: unknown,
  logs: readonly string[] | null | undefined,
  failure: ProgramFailure | undefined,
): string {
  if (failure) return refusalText(failure.error.name);
  const text =
    typeof error === 'string'
      ? error
      : JSON.stringify(error, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  if (text.includes('InsufficientFundsForRent') || text.includes('AccountNotFound')) {
    return 'The wallet has too little SOL to pay for the transaction. Send some to it, and try again.';
  }
  if (logs?.some((line) => /insufficient (funds|lamports)/i.test(line))) {
    return logs.some((line) => /insufficient lamports/i.test(line))
      ? 'The wallet has too little SOL for the rent of a new account. Send some to it, and try again.'
      : 'The wallet’s token account has too little of the payment token.';
  }
  if (text.includes('BlockhashNotFound')) return 'The blockhash is too old. Sign anew.';
  return `The cluster would refuse it: ${text}.`;
}
