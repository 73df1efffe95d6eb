// A wallet as a page meets it: it is given a transaction as bytes, adds two assertions of Lighthouse to what it signs, as
// Phantom and Solflare do on mainnet, and gives the signed bytes back.

import {
  type Address,
  type Instruction,
  type KeyPairSigner,
  type Transaction,
  appendTransactionMessageInstructions,
  compileTransaction,
  decompileTransactionMessage,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  getTransactionEncoder,
  prependTransactionMessageInstructions,
  signTransaction,
} from '@solana/kit';
import * as lighthouse from 'lighthouse-sdk';

/** The most bytes of a transaction that a Ledger and a Trezor can show. */
const MOST_BYTES = 1_232;
/** Lamports that fees may take beyond what the simulation has shown. */
const FEE_ROOM = 100_000n;

const { EquatableOperator, IntegerOperator, KnownProgram } = lighthouse;

/** What an account holds after a transaction, by a simulation; undefined where that fails. */
export type Simulate = (
  transaction: Transaction,
  accounts: { payer: Address; tokens: Address | undefined },
) => Promise<{ lamports: bigint; tokens: bigint | undefined } | undefined>;

export class Wallet {
  /** Transactions that had no room for assertions. */
  bare = 0;
  /** Transactions with both of them. */
  guarded = 0;

  constructor(
    /** The keys that it signs with. */
    public keys: readonly KeyPairSigner[],
    private readonly simulate: Simulate,
  ) {}

  /** Signs a transaction of version 0 or legacy. `tokens` is a token account of the payer. */
  async sign(wire: Uint8Array, tokens: Address | undefined): Promise<Uint8Array> {
    const given = getTransactionDecoder().decode(wire);
    const guarded = await this.guard(given, tokens);
    const fits = getTransactionEncoder().encode(guarded).length <= MOST_BYTES;
    if (fits) this.guarded += 1;
    else this.bare += 1;
    const toSign = fits ? guarded : given;
    const signers = this.keys.filter((key) => key.address in toSign.signatures);
    const signed = await signTransaction(
      signers.map((key) => key.keyPair),
      toSign,
    );
    return new Uint8Array(getTransactionEncoder().encode(signed));
  }

  /** Adds the assertions: one before and one after, as Phantom does, or both after, as Solflare does. */
  private async guard(given: Transaction, tokens: Address | undefined): Promise<Transaction> {
    const compiled = getCompiledTransactionMessageDecoder().decode(given.messageBytes);
    const message = decompileTransactionMessage(compiled);
    const payer = message.feePayer.address;
    const after = await this.simulate(given, { payer, tokens });
    const own = ownAccount(payer, after === undefined ? 1n : after.lamports - FEE_ROOM);
    const money =
      tokens === undefined || after?.tokens === undefined
        ? untouched(payer)
        : tokenBalance(payer, tokens, after.tokens);
    const isPhantom = this.guarded % 2 === 0;
    const begun = isPhantom ? prependTransactionMessageInstructions([untouched(payer)], message) : message;
    const whole = appendTransactionMessageInstructions(isPhantom ? [money] : [own, money], begun);
    return compileTransaction(whole);
  }
}

/** The payer is still an account of the system program with as many lamports. */
function ownAccount(targetAccount: Address, least: bigint): Instruction {
  return lighthouse.getAssertAccountInfoMultiInstruction({
    targetAccount,
    assertions: [
      lighthouse.accountInfoAssertion('Lamports', { value: least, operator: IntegerOperator.GreaterThanOrEqual }),
      lighthouse.accountInfoAssertion('KnownOwner', { value: KnownProgram.System, operator: EquatableOperator.Equal }),
    ],
  }) as Instruction;
}

/** The payer's account has no data. */
function untouched(targetAccount: Address): Instruction {
  return lighthouse.getAssertAccountInfoInstruction({
    targetAccount,
    assertion: lighthouse.accountInfoAssertion('DataLength', { value: 0, operator: IntegerOperator.Equal }),
  }) as Instruction;
}

/** The token account is still the payer's, with as many tokens, and nobody else may take them. */
function tokenBalance(owner: Address, targetAccount: Address, least: bigint): Instruction {
  return lighthouse.getAssertTokenAccountMultiInstruction({
    targetAccount,
    assertions: [
      lighthouse.tokenAccountAssertion('Owner', { value: owner, operator: EquatableOperator.Equal }),
      lighthouse.tokenAccountAssertion('Amount', { value: least, operator: IntegerOperator.GreaterThanOrEqual }),
      lighthouse.tokenAccountAssertion('Delegate', { value: null, operator: EquatableOperator.Equal }),
    ],
  }) as Instruction;
}
