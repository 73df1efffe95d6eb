// The end of every act: what it would do, simulated now, beside the button; then the wallet, and the way of what was signed.

import { type Credit, arrears, availableUnits, creditAt, frozenUnits, lockedUnits, totalDebt } from '@blockable/client';
import { type Address, isOffCurveAddress } from '@solana/kit';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { usePage } from '../app/context.js';
import { errorText } from '../text/errors.js';
import { usdOwed, usdReceived, units } from '../text/money.js';
import { statusName } from '../text/names.js';
import { AddressText, TimeStamp } from '../ui/Text.js';
import { useWallet } from '../wallet/context.js';
import { OtherWays } from './OtherWays.js';
import { FlightProgress } from './Progress.js';
import type { ActContext } from './context.js';
import { blocks } from './flight.js';
import { type Plan, denialOf } from './plan.js';
import { signAndLaunch } from './sign.js';
import { simulate } from './simulate.js';
import { useFlights } from './useFlights.js';

/** Milliseconds after which a simulation is done anew. */
const AGAIN = 10_000;

type Props = {
  plan: Plan;
  /** What is said of the plan until it is signed. */
  lead?: ReactNode;
  /** The loan that it acts on; undefined for one that it creates. */
  context?: ActContext;
  /** The key that would sign, where there is no loan yet. */
  party?: Address;
};

/** Shows the effect of a plan and has it signed. */
export function Confirm({ context, plan, lead, party = context?.party }: Props) {
  const { live, settings } = usePage();
  const { wallet } = useWallet();
  const { flights, list } = useFlights();
  const [phase, setPhase] = useState<'ready' | 'building' | 'wallet'>('ready');
  const [fault, setFault] = useState<string>();
  const [signed, setSigned] = useState<string>();
  const denial = denialOf(plan.verdict);
  const result = useQuery({
    queryKey: ['simulation', plan.title, plan.subject, party, context?.loan.slot.toString() ?? ''],
    queryFn: async ({ signal }) => {
      if (!party) throw new Error('nobody would sign');
      return simulate(live.nodes, party, await plan.build(), context?.loan.credit, signal);
    },
    enabled: plan.verdict.ok && party !== undefined,
    refetchInterval: AGAIN,
    placeholderData: (before, query) => (query?.queryKey[1] === plan.title ? before : undefined),
  });
  // A result from before a failure says nothing about now.
  const simulation = result.isError ? undefined : result.data;
  const open = list.find((flight) => blocks(flight, plan.kind, plan.subject));
  const mine = list.find((flight) => flight.signature === signed);
  const reason =
    wallet === undefined
      ? 'Connect a wallet to sign.'
      : (wallet.cannotSign ?? (wallet.signTransaction ? undefined : 'The wallet is not ready yet.'));
  const isBlocked =
    denial !== undefined || open !== undefined || simulation?.ok !== true || reason !== undefined || phase !== 'ready';
  const sign = () => {
    if (!wallet || isBlocked) return;
    setFault(undefined);
    setPhase('building');
    const gate = plan.kind === 'freeze' && context ? settings.gates.get(context.credit.provider) : undefined;
    signAndLaunch({ nodes: live.nodes, flights, wallet, plan, gate, onWallet: () => setPhase('wallet') })
      .then(setSigned, (error: unknown) => setFault(errorText(error)))
      .finally(() => setPhase('ready'));
  };
  if (mine) {
    return (
      <div className="stack tight">
        <p>
          <strong>{mine.title}</strong>
        </p>
        <FlightProgress flight={mine} />
        <div>
          <button type="button" className="button compact" onClick={() => setSigned(undefined)}>
            Back to the form
          </button>
        </div>
      </div>
    );
  }
  return (
    <div className="stack tight">
      {lead}
      {denial && (
        <div className="note warn" role="status">
          <strong>Not now.</strong> {denial.happened} {denial.advice}
          {denial.from !== undefined && (
            <>
              {' '}
              At the earliest on <TimeStamp at={denial.from} relative />.
            </>
          )}
        </div>
      )}
      {!denial && simulation?.ok === false && (
        <div className="note bad" role="status">
          <strong>It would fail.</strong> {simulation.reason}
        </div>
      )}
      {!denial && result.isError && (
        <div className="note bad" role="status">
          <strong>It cannot be simulated now.</strong> {errorText(result.error)}
        </div>
      )}
      {!denial && !simulation && result.isFetching && <p className="muted small">Simulating…</p>}
      {!denial && simulation?.ok && simulation.after && context && (
        <Effect context={context} after={simulation.after} />
      )}
      <p className="small">
        <strong>What a signature cannot undo.</strong> {plan.undo}
      </p>
      {open && (
        <div className="note warn" role="status">
          <strong>An earlier signature for this is still open.</strong> It may land at any moment, so nothing of the
          kind is signed again until it has ended. <a href="#/signed">See it</a>
        </div>
      )}
      {plan.kind === 'freeze' && wallet && isOffCurveAddress(wallet.address) && (
        <div className="note warn">
          <strong>This account is a multisig’s vault.</strong> Signing creates a proposal, and a proposal is not a
          freeze: nothing is frozen until its members have approved it and it was executed. This page shows a freeze
          only when the chain has it.
        </div>
      )}
      <div className="row">
        <button
          type="button"
          className={`button ${plan.isAdverse ? 'danger' : 'primary'}`}
          onClick={sign}
          disabled={isBlocked}
        >
          {phase === 'wallet' ? 'Waiting for the wallet…' : phase === 'building' ? 'Preparing…' : plan.verb}
        </button>
        {reason !== undefined && <span className="small">{reason}</span>}
        {wallet && reason === undefined && (
          <span className="small muted">
            signs as <AddressText address={wallet.address} />
          </span>
        )}
      </div>
      {fault !== undefined && (
        <div className="note bad" role="alert">
          <strong>Nothing was sent.</strong> {fault}
        </div>
      )}
      {!denial && party && <OtherWays party={party} lender={context?.credit.lender ?? party} plan={plan} />}
    </div>
  );
}

/** Figures of the credit before and after, those that change in bold. */
function Effect({ context, after }: { context: ActContext; after: Credit }) {
  const before = context.credit;
  const isSecured = after.status >= 2 && after.status <= 5;
  const then =
    isSecured && after.debt.accruedAt < before.debt.accruedAt ? creditAt(after, before.debt.accruedAt) : after;
  const rows: [string, string, string][] = [
    ['Status', statusName(before), statusName(then)],
    ['Owed', usdOwed(totalDebt(before.debt)), usdOwed(totalDebt(then.debt))],
    ['In arrears', arrearsOf(before), arrearsOf(then)],
    ['Units available', units(availableUnits(before.collateral)), units(availableUnits(then.collateral))],
    ['Units locked', units(lockedUnits(before.collateral)), units(lockedUnits(then.collateral))],
    ['Units frozen', units(frozenUnits(before.collateral)), units(frozenUnits(then.collateral))],
    ['Units seized', units(before.collateral.seized), units(then.collateral.seized)],
    ['Units cancelled', units(before.collateral.cancelled), units(then.collateral.cancelled)],
    ['Held back', usdReceived(before.holdbackLeft), usdReceived(then.holdbackLeft)],
    ['Reserve', usdReceived(before.reserveHeld), usdReceived(then.reserveHeld)],
    ['Lender may collect', usdReceived(before.claims.lender), usdReceived(then.claims.lender)],
    ['Borrower may collect', usdReceived(before.claims.borrower), usdReceived(then.claims.borrower)],
  ];
  const always = new Set(['Owed', 'Units available', 'Units frozen']);
  return (
    <table className="compare">
      <caption className="hidden">Effect, as simulated on the chain’s state</caption>
      <thead>
        <tr>
          <th scope="col">Simulated now</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {rows
          .filter(([label, was, is]) => was !== is || always.has(label))
          .map(([label, was, is]) => (
            <tr key={label} className={was === is ? undefined : 'changed'}>
              <th scope="row">{label}</th>
              <td>{was}</td>
              <td>{is}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function arrearsOf(credit: Credit): string {
  return usdOwed(credit.status >= 2 && credit.status <= 5 ? arrears(credit) : 0n);
}
