// A market with a provider and funded parties, on the built program. Everything goes through the published package. After
// each transaction the events are kept and every vault is checked against what is owed from it.

import assert from 'node:assert/strict';
import * as client from '@blockable/client';
import { TOKEN_PROGRAM_ADDRESS, getTokenDecoder } from '@solana-program/token';
import type { Address, Instruction } from '@solana/kit';
import type { Chain, Outcome } from './chain.js';
import { fund } from './funding.js';
import { LiteChain } from './lite.js';
import { marketArgs, providerSettings } from './loan.js';
import { type Name, type Parties, NAMES, PEOPLE, parties } from './parties.js';
import { compare, predict } from './predicted.js';

const PROGRAM = client.BLOCKABLE_CREDITS_PROGRAM_ADDRESS;

/** Names of instructions that have landed in this process, and of those that the program has refused by an error of its own. */
export const landed = new Set<string>();
export const refused = new Set<string>();

type Wallets = Record<Name, Address>;

/** A transaction that has landed: its events in order. */
export type Landed = { events: readonly client.BlockableEvent[] };

/** Opens the chain of the next world. */
let openChain = async (): Promise<Chain> => new LiteChain();

/** Has all later worlds begin on a chain. */
export function useChain(chain: Chain): void {
  openChain = async () => chain;
}

export class World {
  private constructor(
    readonly chain: Chain,
    /** The market's number. */
    readonly id: bigint,
    readonly parties: Parties,
    readonly market: Address,
    readonly provider: Address,
    /** Token accounts of the parties. */
    readonly wallets: Wallets,
    /** The chain's time at which it begins. */
    readonly start: bigint,
    /** Every record of every credit so far. */
    readonly log: client.CreditRecord[] = [],
  ) {}

  /** A world with a market and a registered provider. */
  static async new(chain?: Chain): Promise<World> {
    const world = await World.withoutMarket(chain);
    const { payer, admin, provider } = world.parties;
    const market = await client.getMarketCreateInstructionAsync({
      rentPayer: payer,
      admin,
      mint: world.mint,
      treasury: world.wallets.treasury,
      tokenProgram: TOKEN_PROGRAM_ADDRESS,
      ...marketArgs(world),
    });
    await world.sent(market);
    const register = await client.getProviderRegisterInstructionAsync({
      authority: provider,
      rentPayer: provider,
      market: world.market,
      payout: world.wallets.provider,
      capacityUnits: 10_000_000_000n,
      settings: providerSettings(world, world.wallets.provider),
    });
    await world.sent(register);
    return world;
  }

  /** A world with a mint and funded parties, where the market does not exist yet. */
  static async withoutMarket(given?: Chain): Promise<World> {
    const chain = given ?? (await openChain());
    const id = await chain.nextMarket();
    const everyone = await parties(id);
    const [market] = await client.findMarketPda({ id });
    const [provider] = await client.findProviderPda({ market, authority: everyone.provider.address });
    const mint = everyone.mint.address;
    const wallets = NAMES.map(async (name) => {
      const owner = everyone[name].address;
      const [wallet] = await client.findTokenAccountPda({ owner, mint, tokenProgram: TOKEN_PROGRAM_ADDRESS });
      return [name, wallet] as const;
    });
    const known = Object.fromEntries(await Promise.all(wallets)) as Wallets;
    const world = new World(chain, id, everyone, market, provider, known, chain.now());
    for (const name of PEOPLE) await chain.fund(everyone[name].address);
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
  async send(...instructions: Instruction[]): Promise<Outcome> {
    const own = instructions.findIndex((instruction) => instruction.programAddress === PROGRAM);
    const first = own < 0 ? undefined : this.predicted(instructions[own]);
    const outcome = await this.chain.send(this.parties.payer, instructions);
    this.checkPrediction(first, outcome);
    if (outcome.fetched !== undefined) {
      this.keep(eventsOf(outcome.fetched));
      this.audit();
    }
    return outcome;
  }

  /** Asks for the permission of an instruction, as of now. */
  private predicted(instruction: Instruction | undefined) {
    const look = { data: (address: Address) => this.chain.data(address), now: this.now() };
    return instruction && predict(look, instruction);
  }

  /** The permission of the first instruction must have said what the program has done with it. */
  private checkPrediction(first: ReturnType<typeof predict>, outcome: Outcome): void {
    const failure = refusal(outcome);
    if (outcome.fetched === undefined && failure === undefined) return;
    const place = outcome.programs.findIndex((program) => program === PROGRAM);
    compare(first, failure?.instruction === place ? failure.error.name : undefined);
  }

  /** Sends a transaction that must land. */
  async sent(...instructions: Instruction[]): Promise<Landed> {
    const outcome = await this.send(...instructions);
    if (outcome.fetched === undefined) assert.fail(`${nameOf(refusal(outcome))}: ${outcome.logs.join('\n')}`);
    for (const name of namesOf(instructions)) landed.add(name);
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

  /** Sends a transaction that the program must refuse with an error. */
  async refused(error: client.BlockableErrorName, ...instructions: Instruction[]): Promise<void> {
    const outcome = await this.send(...instructions);
    if (outcome.fetched !== undefined) assert.fail(`accepted, but should be refused with ${error}`);
    const failure = refusal(outcome);
    assert.equal(nameOf(failure), error, outcome.logs.join('\n'));
    // The wallet may have added instructions before it: its place among the program's own counts.
    const before = outcome.programs.slice(0, failure?.instruction).filter((program) => program === PROGRAM);
    refused.add(namesOf(instructions).filter((name) => name !== '')[before.length] ?? '');
  }

  private keep(events: readonly client.BlockableEvent[]): void {
    this.latest = events;
    this.log.push(...events.flatMap((event) => client.recordsOf(event)));
  }

  /** Every vault holds at least what is owed from it. */
  private audit(): void {
    for (const credit of new Set(this.log.map((record) => record.credit))) {
      const data = this.chain.data(credit);
      if (data === undefined) continue;
      const state = client.getCreditDecoder().decode(data);
      if (state.vaultClosed === 1 || client.addressLender(state) === state.provider) continue;
      assert(this.balance(state.vault) >= client.owedFromVault(state), `the vault of ${credit} is short`);
    }
  }

  /** Proves the log of every credit that still exists. */
  async proveLogs(): Promise<number> {
    const credits = [...new Set(this.log.map((record) => record.credit))];
    const existing = credits.filter((credit) => this.exists(credit));
    for (const credit of existing) {
      const records = this.log.filter((record) => record.credit === credit);
      assert.equal(await client.findLogFault(credit, records, this.credit(credit).eventHash), undefined);
    }
    return existing.length;
  }

  private data(address: Address) {
    const data = this.chain.data(address);
    if (data === undefined) assert.fail(`there is no account at ${address}`);
    return data;
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
    return this.chain.data(address) !== undefined;
  }

  /** Both clocks as of now. */
  clock(): client.MarketClock {
    return client.clockAt(this.marketNow(), this.now());
  }

  /** The chain's clock, in Unix seconds. */
  now(): bigint {
    return this.chain.now();
  }

  /** Moves the chain's clock forward. */
  async pass(seconds: number): Promise<void> {
    await this.chain.setTime(this.now() + BigInt(seconds));
  }
}

/** The events of a transaction, which must be all that the program has sent to itself. */
function eventsOf(fetched: client.FetchedTransaction): readonly client.BlockableEvent[] {
  const events = client.eventsOfTransaction(fetched);
  const keys = fetched.transaction.message.accountKeys;
  const inner = (fetched.meta?.innerInstructions ?? []).flatMap((group) => group.instructions);
  const own = inner.filter((instruction) => keys[instruction.programIdIndex] === PROGRAM);
  assert.equal(events.length, own.length, 'an event cannot be decoded');
  return events;
}

/** The program's error, by the package's own reading of a failure. */
function refusal({ failure, programs }: Outcome): client.ProgramFailure | undefined {
  return client.programFailure(failure, { programs });
}

const nameOf = (failure: client.ProgramFailure | undefined) => failure?.error.name ?? 'not an error of the program';

/** The names of the program's instructions, in their order; others count as empty. */
function namesOf(instructions: readonly Instruction[]): readonly string[] {
  return instructions.map(({ programAddress, data }) => {
    if (programAddress !== PROGRAM || data === undefined) return '';
    return client.BlockableCreditsInstruction[client.identifyBlockableCreditsInstruction({ data })];
  });
}
