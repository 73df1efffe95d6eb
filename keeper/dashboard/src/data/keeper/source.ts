// Lists from the keeper's API: fast, and with a memory.

import { type Credit, decodeRecord, findLogFault } from '@blockable/client';
import type { Address } from '@solana/kit';
import type {
  AlertRow,
  CreditRow,
  EventLog,
  EventRow,
  PartyFilter,
  Resolution,
  Sample,
  Source,
  Watched,
} from '../types.js';
import { askKeeper } from './http.js';
import { list, object } from './json.js';
import { readAlert, readCredit, readEvent, readSample, readTotals, readWatched } from './rows.js';

const PAGE = 200;
/** Pages of events that are read at most: past them a log is shown in part. */
const MOST_PAGES = 60;

/** Reads lists from the keeper at `base`. `accountOf` reads a credit from the chain, which a log is proven against. */
export function keeperSource(
  base: string,
  accountOf: (credit: Address, signal: AbortSignal) => Promise<Credit>,
): Source {
  const get = (path: string, signal: AbortSignal) => askKeeper(base, { path, signal });

  async function credits(filter: PartyFilter, onPart: (rows: readonly CreditRow[]) => void, signal: AbortSignal) {
    let after: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (filter) query.set(filter.role, filter.address);
      if (after !== undefined) query.set('after', after);
      const page = object(await get(`/v1/credits?${query}`, signal), 'page');
      onPart(list(page['credits'], 'credits').map(readCredit));
      after = typeof page['next'] === 'string' ? page['next'] : undefined;
    } while (after !== undefined);
  }

  async function events(credit: Address, signal: AbortSignal): Promise<EventLog> {
    const found: { row: EventRow; record: Uint8Array | undefined }[] = [];
    let after: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (after !== undefined) query.set('after', after);
      const answer = object(await get(`/v1/credits/${credit}/events?${query}`, signal), 'page');
      found.push(...list(answer['events'], 'events').map(readEvent));
      const next = answer['next'];
      after = next === null || next === undefined ? undefined : String(next);
      if (after === undefined) break;
    }
    const rows = found.map(({ row }) => row);
    if (after !== undefined)
      return { events: rows, proof: { state: 'partial', reason: `only the first ${rows.length} events were read` } };
    const account = await accountOf(credit, signal).catch(() => undefined);
    if (!account)
      return { events: rows, proof: { state: 'partial', reason: 'no node gave the account to prove it against' } };
    return {
      events: rows,
      proof: await prove(
        credit,
        found.map(({ record }) => record),
        account,
      ),
    };
  }

  async function series(credit: Address, resolution: Resolution, signal: AbortSignal): Promise<readonly Sample[]> {
    const answer = object(await get(`/v1/credits/${credit}/series?resolution=${resolution}`, signal), 'series');
    return list(answer['samples'], 'samples').map(readSample);
  }

  async function totals(lender: Address | undefined, resolution: Resolution, signal: AbortSignal) {
    const query = new URLSearchParams({ resolution: String(resolution) });
    if (lender !== undefined) query.set('lender', lender);
    const answer = object(await get(`/v1/portfolio/history?${query}`, signal), 'history');
    return list(answer['sums'], 'sums').map(readTotals);
  }

  async function watched(credit: Address, signal: AbortSignal): Promise<Watched> {
    return readWatched(await get(`/v1/credits/${credit}`, signal));
  }

  return { kind: 'keeper', credits, events, series, totals, watched };
}

/** Proves a log against the account. Events that came in since the account was read are no fault. */
async function prove(
  credit: Address,
  records: readonly (Uint8Array | undefined)[],
  account: Credit,
): Promise<EventLog['proof']> {
  const expected = Number(account.eventSeq);
  if (records.length < expected) {
    return { state: 'partial', reason: `the keeper has ${records.length} of ${expected} events so far` };
  }
  const known = records.slice(0, expected).filter((record) => record !== undefined);
  if (known.length < expected)
    return { state: 'partial', reason: 'this keeper gives facts alone, and no records to prove them by' };
  const fault = await findLogFault(credit, known.map(decodeRecord), account.eventHash);
  if (!fault) return { state: 'proven', count: expected };
  return { state: 'broken', reason: FAULTS[fault.fault] };
}

const FAULTS = {
  gap: 'an event is missing or out of order',
  foreign: 'an event of another credit is among them',
  hash: 'the events do not fold to the hash in the account',
};

/** Reads the latest alerts that a session may see. */
export async function readAlerts(
  base: string,
  token: string,
  filter: { open?: boolean; credit?: Address },
  signal: AbortSignal,
): Promise<readonly AlertRow[]> {
  const query = new URLSearchParams({ limit: '50' });
  if (filter.open !== undefined) query.set('open', String(filter.open));
  if (filter.credit !== undefined) query.set('credit', filter.credit);
  const answer = object(await askKeeper(base, { path: `/v1/alerts?${query}`, token, signal }), 'page');
  return list(answer['alerts'], 'alerts').map(readAlert);
}
