// The portfolio of a lender, a borrower, or the whole market.

import { type Address, isAddress } from '@solana/kit';
import { type FormEvent, useMemo, useState } from 'react';
import { useNow } from '../../app/clock.js';
import { usePage } from '../../app/context.js';
import { go } from '../../app/route.js';
import { useCredits } from '../../data/queries.js';
import type { PartyFilter } from '../../data/types.js';
import { nextPayments, sumUp } from '../../figures/portfolio.js';
import { useUnitPrices } from '../../figures/prices.js';
import { percent, usdOwed, usdReceived } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { Empty, Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, Figure, TimeStamp } from '../../ui/Text.js';
import { useWallet } from '../../wallet/context.js';
import { Alerts } from '../alerts/Alerts.js';
import { Exposures } from './Exposures.js';
import { CreditTable } from './CreditTable.js';
import { Prices } from './Prices.js';
import { TotalsPanel } from './TotalsPanel.js';

/** The party of the query, else the wallet as lender, else the whole market. */
function partyOf(query: URLSearchParams, wallet: Address | undefined): PartyFilter {
  for (const role of ['lender', 'borrower'] as const) {
    const named = query.get(role);
    if (named !== null && isAddress(named)) return { role, address: named };
  }
  return wallet && query.get('of') !== 'market' ? { role: 'lender', address: wallet } : undefined;
}

/** Shows sums, payments, exposure and all loans of a party. */
export function PortfolioView({ query }: { query: URLSearchParams }) {
  const { wallet } = useWallet();
  const { settings } = usePage();
  const party = partyOf(query, wallet?.address);
  const credits = useCredits(party);
  const prices = useUnitPrices(settings);
  const now = BigInt(Math.floor(useNow() / 1_000));
  const rows = credits.data?.rows;
  const sums = useMemo(() => rows && sumUp(rows, prices.all), [rows, prices.all]);
  const next = useMemo(() => (rows ? nextPayments(rows, 6) : []), [rows]);
  const minute = now / 60n;
  const exposures = useMemo(() => rows && <Exposures rows={rows} now={minute * 60n} />, [rows, minute]);

  if (credits.isError && !rows)
    return <Failed what="the loans" error={credits.error} retry={() => void credits.refetch()} />;
  return (
    <>
      <div className="page-head">
        <h1>Portfolio</h1>
        <span className="muted">
          {party ? (
            <>
              of the {party.role} <AddressText address={party.address} />
            </>
          ) : (
            <>
              of the whole market <AddressText address={settings.market} />
            </>
          )}
        </span>
        <div className="end">
          <PartyForm />
        </div>
      </div>
      {!rows || !sums ? (
        <Loading what="the loans" />
      ) : rows.length === 0 && credits.data?.isComplete ? (
        <Panel title="Loans">
          <Empty
            title={
              party
                ? `The ${party.role} ${shortAddress(party.address)} has no loan in this market.`
                : 'This market has no loan yet.'
            }
          >
            <a className="button" href="#/offer">
              Offer a loan
            </a>
            {party && <a href="#/?of=market">See all loans of the market</a>}
          </Empty>
        </Panel>
      ) : (
        <>
          <dl className="figures">
            <Figure label="Outstanding" note={`${usdOwed(sums.principal)} of it principal`}>
              {usdOwed(sums.debt)}
            </Figure>
            <Figure label="Collateral, at price paid" note={`${usdReceived(sums.heldBack)} of it in cash, held back`}>
              {usdReceived(sums.lienValue)}
            </Figure>
            <Figure
              label="Collateral, at your price"
              note={sums.lienValueSet === undefined ? 'set a price for each provider' : 'of units under lien'}
            >
              {sums.lienValueSet === undefined ? '—' : usdReceived(sums.lienValueSet)}
            </Figure>
            <Figure
              label="Coverage"
              note={
                sums.coverageSet === undefined
                  ? 'at price paid'
                  : `at price paid; ${percent(sums.coverageSet)} at yours`
              }
            >
              {sums.coverage === undefined ? '—' : percent(sums.coverage)}
            </Figure>
            <Figure label="APR" note="weighted by principal">
              {sums.apr === undefined ? '—' : percent(sums.apr)}
            </Figure>
            <Figure
              label="In arrears"
              note={`${sums.loans} ${sums.loans === 1 ? 'loan' : 'loans'}: ${sums.byColour.green} sound, ${sums.byColour.amber} watch, ${sums.byColour.red} act`}
            >
              {usdOwed(sums.arrears)}
            </Figure>
          </dl>
          <div className="columns">
            <div className="stack">
              <CreditTable rows={rows} isComplete={credits.data?.isComplete ?? false} prices={prices.all} />
              {exposures}
              {party?.role !== 'borrower' && <TotalsPanel lender={party?.address} />}
            </div>
            <div className="stack">
              <Panel title="Next payments">
                {next.length === 0 ? (
                  <p className="muted">Nothing falls due.</p>
                ) : (
                  <ul className="list">
                    {next.map((row) => (
                      <li key={row.credit}>
                        <div className="row apart">
                          <a href={`#/loan/${row.credit}`} className="mono">
                            {shortAddress(row.credit)}
                          </a>
                          <strong className="num">{usdOwed(row.nextPayment?.amount ?? 0n)}</strong>
                        </div>
                        <div className="small">
                          {(row.nextPayment?.dueAt ?? 0n) < now ? <span className="error-text">was due </span> : 'due '}
                          <TimeStamp at={row.nextPayment?.dueAt ?? 0n} relative />
                        </div>
                      </li>
                    ))}
                  </ul>
                )}
              </Panel>
              <Alerts />
              <Prices rows={rows} prices={prices} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

/** Asks for a party whose loans are shown. */
function PartyForm() {
  const [text, setText] = useState('');
  const [fault, setFault] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const address = text.trim();
    setFault(!isAddress(address));
    if (isAddress(address)) go(`/?lender=${address}`);
  };
  return (
    <form className="row" onSubmit={submit}>
      <label className="hidden" htmlFor="party">
        A lender’s address
      </label>
      <input
        id="party"
        className="input compact"
        size={26}
        placeholder="A lender’s address"
        value={text}
        aria-invalid={fault}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="button compact">Show</button>
      <a className="button compact" href="#/?of=market">
        Whole market
      </a>
    </form>
  );
}
