// A market with a provider and funded parties, on the built program in LiteSVM. Everything goes through the published
// package. After each transaction the events are kept and every vault is checked against what is owed from it.

import assert from 'node:assert/strict';
import * as client from '@blockable/client';
import { TOKEN_PROGRAM_ADDRESS, getTokenDecoder } from '@solana-program/token';
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
import { fund } from './funding.js';
import { marketArgs, providerSettings } from './loan.js';
import { type Name, type Parties, NAMES, PEOPLE, START, parties } from './parties.js';

const BUILT = new URL('../../../../app-idl/blockable_credits.so', import.meta.url).pathname;
const ELF = process.env['BLOCKABLE_ELF'] ?? BUILT;
const PROGRAM = client.BLOCKABLE_CREDITS_PROGRAM_ADDRESS;

/** Names of instructions that have landed in this process, and of those that the program has refused by an error of its own. */
export const landed = new Set<string>();
export const refused = new Set<string>();

type Wallets = Record<Name, Address>;

/** A transaction that has landed: its events in order. */
export type Landed = { events: readonly client.BlockableEvent[] };

export class World {
  private constructor(
    readonly svm: LiteSVM,
    readonly parties: Parties,
    readonly market: Address,
    readonly provider: Address,
    /** Token accounts of the parties. */
    readonly wallets: Wallets,
    /** Every record of every credit so far. */
    readonly log: client.CreditRecord[] = [],
  ) {}

  /** A world with a market and a registered provider. */
  static async new(): Promise<World> {
    const world = await World.withoutMarket();
    const { payer, admin, provider } = world.parties;
    const market = await client.getMarketCreateInstructionAsync({
      rentPayer: payer,
      admin,
      mint: world.mint,
      treasury: world.wallets.treasury,
      tokenProgram: TOKEN_PROGRAM_ADDRESS,
      ...marketArgs(world.parties),
    });
    await world.sent(market);
    const register = await client.getProviderRegisterInstructionAsync({
      authority: provider,
      rentPayer: provider,
      market: world.market,
      payout: world.wallets.provider,
      capacityUnits: 10_000_000_000n,
      settings: providerSettings(world.parties, world.wallets.provider),
    });
    await world.sent(register);
    return world;
  }

  /** A world with a mint and funded parties, where the market does not exist yet. */
  static async withoutMarket(): Promise<World> {
    // A version 1 transaction is not needed here, and history is off so that equal transactions can follow each other.
    const svm = new LiteSVM().withTransactionHistory(0n);
    svm.addProgramFromFile(PROGRAM, ELF);
    const everyone = await parties();
    const [market] = await client.findMarketPda({ id: marketArgs(everyone).id });
    const [provider] = await client.findProviderPda({ market, authority: everyone.provider.address });
    const mint = everyone.mint.address;
    const wallets = NAMES.map(async (name) => {
      const owner = everyone[name].address;
      const [wallet] = await client.findTokenAccountPda({ owner, mint, tokenProgram: TOKEN_PROGRAM_ADDRESS });
      return [name, wallet] as const;
    });
    const world = new World(svm, everyone, market, provider, Object.fromEntries(await Promise.all(wallets)) as Wallets);
    world.setTime(START);
    for (const name of PEOPLE) svm.airdrop(everyone[name].address, lamports(100_000_000_000n));
    await fund(world);
    return world;
  }

  get mint(): Address {
    return this.parties.mint.address;
  }

  /** The accounts that instructions which move money name. */
  get money() {
    return { market: this.market, mint: this.mint, tokenProgram: TOKEN_PROGRAM_ADDRESS };
  }

  /** Sends a transaction, signed by the signers in its instructions. */
  async send(...instructions: Instruction[]): Promise<TransactionMetadata | FailedTransactionMetadata> {
    this.svm.expireBlockhash();
    const payer: TransactionSigner = this.parties.payer;
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      (draft) => setTransactionMessageFeePayerSigner(payer, draft),
      (draft) => this.svm.setTransactionMessageLifetimeUsingLatestBlockhash(draft),
      (draft) => appendTransactionMessageInstructions(instructions, draft),
    );
    const result = this.svm.sendTransaction(await signTransactionMessageWithSigners(message));
    if (!(result instanceof FailedTransactionMetadata)) {
      const { staticAccounts } = compileTransactionMessage(message);
      this.keep(eventsOf(result, staticAccounts));
      this.audit();
    }
    return result;
  }

  /** Sends a transaction that must land. */
  async sent(...instructions: Instruction[]): Promise<Landed> {
    const before = this.log.length;
    const result = await this.send(...instructions);
    if (result instanceof FailedTransactionMetadata) {
      assert.fail(`${nameOf(failureOf(result))}: ${result.meta().logs().join('\n')}`);
    }
    for (const name of namesOf(instructions)) landed.add(name);
    assert(this.log.length >= before);
    return { events: this.latest };
  }

  /** The events of the latest transaction that has landed. */
  latest: readonly client.BlockableEvent[] = [];

  /** The changes that a transaction which must land has recorded in a credit. */
  async changes(credit: Address, ...instructions: Instruction[]): Promise<readonly client.Change[]> {
    const { events } = await this.sent(...instructions);
    const records = events.flatMap((event) => client.recordsOf(event));
    return records.filter((record) => record.credit === credit).map((record) => record.change);
  }

  /** Sends a transaction whose last instruction the program must refuse with an error. */
  async refused(error: client.BlockableErrorName, ...instructions: Instruction[]): Promise<void> {
    const result = await this.send(...instructions);
    if (!(result instanceof FailedTransactionMetadata)) assert.fail(`accepted, but should be refused with ${error}`);
    const failure = failureOf(result);
    assert.equal(nameOf(failure), error, result.meta().logs().join('\n'));
    refused.add(namesOf(instructions)[failure?.instruction ?? 0] ?? '');
  }

  private keep(events: readonly client.BlockableEvent[]): void {
    this.latest = events;
    this.log.push(...events.flatMap((event) => client.recordsOf(event)));
  }

  /** Every vault holds at least what is owed from it. */
  private audit(): void {
    for (const credit of new Set(this.log.map((record) => record.credit))) {
      const account = this.svm.getAccount(credit);
      if (!account.exists) continue;
      const state = client.getCreditDecoder().decode(account.data);
      if (state.vaultClosed === 1 || client.addressLender(state) === state.provider) continue;
      assert(this.balance(state.vault) >= client.owedFromVault(state), `the vault of ${credit} is short`);
    }
  }

  /** Proves the log of every credit that still exists. */
  async proveLogs(): Promise<number> {
    const credits = [...new Set(this.log.map((record) => record.credit))];
    const existing = credits.filter((credit) => this.svm.getAccount(credit).exists);
    for (const credit of existing) {
      const records = this.log.filter((record) => record.credit === credit);
      assert.equal(await client.findLogFault(credit, records, this.credit(credit).eventHash), undefined);
    }
    return existing.length;
  }

  private data(address: Address) {
    const account = this.svm.getAccount(address);
    if (!account.exists) assert.fail(`there is no account at ${address}`);
    return account.data;
  }

  /** A credit as its account has it. */
  credit(address: Address): client.Credit {
    return client.getCreditDecoder().decode(this.data(address));
  }

  /** A credit with its debt brought up to now. */
  creditNow(address: Address): client.Credit {
    return client.creditAt(this.credit(address), this.clock().market);
  }

  /** The market as its account has it. */
  marketNow(): client.Market {
    return client.getMarketDecoder().decode(this.data(this.market));
  }

  /** The provider as its account has it. */
  providerNow(): client.Provider {
    return client.getProviderDecoder().decode(this.data(this.provider));
  }

  /** A lot as its account has it. */
  lot(address: Address): client.Lot {
    return client.getLotDecoder().decode(this.data(address));
  }

  /** Tokens in an account, in micro-USDC. */
  balance(account: Address): bigint {
    return getTokenDecoder().decode(this.data(account)).amount;
  }

  /** Returns true while there is an account at an address. */
  exists(address: Address): boolean {
    return this.svm.getAccount(address).exists;
  }

  /** Both clocks as of now. */
  clock(): client.MarketClock {
    return client.clockAt(this.marketNow(), this.now());
  }

  /** The chain's clock, in Unix seconds. */
  now(): bigint {
    return this.svm.getClock().unixTimestamp;
  }

  /** Sets the chain's clock. */
  setTime(unix: bigint): void {
    const clock = this.svm.getClock();
    clock.unixTimestamp = unix;
    clock.slot += 1n;
    this.svm.setClock(clock);
  }

  /** Moves the chain's clock forward. */
  pass(seconds: number): void {
    this.setTime(this.now() + BigInt(seconds));
  }
}

function eventsOf(meta: TransactionMetadata, keys: readonly Address[]): readonly client.BlockableEvent[] {
  const instructions = meta.innerInstructions().map((group) => ({
    instructions: group.map((inner) => {
      const compiled = inner.instruction();
      return { programIdIndex: compiled.programIdIndex(), data: compiled.data() };
    }),
  }));
  const events = client.eventsOfTransaction({
    transaction: { message: { accountKeys: keys } },
    meta: { innerInstructions: instructions },
  });
  const own = instructions
    .flatMap((group) => group.instructions)
    .filter((inner) => keys[inner.programIdIndex] === PROGRAM);
  assert.equal(events.length, own.length, 'an event cannot be decoded');
  return events;
}

/** The program's error in a failure, by the package's own reading of a transaction's result. */
function failureOf(failed: FailedTransactionMetadata): client.ProgramFailure | undefined {
  const error = failed.err();
  if (typeof error !== 'object' || !('err' in error)) return undefined;
  const reason = error.err();
  const code = typeof reason === 'object' && 'code' in reason ? { Custom: reason.code } : reason;
  return client.programFailure({ InstructionError: [error.index, code] });
}

const nameOf = (failure: client.ProgramFailure | undefined) => failure?.error.name ?? 'not an error of the program';

/** The names of the program's instructions, in their order; others count as empty. */
function namesOf(instructions: readonly Instruction[]): readonly string[] {
  return instructions.map(({ programAddress, data }) => {
    if (programAddress !== PROGRAM || data === undefined) return '';
    return client.BlockableCreditsInstruction[client.identifyBlockableCreditsInstruction({ data })];
  });
}
