// The lender's other acts: thaw, collect, notice, cancel, seize, take over.

import {
  Party,
  Status,
  allUnits,
  canCancelLocked,
  canCollect,
  canGiveNotice,
  canSeize,
  canTakeOver,
  canThaw,
  cancellableUnits,
  exactUnits,
  frozenUnits,
  highestLotPrice,
  leastLotPrice,
  pricePaid,
  totalDebt,
} from '@blockable/client';
import { type ReactNode, useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { cancelLocked, collect, giveNotice, seize, takeOver, thaw } from '../../act/instructions.js';
import { chainTime } from '../../figures/row.js';
import { parsePercent, parseUnits, percent, units, usdExact, usdOwed, usdReceived } from '../../text/money.js';
import { spanText } from '../../text/time.js';
import { TimeStamp } from '../../ui/Text.js';

type Props = { context: ActContext };

/** Asks for units: all of them, or a number. Undefined while what is typed is no number above 0. */
function UnitsField({
  label,
  children,
  onChange,
}: {
  label: string;
  children?: ReactNode;
  onChange: (count: bigint | 'all' | undefined) => void;
}) {
  const [isAll, setAll] = useState(true);
  const [text, setText] = useState('');
  const change = (all: boolean, typed: string) => {
    setAll(all);
    setText(typed);
    const count = parseUnits(typed);
    onChange(all ? 'all' : count !== undefined && count > 0n ? count : undefined);
  };
  return (
    <fieldset className="stack tight">
      <legend className="legend">{label}</legend>
      <div className="choices">
        <label>
          <input type="radio" name={label} checked={isAll} onChange={() => change(true, text)} /> All
        </label>
        <label>
          <input type="radio" name={label} checked={!isAll} onChange={() => change(false, text)} /> A number
        </label>
      </div>
      {!isAll && (
        <input
          className="input num"
          inputMode="numeric"
          aria-label={label}
          value={text}
          aria-invalid={text !== '' && parseUnits(text) === undefined}
          onChange={(event) => change(false, event.target.value)}
        />
      )}
      {children}
    </fieldset>
  );
}

const boundsOf = (count: bigint | 'all') => (count === 'all' ? allUnits() : exactUnits(count));

/** Reverses a freeze. */
export function ThawForm({ context }: Props) {
  const { credit, view } = context;
  const [count, setCount] = useState<bigint | 'all' | undefined>('all');
  const frozen = frozenUnits(credit.collateral);
  const most = count === 'all' ? frozen : count;
  return (
    <div className="form">
      <UnitsField label="Units to thaw" onChange={setCount}>
        <p className="small muted">{units(frozen)} units are frozen now.</p>
      </UnitsField>
      {most !== undefined && (
        <Confirm
          context={context}
          plan={{
            kind: 'thaw',
            subject: context.loan.credit,
            title: `Thaw ${units(most < frozen ? most : frozen)} units`,
            verb: 'Thaw',
            isAdverse: false,
            verdict: canThaw(view, { most: most === 0n ? 1n : most, keep: 0n }),
            build: () => thaw(context, most),
            undo: 'New jobs may use these units at once, and what they use is used. You can freeze what is left again. It withdraws an offer of the loan for sale.',
          }}
        />
      )}
    </div>
  );
}

/** Pays the lender what has come in. */
export function CollectForm({ context }: Props) {
  const { credit, view } = context;
  return (
    <div className="form">
      <p>
        Payments wait in the vault until they are collected:{' '}
        <strong className="num">{usdReceived(credit.claims.lender)}</strong>. They go to the lender’s own token account.
      </p>
      <Confirm
        context={context}
        plan={{
          kind: 'collect',
          subject: context.loan.credit,
          title: `Collect ${usdReceived(credit.claims.lender)}`,
          verb: 'Collect',
          isAdverse: false,
          verdict: canCollect(view, { of: Party.Lender }),
          build: () => collect(context, Party.Lender, credit.lender),
          undo: 'The money leaves the vault for the lender’s token account; nothing else changes.',
        }}
      />
    </div>
  );
}

/** Gives notice of default for a breach that was agreed as one. */
export function NoticeForm({ context }: Props) {
  const { credit, view, loan } = context;
  const [document, setDocument] = useState<{ name: string; hash: Uint8Array }>();
  const verdict = canGiveNotice(view);
  const read = async (file: File | undefined) => {
    if (!file) return setDocument(undefined);
    setDocument({
      name: file.name,
      hash: new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())),
    });
  };
  return (
    <div className="form">
      <div className="field">
        <label htmlFor="document">The document that states the breach</label>
        <input id="document" type="file" className="input" onChange={(event) => void read(event.target.files?.[0])} />
        <span className="small muted">
          Its SHA-256 goes to the chain, the document stays with you. Send it to the borrower yourself.
        </span>
      </div>
      <p className="small">
        The loan is in default from then on. The borrower has {spanText(credit.terms.curePeriod)} to pay the whole debt,{' '}
        {usdOwed(totalDebt(credit.debt))}
        {verdict.ok && (
          <>
            , until <TimeStamp at={chainTime(loan.clock, verdict.effect.cureUntil)} />
          </>
        )}
        .
      </p>
      {document ? (
        <Confirm
          context={context}
          plan={{
            kind: 'notice',
            subject: loan.credit,
            title: `Give notice of default (${document.name})`,
            verb: 'Give notice',
            isAdverse: true,
            verdict,
            build: () => giveNotice(context, document.hash, Status.Active),
            undo: 'The notice stands in the log for ever. You can withdraw it until the first seizure. Paying the arrears does not end it, only the whole debt does.',
          }}
        />
      ) : (
        <p className="muted">{verdict.ok ? 'Choose the document.' : ''}</p>
      )}
    </div>
  );
}

/** Turns covered units into the cash that was held back for them. */
export function CancelForm({ context }: Props) {
  const { credit, view } = context;
  const [count, setCount] = useState<bigint | 'all' | undefined>('all');
  const verdict = count === undefined ? undefined : canCancelLocked(view, { amount: boundsOf(count) });
  return (
    <div className="form">
      <UnitsField label="Units to cancel" onChange={setCount}>
        <p className="small muted">
          {units(cancellableUnits(credit))} units are covered by the holdback of {usdReceived(credit.holdbackLeft)}: the
          provider was never paid for them.
        </p>
      </UnitsField>
      {count !== undefined && verdict && (
        <Confirm
          context={context}
          plan={{
            kind: 'cancel-locked',
            subject: context.loan.credit,
            title: verdict.ok
              ? `Cancel ${units(verdict.effect.units)} locked units for ${usdReceived(verdict.effect.paid)}`
              : 'Cancel locked units',
            verb: 'Cancel units',
            isAdverse: true,
            verdict,
            build: () => cancelLocked(context, boundsOf(count)),
            undo: 'Cancelled units are gone for good. The first cancel or seizure ends the borrower’s right to cure by paying the arrears.',
          }}
        />
      )}
    </div>
  );
}

const DAY = 86_400;

/** Opens a lot at a falling price. */
export function SeizeForm({ context }: Props) {
  const { credit, view, loan } = context;
  const { bounds } = view.market;
  const [count, setCount] = useState<bigint | 'all' | undefined>('all');
  const [start, setStart] = useState('100');
  const [floor, setFloor] = useState('70');
  const longest = bounds.maxLotWindow;
  const usual = Math.min(Math.max(45 * DAY, bounds.minLotWindow), longest);
  const [window, setWindow] = useState(usual);
  const paid = pricePaid(credit);
  const [startBps, floorBps] = [parsePercent(start), parsePercent(floor)];
  const lot =
    startBps === undefined || floorBps === undefined
      ? undefined
      : { startPrice: (paid * BigInt(startBps)) / 10_000n, floorPrice: (paid * BigInt(floorBps)) / 10_000n, window };
  const verdict = lot && count !== undefined ? canSeize(view, { amount: boundsOf(count), lot }) : undefined;
  const low = leastLotPrice(paid, bounds.minStartPriceBps);
  return (
    <div className="form">
      <UnitsField label="Units to sell" onChange={setCount} />
      <div className="form-grid">
        <PriceField id="start" label="Price at the start" text={start} onText={setStart} price={lot?.startPrice} />
        <PriceField id="floor" label="Lowest price" text={floor} onText={setFloor} price={lot?.floorPrice} />
        <div className="field">
          <label htmlFor="window">
            The price falls for <strong>{spanText(window)}</strong>
          </label>
          <input
            id="window"
            type="range"
            min={bounds.minLotWindow}
            max={longest}
            step={longest - bounds.minLotWindow > 20 * DAY ? DAY : 60}
            value={window}
            aria-valuetext={spanText(window)}
            onChange={(event) => setWindow(Number(event.target.value))}
          />
        </div>
      </div>
      <p className="small muted">
        The loan paid {usdExact(paid)} per million units. This market lets a lot start between {usdExact(low)} and{' '}
        {usdExact(highestLotPrice(paid, bounds.maxStartPriceBps))}. A fee of {percent(view.market.redistributionFeeBps)}{' '}
        goes to the market.
      </p>
      {verdict && lot && count !== undefined && (
        <Confirm
          context={context}
          plan={{
            kind: 'seize',
            subject: loan.credit,
            title: verdict.ok
              ? `Seize ${units(verdict.effect.units)} units for sale from ${usdExact(lot.startPrice)} down to ${usdExact(lot.floorPrice)}`
              : 'Seize for sale',
            verb: 'Seize for sale',
            isAdverse: true,
            verdict,
            build: () => seize(context, boundsOf(count), lot),
            undo: 'The first seizure ends the borrower’s right to cure by paying the arrears. Units that are sold stay sold; unsold ones come back frozen when the lot is closed.',
          }}
        />
      )}
    </div>
  );
}

type PriceProps = {
  id: string;
  label: string;
  text: string;
  onText: (text: string) => void;
  price: bigint | undefined;
};

function PriceField({ id, label, text, onText, price }: PriceProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}, in % of what the loan paid</label>
      <input
        id={id}
        className="input num"
        inputMode="decimal"
        value={text}
        aria-invalid={price === undefined}
        onChange={(event) => onText(event.target.value)}
      />
      <span className="small muted num">
        {price === undefined ? 'Write a percentage such as 70.' : `${usdExact(price)} per million units`}
      </span>
    </div>
  );
}

/** Takes units as payment, at the price that the loan paid. */
export function TakeOverForm({ context }: Props) {
  const { view, loan } = context;
  const [count, setCount] = useState<bigint | 'all' | undefined>('all');
  const verdict = count === undefined ? undefined : canTakeOver(view, boundsOf(count));
  return (
    <div className="form">
      <UnitsField label="Units to take over" onChange={setCount}>
        <p className="small muted">
          They become the lender’s own at this provider, and take their price off the debt. Covered units pay the
          provider: take these over only to use them.
        </p>
      </UnitsField>
      {count !== undefined && verdict && (
        <Confirm
          context={context}
          plan={{
            kind: 'take-over',
            subject: loan.credit,
            title: verdict.ok
              ? `Take over ${units(verdict.effect.units)} units for ${usdReceived(verdict.effect.value)} of debt`
              : 'Take units over',
            verb: 'Take over',
            isAdverse: true,
            verdict,
            build: () => takeOver(context, boundsOf(count)),
            undo: 'The debt is lowered by their price for good, whatever they bring you. The first takeover ends the borrower’s right to cure by paying the arrears.',
          }}
        />
      )}
    </div>
  );
}
