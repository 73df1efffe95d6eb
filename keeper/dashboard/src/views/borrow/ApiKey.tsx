// The API key of a credit, by sign-in at the provider's server. It is shown once and kept nowhere.

import type { Address } from '@solana/kit';
import { useState } from 'react';
import { usePage } from '../../app/context.js';
import { proofOf } from '../../session/session.js';
import { errorText } from '../../text/errors.js';
import { Panel } from '../../ui/Panel.js';
import { CopyButton } from '../../ui/Text.js';
import { type Wallet, useWallet } from '../../wallet/context.js';

type Props = { credit: Address; provider: Address; borrower: Address };
type Answer = {
  error?: { message?: string };
  challenge?: string;
  message?: string;
  transaction?: string;
  key?: string;
};

/** Fetches the key for the borrower's wallet. */
export function ApiKeyPanel({ credit, provider, borrower }: Props) {
  const { settings } = usePage();
  const { wallet } = useWallet();
  const [key, setKey] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);
  const [fault, setFault] = useState<string>();
  const server = settings.gates.get(provider)?.replace(/\/$/, '');
  const fetchIt = () => {
    if (!wallet || server === undefined) return;
    setWaiting(true);
    setFault(undefined);
    fetchKey(server, credit, wallet)
      .then(setKey, (error: unknown) => setFault(errorText(error)))
      .finally(() => setWaiting(false));
  };
  const isBorrower = wallet?.address === borrower;
  return (
    <Panel title="API key">
      <div className="stack tight">
        <p className="small">
          Your programs use the units by this key. You get it from the provider by a signature; nothing is sent to the
          chain.
        </p>
        {server === undefined ? (
          <p className="small muted">
            The provider’s server is not set up on this page. Sign in there by the command line.
          </p>
        ) : key === undefined ? (
          <button type="button" className="button" onClick={fetchIt} disabled={!isBorrower || isWaiting}>
            {isWaiting ? 'Waiting for the wallet…' : 'Sign in and show the key'}
          </button>
        ) : (
          <>
            <div className="row nowrap">
              <code className="cut">{key}</code>
              <CopyButton text={key} what="the API key" />
            </div>
            <p className="small">
              Base URL <code className="wrap">{server}/v1</code>. Keep the key secret: whoever has it uses your units.
            </p>
          </>
        )}
        {!isBorrower && server !== undefined && <p className="small muted">Connect the borrower’s wallet.</p>}
        {fault !== undefined && (
          <p className="error-text" role="alert">
            {fault}
          </p>
        )}
      </div>
    </Panel>
  );
}

/** Signs the server's challenge and exchanges it for the key. */
async function fetchKey(server: string, credit: Address, wallet: Wallet): Promise<string> {
  const { challenge, message, transaction } = await ask(`${server}/v1/keys/sign-in?credit=${credit}`);
  if (challenge === undefined || message === undefined || transaction === undefined)
    throw new Error('the provider’s server gave no challenge');
  const proof = await proofOf(wallet, message, transaction);
  const body = JSON.stringify({ credit, challenge, ...proof });
  const { key } = await ask(`${server}/v1/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (key === undefined) throw new Error('the provider’s server gave no key');
  return key;
}

const DEADLINE = 10_000;

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE) });
  } catch {
    throw new Error('the provider’s server does not answer; try again, or sign in by the command line');
  }
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) throw new Error(answer.error?.message ?? `the provider’s server answered HTTP ${response.status}`);
  return answer;
}
