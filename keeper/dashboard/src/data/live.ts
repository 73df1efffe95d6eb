// The page's data: the keeper's lists while it answers, the chain's while it does not, and the state of both for the reader.

import type { Credit } from '@blockable/client';
import { fetchCredit } from '@blockable/client';
import { type Address } from '@solana/kit';
import { Nodes } from './chain/nodes.js';
import { chainSource } from './chain/source.js';
import { askKeeper, KeeperDownError } from './keeper/http.js';
import { readAlert, readCredit } from './keeper/rows.js';
import { keeperSource } from './keeper/source.js';
import { followStream, type StreamEvent } from './keeper/stream.js';
import type { PageSettings } from './settings.js';
import type { AlertRow, CreditRow, Source } from './types.js';

/** State of the keeper as the page sees it: `none` where the page has none. */
export type KeeperState = { state: 'none' | 'asking' | 'up' | 'down'; since: number };

/** News of the keeper's stream. */
export type News =
  | { kind: 'everything' }
  | { kind: 'credit'; credit: Address; row: CreditRow | undefined }
  | { kind: 'lots' }
  | { kind: 'alert'; alert: AlertRow; phase: 'raised' | 'cleared' };

/** Milliseconds between two looks at a keeper that is down. */
const LOOK_AGAIN = 5_000;

/**
 * The data of the page. One object for as long as the page is open. `source()` is the keeper's while the keeper answers; a request of
 * it that fails because the keeper is down is asked of the chain at once, and the page says so until the keeper is back.
 */
export class Live {
  readonly nodes: Nodes;
  readonly keeperBase: string | undefined;
  private readonly chain: Source;
  private readonly keeper: Source | undefined;
  private current: KeeperState;
  private readonly listeners = new Set<() => void>();
  private readonly readers = new Set<(news: News) => void>();
  private token: string | undefined;
  private stream: AbortController | undefined;
  private isLooking = false;

  constructor(
    readonly settings: PageSettings,
    base: string,
  ) {
    this.nodes = new Nodes(settings.rpc);
    this.chain = chainSource(this.nodes, settings.market);
    this.keeperBase = settings.hasKeeper ? base : undefined;
    this.keeper = settings.hasKeeper ? keeperSource(base, this.accountOf) : undefined;
    this.current = { state: settings.hasKeeper ? 'asking' : 'none', since: Date.now() };
  }

  /** Begins to follow the keeper. Returns the end of it. */
  start(): () => void {
    this.connect();
    return () => this.stream?.abort();
  }

  /** Sets the session whose alerts the stream shall have, and connects anew. */
  setToken(token: string | undefined): void {
    if (this.token === token) return;
    this.token = token;
    this.connect();
  }

  /** Asks the keeper, or the chain where there is none or it is down. */
  async from<T>(read: (source: Source) => Promise<T>): Promise<T> {
    if (!this.keeper || this.current.state === 'down') return read(this.chain);
    try {
      const answer = await read(this.keeper);
      this.say('up');
      return answer;
    } catch (error) {
      if (!(error instanceof KeeperDownError)) throw error;
      this.say('down');
      return read(this.chain);
    }
  }

  state = (): KeeperState => this.current;

  /** Calls `listener` after each change of the keeper's state. Returns the end of it. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Calls `reader` with news of the stream. Returns the end of it. */
  listen(reader: (news: News) => void): () => void {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }

  private accountOf = async (credit: Address, signal: AbortSignal): Promise<Credit> => {
    const read = this.nodes.ask(
      (rpc, abortSignal) => fetchCredit(rpc, credit, { abortSignal, commitment: 'confirmed' }),
      { signal },
    );
    return (await read).data;
  };

  private connect(): void {
    this.stream?.abort();
    if (this.keeperBase === undefined) return;
    const stop = new AbortController();
    this.stream = stop;
    void followStream(
      `${this.keeperBase}/v1/stream`,
      () => this.token,
      { onState: (state) => void this.onStream(state, stop.signal), onEvent: (event) => this.onEvent(event) },
      stop.signal,
    );
  }

  /** A stream that is lost says nothing yet: a proxy may end it. The keeper is down if it does not answer a request either. */
  private async onStream(state: 'open' | 'lost', signal: AbortSignal): Promise<void> {
    if (state === 'open') return this.say('up');
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await askKeeper(this.keeperBase ?? '', { path: '/v1/market', signal });
      this.say('up');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof KeeperDownError) this.say('down');
      setTimeout(() => signal.aborted || void this.onStream('lost', signal), LOOK_AGAIN);
    } finally {
      this.isLooking = false;
    }
  }

  private onEvent({ event, data }: StreamEvent): void {
    const news = newsOf(event, data);
    if (news) this.readers.forEach((reader) => reader(news));
  }

  private say(state: 'up' | 'down'): void {
    if (this.current.state === state) return;
    const wasDown = this.current.state === 'down';
    this.current = { state, since: Date.now() };
    this.listeners.forEach((listener) => listener());
    if (wasDown || state === 'down') this.readers.forEach((reader) => reader({ kind: 'everything' }));
  }
}

/** Reads an event of the stream; undefined for one that tells the page nothing. An event that cannot be read asks for all anew. */
export function newsOf(event: string, data: unknown): News | undefined {
  try {
    const fields = data as Record<string, unknown>;
    switch (event) {
      case 'hello':
        return fields['resumed'] === true ? undefined : { kind: 'everything' };
      case 'credit':
        return {
          kind: 'credit',
          credit: String(fields['credit']) as Address,
          row: fields['line'] === null || fields['line'] === undefined ? undefined : readCredit(fields['line']),
        };
      case 'lot':
        return { kind: 'lots' };
      case 'alert':
        return {
          kind: 'alert',
          alert: readAlert(fields['alert']),
          phase: fields['phase'] === 'cleared' ? 'cleared' : 'raised',
        };
      default:
        return undefined;
    }
  } catch {
    return { kind: 'everything' };
  }
}
