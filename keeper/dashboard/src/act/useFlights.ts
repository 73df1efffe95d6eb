import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Flight } from './flight.js';
import type { Flights } from './flights.js';

/** Carries what was signed. */
export const FlightsContext = createContext<Flights | undefined>(undefined);

/** What was signed in this browser on this market, the newest first. */
export function useFlights(): { flights: Flights; list: readonly Flight[] } {
  const flights = useContext(FlightsContext);
  if (!flights) throw new Error('a view stands outside the page');
  return { flights, list: useSyncExternalStore(flights.subscribe, flights.all) };
}
