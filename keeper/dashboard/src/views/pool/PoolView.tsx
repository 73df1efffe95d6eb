// Seized units for sale: lots with a price that falls by the second, and a purchase with a highest price.

import {
  type Lot,
  type MarketClock,
  canBuy,
  clockAt,
  costOfUnits,
  exactUnits,
  lotPriceAt,
  pricePaid,
} from '@blockable/client';
import { type Address } from '@solana/kit';
import { useMemo, useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import { type ActContext, chainNow, contextOf } from '../../act/context.js';
import { buy } from '../../act/instructions.js';
import { useNow } from '../../app/clock.js';
import { useLoan, useLots, useMarket } from '../../data/queries.js';
import type { LoanNow, LotRow } from '../../data/types.js';
import { compare } from '../../figures/portfolio.js';
import { chainTime } from '../../figures/row.js';
import { parseUnits, parseUsd, percent, shareBps, units, usdExact, usdOwed } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { Empty, Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, Pair, TimeStamp } from '../../ui/Text.js';
import { useWallet } from '../../wallet/context.js';

/** Shows all lots, and the form to buy from one of them. */
export function PoolView({ lot }: { lot: string | undefined }) {
  const lots = useLots();
  const market = useMarket();
  const now = useNow();
  if (lots.isError && !lots.data)
    return <Failed what="the lots" error={lots.error} retry={() => void lots.refetch()} />;
  if (!lots.data || !market.data) return <Loading what="the lots" />;
  const read = BigInt(Math.max(0, Math.floor((now - market.dataUpdatedAt) / 1_000)));
  const clock = clockAt(market.data.market, market.data.clock.chain + read);
  const open = lots.data.filter(({ account }) => account.unitsLeft > 0n);
  const ordered = [...open].sort((a, b) =>
    compare(lotPriceAt(a.account, clock.market), lotPriceAt(b.account, clock.market)),
  );
  const chosen = lots.data.find((row) => row.lot === lot);
  return (
    <>
      <div className="page-head">
        <h1>Pool</h1>
        <span className="muted">units that lenders have seized, at prices that fall until somebody buys</span>
      </div>
      {clock.isPaused && (
        <p className="note warn">
          The market is paused: nothing is sold, and prices stand still. The pause ends by itself on{' '}
          <TimeStamp at={market.data.market.pauseExpiresAt} />.
        </p>
      )}
      <Panel title="Lots" flush>
        {ordered.length === 0 ? (
          <Empty title="No lot is open.">
            <p className="muted">A lot opens when a lender seizes units of a loan in default.</p>
          </Empty>
        ) : (
          <Lots lots={ordered} clock={clock} chosen={lot} />
        )}
      </Panel>
      {lot !== undefined && !chosen && <p className="note warn">The lot {shortAddress(lot)} is closed.</p>}
      {chosen && <Purchase key={chosen.lot} row={chosen} />}
    </>
  );
}

function Lots({ lots, clock, chosen }: { lots: readonly LotRow[]; clock: MarketClock; chosen: string | undefined }) {
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Table that scrolls sideways">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Lot</th>
            <th scope="col">Provider</th>
            <th scope="col" className="right">
              Units left
            </th>
            <th scope="col" className="right">
              Price now, per million
            </th>
            <th scope="col" className="right">
              All of it
            </th>
            <th scope="col">Falls to</th>
            <th scope="col">
              <span className="hidden">Buy</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lots.map(({ lot, account }) => {
            const price = lotPriceAt(account, clock.market);
            return (
              <tr key={lot}>
                <td>
                  <AddressText address={lot} />
                </td>
                <td>
                  <AddressText address={account.provider} />
                </td>
                <td className="right">
                  {units(account.unitsLeft)} <span className="muted">of {units(account.units)}</span>
                </td>
                <td className="right">
                  <strong>{usdExact(price)}</strong>
                  <PriceTrack lot={account} price={price} />
                </td>
                <td className="right">{usdOwed(costOfUnits(account.unitsLeft, price))}</td>
                <td>
                  {usdExact(account.floorPrice)}{' '}
                  {price > account.floorPrice ? (
                    <>
                      by <TimeStamp at={chainTime(clock, account.openedAt + BigInt(account.window))} />
                    </>
                  ) : (
                    <span className="muted">reached</span>
                  )}
                </td>
                <td className="right">
                  <a
                    className="button compact"
                    href={`#/pool/${lot}`}
                    aria-current={lot === chosen ? 'true' : undefined}
                  >
                    Buy
                  </a>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** How far the price has fallen, as a line. */
function PriceTrack({ lot, price }: { lot: Lot; price: bigint }) {
  const left = shareBps(price - lot.floorPrice, lot.startPrice - lot.floorPrice) ?? 0n;
  return (
    <span className="price-track" aria-hidden="true">
      <span style={{ width: `${Number(left) / 100}%` }} />
    </span>
  );
}

function Purchase({ row }: { row: LotRow }) {
  const loan = useLoan(row.account.credit);
  const { wallet } = useWallet();
  if (loan.isError && !loan.data)
    return <Failed what="the loan behind the lot" error={loan.error} retry={() => void loan.refetch()} />;
  if (!loan.data) return <Loading what="the loan behind the lot" />;
  return <PurchaseForm row={row} loan={loan.data} party={wallet?.address} />;
}

function PurchaseForm({ row, loan, party }: { row: LotRow; loan: LoanNow; party: Address | undefined }) {
  const now = chainNow(loan, useNow());
  // Nobody in particular reads the price that holds for all but the lender.
  const buyer = party ?? loan.stored.borrower;
  const context = useMemo(() => contextOf(loan, buyer, now), [loan, buyer, now]);
  const [countText, setCountText] = useState(row.account.unitsLeft.toString());
  const clock = clockAt(loan.market, now);
  const price = lotPriceAt(row.account, clock.market);
  const [maxText, setMaxText] = useState(() => usdExact(price).slice(1));
  if (!context) return <Empty title="The provider’s account is gone." />;
  return (
    <Panel title={`Buy from ${shortAddress(row.lot)}`}>
      <div className="form">
        <dl className="pairs small">
          <Pair label="Price now, per million units">
            <strong>{usdExact(price)}</strong> ({percent(shareBps(price, pricePaid(loan.stored)) ?? 0n)} of what the
            loan paid)
          </Pair>
          <Pair label="The units expire">
            {loan.stored.unitsExpireAt === 0n ? (
              'never'
            ) : (
              <TimeStamp at={chainTime(clock, loan.stored.unitsExpireAt)} />
            )}
          </Pair>
          <Pair label="Provider">
            <AddressText address={row.account.provider} />
            {(loan.provider?.account.suspended ?? 0) !== 0 && <span className="badge amber">suspended</span>}
          </Pair>
        </dl>
        <div className="form-grid">
          <div className="field">
            <label htmlFor="count">Units</label>
            <input
              id="count"
              className="input num"
              inputMode="numeric"
              value={countText}
              aria-invalid={!parseUnits(countText)}
              onChange={(event) => setCountText(event.target.value)}
            />
            <span className="small muted num">{units(row.account.unitsLeft)} are left</span>
          </div>
          <div className="field">
            <label htmlFor="max">Highest price, $ per million units</label>
            <input
              id="max"
              className="input num"
              inputMode="decimal"
              value={maxText}
              aria-invalid={parseUsd(maxText) === undefined}
              onChange={(event) => setMaxText(event.target.value)}
            />
            <span className="small muted">
              Above it nothing is bought. You pay the price of the moment, which only falls.
            </span>
          </div>
        </div>
        <PurchaseConfirm context={context} row={row} count={parseUnits(countText)} maxPrice={parseUsd(maxText)} />
      </div>
    </Panel>
  );
}

type ConfirmProps = { context: ActContext; row: LotRow; count: bigint | undefined; maxPrice: bigint | undefined };

function PurchaseConfirm({ context, row, count, maxPrice }: ConfirmProps) {
  if (!count || maxPrice === undefined) return <p className="muted">Write a number of units and a highest price.</p>;
  const amount = exactUnits(count);
  const verdict = canBuy({ ...context.view, lot: row.account }, { amount, maxPrice });
  const lead = verdict.ok && (
    <p>
      <strong className="num">{usdOwed(verdict.effect.cost)}</strong> for {units(verdict.effect.units)} units now.
    </p>
  );
  return (
    <Confirm
      context={context}
      lead={lead}
      plan={{
        kind: 'buy',
        subject: row.lot,
        title: `Buy ${units(count)} units at ${usdExact(maxPrice)} per million or less`,
        verb: 'Buy',
        isAdverse: false,
        verdict,
        build: () => buy(context, row, amount, maxPrice),
        undo: 'The money is paid at once and the units are yours until they expire; nobody can freeze them, and nobody takes them back.',
      }}
    />
  );
}
