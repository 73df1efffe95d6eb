// The life of a signed transaction as a state machine. Pure: events in, the next state out.
//
// A transaction that nobody has seen is not dead: it is unknown, until its last valid block height has passed on two nodes that
// have no record of it. Until then nothing of the kind is signed again.

/** The kinds of acts that a page has signed. */
export type ActKind =
  | 'freeze'
  | 'thaw'
  | 'mark'
  | 'notice'
  | 'withdraw-notice'
  | 'seize'
  | 'take-over'
  | 'cancel-locked'
  | 'write-off'
  | 'cancel-offer'
  | 'assign'
  | 'take-loan'
  | 'collect'
  | 'accept'
  | 'repay'
  | 'fund-reserve'
  | 'offer'
  | 'buy';

/** How far the cluster has gone with a transaction. */
export type Commitment = 'processed' | 'confirmed' | 'finalized';

/** What the provider's gate has said of a freeze. */
export type GateStanding = {
  url: string;
  state: 'asked' | 'obeyed' | 'refused' | 'unreachable';
  at: number;
  text: string;
};

/** A signed transaction, from its signature to its end. Times are milliseconds of this machine. It is stored as JSON. */
export type Flight = {
  schema: 1;
  signature: string;
  kind: ActKind;
  /** What it does, in a line. */
  title: string;
  /** The account that it acts on. */
  subject: string;
  wallet: string;
  /** The cluster and market that it was signed for. */
  place: string;
  /** The signed bytes in base64. */
  wire: string;
  lastValidBlockHeight: string;
  signedAt: number;
  sentAt: number | undefined;
  gate: GateStanding | undefined;
  seen: Partial<Record<Commitment, number>>;
  /** Nodes on which its last valid block height has passed while they had no record of it. */
  passedOn: readonly string[];
  outcome: 'open' | 'landed' | 'failed' | 'dead';
  /** The reason of a failure, in words. */
  failure: string | undefined;
};

/** Something that has become known of a flight. */
export type FlightEvent =
  | { kind: 'sent'; at: number }
  | { kind: 'gate'; gate: GateStanding }
  | { kind: 'status'; commitment: Commitment; failure: string | undefined; at: number }
  | { kind: 'absent'; node: string; height: bigint };

/** Blocks beyond the last valid height after which the word of one node suffices, where the page has only one. */
export const DOUBT_BLOCKS = 150n;

const ORDER: readonly Commitment[] = ['processed', 'confirmed', 'finalized'];

/** Takes an event in. `nodes` is the number of nodes that the page has. */
export function advance(flight: Flight, event: FlightEvent, nodes: number): Flight {
  if (isOver(flight) && event.kind !== 'gate') return flight;
  switch (event.kind) {
    case 'sent':
      return { ...flight, sentAt: flight.sentAt ?? event.at };
    case 'gate':
      return { ...flight, gate: newer(flight.gate, event.gate) };
    case 'status':
      return onStatus(flight, event);
    case 'absent':
      return onAbsent(flight, event, nodes);
  }
}

/** Returns true where nothing more can become of it. */
export function isOver(flight: Flight): boolean {
  if (flight.outcome === 'dead') return true;
  return (flight.outcome === 'landed' || flight.outcome === 'failed') && flight.seen.finalized !== undefined;
}

/** What is to be said of a flight now. `unknown` is one that should have been seen and has not. */
export type Standing = 'signed' | 'seen' | 'landed' | 'failed' | 'dead' | 'unknown';

/** Milliseconds after which a transaction that nobody has seen is called unknown. */
export const UNKNOWN_AFTER = 20_000;

/** The standing of a flight at a time of this machine. */
export function standing(flight: Flight, now: number): Standing {
  if (flight.outcome === 'dead' || flight.outcome === 'failed') return flight.outcome;
  if (flight.seen.confirmed !== undefined || flight.seen.finalized !== undefined) return 'landed';
  if (flight.seen.processed !== undefined) return 'seen';
  return now - flight.signedAt > UNKNOWN_AFTER ? 'unknown' : 'signed';
}

function onStatus(flight: Flight, event: Extract<FlightEvent, { kind: 'status' }>): Flight {
  const seen = { ...flight.seen };
  for (const commitment of ORDER.slice(0, ORDER.indexOf(event.commitment) + 1)) seen[commitment] ??= event.at;
  const isSettled = event.commitment !== 'processed';
  if (event.failure !== undefined) {
    // A failure that is only processed can still be undone by another fork.
    return { ...flight, seen, failure: event.failure, outcome: isSettled ? 'failed' : 'open', passedOn: [] };
  }
  return { ...flight, seen, failure: undefined, outcome: isSettled ? 'landed' : 'open', passedOn: [] };
}

function onAbsent(flight: Flight, event: Extract<FlightEvent, { kind: 'absent' }>, nodes: number): Flight {
  const last = BigInt(flight.lastValidBlockHeight);
  const isConfirmed = flight.seen.confirmed !== undefined;
  if (isConfirmed || event.height <= last) return flight;
  const passedOn = flight.passedOn.includes(event.node) ? flight.passedOn : [...flight.passedOn, event.node];
  const suffices = passedOn.length >= 2 || (nodes < 2 && event.height > last + DOUBT_BLOCKS);
  return { ...flight, passedOn, outcome: suffices ? 'dead' : 'open' };
}

/** An answer of the gate replaces the question, and being obeyed is never taken back. */
function newer(before: GateStanding | undefined, after: GateStanding): GateStanding {
  return before?.state === 'obeyed' ? before : after;
}

/** Returns true where signing `kind` on `subject` could do twice what an open flight may still do. Freezes do no harm twice. */
export function blocks(flight: Flight, kind: ActKind, subject: string): boolean {
  return flight.outcome === 'open' && flight.kind === kind && flight.subject === subject && kind !== 'freeze';
}
