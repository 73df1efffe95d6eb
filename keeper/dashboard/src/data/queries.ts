// What views read, by TanStack Query. News of the stream and of the nodes renew it; without either it is read again in turns.

import { QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Address } from '@solana/kit';
import { useEffect, useSyncExternalStore } from 'react';
import { usePage } from '../app/context.js';
import { listLots, listProviders, readLoan, readMarket } from './chain/accounts.js';
import type { KeeperState, Live } from './live.js';
import type { CreditRow, LoanNow, PartyFilter, Resolution } from './types.js';

/** The lines of a portfolio as far as they are read. */
export type Rows = { rows: readonly CreditRow[]; isComplete: boolean };

const SECOND = 1_000;
/** Milliseconds between two states of a list that is still being read. */
const PUBLISH_EVERY = 250;

/** Makes the client that all queries share. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: 1, retryDelay: SECOND, staleTime: 5 * SECOND, refetchOnWindowFocus: true } },
  });
}

/** The state of the keeper, which renders again when it changes. */
export function useKeeperState(): KeeperState {
  const { live } = usePage();
  return useSyncExternalStore(live.subscribe, live.state);
}

/** The credits of a party, or of the whole market. */
export function useCredits(filter: PartyFilter) {
  const { live } = usePage();
  const client = useQueryClient();
  const isUp = useKeeperState().state === 'up';
  const key = ['credits', filter?.role ?? 'all', filter?.address ?? ''];
  return useQuery({
    queryKey: key,
    // The stream carries each change; a full read only mends what it may have missed.
    refetchInterval: isUp ? 60 * SECOND : 15 * SECOND,
    queryFn: async ({ signal }): Promise<Rows> => {
      const isFirst = client.getQueryData(key) === undefined;
      const rows: CreditRow[] = [];
      let published = 0;
      const take = (part: readonly CreditRow[]) => {
        rows.push(...part);
        if (!isFirst || Date.now() - published < PUBLISH_EVERY) return;
        published = Date.now();
        client.setQueryData<Rows>(key, { rows: [...rows], isComplete: false });
      };
      await live.from((source) => {
        rows.length = 0;
        return source.credits(filter, take, signal);
      });
      return { rows, isComplete: true };
    },
  });
}

/** A loan with all that its figures rest on, from the chain. */
export function useLoan(credit: Address) {
  const { live, settings } = usePage();
  const client = useQueryClient();
  useEffect(
    () =>
      live.nodes.all.length === 0
        ? undefined
        : follow(live.nodes, credit, () => void client.invalidateQueries({ queryKey: ['loan', credit] })),
    [live, client, credit],
  );
  return useQuery({
    queryKey: ['loan', credit],
    queryFn: ({ signal }): Promise<LoanNow> => readLoan(live.nodes, settings.market, credit, signal),
    refetchInterval: 15 * SECOND,
  });
}

/** The market with its clocks. */
export function useMarket() {
  const { live, settings } = usePage();
  return useQuery({
    queryKey: ['market'],
    queryFn: ({ signal }) => readMarket(live.nodes, settings.market, signal),
    refetchInterval: 30 * SECOND,
  });
}

/** The lots of the market. */
export function useLots() {
  const { live, settings } = usePage();
  return useQuery({
    queryKey: ['lots'],
    queryFn: ({ signal }) => listLots(live.nodes, settings.market, signal),
    refetchInterval: 15 * SECOND,
  });
}

/** The providers of the market. */
export function useProviders() {
  const { live, settings } = usePage();
  return useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => listProviders(live.nodes, settings.market, signal),
    staleTime: 60 * SECOND,
  });
}

/** The log of a credit. */
export function useEvents(credit: Address, eventSeq: bigint | undefined) {
  const { live } = usePage();
  return useQuery({
    // A new event in the account is a new log.
    queryKey: ['events', credit, eventSeq?.toString() ?? ''],
    queryFn: ({ signal }) => live.from((source) => source.events(credit, signal)),
    placeholderData: (before) => before,
    enabled: eventSeq !== undefined,
  });
}

/** What a keeper has watched of a credit; null where none has. */
export function useWatched(credit: Address) {
  const { live } = usePage();
  return useQuery({
    queryKey: ['watched', credit],
    queryFn: async ({ signal }) => (await live.from((source) => source.watched(credit, signal))) ?? null,
    refetchInterval: 15 * SECOND,
  });
}

/** Use and debt over time; null where nobody has recorded them. */
export function useSeries(credit: Address, resolution: Resolution) {
  const { live } = usePage();
  return useQuery({
    queryKey: ['series', credit, resolution],
    queryFn: async ({ signal }) => (await live.from((source) => source.series(credit, resolution, signal))) ?? null,
    refetchInterval: 60 * SECOND,
  });
}

/** Sums over time, of a lender or of the market; null where nobody has recorded them. */
export function useTotals(lender: Address | undefined, resolution: Resolution) {
  const { live } = usePage();
  return useQuery({
    queryKey: ['totals', lender ?? '', resolution],
    queryFn: async ({ signal }) => (await live.from((source) => source.totals(lender, resolution, signal))) ?? null,
    refetchInterval: 60 * SECOND,
  });
}

/** Milliseconds for which news of credits are gathered before the lists are renewed. */
const GATHER = 250;

/** Brings news of the stream into what is read already. Returns the end of it. */
export function applyNews(client: QueryClient, live: Live): () => void {
  const waiting = new Map<Address, CreditRow | undefined>();
  const flush = () => {
    for (const [key, data] of client.getQueriesData<Rows>({ queryKey: ['credits'] })) {
      if (data?.isComplete) client.setQueryData<Rows>(key, patched(data, key, waiting));
    }
    waiting.clear();
  };
  return live.listen((news) => {
    if (news.kind === 'everything') return void client.invalidateQueries();
    if (news.kind === 'lots') return void client.invalidateQueries({ queryKey: ['lots'] });
    if (news.kind === 'alert') return void client.invalidateQueries({ queryKey: ['alerts'] });
    void client.invalidateQueries({ queryKey: ['loan', news.credit] });
    if (waiting.size === 0) setTimeout(flush, GATHER);
    waiting.set(news.credit, news.row);
  });
}

/** The lines with some of them renewed, added or taken out. */
function patched(data: Rows, key: readonly unknown[], news: ReadonlyMap<Address, CreditRow | undefined>): Rows {
  const [, role, party] = key;
  const belongs = (row: CreditRow) => role === 'all' || row[role as 'lender' | 'borrower'] === party;
  const others = data.rows.filter((line) => !news.has(line.credit));
  const renewed = [...news.values()].filter((row) => row !== undefined).filter(belongs);
  return { ...data, rows: [...others, ...renewed] };
}

type Nodes = ReturnType<typeof usePage>['live']['nodes'];

/** Calls `changed` when a node says that an account has changed. Returns the end of it. A node that breaks off is asked again. */
function follow(nodes: Nodes, account: Address, changed: () => void): () => void {
  const stop = new AbortController();
  const watch = async (place: number): Promise<void> => {
    const node = nodes.all[place];
    while (!stop.signal.aborted && node?.subscriptions) {
      try {
        const options = { commitment: 'confirmed', encoding: 'base64' } as const;
        const notes = await node.subscriptions
          .accountNotifications(account, options)
          .subscribe({ abortSignal: stop.signal });
        for await (const note of notes) if (note) changed();
      } catch {
        // The reads in turns go on meanwhile.
      }
      await new Promise((resolve) => setTimeout(resolve, 3 * SECOND));
    }
  };
  nodes.all.forEach((_, place) => void watch(place));
  return () => stop.abort();
}
