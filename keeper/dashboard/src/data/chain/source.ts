// Lists from the chain alone: what a page shows where no keeper answers. The chain remembers no samples of use.

import {
  type CreditRecord,
  eventsOfTransaction,
  fetchCredit,
  findLogFault,
  presentLog,
  recordsOf,
} from '@blockable/client';
import type { Address, Signature } from '@solana/kit';
import { factsOf } from '../../figures/events.js';
import { rowOf } from '../../figures/row.js';
import type { CreditRow, EventLog, EventRow, PartyFilter, Source } from '../types.js';
import { listCredits, readMarket } from './accounts.js';
import { LONG_DEADLINE, type Nodes } from './nodes.js';

/** Transactions that are read of a log: each is a request to the node. */
const MOST_TRANSACTIONS = 300;
/** Requests to a node at once. */
const AT_ONCE = 6;
/** Lines that are worked out before the page gets a turn. */
const PART = 500;

/** Reads lists of a market from nodes. */
export function chainSource(nodes: Nodes, market: Address): Source {
  async function credits(filter: PartyFilter, onPart: (rows: readonly CreditRow[]) => void, signal: AbortSignal) {
    const [{ clock }, found] = await Promise.all([
      readMarket(nodes, market, signal),
      listCredits(nodes, market, filter, signal),
    ]);
    for (let at = 0; at < found.length; at += PART) {
      signal.throwIfAborted();
      onPart(found.slice(at, at + PART).map(({ credit, account }) => rowOf(credit, account, clock)));
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (found.length === 0) onPart([]);
  }

  async function events(credit: Address, signal: AbortSignal): Promise<EventLog> {
    const { eventHash, eventSeq } = (
      await nodes.ask((rpc, abortSignal) => fetchCredit(rpc, credit, { abortSignal, commitment: 'confirmed' }), {
        signal,
      })
    ).data;
    const signatures = await nodes.ask(
      (rpc, abortSignal) =>
        rpc
          .getSignaturesForAddress(credit, { limit: MOST_TRANSACTIONS, commitment: 'confirmed' })
          .send({ abortSignal }),
      { signal },
    );
    const landed = signatures.filter(({ err }) => err === null);
    const read = await inTurns(landed, ({ signature, slot }) => eventsIn(signature, slot, signal));
    const found = read.reverse().flat();
    const own = presentLog(
      credit,
      found.map(({ record }) => record),
    ).filter((record) => record.seq < eventSeq);
    const places = new Map(found.map((entry) => [entry.record, entry]));
    const rows = own.map((record): EventRow => {
      const { seq, at, change } = record;
      const { signature = '', slot = 0n } = places.get(record) ?? {};
      return { seq, at, kind: change.__kind, facts: factsOf(change), signature, slot };
    });
    if (signatures.length >= MOST_TRANSACTIONS && own[0]?.seq !== 0n) {
      return {
        events: rows,
        proof: {
          state: 'partial',
          reason: `the latest ${MOST_TRANSACTIONS} transactions alone were read from the node`,
        },
      };
    }
    const fault = await findLogFault(credit, own, eventHash);
    if (!fault) return { events: rows, proof: { state: 'proven', count: own.length } };
    return {
      events: rows,
      proof: { state: 'partial', reason: 'the node does not have all transactions of this credit' },
    };
  }

  async function eventsIn(signature: Signature, slot: bigint, signal: AbortSignal) {
    const options = { encoding: 'json', maxSupportedTransactionVersion: 1, commitment: 'confirmed' } as const;
    const fetched = await nodes.ask(
      (rpc, abortSignal) => rpc.getTransaction(signature, options).send({ abortSignal }),
      {
        signal,
        deadline: LONG_DEADLINE,
      },
    );
    if (fetched === null) return [];
    const records: readonly CreditRecord[] = eventsOfTransaction(fetched).flatMap(recordsOf);
    return records.map((record) => ({ record, signature: signature as string, slot }));
  }

  const nobody = async () => undefined;
  return { kind: 'chain', credits, events, series: nobody, totals: nobody, watched: nobody };
}

/** Maps a list by promises, a few at a time, in its order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    for (let place = next++; place < items.length; place = next++) {
      const item = items[place];
      if (item !== undefined) results[place] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}
