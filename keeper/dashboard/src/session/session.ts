// A session with the keeper: a wallet signs a text, or a transaction that is never sent, and gets a token for a few minutes.

import { type Address, getBase58Decoder, getBase64Decoder, getBase64Encoder } from '@solana/kit';
import { askKeeper } from '../data/keeper/http.js';
import { object, text, time } from '../data/keeper/json.js';
import type { Wallet } from '../wallet/context.js';

/** A session. Times are Unix seconds of the keeper. */
export type Session = { token: string; wallet: Address; endsAt: number; refreshUntil: number };

/** The wallet signs neither messages nor transactions. */
export class CannotSignInError extends Error {}

/** Has the wallet sign the keeper's challenge, and takes the token. */
export async function signIn(base: string, wallet: Wallet): Promise<Session> {
  const body = { wallet: wallet.address };
  const answer = object(await askKeeper(base, { path: '/v1/sessions/challenge', method: 'POST', body }), 'challenge');
  const challenge = text(answer['challenge'], 'challenge');
  const proof = await proofOf(wallet, text(answer['message'], 'message'), text(answer['transaction'], 'transaction'));
  return readSession(
    await askKeeper(base, { path: '/v1/sessions', method: 'POST', body: { ...body, challenge, ...proof } }),
  );
}

/** Signs the message; a wallet that signs none, such as one on a Ledger, signs the transaction that can never land. */
export async function proofOf(
  wallet: Wallet,
  message: string,
  transaction: string,
): Promise<{ signature: string } | { transaction: string }> {
  if (wallet.signMessage) {
    const signature = await wallet.signMessage(new TextEncoder().encode(message));
    return { signature: getBase58Decoder().decode(signature) };
  }
  if (!wallet.signTransaction)
    throw new CannotSignInError(wallet.cannotSign ?? 'the wallet signs neither messages nor transactions');
  const signed = await wallet.signTransaction(new Uint8Array(getBase64Encoder().encode(transaction)));
  return { transaction: getBase64Decoder().decode(signed) };
}

/** Exchanges a token for a new one. */
export async function refresh(base: string, session: Session): Promise<Session> {
  return readSession(await askKeeper(base, { path: '/v1/sessions/refresh', method: 'POST', token: session.token }));
}

/** Ends a session. */
export async function signOut(base: string, session: Session): Promise<void> {
  await askKeeper(base, { path: '/v1/sessions', method: 'DELETE', token: session.token });
}

function readSession(value: unknown): Session {
  const answer = object(value, 'session');
  return {
    token: text(answer['token'], 'token'),
    wallet: text(answer['wallet'], 'wallet') as Address,
    endsAt: Number(time(answer['ends_at'], 'ends_at')),
    refreshUntil: Number(time(answer['refresh_until'], 'refresh_until')),
  };
}
