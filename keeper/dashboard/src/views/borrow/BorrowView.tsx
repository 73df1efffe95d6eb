// The borrower's side: loans to accept, to use and to repay, and everything that may be done against it with the time that is left.

import { Status } from '@blockable/client';
import { type Address, isAddress } from '@solana/kit';
import { useMemo } from 'react';
import { chainNow, contextOf } from '../../act/context.js';
import { useNow } from '../../app/clock.js';
import { useCredits, useLoan } from '../../data/queries.js';
import type { LoanNow } from '../../data/types.js';
import { instalments } from '../../figures/schedule.js';
import { rowOf } from '../../figures/row.js';
import { usdOwed, unitsShort, units } from '../../text/money.js';
import { STATUS_MEANING, shortAddress, statusName } from '../../text/names.js';
import { Empty, Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, CopyButton, Figure, HealthBadge, TimeStamp } from '../../ui/Text.js';
import { useWallet } from '../../wallet/context.js';
import { Alerts } from '../alerts/Alerts.js';
import { SchedulePanel, TermsPanel } from '../loan/Parts.js';
import { UnitBar } from '../loan/UnitBar.js';
import { AcceptPanel } from './Accept.js';
import { Adverse } from './Adverse.js';
import { ApiKeyPanel } from './ApiKey.js';
import { CollectPanel, RepayPanel, ReservePanel } from './Repay.js';

/** Shows the borrower's loans, or one of them. */
export function BorrowView({ address }: { address: string | undefined }) {
  if (address === undefined) return <Mine />;
  if (!isAddress(address)) return <Empty title={`${address} is no address.`} />;
  return <One key={address} address={address} />;
}

function Mine() {
  const { wallet } = useWallet();
  if (!wallet) {
    return (
      <>
        <h1>Borrow</h1>
        <Panel title="Your loans">
          <Empty title="Connect your wallet to see your loans.">
            <p className="muted">An offer comes with a link: open it to read its terms first, also without a wallet.</p>
          </Empty>
        </Panel>
      </>
    );
  }
  return <Listed party={wallet.address} />;
}

function Listed({ party }: { party: Address }) {
  const credits = useCredits({ role: 'borrower', address: party });
  if (credits.isError && !credits.data)
    return <Failed what="your loans" error={credits.error} retry={() => void credits.refetch()} />;
  if (!credits.data) return <Loading what="your loans" />;
  const { rows } = credits.data;
  return (
    <>
      <h1>Borrow</h1>
      <Panel title="Your loans" flush>
        {rows.length === 0 ? (
          <Empty title={`${shortAddress(party)} has no loan or units in this market.`} />
        ) : (
          <div className="scroll" tabIndex={0} role="group" aria-label="Table that scrolls sideways">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Loan</th>
                  <th scope="col">Health</th>
                  <th scope="col">Status</th>
                  <th scope="col" className="right">
                    Owed
                  </th>
                  <th scope="col" className="right">
                    To pay next
                  </th>
                  <th scope="col">Due</th>
                  <th scope="col" className="right">
                    Available units
                  </th>
                  <th scope="col" className="right">
                    Locked
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.credit}>
                    <td>
                      <a className="mono" href={`#/borrow/${row.credit}`}>
                        {shortAddress(row.credit)}
                      </a>
                    </td>
                    <td>
                      <HealthBadge health={row.health} />
                    </td>
                    <td>{row.isLoan ? row.status : 'units, without a loan'}</td>
                    <td className="right">{row.isLoan ? usdOwed(row.debt) : '—'}</td>
                    <td className="right">{row.nextPayment ? usdOwed(row.nextPayment.amount) : '—'}</td>
                    <td>{row.nextPayment ? <TimeStamp at={row.nextPayment.dueAt} /> : '—'}</td>
                    <td className="right">{unitsShort(row.available)}</td>
                    <td className="right">{unitsShort(row.locked)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
    </>
  );
}

function One({ address }: { address: Address }) {
  const loan = useLoan(address);
  if (loan.isError && !loan.data)
    return <Failed what={`the loan ${shortAddress(address)}`} error={loan.error} retry={() => void loan.refetch()} />;
  if (!loan.data) return <Loading what="the loan" />;
  return <Known loan={loan.data} />;
}

function Known({ loan }: { loan: LoanNow }) {
  const { wallet } = useWallet();
  const now = chainNow(loan, useNow());
  const party = wallet?.address ?? loan.stored.borrower;
  const context = useMemo(() => contextOf(loan, party, now), [loan, party, now]);
  const row = useMemo(() => rowOf(loan.credit, loan.stored, loan.clock), [loan]);
  if (!context) return <Empty title="The provider’s account is gone, so nothing can be decided about this loan." />;
  const { credit } = context;
  const status = statusName(credit);
  const isOffer = credit.status === Status.Offered || credit.status === Status.Accepted;
  const isLive = credit.status >= Status.Active && credit.status <= Status.Seizing;
  const isLender = credit.lender === credit.provider;
  return (
    <>
      <div className="page-head">
        <h1>
          {isOffer ? 'Offer' : isLender ? 'Units' : 'Your loan'}{' '}
          <span className="mono">{shortAddress(loan.credit)}</span>
        </h1>
        <CopyButton text={loan.credit} what="the loan’s address" />
        <HealthBadge health={row.health} />
        <span>
          <strong>{status}</strong> <span className="muted small">{STATUS_MEANING[status]}</span>
        </span>
      </div>
      {wallet && wallet.address !== credit.borrower && (
        <p className="note">
          The borrower is <AddressText address={credit.borrower} />, and you are connected as{' '}
          <AddressText address={wallet.address} />. Anybody may pay for the borrower; only the borrower accepts and gets
          the API key.
        </p>
      )}
      {isOffer ? (
        <AcceptPanel context={context} />
      ) : (
        <>
          <dl className="figures">
            <Figure label="Available now" note="units that new jobs may use">
              {unitsShort(row.available)}
            </Figure>
            <Figure label="Locked" note="payments open them">
              {unitsShort(row.locked)}
            </Figure>
            <Figure label="Frozen" note={row.frozen > 0n ? 'see below how they thaw' : 'none'}>
              {unitsShort(row.frozen)}
            </Figure>
            <Figure
              label="To pay next"
              note={row.nextPayment ? <TimeStamp at={row.nextPayment.dueAt} relative /> : 'nothing falls due'}
            >
              {row.nextPayment ? usdOwed(row.nextPayment.amount) : '—'}
            </Figure>
            <Figure label="Owed in all">{usdOwed(row.debt)}</Figure>
          </dl>
          <Panel title="Units">
            <UnitBar credit={credit} />
          </Panel>
        </>
      )}
      <div className="columns">
        <div className="stack">
          {isLive && <RepayPanel context={context} />}
          {(isLive || credit.status === Status.Accepted) && credit.rider.reserve > credit.reserveHeld && (
            <ReservePanel context={context} />
          )}
          {credit.claims.borrower > 0n && <CollectPanel context={context} />}
          {instalments(loan.stored, loan.clock).length > 0 && <SchedulePanel loan={loan} credit={credit} />}
        </div>
        <div className="stack">
          {isLive && <Adverse context={context} now={now} />}
          {!isOffer && <ApiKeyPanel credit={loan.credit} provider={credit.provider} borrower={credit.borrower} />}
          <Alerts credit={loan.credit} />
          {!isLender && <TermsPanel loan={loan} credit={credit} />}
          {isOffer && (
            <p className="small muted">Units are granted when the provider issues them: {units(credit.terms.units)}.</p>
          )}
        </div>
      </div>
    </>
  );
}
