// The two clocks of a market: the chain's Unix time, and market time, which stands still while the market is paused.

import type { Market } from './generated/accounts/market.js';
import { add, elapsed, i64, min, saturatingTime } from './units.js';

/** One instant on both clocks, and whether the market is paused or halted at it. */
export type MarketClock = {
  /** The chain's Unix time. */
  chain: bigint;
  /** Market time: the chain's time less the seconds spent paused. Due dates, graces and auctions are measured in it. */
  market: bigint;
  /** True while the market is paused. */
  isPaused: boolean;
  /** True while the market takes no new business. */
  isHalted: boolean;
};

/** The parts of a market that its clocks rest on. */
export type PauseState = Pick<Market, 'pausedAt' | 'pauseExpiresAt' | 'pausedSeconds' | 'haltedAt' | 'haltLiftsAt'>;

/** Both clocks of a market at the chain's Unix time. */
export function clockAt(market: PauseState, chain: bigint): MarketClock {
  const time = i64(chain - secondsPausedAt(market, chain));
  const { haltedAt, haltLiftsAt } = market;
  return {
    chain,
    market: time,
    isPaused: market.pausedAt !== 0n && chain < market.pauseExpiresAt,
    isHalted: haltedAt !== 0n && (haltLiftsAt === 0n || time < haltLiftsAt),
  };
}

/** Seconds for which the market has been paused in all. */
export function secondsPaused(clock: MarketClock): bigint {
  return elapsed(clock.market, clock.chain);
}

/**
 * The chain's Unix time at which a market time that lies ahead is reached, where a pause in force runs to its end and no
 * other begins.
 */
export function chainTimeOf(market: PauseState, time: bigint): bigint {
  return saturatingTime(time + secondsPausedAt(market, market.pauseExpiresAt));
}

function secondsPausedAt(market: PauseState, chain: bigint): bigint {
  if (market.pausedAt === 0n) return market.pausedSeconds;
  return add(market.pausedSeconds, elapsed(market.pausedAt, min(chain, market.pauseExpiresAt)));
}
