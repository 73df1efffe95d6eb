// Keeps the session of the wallet that is connected. The token lives in memory alone: a reload signs in anew.

import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { usePage } from '../app/context.js';
import { errorText } from '../text/errors.js';
import { useWallet } from '../wallet/context.js';
import { type Session, refresh, signIn, signOut } from './session.js';

type SessionState = {
  token: string | undefined;
  /** Undefined where no keeper or no wallet is there to sign in by. */
  signIn: (() => void) | undefined;
  signOut: () => void;
  isWaiting: boolean;
  fault: string | undefined;
};

const Context = createContext<SessionState>({
  token: undefined,
  signIn: undefined,
  signOut: () => undefined,
  isWaiting: false,
  fault: undefined,
});

/** Seconds before its end at which a token is exchanged. */
const MARGIN = 60;

/** Gives the session to all views below. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const { live } = usePage();
  const { wallet } = useWallet();
  const [session, setSession] = useState<Session>();
  const [isWaiting, setWaiting] = useState(false);
  const [fault, setFault] = useState<string>();
  const base = live.keeperBase;
  const own = session && session.wallet === wallet?.address ? session : undefined;

  useEffect(() => live.setToken(own?.token), [live, own?.token]);

  useEffect(() => {
    if (!own || base === undefined) return undefined;
    const wait = Math.max(1, own.endsAt - Date.now() / 1_000 - MARGIN);
    const renew = () => refresh(base, own).then(setSession, () => setSession(undefined));
    const timer = setTimeout(() => void renew(), wait * 1_000);
    return () => clearTimeout(timer);
  }, [own, base]);

  const begin = useCallback(() => {
    if (!wallet || base === undefined) return;
    setWaiting(true);
    setFault(undefined);
    signIn(base, wallet)
      .then(setSession, (error: unknown) => setFault(errorText(error)))
      .finally(() => setWaiting(false));
  }, [wallet, base]);

  const end = useCallback(() => {
    if (own && base !== undefined) void signOut(base, own).catch(() => undefined);
    setSession(undefined);
  }, [own, base]);

  const value = useMemo(
    () => ({
      token: own?.token,
      signIn: wallet && base !== undefined ? begin : undefined,
      signOut: end,
      isWaiting,
      fault,
    }),
    [own?.token, wallet, base, begin, end, isWaiting, fault],
  );
  return <Context value={value}>{children}</Context>;
}

/** The session with the keeper. */
export function useSession(): SessionState {
  return useContext(Context);
}
