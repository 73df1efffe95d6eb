// Payments: what falls due, any amount, or all; what each opens before it is signed.

import {
  Party,
  canCollect,
  canCure,
  canFundReserve,
  canRepay,
  cures,
  frozenUnits,
  leastPaymentToOpen,
  nextInstalment,
  openedBy,
  totalDebt,
} from '@blockable/client';
import { useMemo, useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { collect, fundReserve, repay } from '../../act/instructions.js';
import { parseUnits, parseUsd, units, usdExact, usdOwed, usdReceived } from '../../text/money.js';
import { Panel } from '../../ui/Panel.js';

type Props = { context: ActContext };
type Mode = 'next' | 'cure' | 'amount' | 'open' | 'all';

/** Seconds of interest that a payment allows for until it lands. */
const AHEAD = 120n;

/** Asks how much to pay, and shows what it opens. */
export function RepayPanel({ context }: Props) {
  const { credit, view, loan } = context;
  const market = credit.debt.accruedAt;
  const cure = canCure(view);
  const next = useMemo(() => nextInstalment(loan.stored, market), [loan.stored, market]);
  const [mode, setMode] = useState<Mode>(cure.ok ? 'cure' : 'next');
  const [text, setText] = useState('');
  const [count, setCount] = useState('');
  const wanted = parseUnits(count);
  const least = useMemo(
    () => (mode === 'open' && wanted ? leastPaymentToOpen(loan.stored, wanted, market + AHEAD) : undefined),
    [mode, wanted, loan.stored, market],
  );
  const amounts: Record<Mode, bigint | undefined> = {
    next: next?.quote.paid,
    cure: cure.ok ? cure.effect.paid + interestFor(credit.debt.principal, credit.terms.aprBps) : undefined,
    amount: parseUsd(text),
    open: least?.paid,
    all: totalDebt(credit.debt) + interestFor(credit.debt.principal, credit.terms.aprBps),
  };
  const amount = amounts[mode];
  const modes: readonly (readonly [Mode, string, boolean])[] = [
    ['next', next ? `The next instalment, ${usdOwed(next.quote.paid)}` : 'The next instalment', next !== undefined],
    ['cure', cure.ok ? `What cures the loan, ${usdOwed(cure.effect.paid)}` : 'What cures the loan', cure.ok],
    ['open', 'As much as opens units', true],
    ['amount', 'An amount', true],
    ['all', `All that is owed, ${usdOwed(totalDebt(credit.debt))}`, true],
  ];
  return (
    <Panel title="Pay">
      <div className="form">
        <fieldset>
          <legend className="legend">How much</legend>
          <div className="choices">
            {modes
              .filter(([, , isPossible]) => isPossible)
              .map(([value, label]) => (
                <label key={value}>
                  <input type="radio" name="pay" checked={mode === value} onChange={() => setMode(value)} /> {label}
                </label>
              ))}
          </div>
        </fieldset>
        {mode === 'amount' && (
          <div className="field">
            <label htmlFor="amount">Amount, $</label>
            <input
              id="amount"
              className="input num"
              inputMode="decimal"
              value={text}
              aria-invalid={text !== '' && amount === undefined}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
        )}
        {mode === 'open' && (
          <div className="field">
            <label htmlFor="open">Units to open</label>
            <input
              id="open"
              className="input num"
              inputMode="numeric"
              value={count}
              aria-invalid={count !== '' && wanted === undefined}
              onChange={(event) => setCount(event.target.value)}
            />
            {wanted !== undefined && (
              <span className="small muted num">
                {least
                  ? `The least payment that opens them is ${usdExact(least.paid)}.`
                  : 'Even the whole debt opens fewer.'}
              </span>
            )}
          </div>
        )}
        {amount === undefined || amount === 0n ? (
          <p className="muted">Write {mode === 'open' ? 'a number of units' : 'an amount'}.</p>
        ) : (
          <Payment context={context} amount={amount} mustCure={mode === 'cure'} />
        )}
      </div>
    </Panel>
  );
}

/** Interest of the seconds until a payment lands, rounded up generously: no more than is owed is ever taken. */
function interestFor(principal: bigint, aprBps: number): bigint {
  return (principal * BigInt(aprBps) * AHEAD) / (10_000n * 31_536_000n) + 10_000n;
}

function Payment({ context, amount, mustCure }: Props & { amount: bigint; mustCure: boolean }) {
  const { credit, view, loan } = context;
  const verdict = canRepay(view, { amount, mustCure });
  const quote = verdict.ok ? verdict.effect : undefined;
  const lines: readonly (readonly [string, bigint])[] = quote
    ? [
        ['late fees', quote.lateFees],
        ['interest', quote.interest],
        ['principal', quote.principal],
        ['reserve', quote.toReserve],
      ]
    : [];
  const lead = quote && (
    <div className="note good" role="status">
      <strong>
        Opens {units(openedBy(quote))} units
        {quote.thawed > 0n && frozenUnits(credit.collateral) > 0n ? `, ${units(quote.thawed)} of them frozen ones` : ''}
        .
      </strong>{' '}
      {cures(quote) && 'It cures the loan. '}
      {lines
        .filter(([, part]) => part > 0n)
        .map(([label, part]) => `${label} ${usdReceived(part)}`)
        .join(', ')}
      .
    </div>
  );
  return (
    <Confirm
      context={context}
      lead={lead}
      plan={{
        kind: 'repay',
        subject: loan.credit,
        title: `Pay ${usdExact(quote?.paid ?? amount)}${mustCure ? ' to cure' : ''}`,
        verb: `Pay ${usdOwed(quote?.paid ?? amount)}`,
        isAdverse: false,
        verdict,
        build: () => repay(context, amount, mustCure ? 'cure' : credit.status === 5 ? 'any' : 'release'),
        undo: 'A payment is final: the lender can neither refuse it nor give it back by the program.',
      }}
    />
  );
}

/** Pays into the reserve. */
export function ReservePanel({ context }: Props) {
  const { credit, view, loan } = context;
  const missing = credit.rider.reserve - credit.reserveHeld;
  return (
    <Panel title="Reserve">
      <div className="form">
        <p>
          {usdReceived(credit.reserveHeld)} of {usdReceived(credit.rider.reserve)} are paid in. The units are not issued
          before it is full, and a reserve that stays short lets the lender freeze.
        </p>
        <Confirm
          context={context}
          plan={{
            kind: 'fund-reserve',
            subject: loan.credit,
            title: `Pay ${usdOwed(missing)} into the reserve`,
            verb: 'Fill the reserve',
            isAdverse: false,
            verdict: canFundReserve(view, { amount: missing }),
            build: () => fundReserve(context, missing),
            undo: 'The reserve pays missed instalments, and comes back to you when nothing is owed.',
          }}
        />
      </div>
    </Panel>
  );
}

/** Collects a surplus or the returned reserve. */
export function CollectPanel({ context }: Props) {
  const { credit, view, loan } = context;
  return (
    <Panel title="Yours to collect">
      <div className="form">
        <p>
          <strong className="num">{usdReceived(credit.claims.borrower)}</strong> wait in the vault.
        </p>
        <Confirm
          context={context}
          plan={{
            kind: 'collect',
            subject: loan.credit,
            title: `Collect ${usdReceived(credit.claims.borrower)}`,
            verb: 'Collect',
            isAdverse: false,
            verdict: canCollect(view, { of: Party.Borrower }),
            build: () => collect(context, Party.Borrower, credit.borrower),
            undo: 'The money goes to the borrower’s own token account.',
          }}
        />
      </div>
    </Panel>
  );
}
