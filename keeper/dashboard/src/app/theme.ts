// Light or dark: as the system says, until the reader chooses.

import { useSyncExternalStore } from 'react';

type Theme = 'light' | 'dark';

const KEY = 'blockable.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  const saved = localStorage.getItem(KEY);
  return saved === 'light' || saved === 'dark' ? saved : undefined;
}

function current(): Theme {
  return chosen() ?? (system.matches ? 'dark' : 'light');
}

function apply(): void {
  document.documentElement.dataset['theme'] = current();
  listeners.forEach((listener) => listener());
}

/** Applies the theme and follows the system's. */
export function startTheme(): void {
  system.addEventListener('change', apply);
  apply();
}

/** The theme, and a way to change it. */
export function useTheme(): [Theme, () => void] {
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const theme = useSyncExternalStore(subscribe, current);
  const toggle = () => {
    localStorage.setItem(KEY, theme === 'dark' ? 'light' : 'dark');
    apply();
  };
  return [theme, toggle];
}
