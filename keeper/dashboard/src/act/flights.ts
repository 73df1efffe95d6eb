// Follows what was signed to its end: sends it to the gate and to all nodes at once, again and again until it is confirmed, and
// tells how far it has come. Flights of an earlier visit are taken up again.

import { programFailure, programsOf } from '@blockable/client';
import {
  type Base64EncodedWireTransaction,
  type Signature,
  getBase64Encoder,
  getTransactionDecoder,
} from '@solana/kit';
import type { Node, Nodes } from '../data/chain/nodes.js';
import { type Commitment, type Flight, type FlightEvent, advance, isOver } from './flight.js';
import { askGate } from './gate.js';
import { FLIGHTS_KEY, type Keep, readFlights, writeFlight } from './shelf.js';
import { reasonOf } from './simulate.js';

/** Milliseconds between two looks at the nodes: while nothing is confirmed, and until it is final. */
const LOOK = 300;
const LOOK_LATER = 1_200;
const SEND_AGAIN = 2_000;
const DEADLINE = 5_000;
/** Milliseconds after the signature from which its last valid block height is looked at. */
const LATE = 10_000;

/** All flights of this browser on one cluster and market. One object for as long as the page is open. */
export class Flights {
  private list: readonly Flight[];
  private readonly followed = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly stopped = new AbortController();
  /** Called when a flight is confirmed: what it acts on is to be read anew. */
  onProgress: (flight: Flight) => void = () => undefined;

  constructor(
    private readonly nodes: Nodes,
    readonly place: string,
    private readonly keep: Keep = localStorage,
  ) {
    this.list = readFlights(keep, place);
  }

  /** Takes up what is open. Returns the end of it. */
  start(): () => void {
    const changed = (event: StorageEvent) => event.key === FLIGHTS_KEY && this.load();
    addEventListener('storage', changed);
    this.list.filter((flight) => !isOver(flight)).forEach((flight) => this.follow(flight.signature));
    return () => removeEventListener('storage', changed);
  }

  all = (): readonly Flight[] => this.list;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Writes a flight down, then sends it. Throws `CannotKeepError`, and nothing is sent then. */
  launch(flight: Flight): void {
    writeFlight(this.keep, flight);
    this.load();
    this.follow(flight.signature);
  }

  private load(): void {
    this.list = readFlights(this.keep, this.place);
    this.listeners.forEach((listener) => listener());
  }

  private find(signature: string): Flight | undefined {
    return this.list.find((flight) => flight.signature === signature);
  }

  private take(signature: string, event: FlightEvent): void {
    const flight = this.find(signature);
    if (!flight) return;
    const next = advance(flight, event, this.nodes.all.length);
    if (next === flight) return;
    if (next.seen.confirmed !== undefined && flight.seen.confirmed === undefined) this.onProgress(next);
    try {
      writeFlight(this.keep, next);
      this.load();
    } catch {
      // It was kept when it was signed; progress that cannot be kept is shown all the same.
      this.list = this.list.map((each) => (each.signature === signature ? next : each));
      this.listeners.forEach((listener) => listener());
    }
  }

  private follow(signature: string): void {
    if (this.followed.has(signature)) return;
    this.followed.add(signature);
    const gate = this.find(signature)?.gate;
    if (gate?.state === 'asked' || gate?.state === 'unreachable') void this.tellGate(signature, gate.url);
    void this.run(signature);
  }

  private async tellGate(signature: string, url: string): Promise<void> {
    const wire = this.find(signature)?.wire;
    if (wire === undefined) return;
    const answer = await askGate(url, wire, this.stopped.signal);
    this.take(signature, { kind: 'gate', gate: { url, at: Date.now(), ...answer } });
  }

  private async run(signature: string): Promise<void> {
    let sent = 0;
    for (;;) {
      const flight = this.find(signature);
      if (!flight || isOver(flight) || this.stopped.signal.aborted) break;
      const isConfirmed = flight.seen.confirmed !== undefined;
      if (!isConfirmed && Date.now() - sent > SEND_AGAIN) {
        sent = Date.now();
        this.nodes.all.forEach((node) => void this.send(node, flight));
      }
      await Promise.all(this.nodes.all.map((node) => this.look(node, flight)));
      await new Promise((resolve) => setTimeout(resolve, isConfirmed ? LOOK_LATER : LOOK));
    }
    this.followed.delete(signature);
  }

  private async send(node: Node, flight: Flight): Promise<void> {
    const options = { encoding: 'base64', skipPreflight: true, maxRetries: 0n } as const;
    const limit = AbortSignal.timeout(DEADLINE);
    try {
      await node.rpc.sendTransaction(flight.wire as Base64EncodedWireTransaction, options).send({ abortSignal: limit });
      this.take(flight.signature, { kind: 'sent', at: Date.now() });
    } catch {
      // A node that refuses says nothing about the others; its status decides.
    }
  }

  /** Asks one node how far the transaction has come, and where it knows none of it, whether it still can. */
  private async look(node: Node, flight: Flight): Promise<void> {
    const limit = AbortSignal.timeout(DEADLINE);
    try {
      // The height first: a node that has passed it and then knows of no such transaction will never know of one.
      const isLate = Date.now() - flight.signedAt > LATE && flight.seen.confirmed === undefined;
      const height = isLate
        ? await node.rpc.getBlockHeight({ commitment: 'finalized' }).send({ abortSignal: limit })
        : undefined;
      const { value } = await node.rpc
        .getSignatureStatuses([flight.signature as Signature], { searchTransactionHistory: true })
        .send({ abortSignal: limit });
      const status = value[0];
      if (status) {
        const failure = status.err === null ? undefined : failureOf(status.err, flight);
        const commitment = (status.confirmationStatus ?? 'processed') as Commitment;
        return this.take(flight.signature, { kind: 'status', commitment, failure, at: Date.now() });
      }
      if (height !== undefined) this.take(flight.signature, { kind: 'absent', node: node.name, height });
    } catch {
      // A node that does not answer is no witness.
    }
  }
}

function failureOf(error: unknown, flight: Flight): string {
  const signed = getTransactionDecoder().decode(getBase64Encoder().encode(flight.wire));
  return reasonOf(error, undefined, programFailure(error, { programs: programsOf(signed) }));
}
