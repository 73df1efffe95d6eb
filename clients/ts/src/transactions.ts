// Facts about transactions as they were signed.

import { type Address, type ReadonlyUint8Array, getCompiledTransactionMessageDecoder } from '@solana/kit';

/**
 * The programs of a transaction's instructions, in order. Take them from what the wallet has signed, not from what it was
 * given: wallets add instructions, also before the others.
 */
export function programsOf(signed: { messageBytes: ReadonlyUint8Array }): readonly Address[] {
  const message = getCompiledTransactionMessageDecoder().decode(signed.messageBytes);
  const places =
    message.version === 1
      ? message.instructionHeaders.map((header) => header.programAccountIndex)
      : message.instructions.map((instruction) => instruction.programAddressIndex);
  return places.map((place) => {
    const address = message.staticAccounts[place];
    if (address === undefined) throw new RangeError(`the message has no account ${place}`);
    return address;
  });
}
