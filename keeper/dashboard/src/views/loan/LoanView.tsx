// One loan: what it owes, where its units are, what was agreed, what happened, and what may be done now.

import { type Credit, aprInForce, arrears, availableUnits, creditAt, totalDebt } from '@blockable/client';
import { type Address, isAddress } from '@solana/kit';
import { Suspense, lazy, useMemo, useState } from 'react';
import { useLoan, useSeries, useWatched } from '../../data/queries.js';
import type { LoanNow, Resolution } from '../../data/types.js';
import { unitsPerDay, usedUpAt } from '../../figures/burn.js';
import { coverageBps } from '../../figures/health.js';
import { rowOf } from '../../figures/row.js';
import { percent, unitsShort, usdOwed, usdReceived } from '../../text/money.js';
import { STATUS_MEANING, shortAddress, statusName } from '../../text/names.js';
import { Empty, Failed, Loading, Panel } from '../../ui/Panel.js';
import { SpanTabs } from '../../ui/SpanTabs.js';
import { AddressText, CopyButton, Figure, HealthBadge, TimeStamp } from '../../ui/Text.js';
import { Alerts } from '../alerts/Alerts.js';
import { CovenantPanel, HistoryPanel, ReportersPanel, SchedulePanel, TermsPanel, VaultPanel } from './Parts.js';
import { UnitBar } from './UnitBar.js';

const UsageChart = lazy(async () => ({ default: (await import('./UsageChart.js')).UsageChart }));

/** The credit with its debt brought up to when it was read. */
export function currentCredit(loan: LoanNow): Credit {
  const { stored } = loan;
  return stored.status >= 2 && stored.status <= 5 ? creditAt(stored, loan.clock.market) : stored;
}

/** Shows the loan at an address. */
export function LoanView({ address }: { address: string }) {
  if (!isAddress(address)) return <Empty title={`${address} is no address.`} />;
  return <Loan address={address} />;
}

function Loan({ address }: { address: Address }) {
  const loan = useLoan(address);
  if (loan.isError && !loan.data)
    return <Failed what={`the loan ${shortAddress(address)}`} error={loan.error} retry={() => void loan.refetch()} />;
  if (!loan.data) return <Loading what="the loan" />;
  return <Known loan={loan.data} />;
}

function Known({ loan }: { loan: LoanNow }) {
  const credit = useMemo(() => currentCredit(loan), [loan]);
  const row = useMemo(() => rowOf(loan.credit, loan.stored, loan.clock), [loan]);
  const status = statusName(credit);
  const coverage = coverageBps(row.lienValue, row.debt);
  return (
    <>
      <div className="page-head">
        <h1>
          Loan <span className="mono">{shortAddress(loan.credit)}</span>
        </h1>
        <CopyButton text={loan.credit} what="the loan’s address" />
        <HealthBadge health={row.health} />
        <span>
          <strong>{status}</strong> <span className="muted small">{STATUS_MEANING[status]}</span>
        </span>
        <div className="end">
          <a className="button" href={`#/borrow/${loan.credit}`}>
            Borrower’s view
          </a>
          <a className="button primary" href={`#/act/${loan.credit}`}>
            Act on this loan
          </a>
        </div>
      </div>
      {row.health.colour !== 'green' && (
        <p className={`note ${row.health.colour === 'red' ? 'bad' : 'warn'}`}>{row.health.reason}.</p>
      )}
      <dl className="figures">
        <Figure label="Owed" note={`${usdOwed(credit.debt.principal)} of it principal`}>
          {usdOwed(totalDebt(credit.debt))}
        </Figure>
        <Figure label="In arrears" note={row.arrears > 0n ? 'pays the loan current now' : 'nothing is unpaid'}>
          {usdOwed(row.arrears)}
        </Figure>
        <Figure
          label="Next due"
          note={row.nextPayment ? <TimeStamp at={row.nextPayment.dueAt} /> : 'nothing falls due'}
        >
          {row.nextPayment ? usdOwed(row.nextPayment.amount) : '—'}
        </Figure>
        <Figure label="Coverage" note={`${usdReceived(row.lienValue)} of units at price paid`}>
          {coverage === undefined ? '—' : percent(coverage)}
        </Figure>
        <Figure label="APR in force" note={credit.rider.covenantWindow > 0 ? 'moves with the use' : 'fixed'}>
          {percent(aprInForce(credit))}
        </Figure>
        <Figure
          label="Matures"
          note={row.maturesAt === undefined ? 'dates count from the issue' : <TimeStamp at={row.maturesAt} />}
        >
          {row.maturesAt === undefined ? '—' : <MaturesIn at={row.maturesAt} now={loan.clock.chain} />}
        </Figure>
      </dl>
      <Panel title="Units">
        <UnitBar credit={credit} />
      </Panel>
      <div className="columns">
        <div className="stack">
          <UsagePanel loan={loan} credit={credit} />
          <SchedulePanel loan={loan} credit={credit} />
          <HistoryPanel loan={loan} />
        </div>
        <div className="stack">
          <PartiesPanel loan={loan} credit={credit} />
          <Alerts credit={loan.credit} />
          <ReportersPanel loan={loan} credit={credit} />
          <CovenantPanel credit={credit} />
          <VaultPanel loan={loan} credit={credit} />
          <TermsPanel loan={loan} credit={credit} />
        </div>
      </div>
    </>
  );
}

function MaturesIn({ at, now }: { at: bigint; now: bigint }) {
  const days = Number(at - now) / 86_400;
  if (days <= 0) return <>past</>;
  return <>{days < 2 ? `${(days * 24).toFixed(1)} h` : `${Math.floor(days)} d`}</>;
}

function PartiesPanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  return (
    <Panel title="Parties">
      <dl className="pairs small">
        {(
          [
            ['Lender', credit.lender],
            ['Freeze authority', credit.freezeAuthority],
            ['Borrower', credit.borrower],
            ['Provider', credit.provider],
            ['Market', loan.address],
          ] as const
        ).map(([label, key]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <AddressText address={key} />
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function UsagePanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  const [resolution, setResolution] = useState<Resolution>(300);
  const series = useSeries(loan.credit, resolution);
  const watched = useWatched(loan.credit);
  const samples = series.data;
  const open = Number(availableUnits(credit.collateral));
  const rate = watched.data?.unitsPerDay ?? (samples ? unitsPerDay(samples) : undefined);
  const end = usedUpAt(open, rate, Number(loan.clock.chain));
  const body = () => {
    if (series.isError && samples === undefined)
      return <Failed what="the use over time" error={series.error} retry={() => void series.refetch()} />;
    if (samples === undefined) return <Loading what="the use over time" />;
    if (samples === null)
      return (
        <p className="muted">
          Use over time is recorded by a keeper. The chain has the sum: {unitsShort(credit.collateral.consumed)} units
          used.
        </p>
      );
    if (samples.length < 2)
      return <p className="muted">The keeper has not watched this loan for long enough to draw its use.</p>;
    return (
      <Suspense fallback={<Loading what="the chart" />}>
        <UsageChart samples={samples} granted={Number(credit.collateral.granted)} open={open} usedUpAt={end} />
      </Suspense>
    );
  };
  return (
    <Panel title="Use over time" end={<SpanTabs value={resolution} onChange={setResolution} />}>
      <div className="stack tight">
        <p className="small">
          {rate === undefined ? (
            'No rate of use can be told yet.'
          ) : (
            <>
              <strong className="num">{unitsShort(BigInt(Math.round(rate)))} units a day</strong>
              {watched.data?.longUnitsPerDay !== undefined && (
                <span className="muted">
                  {' '}
                  ({unitsShort(BigInt(Math.round(watched.data.longUnitsPerDay)))} over the long term)
                </span>
              )}
              .{' '}
              {end !== undefined && (
                <>
                  What is open is used up on <TimeStamp at={BigInt(Math.round(end))} relative />.
                </>
              )}
            </>
          )}{' '}
          {arrears(credit) > 0n && 'Arrears stand.'}
        </p>
        {body()}
      </div>
    </Panel>
  );
}
