// Reads a loan as of now: its account, its market's, and the chain's clock.

import {
  type Address,
  type FetchAccountConfig,
  assertAccountExists,
  fetchEncodedAccount,
  getI64Decoder,
} from '@solana/kit';
import { type MarketClock, clockAt } from './clock.js';
import { creditAt } from './credit.js';
import { type Credit, fetchCredit } from './generated/accounts/credit.js';
import { fetchMarket } from './generated/accounts/market.js';

type Node = Parameters<typeof fetchEncodedAccount>[0];

const CLOCK_ADDRESS = 'SysvarC1ock11111111111111111111111111111111' as Address;
/** Place of the Unix time in the clock's account, behind slot, epoch start, epoch and leader schedule epoch. */
const UNIX_TIME_AT = 32;

/** Fetches the chain's clock, in Unix seconds. Never take the clock of the machine for it. */
export async function fetchChainTime(node: Node, config?: FetchAccountConfig): Promise<bigint> {
  const account = await fetchEncodedAccount(node, CLOCK_ADDRESS, config);
  assertAccountExists(account);
  return getI64Decoder().read(account.data, UNIX_TIME_AT)[0];
}

/**
 * Fetches a credit with its debt brought up to the chain's clock, and both clocks of its market. Throws `TypeError` where an
 * account is not the program's, or of another type.
 */
export async function fetchCreditNow(
  node: Node,
  address: Address,
  config?: FetchAccountConfig,
): Promise<{ credit: Credit; clock: MarketClock }> {
  const [credit, chainTime] = await Promise.all([fetchCredit(node, address, config), fetchChainTime(node, config)]);
  const market = await fetchMarket(node, credit.data.market, config);
  const clock = clockAt(market.data, chainTime);
  return { credit: creditAt(credit.data, clock.market), clock };
}
