// The provider's gate: it obeys a signed freeze before the chain has it.

import { wordsOfGate } from '@blockable/client/words';
import type { GateStanding } from './flight.js';

const DEADLINE = 10_000;

/** The answer of a gate to a freeze order. */
export type GateAnswer = Pick<GateStanding, 'state' | 'text'>;

/** Shows a signed freeze to a gate. The same bytes can be shown again: an order that is open is answered as the first time. */
export async function askGate(url: string, wire: string, signal: AbortSignal): Promise<GateAnswer> {
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/$/, '')}/v1/freezes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ transaction: wire }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]),
    });
  } catch {
    return { state: 'unreachable', text: 'the gate does not answer; it follows the chain as soon as the freeze lands' };
  }
  const body = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  return readAnswer(response.status, body);
}

/** Reads an answer of the gate. */
export function readAnswer(status: number, body: { error?: { code?: string; message?: string } }): GateAnswer {
  if (status >= 200 && status < 300) return { state: 'obeyed', text: 'new jobs are refused from now on' };
  const { code = '', message = `HTTP ${status}` } = body.error ?? {};
  const words = wordsOfGate(code);
  const text = words
    ? `${words.happened} ${words.advice}`
    : `${message}; it follows the chain as soon as the freeze lands`;
  return { state: status >= 500 || status === 429 ? 'unreachable' : 'refused', text };
}
