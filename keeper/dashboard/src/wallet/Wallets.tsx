// Connects wallets by Wallet Standard. The account that was chosen last is connected again without a question.

import { useSignMessage, useSignTransaction } from '@solana/react';
import { type UiWallet, type UiWalletAccount, useConnect, useWallets } from '@wallet-standard/react';
import type { Address } from '@solana/kit';
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { usePage } from '../app/context.js';
import { walletChain } from '../data/settings.js';
import { errorText } from '../text/errors.js';
import { Icon } from '../ui/Icon.js';
import { AddressText } from '../ui/Text.js';
import { type Wallet, WalletContext, useWallet } from './context.js';

const KEY = 'blockable.wallet';

type Choice = { wallet: string; address: string };
type Chooser = { wallets: readonly UiWallet[]; choose: (choice: Choice | undefined) => void };

const Choosing = createContext<Chooser>({ wallets: [], choose: () => undefined });

/** Wallets that can do what this page asks of one. */
function useUsableWallets(): readonly UiWallet[] {
  const wallets = useWallets();
  return useMemo(
    () =>
      wallets.filter(
        ({ features, chains }) =>
          features.includes('standard:connect') && chains.some((chain) => chain.startsWith('solana:')),
      ),
    [wallets],
  );
}

/** Gives the wallet to all views below. They keep their place in the tree, and so what was typed, when a wallet connects. */
export function WalletProvider({ children }: { children: ReactNode }) {
  const { settings } = usePage();
  const wallets = useUsableWallets();
  const [choice, setChoice] = useState<Choice | undefined>(readChoice);
  const [transaction, setTransaction] = useState<{ sign: Wallet['signTransaction'] }>();
  const [message, setMessage] = useState<{ sign: Wallet['signMessage'] }>();
  const choose = useCallback((next: Choice | undefined) => {
    if (next) localStorage.setItem(KEY, JSON.stringify(next));
    else localStorage.removeItem(KEY);
    setChoice(next);
  }, []);
  const wallet = choice && wallets.find(({ name }) => name === choice.wallet);
  // A person who changes to another account in the wallet's own window is followed.
  const account = choice && (wallet?.accounts.find(({ address }) => address === choice.address) ?? wallet?.accounts[0]);
  const chain = walletChain(settings);
  const cannotSign = wallet && account && refusalOf(wallet, account, chain, settings.cluster.name);
  const state = useMemo(() => {
    const connected: Wallet | undefined = wallet &&
      account && {
        address: account.address as Address,
        name: wallet.name,
        signTransaction: cannotSign === undefined ? transaction?.sign : undefined,
        cannotSign,
        signMessage: message?.sign,
      };
    return { wallet: connected, disconnect: () => choose(undefined) };
  }, [wallet, account, cannotSign, transaction, message, choose]);
  const chooser = useMemo(() => ({ wallets, choose }), [wallets, choose]);
  return (
    <Choosing value={chooser}>
      {wallet && !account && <Reconnect wallet={wallet} />}
      {account && cannotSign === undefined && (
        <TransactionSigner
          key={`t${account.address}`}
          account={account}
          chain={chain}
          onSigner={(sign) => setTransaction({ sign })}
        />
      )}
      {account?.features.includes('solana:signMessage') && (
        <MessageSigner key={`m${account.address}`} account={account} onSigner={(sign) => setMessage({ sign })} />
      )}
      <WalletContext value={state}>{children}</WalletContext>
    </Choosing>
  );
}

/** The reason for which a wallet cannot sign here; undefined where it can. */
function refusalOf(
  wallet: UiWallet,
  account: UiWalletAccount,
  chain: `solana:${string}`,
  cluster: string,
): string | undefined {
  if (!account.features.includes('solana:signTransaction')) {
    return `${wallet.name} cannot sign a transaction without sending it, which this page needs to reach the provider’s gate first.`;
  }
  if (account.chains.includes(chain)) return undefined;
  return `${wallet.name} does not sign for ${cluster}: switch its network, or connect another wallet.`;
}

function readChoice(): Choice | undefined {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Choice> | null;
    return typeof found?.wallet === 'string' && typeof found.address === 'string' ? (found as Choice) : undefined;
  } catch {
    return undefined;
  }
}

/** Connects a wallet that was chosen before, without asking. A wallet that has forgotten the page stays unconnected. */
function Reconnect({ wallet }: { wallet: UiWallet }) {
  const [, connect] = useConnect(wallet);
  const tried = useRef(false);
  useEffect(() => {
    if (tried.current) return;
    tried.current = true;
    connect({ silent: true }).catch(() => undefined);
  }, [connect]);
  return null;
}

type SignerProps = {
  account: UiWalletAccount;
  chain: `solana:${string}`;
  onSigner: (sign: Wallet['signTransaction']) => void;
};

/** Holds the hook of a feature, which may be called for accounts that have it alone. */
function TransactionSigner({ account, chain, onSigner }: SignerProps) {
  const sign = useSignTransaction(account, chain);
  const latest = useRef(sign);
  latest.current = sign;
  useEffect(() => {
    onSigner(async (transaction) => new Uint8Array((await latest.current({ transaction })).signedTransaction));
    return () => onSigner(undefined);
  }, [account.address, chain]);
  return null;
}

function MessageSigner({
  account,
  onSigner,
}: {
  account: UiWalletAccount;
  onSigner: (sign: Wallet['signMessage']) => void;
}) {
  const sign = useSignMessage(account);
  const latest = useRef(sign);
  latest.current = sign;
  useEffect(() => {
    onSigner(async (message) => new Uint8Array((await latest.current({ message })).signature));
    return () => onSigner(undefined);
  }, [account.address]);
  return null;
}

/** The button at the top of the page: connects, shows who is connected, and disconnects. */
export function WalletMenu() {
  const { wallet, disconnect } = useWallet();
  const { wallets } = useContext(Choosing);
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !menu.current?.contains(event.target as Node))
        setOpen(false);
    };
    addEventListener('keydown', close);
    addEventListener('pointerdown', close);
    return () => {
      removeEventListener('keydown', close);
      removeEventListener('pointerdown', close);
    };
  }, [open]);
  return (
    <div className="menu" ref={menu}>
      <button
        type="button"
        className={wallet ? 'button compact' : 'button compact primary'}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="wallet" />
        {wallet ? (
          <span className="mono">{`${wallet.address.slice(0, 4)}…${wallet.address.slice(-4)}`}</span>
        ) : (
          'Connect a wallet'
        )}
      </button>
      {open && (
        <div className="menu-list stack tight">
          {wallet ? (
            <>
              <p className="small">
                Connected by {wallet.name}: <AddressText address={wallet.address} />
              </p>
              {wallet.cannotSign && <p className="note warn">{wallet.cannotSign}</p>}
              <button type="button" className="button compact" onClick={() => (disconnect(), setOpen(false))}>
                Disconnect
              </button>
            </>
          ) : wallets.length === 0 ? (
            <p className="small">
              This browser has no wallet for Solana. Without one you can read everything; to sign, install one, or use
              the command line <code>blockable</code>.
            </p>
          ) : (
            wallets.map((each) => <ConnectButton key={each.name} wallet={each} done={() => setOpen(false)} />)
          )}
        </div>
      )}
    </div>
  );
}

function ConnectButton({ wallet, done }: { wallet: UiWallet; done: () => void }) {
  const [isConnecting, connect] = useConnect(wallet);
  const { choose } = useContext(Choosing);
  const [fault, setFault] = useState<string>();
  const click = () => {
    setFault(undefined);
    connect().then(
      (accounts) => {
        const first = accounts[0];
        if (!first) return setFault('The wallet gave no account.');
        choose({ wallet: wallet.name, address: first.address });
        done();
      },
      (error: unknown) => setFault(errorText(error)),
    );
  };
  return (
    <>
      <button type="button" className="button" onClick={click} disabled={isConnecting}>
        <img src={wallet.icon} alt="" width="20" height="20" />
        {isConnecting ? `Waiting for ${wallet.name}…` : wallet.name}
      </button>
      {fault && (
        <p className="error-text" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
