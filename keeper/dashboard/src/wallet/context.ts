// The wallet that is connected: its account, and ways to have something signed. Without one the page only reads.

import { createContext, useContext } from 'react';
import type { Address } from '@solana/kit';

/** A connected wallet. */
export type Wallet = {
  address: Address;
  /** The wallet's name, for people. */
  name: string;
  /** Has a transaction signed; undefined where the wallet cannot for this cluster, and `cannotSign` says why. */
  signTransaction: ((transaction: Uint8Array) => Promise<Uint8Array>) | undefined;
  cannotSign: string | undefined;
  /** Has a message signed; undefined where the wallet does not. */
  signMessage: ((message: Uint8Array) => Promise<Uint8Array>) | undefined;
};

/** What views know of wallets. */
export type WalletState = {
  wallet: Wallet | undefined;
  disconnect: () => void;
};

/** Carries the wallet. */
export const WalletContext = createContext<WalletState>({ wallet: undefined, disconnect: () => undefined });

/** The wallet that is connected, if one is. */
export function useWallet(): WalletState {
  return useContext(WalletContext);
}
