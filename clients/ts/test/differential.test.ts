// Compares this client with the Rust SDK on random accounts, terms and calls. Without BLOCKABLE_ORACLE it is skipped;
// scripts/check-client builds the oracle and sets it. A failure is repeated with the seed that it prints.

import assert from 'node:assert/strict';
import test from 'node:test';
import { address } from '@solana/kit';
import * as client from '../src/index.js';
import { pascalCase, rebuilt } from './calls.js';
import { allFigures, object, searches } from './figures.js';
import { comparePermits, requireBoth } from './permits.js';
import { type CallLine, type HashesLine, type LoanLine, type MarketLine, lines, oracle } from './oracle.js';

const seed = process.env['BLOCKABLE_SEED'] ?? String(Math.floor(Math.random() * 2 ** 48));
const count = Number(process.env['BLOCKABLE_COUNT'] ?? 10_000);

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array | client.Credit['termsHash']) => Buffer.from(data).toString('hex');

function compareLoan(line: LoanLine): string {
  const account = bytes(line.account);
  const credit = client.getCreditDecoder().decode(account);
  assert.equal(hex(client.getCreditEncoder().encode(credit)), line.account, 'the account is written as it was read');
  const { given } = line;
  const clock = { chain: BigInt(given.chain), market: BigInt(given.market), isPaused: false, isHalted: false };
  const [amount, units, bps] = [BigInt(given.amount), BigInt(given.units), Number(given.bps)];
  const numbers = { clock, amount, units, bps };
  assert.deepEqual(allFigures(credit, numbers), line.figures);
  if (line.searches !== null) assert.deepEqual(searches(credit, numbers), line.searches);
  return client.Status[credit.status] ?? 'of a later version';
}

function compareMarket(line: MarketLine): void {
  const market = client.getMarketDecoder().decode(bytes(line.market));
  const lot = client.getLotDecoder().decode(bytes(line.lot));
  const { given } = line;
  const [chain, units, amount, bps] = [
    BigInt(given.chain),
    BigInt(given.units),
    BigInt(given.amount),
    Number(given.bps),
  ];
  const clock = () => {
    const at = client.clockAt(market, chain);
    return object({
      market: () => at.market,
      isPaused: () => at.isPaused,
      isHalted: () => at.isHalted,
      secondsPaused: () => client.secondsPaused(at),
    });
  };
  const split = () => {
    const { fee, recovered, surplus } = client.splitProceeds(amount, bps, units);
    return object({ fee: () => fee, recovered: () => recovered, surplus: () => surplus });
  };
  const figures = object({
    clock,
    price: () => client.lotPriceAt(lot, chain),
    windowHasPassed: () => client.lotWindowHasPassed(lot, chain),
    cost: () => client.costOfUnits(units, lot.startPrice),
    split,
    leastPrice: () => client.leastLotPrice(amount, bps),
    highestPrice: () => client.highestLotPrice(amount, bps),
  });
  assert.deepEqual(figures, line.figures);
}

const named = (names: Record<string, string>, name: string) => address(names[name] ?? '');

async function compareHashes(line: HashesLine): Promise<void> {
  const { agreement, provider, report, log } = line;
  const terms = client.getTermsDecoder().decode(bytes(agreement.terms));
  const rider = client.getRiderDecoder().decode(bytes(agreement.rider));
  const runs = client.getScheduleRunsDecoder().decode(bytes(agreement.runs));
  const schedule = client.expandRuns(runs);
  assert.deepEqual(client.runsOf(schedule), runs);
  const key = (name: string) => named(agreement.parties, name);
  const parties = {
    market: key('market'),
    lender: key('lender'),
    borrower: key('borrower'),
    provider: key('provider'),
    nonce: BigInt(agreement.parties['nonce'] ?? ''),
  };
  assert.equal(hex(await client.termsHash(parties, terms, rider, schedule)), agreement.hash);

  const account = client.getProviderDecoder().decode(bytes(provider.account));
  assert.equal(hex(client.getProviderEncoder().encode(account)), provider.account);
  assert.equal(hex(await client.reportersHash(account)), provider.reportersHash);

  const signed = client.getSignedReportDecoder().decode(bytes(report.report));
  const scope = {
    clusterTag: bytes(report.clusterTag),
    market: named(report.scope, 'market'),
    provider: named(report.scope, 'provider'),
    epoch: Number(report.scope['epoch']),
    chunk: Number(report.scope['chunk']),
  };
  assert.equal(hex(await client.reportDigest(signed, scope)), report.digest);
  const { cumulative, inFlight } = client.readingOf(signed, report.bit) ?? { cumulative: 0n, inFlight: 0n };
  assert.deepEqual(object({ cumulative: () => cumulative, inFlight: () => inFlight }), report.reading);

  const event = client.decodeEvent(bytes(log.event));
  assert(event?.kind === 'ChunkMetered');
  const credit = address(log.credit);
  assert.equal(await client.findLogFault(credit, client.recordsOf(event), bytes(log.hash)), undefined);
}

async function compareAddresses(names: Record<string, string>): Promise<void> {
  const key = (name: string) => named(names, name);
  const number = (name: string) => BigInt(names[name] ?? '');
  const [market, owner, other] = [key('in'), key('owner'), key('other')];
  const unitsExpireAt = number('expires');
  const found = {
    market: await client.findMarketPda({ id: number('id') }),
    provider: await client.findProviderPda({ market, authority: owner }),
    credit: await client.findCreditPda({ market, lender: owner, borrower: other, nonce: number('nonce') }),
    unrestricted: await client.findUnrestrictedCreditPda({ market, provider: other, owner, unitsExpireAt }),
    vault: await client.findVaultPda({ credit: owner }),
    lot: await client.findLotPda({ credit: owner, index: Number(names['index']) }),
    token: await client.findTokenAccountPda({ owner, mint: market, tokenProgram: other }),
  };
  for (const [name, [pda]] of Object.entries(found)) assert.equal(pda, names[name], name);
  assert.equal(client.EVENT_AUTHORITY_ADDRESS, names['eventAuthority']);
}

async function compareCall(line: CallLine): Promise<void> {
  const instruction = await rebuilt(line);
  assert.equal(hex(instruction.data), line.data);
  assert.equal(instruction.programAddress, line.program);
  const accounts = instruction.accounts.map(({ address, role }) => [address, role >= 2, role % 2 === 1]);
  assert.deepEqual(accounts, line.accounts);
}

test(
  `equals the Rust SDK, seed ${seed}`,
  { skip: oracle === undefined && 'BLOCKABLE_ORACLE is not set' },
  async (t) => {
    const loans = new Map<string, number>();
    const calls = new Set<string>();
    let others = 0;
    for await (const line of lines(seed, count)) {
      if (line.kind === 'loan') {
        const status = compareLoan(line);
        loans.set(status, (loans.get(status) ?? 0) + 1);
      } else if (line.kind === 'market') {
        compareMarket(line);
        others += 1;
      } else if (line.kind === 'permits') {
        comparePermits(line);
      } else if (line.kind === 'hashes') {
        await compareHashes(line);
        await compareAddresses(line.addresses);
      } else {
        await compareCall(line);
        calls.add(line.name);
      }
    }
    const total = [...loans.values()].reduce((sum, number) => sum + number, 0);
    assert.equal(total, count);
    assert(others > 0);
    const drawn = new Set([...calls].map((name) => pascalCase(name.replace(/_for_.*/, ''))));
    const all = Object.values(client.BlockableCreditsInstruction).filter((name) => typeof name === 'string');
    assert.deepEqual(
      all.filter((name) => !drawn.has(name)),
      [],
      'the oracle has not drawn these',
    );
    const statuses = [...loans].map(([status, number]) => `${number} ${status}`).join(', ');
    t.diagnostic(`seed ${seed}: ${total} loans (${statuses}), ${others} markets, ${calls.size} kinds of calls`);
    t.diagnostic(requireBoth());
  },
);
