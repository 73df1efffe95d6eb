// What every view has at hand: settings and data.

import { createContext, useContext } from 'react';
import type { Live } from '../data/live.js';
import type { PageSettings } from '../data/settings.js';

/** The page's settings and data. */
export type PageContext = { settings: PageSettings; live: Live };

/** Carries the page's context. */
export const Page = createContext<PageContext | undefined>(undefined);

/** The page's settings and data. */
export function usePage(): PageContext {
  const found = useContext(Page);
  if (!found) throw new Error('a view stands outside the page');
  return found;
}
