// Transactions as people sign them: version 0, one signer, no lookup table. What comes back from a wallet is checked before it is sent.

import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS } from '@blockable/client';
import { getSetComputeUnitLimitInstruction, getSetComputeUnitPriceInstruction } from '@solana-program/compute-budget';
import {
  type Address,
  type Blockhash,
  type CompiledTransactionMessage,
  type Instruction,
  appendTransactionMessageInstructions,
  compileTransaction,
  createTransactionMessage,
  getBase58Decoder,
  getBase64Decoder,
  getCompiledTransactionMessageDecoder,
  getPublicKeyFromAddress,
  getTransactionDecoder,
  getTransactionEncoder,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  verifySignature,
} from '@solana/kit';

/** A blockhash with its last valid block height. */
export type Lifetime = { blockhash: Blockhash; lastValidBlockHeight: bigint };

/** The compute that a transaction asks for, and its price in micro-lamports per unit. */
export type Budget = { units: number; price: bigint };

/** The wallet gave back something else than was asked for. It is not sent. */
export class WrongSignatureError extends Error {}

const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111' as Address;
/** Programs that a wallet may add instructions of: they can only make the transaction fail, or pay for it. */
const COMPANIONS: ReadonlySet<string> = new Set([
  COMPUTE_BUDGET,
  'L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVddwQDxFMNo',
]);

/** Builds a transaction without signatures. */
export function buildTransaction(
  payer: Address,
  instructions: readonly Instruction[],
  lifetime: Lifetime,
  budget?: Budget,
): Uint8Array {
  const ahead = budget
    ? [
        getSetComputeUnitLimitInstruction({ units: budget.units }),
        getSetComputeUnitPriceInstruction({ microLamports: budget.price }),
      ]
    : [];
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayer(payer, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
    (draft) => appendTransactionMessageInstructions([...ahead, ...instructions], draft),
  );
  return new Uint8Array(getTransactionEncoder().encode(compileTransaction(message)));
}

/** A transaction that was signed as asked. */
export type Signed = { wire: string; signature: string; blockhash: string };

/** Checks what a wallet gave back for `asked`: the same acts, one signer, its signature good. Throws `WrongSignatureError`. */
export async function checkSigned(asked: Uint8Array, given: Uint8Array, signer: Address): Promise<Signed> {
  const [before, after] = [messageOf(asked), messageOf(given)];
  const transaction = getTransactionDecoder().decode(given);
  if (after.version !== 0 && after.version !== 'legacy')
    throw new WrongSignatureError(`the wallet made a transaction of version ${after.version}`);
  if ('addressTableLookups' in after && (after.addressTableLookups?.length ?? 0) > 0)
    throw new WrongSignatureError('the wallet added a lookup table');
  if (after.header.numSignerAccounts !== 1 || after.staticAccounts[0] !== signer) {
    throw new WrongSignatureError('the wallet signed with another account than the one that is connected here');
  }
  const [wanted, found] = [actsOf(before), actsOf(after)];
  if (wanted.length !== found.length || wanted.some((act, place) => act !== found[place])) {
    throw new WrongSignatureError('the wallet changed what the transaction does');
  }
  const signature = transaction.signatures[signer];
  if (!signature) throw new WrongSignatureError('the wallet gave the transaction back without a signature');
  const key = await getPublicKeyFromAddress(signer);
  if (!(await verifySignature(key, signature, transaction.messageBytes)))
    throw new WrongSignatureError('the wallet’s signature is not good');
  return {
    wire: getBase64Decoder().decode(given),
    signature: getBase58Decoder().decode(signature),
    blockhash: 'lifetimeToken' in after ? String(after.lifetimeToken) : '',
  };
}

function messageOf(transaction: Uint8Array): CompiledTransactionMessage {
  try {
    return getCompiledTransactionMessageDecoder().decode(getTransactionDecoder().decode(transaction).messageBytes);
  } catch {
    throw new WrongSignatureError('the wallet gave back what is no transaction');
  }
}

/** All instructions but those of companions, each as a text of program, accounts with their roles, and data. */
function actsOf(message: CompiledTransactionMessage): readonly string[] {
  if (message.version === 1) throw new WrongSignatureError('the wallet made a transaction of version 1');
  const { header, staticAccounts } = message;
  const firstReadonly = staticAccounts.length - header.numReadonlyNonSignerAccounts;
  const account = (place: number) => {
    const isWritable =
      place < header.numSignerAccounts
        ? place < header.numSignerAccounts - header.numReadonlySignerAccounts
        : place < firstReadonly;
    return `${staticAccounts[place] ?? '?'}${isWritable ? 'w' : ''}`;
  };
  const acts = message.instructions.map((instruction) => {
    const program = staticAccounts[instruction.programAddressIndex];
    const accounts = (instruction.accountIndices ?? []).map(account);
    const names = accounts.some((name) => name.startsWith(BLOCKABLE_CREDITS_PROGRAM_ADDRESS));
    const data = instruction.data ? getBase64Decoder().decode(instruction.data) : '';
    return { program, names, text: [program, ...accounts, data].join(' ') };
  });
  return acts.filter(({ program, names }) => !COMPANIONS.has(program ?? '') || names).map(({ text }) => text);
}
