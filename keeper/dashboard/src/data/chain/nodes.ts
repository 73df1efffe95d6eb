// The nodes that the page reads by and sends to. One that does not answer is left for the next; all reads have a deadline.

import {
  type Rpc,
  type RpcSubscriptions,
  type SolanaRpcApi,
  type SolanaRpcSubscriptionsApi,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
} from '@solana/kit';
import type { NodeAddress } from '../settings.js';

/** A node of the settings. */
export type Node = {
  /** Its host, for people. */
  name: string;
  rpc: Rpc<SolanaRpcApi>;
  subscriptions: RpcSubscriptions<SolanaRpcSubscriptionsApi> | undefined;
};

/** State of all nodes, for the line at the top of the page. */
export type NodesState = { state: 'unknown' | 'up' | 'down'; name: string | undefined; since: number };

/** Milliseconds that one read of one node may take. */
const DEADLINE = 8_000;
/** The same for a read of all accounts of a market. */
export const LONG_DEADLINE = 30_000;

/** No node has answered. `reasons` has what each said. */
export class NodesDownError extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(`no node answers: ${reasons.join('; ')}`);
    this.name = 'NodesDownError';
  }
}

/** The nodes, and which of them answered last. It belongs to the page; nothing in it outlives a reload. */
export class Nodes {
  readonly all: readonly Node[];
  private preferred = 0;
  private current: NodesState = { state: 'unknown', name: undefined, since: Date.now() };
  private readonly listeners = new Set<() => void>();

  constructor(addresses: readonly NodeAddress[]) {
    this.all = addresses.map(({ http, ws }) => ({
      name: hostOf(http),
      rpc: createSolanaRpc(http),
      subscriptions: ws === undefined ? undefined : createSolanaRpcSubscriptions(ws),
    }));
  }

  /** Asks the node that answered last, then the others. Throws `NodesDownError`, or the error of `signal`. */
  async ask<T>(
    read: (rpc: Rpc<SolanaRpcApi>, signal: AbortSignal) => Promise<T>,
    options: { signal?: AbortSignal; deadline?: number } = {},
  ): Promise<T> {
    const reasons: string[] = [];
    for (let step = 0; step < this.all.length; step += 1) {
      const place = (this.preferred + step) % this.all.length;
      const node = this.all[place];
      if (!node) continue;
      const limit = AbortSignal.timeout(options.deadline ?? DEADLINE);
      const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
      try {
        const answer = await read(node.rpc, signal);
        this.preferred = place;
        this.say('up', node.name);
        return answer;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isUnreachable(error)) {
          this.say('up', node.name);
          throw error;
        }
        reasons.push(`${node.name}: ${reasonOf(error)}`);
      }
    }
    this.say('down', undefined);
    throw new NodesDownError(reasons);
  }

  state = (): NodesState => this.current;

  /** Calls `listener` after each change of the state. Returns the end of it. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private say(state: 'up' | 'down', name: string | undefined): void {
    if (this.current.state === state && this.current.name === name) return;
    const since = this.current.state === state ? this.current.since : Date.now();
    this.current = { state, name, since };
    this.listeners.forEach((listener) => listener());
  }
}

/** Returns true for an answer that is no answer: a network failure, a timeout, or an HTTP error of the node. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof DOMException || error instanceof TypeError) return true;
  const context = error instanceof Error && 'context' in error ? (error.context as { statusCode?: number }) : undefined;
  return typeof context?.statusCode === 'number';
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time';
  return error instanceof Error ? error.message : String(error);
}

function hostOf(url: string): string {
  try {
    return new URL(url, location.href).host;
  } catch {
    return url;
  }
}
