// Routes live in the address behind `#`: the same files work at any path, without a server that knows them.

import { useSyncExternalStore } from 'react';

/** A place in the page. */
export type Route = { path: readonly string[]; query: URLSearchParams };

/** Reads a route from what stands behind `#`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return {
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent),
    query: new URLSearchParams(query),
  };
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** The route that is shown. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

/** Goes to a place. */
export function go(to: string): void {
  location.hash = to;
}

/** Changes the query of the place that is shown, without a step back to it. */
export function replaceQuery(change: (query: URLSearchParams) => void): void {
  const { path, query } = parseRoute(location.hash);
  change(query);
  const text = query.toString();
  history.replaceState(null, '', `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
