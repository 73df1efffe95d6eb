// Accounts of the program by one request each: a loan with its market, provider, vault and the chain's clock at one slot.

import {
  type Credit,
  type Lot,
  type Provider,
  BLOCKABLE_CREDITS_PROGRAM_ADDRESS,
  CREDIT_DISCRIMINATOR,
  CREDIT_SPACE,
  LOT_DISCRIMINATOR,
  PROVIDER_DISCRIMINATOR,
  clockAt,
  decodeCredit,
  decodeLot,
  decodeMarket,
  decodeProvider,
} from '@blockable/client';
import {
  type Address,
  type Base58EncodedBytes,
  type Base64EncodedBytes,
  type EncodedAccount,
  type MaybeEncodedAccount,
  type Rpc,
  type SolanaRpcApi,
  getBase58Decoder,
  getBase64Encoder,
  getI64Decoder,
} from '@solana/kit';
import type { LoanNow, LotRow, MarketNow, PartyFilter } from '../types.js';
import { LONG_DEADLINE, type Nodes } from './nodes.js';

const CLOCK = 'SysvarC1ock11111111111111111111111111111111' as Address;
/** Place of the Unix time in the clock's account. */
const UNIX_TIME_AT = 32;
/** Places in a credit's account; docs/accounts.md has them all. */
const LENDER_AT = 16n;
const BORROWER_AT = 48n;
const MARKET_AT = 112n;
/** Place of a lot's market, and of a provider's. */
const LOT_MARKET_AT = 16n;
/** Place of the state in a token account: 2 is frozen. */
const TOKEN_STATE_AT = 108;
const TOKEN_FROZEN = 2;

/** There is no such account, or it is not what it should be. */
export class NotFoundError extends Error {}

type RawAccount = {
  data: readonly [string, string];
  owner: Address;
  lamports: bigint;
  executable: boolean;
  space: bigint;
};

function encoded(address: Address, raw: RawAccount | null): MaybeEncodedAccount {
  if (raw === null) return { address, exists: false };
  const data = getBase64Encoder().encode(raw.data[0]);
  const { owner, lamports, executable, space } = raw;
  return { address, exists: true, data, programAddress: owner, lamports, executable, space } as MaybeEncodedAccount;
}

async function several(rpc: Rpc<SolanaRpcApi>, addresses: readonly Address[], abortSignal: AbortSignal) {
  const options = { encoding: 'base64', commitment: 'confirmed' } as const;
  const { context, value } = await rpc.getMultipleAccounts([...addresses], options).send({ abortSignal });
  const accounts = addresses.map((address, place) => encoded(address, (value[place] ?? null) as RawAccount | null));
  return { slot: context.slot, accounts };
}

function present(account: MaybeEncodedAccount | undefined, what: string): EncodedAccount & { exists: true } {
  if (account?.exists) return account;
  throw new NotFoundError(`there is no ${what} at ${account?.address ?? 'this address'}`);
}

function timeOf(clock: MaybeEncodedAccount | undefined): bigint {
  return getI64Decoder().read(present(clock, 'clock').data, UNIX_TIME_AT)[0];
}

/** Reads the market and the chain's clock. */
export async function readMarket(nodes: Nodes, market: Address, signal: AbortSignal): Promise<MarketNow> {
  const { accounts } = await nodes.ask((rpc, limit) => several(rpc, [market, CLOCK], limit), { signal });
  const account = decodeMarket(present(accounts[0], 'market')).data;
  return { address: market, market: account, clock: clockAt(account, timeOf(accounts[1])) };
}

/** Reads a credit and all that its figures rest on. Its provider and vault are read once more where they were not known. */
export async function readLoan(nodes: Nodes, market: Address, credit: Address, signal: AbortSignal): Promise<LoanNow> {
  const first = await nodes.ask((rpc, limit) => several(rpc, [credit, market, CLOCK], limit), { signal });
  const account = decodeCredit(present(first.accounts[0], 'credit')).data;
  if (account.market !== market) throw new NotFoundError(`${credit} is a credit of another market, ${account.market}`);
  const marketAccount = decodeMarket(present(first.accounts[1], 'market')).data;
  const clock = clockAt(marketAccount, timeOf(first.accounts[2]));
  const second = await nodes.ask((rpc, limit) => several(rpc, [account.provider, account.vault], limit), { signal });
  const [provider, vault] = second.accounts;
  return {
    address: market,
    market: marketAccount,
    clock,
    credit,
    stored: account,
    slot: first.slot,
    readAt: Date.now(),
    provider: provider?.exists ? { address: account.provider, account: decodeProvider(provider).data } : undefined,
    vaultIsFrozen: vault?.exists === true && vault.data[TOKEN_STATE_AT] === TOKEN_FROZEN,
  };
}

type Listed = readonly { pubkey: Address; account: RawAccount }[];

async function listed(
  nodes: Nodes,
  discriminator: Parameters<ReturnType<typeof getBase58Decoder>['decode']>[0],
  filters: readonly { offset: bigint; address: Address }[],
  space: bigint | undefined,
  signal: AbortSignal,
): Promise<readonly (EncodedAccount & { exists: true })[]> {
  const first = {
    offset: 0n,
    bytes: getBase58Decoder().decode(discriminator) as Base58EncodedBytes,
    encoding: 'base58',
  } as const;
  const places = filters.map(({ offset, address }) => ({
    memcmp: { offset, bytes: address as unknown as Base58EncodedBytes, encoding: 'base58' as const },
  }));
  const sized = space === undefined ? [] : [{ dataSize: space }];
  const found = await nodes.ask(
    async (rpc, abortSignal) => {
      const options = {
        encoding: 'base64',
        commitment: 'confirmed',
        filters: [...sized, { memcmp: first }, ...places],
      } as const;
      return (await rpc
        .getProgramAccounts(BLOCKABLE_CREDITS_PROGRAM_ADDRESS, options)
        .send({ abortSignal })) as unknown as Listed;
    },
    { signal, deadline: LONG_DEADLINE },
  );
  return found.map(({ pubkey, account }) => present(encoded(pubkey, account), 'account'));
}

/** Lists the credits of a market, or of one party in it. */
export async function listCredits(
  nodes: Nodes,
  market: Address,
  party: PartyFilter,
  signal: AbortSignal,
): Promise<readonly { credit: Address; account: Credit }[]> {
  const filters = [{ offset: MARKET_AT, address: market }];
  if (party) filters.push({ offset: party.role === 'lender' ? LENDER_AT : BORROWER_AT, address: party.address });
  const accounts = await listed(nodes, CREDIT_DISCRIMINATOR, filters, CREDIT_SPACE, signal);
  return accounts.map((account) => ({ credit: account.address, account: decodeCredit(account).data }));
}

/** Lists the lots of a market. */
export async function listLots(nodes: Nodes, market: Address, signal: AbortSignal): Promise<readonly LotRow[]> {
  const accounts = await listed(
    nodes,
    LOT_DISCRIMINATOR,
    [{ offset: LOT_MARKET_AT, address: market }],
    undefined,
    signal,
  );
  return accounts.map((account): LotRow => ({ lot: account.address, account: decodeLot(account).data as Lot }));
}

/** Lists the providers of a market. */
export async function listProviders(
  nodes: Nodes,
  market: Address,
  signal: AbortSignal,
): Promise<readonly { provider: Address; account: Provider }[]> {
  const accounts = await listed(nodes, PROVIDER_DISCRIMINATOR, [], undefined, signal);
  const all = accounts.map((account) => ({ provider: account.address, account: decodeProvider(account).data }));
  return all.filter(({ account }) => account.market === market);
}

/** Reads an account's bytes from what a simulation or a subscription gives. */
export function creditOf(
  address: Address,
  raw: { data: readonly [Base64EncodedBytes, string]; owner: Address },
): Credit {
  const account = encoded(address, { ...raw, lamports: 0n, executable: false, space: CREDIT_SPACE } as RawAccount);
  return decodeCredit(present(account, 'credit')).data;
}
