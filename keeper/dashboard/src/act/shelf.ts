// Flights as this browser keeps them: written before anything is sent, so that a reload follows each one to its end.

import type { Flight } from './flight.js';

const KEY = 'blockable.flights.1';
/** Flights that are kept; ended ones go first. */
const MOST = 100;

/** The browser refused to keep what was signed. Nothing may be sent then. */
export class CannotKeepError extends Error {
  constructor() {
    super(
      'this browser does not let the page keep what was signed, so it was not sent; allow storage for this site and sign again',
    );
  }
}

/** A place that keeps text, as `localStorage` does. */
export type Keep = Pick<Storage, 'getItem' | 'setItem'>;

/** Reads all flights of a place (a cluster and market), the newest first. What cannot be read is left out. */
export function readFlights(keep: Keep, place: string): readonly Flight[] {
  const all = readAll(keep).filter((flight) => flight.place === place);
  return all.sort((a, b) => b.signedAt - a.signedAt);
}

/** Writes a flight, new or changed. Throws `CannotKeepError`. */
export function writeFlight(keep: Keep, flight: Flight): void {
  const others = readAll(keep).filter(({ signature }) => signature !== flight.signature);
  const newest = [...others, flight].sort(
    (a, b) => Number(b.outcome === 'open') - Number(a.outcome === 'open') || b.signedAt - a.signedAt,
  );
  try {
    keep.setItem(KEY, JSON.stringify(newest.slice(0, MOST)));
  } catch {
    throw new CannotKeepError();
  }
  if (!readAll(keep).some(({ signature }) => signature === flight.signature)) throw new CannotKeepError();
}

function readAll(keep: Keep): Flight[] {
  try {
    const found = JSON.parse(keep.getItem(KEY) ?? '[]') as unknown;
    return Array.isArray(found) ? (found as unknown[]).filter(isFlight) : [];
  } catch {
    return [];
  }
}

function isFlight(value: unknown): value is Flight {
  const flight = value as Partial<Flight> | null;
  return (
    flight?.schema === 1 &&
    typeof flight.signature === 'string' &&
    typeof flight.wire === 'string' &&
    typeof flight.signedAt === 'number'
  );
}

/** The key of the storage that flights lie under, for the event that another window changes them. */
export const FLIGHTS_KEY = KEY;
