// The freeze: all, a share by the slider, units, or in proportion to the shortfall with its arithmetic.

import {
  type FreezeAmountArgs,
  FreezeReason,
  arrears,
  canFreeze,
  freezableUnits,
  freezeAmount,
  frozenUnits,
  lienUnits,
  lockedUnits,
  totalDebt,
} from '@blockable/client';
import type { Address } from '@solana/kit';
import { useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { freeze } from '../../act/instructions.js';
import { denialOf } from '../../act/plan.js';
import { usePage } from '../../app/context.js';
import { useCredits, useLoan } from '../../data/queries.js';
import { freezeTargetOf } from '../../figures/freeze.js';
import { parseUnits, percent, units, usdOwed } from '../../text/money.js';
import { reasonText, shortAddress } from '../../text/names.js';
import { reasonFor } from './reason.js';

type Mode = 'All' | 'Bps' | 'Units' | 'Shortfall';

const MODES: readonly (readonly [Mode, string])[] = [
  ['All', 'All that is open'],
  ['Bps', 'A share'],
  ['Units', 'A number of units'],
  ['Shortfall', 'In proportion to the shortfall'],
];

const REASONS = [
  FreezeReason.MissedPayment,
  FreezeReason.Default,
  FreezeReason.Breach,
  FreezeReason.Risk,
  FreezeReason.CrossDefault,
] as const;

/** Asks how much to freeze, and for what reason. */
export function FreezeForm({ context }: { context: ActContext }) {
  const { settings } = usePage();
  const { credit, view } = context;
  const [mode, setMode] = useState<Mode>('All');
  const [bps, setBps] = useState(5_000);
  const [text, setText] = useState('');
  const [reason, setReason] = useState<FreezeReason>(reasonFor(credit.status));
  const [other, setOther] = useState<Address>();
  const broken = useLoan(other ?? context.loan.credit);
  const amount = amountOf(mode, bps, parseUnits(text));
  const isCross = reason === FreezeReason.CrossDefault;
  const named = isCross && other && broken.data?.credit === other && { address: other, credit: broken.data.stored };
  const gate = settings.gates.get(credit.provider);
  return (
    <div className="form">
      <fieldset>
        <legend className="legend">How much</legend>
        <div className="choices">
          {MODES.map(([value, label]) => (
            <label key={value}>
              <input type="radio" name="mode" checked={mode === value} onChange={() => setMode(value)} /> {label}
            </label>
          ))}
        </div>
      </fieldset>
      {mode === 'Bps' && (
        <div className="field">
          <label htmlFor="share">
            Share of the open lien to be frozen in all: <strong className="num">{percent(bps)}</strong>
          </label>
          <input
            id="share"
            type="range"
            min={100}
            max={10_000}
            step={100}
            value={bps}
            aria-valuetext={percent(bps)}
            onChange={(event) => setBps(Number(event.target.value))}
          />
        </div>
      )}
      {mode === 'Units' && (
        <div className="field">
          <label htmlFor="units">Units to be frozen in all</label>
          <input
            id="units"
            className="input num"
            inputMode="numeric"
            value={text}
            aria-invalid={text !== '' && amount === undefined}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      )}
      <Arithmetic context={context} mode={mode} bps={bps} amount={amount} />
      <div className="field">
        <label htmlFor="reason">Reason</label>
        <select
          id="reason"
          className="input"
          value={reason}
          onChange={(event) => setReason(Number(event.target.value) as FreezeReason)}
        >
          {REASONS.filter((value) => value !== FreezeReason.CrossDefault || credit.rider.crossDefault === 1).map(
            (value) => (
              <option key={value} value={value}>
                {reasonText(value)}
              </option>
            ),
          )}
        </select>
        <span className="small muted">
          {isCross
            ? 'Anyone may thaw it once the other loan is no longer in default.'
            : reason === FreezeReason.MissedPayment || reason === FreezeReason.Default
              ? 'Payments of the arrears thaw it in proportion.'
              : 'Payments do not thaw it; you do.'}
        </span>
      </div>
      {isCross && <OtherLoan context={context} other={other} onOther={setOther} />}
      <p className="small muted">
        {gate === undefined
          ? 'No gate of this provider is set up here: it follows the chain, about a second later.'
          : `The signed bytes go to the provider’s gate (${hostOf(gate)}) and to all nodes at once; the gate obeys before the chain has them.`}
      </p>
      {amount === undefined ? (
        <p className="muted">Write a number of units.</p>
      ) : (
        <Confirm
          context={context}
          plan={{
            kind: 'freeze',
            subject: context.loan.credit,
            title: `${titleOf(context, mode, bps, amount)} for ${isCross && other ? `the default of ${shortAddress(other)}` : reasonText(reason)}`,
            verb: 'Freeze',
            isAdverse: true,
            verdict: canFreeze(view, { amount, reason, ...(named ? { other: named } : {}) }),
            build: () => freeze(context, amount, reason, named ? named.address : undefined),
            undo: 'Jobs that run already finish, and what they use is used. New jobs are refused until you thaw or payments thaw it; the borrower and everybody else can see the freeze and its reason for ever.',
          }}
        />
      )}
    </div>
  );
}

/** Asks for the loan of the same parties that is in default. */
function OtherLoan({
  context,
  other,
  onOther,
}: {
  context: ActContext;
  other: Address | undefined;
  onOther: (other: Address | undefined) => void;
}) {
  const { credit, loan } = context;
  const theirs = useCredits({ role: 'borrower', address: credit.borrower });
  const broken = (theirs.data?.rows ?? []).filter(
    (row) =>
      row.lender === credit.lender &&
      row.credit !== loan.credit &&
      (row.status === 'defaulted' || row.status === 'seizing'),
  );
  return (
    <div className="field">
      <label htmlFor="other">The other loan</label>
      <select
        id="other"
        className="input"
        value={other ?? ''}
        onChange={(event) => onOther(broken.find((row) => row.credit === event.target.value)?.credit)}
      >
        <option value="">{broken.length === 0 ? 'none of the same parties is in default' : 'choose one'}</option>
        {broken.map((row) => (
          <option key={row.credit} value={row.credit}>
            {shortAddress(row.credit)}, {row.status}, {usdOwed(row.debt)} owed
          </option>
        ))}
      </select>
    </div>
  );
}

function amountOf(mode: Mode, bps: number, count: bigint | undefined): FreezeAmountArgs | undefined {
  if (mode === 'Bps') return freezeAmount('Bps', [bps]);
  if (mode === 'Units') return count !== undefined && count > 0n ? freezeAmount('Units', [count]) : undefined;
  return { __kind: mode };
}

function titleOf(context: ActContext, mode: Mode, bps: number, amount: FreezeAmountArgs): string {
  const target = freezeTargetOf(context.credit, amount);
  const count = target === undefined ? '' : ` (${units(target)} units)`;
  if (mode === 'All') return `Freeze all that is open${count}`;
  if (mode === 'Bps') return `Freeze ${percent(bps)} of the open lien${count}`;
  return mode === 'Units' ? `Freeze ${units(target ?? 0n)} units` : `Freeze in proportion to the shortfall${count}`;
}

/** The sum behind the number of units, in full. */
function Arithmetic({
  context,
  mode,
  bps,
  amount,
}: {
  context: ActContext;
  mode: Mode;
  bps: number;
  amount: FreezeAmountArgs | undefined;
}) {
  const { credit, view } = context;
  const { collateral } = credit;
  const [lien, locked, open, frozen] = [
    lienUnits(collateral),
    lockedUnits(collateral),
    freezableUnits(collateral),
    frozenUnits(collateral),
  ];
  const target = amount && freezeTargetOf(credit, amount);
  const denial = amount && denialOf(canFreeze(view, { amount, reason: reasonFor(credit.status) }));
  const [unpaid, debt] = [arrears(credit), totalDebt(credit.debt)];
  return (
    <dl className="pairs small sums">
      <div>
        <dt>Open lien = lien − locked</dt>
        <dd>
          {units(lien)} − {units(locked)} = <strong>{units(open)}</strong>
        </dd>
      </div>
      {mode === 'Shortfall' && (
        <div>
          <dt>× arrears ÷ debt, rounded up</dt>
          <dd>
            {units(open)} × {usdOwed(unpaid)} ÷ {usdOwed(debt)} ={' '}
            <strong>{target === undefined ? 'nothing is in arrears' : units(target)}</strong>
          </dd>
        </div>
      )}
      {mode === 'Bps' && (
        <div>
          <dt>× {percent(bps)}, rounded up</dt>
          <dd>
            <strong>{target === undefined ? '—' : units(target)}</strong>
          </dd>
        </div>
      )}
      <div>
        <dt>Frozen already</dt>
        <dd>{units(frozen)}</dd>
      </div>
      {target !== undefined && !denial && (
        <div>
          <dt>Frozen afterwards</dt>
          <dd>
            <strong>{units(target > frozen ? target : frozen)}</strong>
          </dd>
        </div>
      )}
    </dl>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
