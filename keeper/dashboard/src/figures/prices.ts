// Prices of units that the operator sets in `page.json` and that the reader may change for this browser.

import { type Address, isAddress } from '@solana/kit';
import { useMemo, useState } from 'react';
import type { PageSettings } from '../data/settings.js';
import type { UnitPrices } from './portfolio.js';

const KEY = 'blockable.unitPrices';

/** Prices by provider, in micro-USDC per million units, and a way to set one. */
export type PriceBook = { all: UnitPrices; set: (provider: Address, price: bigint | undefined) => void };

/** The prices in force: the reader's own, else the operator's. */
export function useUnitPrices(settings: PageSettings): PriceBook {
  const [own, setOwn] = useState(readOwn);
  const all = useMemo(() => new Map([...settings.unitPrices, ...own]), [settings, own]);
  const set = (provider: Address, price: bigint | undefined) => {
    const next = new Map(own);
    if (price === undefined) next.delete(provider);
    else next.set(provider, price);
    localStorage.setItem(KEY, JSON.stringify([...next].map(([key, value]) => [key, value.toString()])));
    setOwn(next);
  };
  return { all, set };
}

function readOwn(): ReadonlyMap<Address, bigint> {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown;
    const entries = Array.isArray(saved) ? (saved as unknown[]) : [];
    return new Map(
      entries.flatMap((entry): [Address, bigint][] => {
        const [key, value] = Array.isArray(entry) ? (entry as unknown[]) : [];
        return typeof key === 'string' && isAddress(key) && typeof value === 'string' && /^\d{1,19}$/.test(value)
          ? [[key, BigInt(value)]]
          : [];
      }),
    );
  } catch {
    return new Map();
  }
}
