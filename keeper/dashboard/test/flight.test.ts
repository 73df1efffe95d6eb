import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flight, type FlightEvent, UNKNOWN_AFTER, advance, blocks, isOver, standing } from '../src/act/flight.js';
import { CannotKeepError, type Keep, readFlights, writeFlight } from '../src/act/shelf.js';

const FLIGHT: Flight = {
  schema: 1,
  signature: 'sig',
  kind: 'repay',
  title: 'Pay $1.00',
  subject: 'credit',
  wallet: 'wallet',
  place: 'localnet/market',
  wire: 'AAAA',
  lastValidBlockHeight: '100',
  signedAt: 1_000,
  sentAt: undefined,
  gate: undefined,
  seen: {},
  passedOn: [],
  outcome: 'open',
  failure: undefined,
};

const play = (events: readonly FlightEvent[], nodes = 2, from = FLIGHT) =>
  events.reduce((flight, event) => advance(flight, event, nodes), from);
const status = (commitment: 'processed' | 'confirmed' | 'finalized', at: number, failure?: string): FlightEvent => ({
  kind: 'status',
  commitment,
  failure,
  at,
});
const absent = (node: string, height: bigint): FlightEvent => ({ kind: 'absent', node, height });

test('a flight goes by the commitments, each with the time at which it was first seen', () => {
  const landed = play([
    { kind: 'sent', at: 1_010 },
    status('processed', 1_400),
    status('confirmed', 1_800),
    status('confirmed', 1_900),
    status('finalized', 14_000),
  ]);
  assert.deepEqual(landed.seen, { processed: 1_400, confirmed: 1_800, finalized: 14_000 });
  assert.equal(landed.outcome, 'landed');
  assert.ok(isOver(landed));
});

test('a commitment that was skipped counts as seen at the same time', () => {
  assert.deepEqual(play([status('confirmed', 2_000)]).seen, { processed: 2_000, confirmed: 2_000 });
});

test('one node does not make a transaction dead where there are two', () => {
  assert.equal(play([absent('a', 1_000n), absent('a', 2_000n)]).outcome, 'open');
  assert.equal(play([absent('a', 101n), absent('b', 101n)]).outcome, 'dead');
  assert.equal(
    play([absent('a', 100n), absent('b', 100n)]).outcome,
    'open',
    'at the last valid height it can still land',
  );
});

test('the only node is believed well after the last valid height alone', () => {
  assert.equal(play([absent('a', 101n), absent('a', 250n)], 1).outcome, 'open');
  assert.equal(play([absent('a', 251n)], 1).outcome, 'dead');
});

test('a transaction that is seen again is no longer counted as absent', () => {
  const seen = play([absent('a', 101n), status('processed', 3_000), absent('b', 101n)]);
  assert.equal(seen.outcome, 'open');
  assert.deepEqual(seen.passedOn, ['b']);
});

test('a confirmed transaction cannot be declared dead by nodes that lag', () => {
  assert.equal(play([status('confirmed', 2_000), absent('a', 101n), absent('b', 101n)]).outcome, 'landed');
});

test('a failure counts once it is confirmed, because a fork can undo it before', () => {
  const processed = play([status('processed', 1_500, 'refused')]);
  assert.deepEqual([processed.outcome, processed.failure], ['open', 'refused']);
  const undone = play([status('processed', 1_700)], 2, processed);
  assert.equal(undone.failure, undefined);
  assert.equal(play([status('confirmed', 2_000, 'refused')], 2, processed).outcome, 'failed');
});

test('what nobody has seen for a while is unknown, never failed', () => {
  assert.equal(standing(FLIGHT, FLIGHT.signedAt + UNKNOWN_AFTER), 'signed');
  assert.equal(standing(FLIGHT, FLIGHT.signedAt + UNKNOWN_AFTER + 1), 'unknown');
  assert.equal(standing(play([status('processed', 2_000)]), 1_000_000), 'seen');
  assert.equal(standing(play([absent('a', 101n), absent('b', 101n)]), 1_000_000), 'dead');
});

test('being obeyed by the gate is never taken back', () => {
  const gate = (state: 'obeyed' | 'unreachable', at: number): FlightEvent => ({
    kind: 'gate',
    gate: { url: 'u', state, at, text: '' },
  });
  const flight = play([gate('obeyed', 1_006), gate('unreachable', 1_200)]);
  assert.deepEqual([flight.gate?.state, flight.gate?.at], ['obeyed', 1_006]);
});

test('an open flight keeps the same from being signed again, but for a freeze', () => {
  assert.ok(blocks(FLIGHT, 'repay', 'credit'));
  assert.ok(!blocks(FLIGHT, 'repay', 'another'));
  assert.ok(!blocks({ ...FLIGHT, kind: 'freeze' }, 'freeze', 'credit'));
  assert.ok(
    !blocks(play([absent('a', 101n), absent('b', 101n)]), 'repay', 'credit'),
    'what is dead can be signed anew',
  );
});

class Memory implements Keep {
  text: string | null = null;
  getItem = () => this.text;
  setItem(_: string, text: string): void {
    this.text = text;
  }
}

test('what was signed outlives a reload, on its own cluster and market', () => {
  const keep = new Memory();
  writeFlight(keep, FLIGHT);
  writeFlight(keep, { ...FLIGHT, signature: 'other', place: 'mainnet/market', signedAt: 2_000 });
  writeFlight(keep, play([status('confirmed', 2_000)]));
  assert.deepEqual(
    readFlights(keep, FLIGHT.place).map(({ signature, outcome }) => [signature, outcome]),
    [['sig', 'landed']],
  );
});

test('a browser that does not keep what was signed stops the sending', () => {
  assert.throws(() => writeFlight({ getItem: () => null, setItem: () => undefined }, FLIGHT), CannotKeepError);
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('quota');
    },
  };
  assert.throws(() => writeFlight(full, FLIGHT), CannotKeepError);
});

test('open flights are never dropped for the sake of newer ones that have ended', () => {
  const keep = new Memory();
  writeFlight(keep, FLIGHT);
  const ended = play([status('finalized', 2_000)]);
  for (let number = 0; number < 150; number += 1)
    writeFlight(keep, { ...ended, signature: `s${number}`, signedAt: 3_000 + number });
  const kept = readFlights(keep, FLIGHT.place);
  assert.equal(kept.length, 100);
  assert.ok(kept.some(({ signature }) => signature === 'sig'));
});

test('damaged storage is read as nothing', () => {
  for (const text of ['{', '{"a":1}', '[null, 3, {"schema": 9}]'])
    assert.deepEqual(readFlights({ getItem: () => text, setItem: () => undefined }, 'p'), []);
});
