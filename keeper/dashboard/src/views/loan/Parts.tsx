// Schedule, terms, covenant, reporters, vault and history of a loan.

import { type Credit, coveredUnits, totalDebt } from '@blockable/client';
import { useState } from 'react';
import { useNow } from '../../app/clock.js';
import { useEvents, useWatched } from '../../data/queries.js';
import type { EventRow, LoanNow } from '../../data/types.js';
import { KIND_TEXT } from '../../figures/events.js';
import { type InstalmentRow, instalments } from '../../figures/schedule.js';
import { chainTime } from '../../figures/row.js';
import { percent, units, usdOwed, usdReceived } from '../../text/money.js';
import { autoFreezeText, policyText } from '../../text/names.js';
import { spanText } from '../../text/time.js';
import { Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, Pair, Relative, SignatureText, TimeStamp } from '../../ui/Text.js';

const STATE_CLASS: Record<InstalmentRow['state'], string> = {
  paid: 'green',
  missed: 'red',
  'due next': '',
  'part paid': 'amber',
  'to come': '',
};

/** The instalments with their state, and the holdback that they pay off. */
export function SchedulePanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  const rows = instalments(loan.stored, loan.clock);
  const isPreview = loan.stored.issuedAt === 0n;
  return (
    <Panel
      title="Schedule"
      flush
      end={
        credit.holdbackLeft > 0n && (
          <span className="small">{usdReceived(credit.holdbackLeft)} held back in the vault</span>
        )
      }
    >
      <div className="scroll tall" tabIndex={0} role="group" aria-label="Instalments, a table that scrolls">
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="right">
                #
              </th>
              <th scope="col">{isPreview ? 'Due after the issue' : 'Due'}</th>
              <th scope="col" className="right">
                Principal
              </th>
              <th scope="col" className="right">
                Paid of it
              </th>
              <th scope="col" className="right">
                Interest, if paid on time
              </th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.number}>
                <td className="right">{row.number}</td>
                <td>{isPreview ? spanText(row.dueAt) : <TimeStamp at={row.dueAt} />}</td>
                <td className="right">{usdOwed(row.principal)}</td>
                <td className="right">{row.paid > 0n ? usdReceived(row.paid) : '—'}</td>
                <td className="right">{row.interest === undefined ? '—' : usdOwed(row.interest)}</td>
                <td>
                  <span className={`badge ${STATE_CLASS[row.state]}`}>{row.state}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** What was agreed. */
export function TermsPanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  const { terms, rider } = credit;
  const price = terms.units === 0n ? 0n : (terms.principal * 1_000_000n) / terms.units;
  return (
    <Panel title="Terms">
      <dl className="pairs small">
        <Pair label="Lent">{usdReceived(terms.principal)}</Pair>
        <Pair label="For">{units(terms.units)} units</Pair>
        <Pair label="Price paid, per million units">{usdReceived(price)}</Pair>
        <Pair label="APR agreed">{percent(terms.aprBps)}</Pair>
        {terms.holdback > 0n && (
          <Pair label="Held back at issue">
            {usdReceived(terms.holdback)} at {percent(terms.holdbackAprBps)}
          </Pair>
        )}
        <Pair label="Open ahead of payment">
          {terms.unlockedAhead >= terms.units ? 'all units' : `${units(terms.unlockedAhead)} units`}
        </Pair>
        <Pair label="You may freeze">{policyText(terms.freezePolicy)}</Pair>
        <Pair label="Anybody may freeze all">{autoFreezeText(terms.autoFreeze)}</Pair>
        <Pair label="Delinquent after">{spanText(terms.delinquencyGrace)}</Pair>
        <Pair label="In default after">{spanText(terms.defaultGrace)}</Pair>
        <Pair label="Time to cure">{spanText(terms.curePeriod)}</Pair>
        <Pair label="Late fee">{usdOwed(terms.lateFee)}</Pair>
        <Pair label="Most use counted">{units(terms.maxUnitsPerSecond)} units/s</Pair>
        <Pair label="Longest job">{spanText(terms.longestJob)}</Pair>
        {rider.reserve > 0n && (
          <Pair label="Reserve">
            {usdReceived(credit.reserveHeld)} of {usdReceived(rider.reserve)}
          </Pair>
        )}
        {credit.unitsExpireAt !== 0n && (
          <Pair label="Units expire">
            <TimeStamp at={chainTime(loan.clock, credit.unitsExpireAt)} />
          </Pair>
        )}
        <Pair label="Notice for a breach">{rider.breachNotice === 1 ? 'agreed' : 'not agreed'}</Pair>
        <Pair label="Cross-default">{rider.crossDefault === 1 ? 'agreed' : 'not agreed'}</Pair>
      </dl>
    </Panel>
  );
}

/** The covenant on use, where one was agreed. */
export function CovenantPanel({ credit }: { credit: Credit }) {
  const { rider, covenant, collateral } = credit;
  if (rider.covenantWindow === 0) return null;
  const used = collateral.consumed > covenant.consumed ? collateral.consumed - covenant.consumed : 0n;
  const share = rider.plannedUnits === 0n ? 0n : (used * 10_000n) / rider.plannedUnits;
  return (
    <Panel title="Covenant on use">
      <dl className="pairs small">
        <Pair label="Plan per window">{units(rider.plannedUnits)} units</Pair>
        <Pair label="Used in this window">
          {units(used)} ({percent(share)})
        </Pair>
        <Pair label="Window ends">
          <TimeStamp at={covenant.measuredAt + BigInt(rider.covenantWindow)} />
        </Pair>
        <Pair label="APR now">{percent(covenant.aprBps)}</Pair>
        <Pair label={`At ${percent(rider.highBps)} or more`}>APR falls by {percent(rider.aprStepBps)}</Pair>
        <Pair label={`Below ${percent(rider.lowBps)}`}>
          APR rises by {percent(rider.aprStepBps)}
          {rider.topUpBps > 0 && `, ${percent(rider.topUpBps)} of principal falls due`}
        </Pair>
      </dl>
    </Panel>
  );
}

/** Who counts the use, whether they agree, and how fresh the count is. */
export function ReportersPanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  const watched = useWatched(loan.credit);
  const now = BigInt(Math.floor(useNow() / 1_000));
  const { meter } = credit;
  const settings = loan.provider?.account.settings;
  const reporters = settings?.reporters.slice(0, settings.reporterCount) ?? [];
  const reports = new Map(watched.data?.reports.map((report) => [report.reporter, report]));
  return (
    <Panel title="Reporters">
      <div className="stack tight">
        <p>
          {watched.data?.agreement ??
            `${settings?.quorum ?? '?'} of ${reporters.length} reporters must agree on the use.`}
        </p>
        <dl className="pairs small">
          <Pair label="Latest count on the chain">
            {meter.reportedAt === 0n ? 'none yet' : <TimeStamp at={meter.reportedAt} seconds relative />}
          </Pair>
          <Pair label="Used in all">{units(meter.cumulative)}</Pair>
          <Pair label="Running then">{units(meter.inFlight)}</Pair>
          {meter.overrun > 0n && <Pair label="Beyond the limit">{units(meter.overrun)}: the provider’s loss</Pair>}
        </dl>
        <ul className="list small">
          {reporters.map(({ key, expiresAt }) => {
            const report = reports.get(key);
            const [colour, word] =
              report === undefined
                ? ['', 'no report read']
                : report.problem !== undefined
                  ? ['amber', report.problem]
                  : report.agrees === false
                    ? ['red', 'disagrees']
                    : ['green', 'agrees'];
            return (
              <li key={key} className="row apart">
                <AddressText address={key} />
                <span className="row">
                  {report && <Relative at={report.reportedAt} />}
                  {expiresAt <= now ? (
                    <span className="badge red">expired</span>
                  ) : watched.data ? (
                    <span className={`badge ${colour}`}>{word}</span>
                  ) : null}
                </span>
              </li>
            );
          })}
        </ul>
        {!watched.data && (
          <p className="small muted">
            Single reports are seen by a keeper alone; the chain has what a quorum has signed.
          </p>
        )}
      </div>
    </Panel>
  );
}

const PAGE = 25;

/** The log of the loan, the newest first, and whether it is proven to be whole. */
export function HistoryPanel({ loan }: { loan: LoanNow }) {
  const log = useEvents(loan.credit, loan.stored.eventSeq);
  const [withUse, setWithUse] = useState(false);
  const [most, setMost] = useState(PAGE);
  if (log.isError && !log.data)
    return (
      <Panel title="History">
        <Failed what="the history" error={log.error} retry={() => void log.refetch()} />
      </Panel>
    );
  if (!log.data)
    return (
      <Panel title="History">
        <Loading what="the history" />
      </Panel>
    );
  const { proof, events } = log.data;
  const shown = [...events].reverse().filter((event) => withUse || event.kind !== 'Metered');
  const [colour, text] =
    proof.state === 'proven'
      ? ['green', `proven: ${proof.count} events fold to the hash in the account`]
      : proof.state === 'broken'
        ? ['red', `not proven: ${proof.reason}`]
        : ['amber', `in part: ${proof.reason}`];
  return (
    <Panel title="History" flush end={<span className={`badge ${colour}`}>{text}</span>}>
      <div className="toolbar">
        <label className="row small">
          <input type="checkbox" checked={withUse} onChange={(event) => setWithUse(event.target.checked)} /> Show each
          count of use
        </label>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label="Table that scrolls sideways">
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="right">
                #
              </th>
              <th scope="col">Time</th>
              <th scope="col">Event</th>
              <th scope="col">Facts</th>
              <th scope="col">Transaction</th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, most).map((event) => (
              <EventLine key={event.seq.toString()} event={event} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length > most && (
        <div className="panel-body">
          <button type="button" className="button compact" onClick={() => setMost(most + 100)}>
            Show more of {shown.length}
          </button>
        </div>
      )}
    </Panel>
  );
}

function EventLine({ event }: { event: EventRow }) {
  return (
    <tr>
      <td className="right">{event.seq.toString()}</td>
      <td>
        <TimeStamp at={event.at} seconds />
      </td>
      <td>{KIND_TEXT[event.kind] ?? event.kind}</td>
      <td>{event.facts.map(([label, value]) => `${label} ${value}`).join(' · ')}</td>
      <td>
        <SignatureText signature={event.signature} />
      </td>
    </tr>
  );
}

/** Money in the vault, by the party that it belongs to. */
export function VaultPanel({ loan, credit }: { loan: LoanNow; credit: Credit }) {
  const { claims } = credit;
  return (
    <Panel title="Vault">
      {loan.vaultIsFrozen && (
        <p className="note bad">
          The payment token’s issuer has frozen this vault: nobody can pay, and nobody is marked meanwhile.
        </p>
      )}
      <dl className="pairs small">
        {claims.escrow > 0n && <Pair label="Escrow, until the issue">{usdReceived(claims.escrow)}</Pair>}
        <Pair label="Lender may collect">{usdReceived(claims.lender)}</Pair>
        <Pair label="Borrower may collect">{usdReceived(claims.borrower)}</Pair>
        <Pair label="Provider may collect">{usdReceived(claims.provider)}</Pair>
        <Pair label="Held back">{usdReceived(credit.holdbackLeft)}</Pair>
        <Pair label="Units it covers now">{totalDebt(credit.debt) > 0n ? units(coveredUnits(credit)) : '—'}</Pair>
        <Pair label="Reserve">{usdReceived(credit.reserveHeld)}</Pair>
      </dl>
    </Panel>
  );
}
