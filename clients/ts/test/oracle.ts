// Reads what the Rust SDK derives: the lines of `blockable-oracle`.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Json } from './figures.js';

export type LoanLine = {
  kind: 'loan';
  account: string;
  given: Record<'chain' | 'market' | 'amount' | 'units' | 'bps', string>;
  figures: Json;
  searches: Json | null;
};

export type MarketLine = {
  kind: 'market';
  market: string;
  lot: string;
  given: Record<'chain' | 'units' | 'amount' | 'bps', string>;
  figures: Json;
};

export type HashesLine = {
  kind: 'hashes';
  agreement: {
    parties: Record<string, string>;
    terms: string;
    rider: string;
    schedule: string;
    runs: string;
    hash: string;
  };
  provider: { account: string; reportersHash: string };
  report: {
    scope: Record<string, string>;
    clusterTag: string;
    report: string;
    digest: string;
    bit: number;
    reading: Record<'cumulative' | 'inFlight', string>;
  };
  log: { credit: string; event: string; hash: string };
  addresses: Record<string, string>;
};

export type CallLine = {
  kind: 'call';
  name: string;
  program: string;
  accounts: readonly [string, boolean, boolean][];
  data: string;
};

export type PermitsLine = {
  kind: 'permits';
  isWalked: boolean;
  market: string;
  credit: string;
  provider: string;
  lot: string;
  other: string;
  vaultIsFrozen: boolean;
  mustCure: boolean;
  signsToo: boolean;
  given: Record<string, string>;
  decisions: { [act: string]: Json };
};

export type Line = LoanLine | MarketLine | HashesLine | CallLine | PermitsLine;

/** The program to run, from the environment; undefined where there is none. */
export const oracle = process.env['BLOCKABLE_ORACLE'];

/** Runs the oracle and yields its lines. Whoever stops reading ends it. */
export async function* lines(seed: string, count: number): AsyncGenerator<Line> {
  if (oracle === undefined) throw new Error('BLOCKABLE_ORACLE names no program');
  const child = spawn(oracle, [seed, count.toString()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line;
    const code = await ended;
    if (code !== 0) throw new Error(`the oracle failed with ${code}`);
  } finally {
    child.kill();
    child.stdout.destroy();
  }
}
