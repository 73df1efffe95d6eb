// A node over LiteSVM: the few calls of JSON-RPC that the examples make.

import { Buffer } from 'node:buffer';
import {
  type Address,
  type RpcTransport,
  createSolanaRpcFromTransport,
  getBase58Decoder,
  getTransactionDecoder,
} from '@solana/kit';
import { FailedTransactionMetadata } from 'litesvm';
import type { LiteChain } from './lite.js';

type Call = { method: string; params: [string, ...unknown[]] };

/** Makes a node that serves a chain. */
export function nodeOf(chain: LiteChain) {
  const answers: Record<string, (call: Call) => unknown> = {
    getLatestBlockhash: () => ({
      context: { slot: 1 },
      value: { blockhash: chain.svm.latestBlockhash(), lastValidBlockHeight: 150 },
    }),
    getAccountInfo: ({ params: [address] }) => ({ context: { slot: 1 }, value: accountOf(chain, address as Address) }),
    sendTransaction: ({ params: [wire] }) => {
      const transaction = getTransactionDecoder().decode(Buffer.from(wire, 'base64'));
      const result = chain.svm.sendTransaction(transaction);
      if (result instanceof FailedTransactionMetadata) throw new Error(result.toString());
      return getBase58Decoder().decode(result.signature());
    },
  };
  const transport = async ({ payload }: { payload: unknown }) => {
    const call = payload as Call;
    const answer = answers[call.method];
    if (answer === undefined) throw new Error(`this node has no ${call.method}`);
    return { jsonrpc: '2.0', id: 1, result: answer(call) };
  };
  return createSolanaRpcFromTransport(transport as RpcTransport);
}

function accountOf(chain: LiteChain, address: Address) {
  const account = chain.svm.getAccount(address);
  if (!account.exists) return null;
  const { data, executable, lamports, programAddress: owner } = account;
  return { data: [Buffer.from(data).toString('base64'), 'base64'], executable, lamports, owner, space: data.length };
}
