// All that a page needs to freeze: it builds the transaction, has it signed, and gives it as text for a node or a server.
import {
  type Address,
  type Blockhash,
  type TransactionSigner,
  appendTransactionMessageInstruction,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { FreezeReason, freezeAmount, getCreditFreezeInstruction } from '../src/index.js';

export async function signFreeze(
  authority: TransactionSigner,
  market: Address,
  credit: Address,
  lifetime: { blockhash: Blockhash; lastValidBlockHeight: bigint },
) {
  const amount = freezeAmount('Shortfall');
  const freeze = getCreditFreezeInstruction({ authority, market, credit, amount, reason: FreezeReason.MissedPayment });
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayerSigner(authority, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
    (draft) => appendTransactionMessageInstruction(freeze, draft),
  );
  return getBase64EncodedWireTransaction(await signTransactionMessageWithSigners(message));
}
