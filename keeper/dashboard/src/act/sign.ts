// From a plan to a flight: simulate once more, have it signed, check what came back, write it down, send it.

import { type Instruction } from '@solana/kit';
import type { Nodes } from '../data/chain/nodes.js';
import type { Wallet } from '../wallet/context.js';
import type { Flights } from './flights.js';
import type { Plan } from './plan.js';
import { budgetFor, fetchLifetime, simulate } from './simulate.js';
import { buildTransaction, checkSigned } from './transaction.js';

/** What signing needs. */
export type SignRequest = {
  nodes: Nodes;
  flights: Flights;
  wallet: Wallet;
  plan: Plan;
  /** The provider's gate, for a freeze. */
  gate: string | undefined;
  /** Called when the wallet is asked. */
  onWallet: () => void;
};

/** Has a plan signed and sends it. Returns the signature. Nothing was sent where this throws. */
export async function signAndLaunch({ nodes, flights, wallet, plan, gate, onWallet }: SignRequest): Promise<string> {
  if (!wallet.signTransaction) throw new Error(wallet.cannotSign ?? 'the wallet does not sign transactions');
  const instructions = await plan.build();
  const simulation = await simulate(nodes, wallet.address, instructions, undefined);
  if (!simulation.ok) throw new Error(simulation.reason);
  const budget = await budgetFor(nodes, simulation.units, writable(instructions));
  const lifetime = await fetchLifetime(nodes);
  const asked = buildTransaction(wallet.address, instructions, lifetime, budget);
  onWallet();
  const given = await wallet.signTransaction(asked);
  const signed = await checkSigned(asked, given, wallet.address);
  // A wallet that took another blockhash took none that lasts longer than the latest.
  const lasting = signed.blockhash === lifetime.blockhash ? lifetime : await fetchLifetime(nodes);
  const signedAt = Date.now();
  flights.launch({
    schema: 1,
    signature: signed.signature,
    kind: plan.kind,
    title: plan.title,
    subject: plan.subject,
    wallet: wallet.address,
    place: flights.place,
    wire: signed.wire,
    lastValidBlockHeight: lasting.lastValidBlockHeight.toString(),
    signedAt,
    sentAt: undefined,
    gate: gate === undefined ? undefined : { url: gate, state: 'asked', at: signedAt, text: '' },
    seen: {},
    passedOn: [],
    outcome: 'open',
    failure: undefined,
  });
  return signed.signature;
}

/** The accounts whose fees decide on the place in a block. */
function writable(instructions: readonly Instruction[]) {
  const accounts = instructions.flatMap(({ accounts = [] }) => accounts);
  return [...new Set(accounts.filter(({ role }) => (role & 1) === 1).map(({ address }) => address))].slice(0, 64);
}
