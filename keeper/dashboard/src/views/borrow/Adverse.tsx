// Everything that may be done against the borrower next, with the amount that prevents it and the time that is left.

import { Status, arrears, mayFreeze, totalDebt } from '@blockable/client';
import type { ActContext } from '../../act/context.js';
import { adverseActs } from '../../figures/adverse.js';
import { autoFreezeText, policyText } from '../../text/names.js';
import { usdOwed } from '../../text/money.js';
import { Panel } from '../../ui/Panel.js';
import { TimeStamp } from '../../ui/Text.js';

/** Lists what comes next if nothing is paid. */
export function Adverse({ context, now }: { context: ActContext; now: bigint }) {
  const { credit, loan } = context;
  const acts = adverseActs(loan.stored, loan.market, now);
  const unpaid = arrears(credit);
  const whole = credit.noticeGiven === 1 || credit.status === Status.Seizing;
  return (
    <Panel title="What can happen next">
      <div className="stack tight">
        {unpaid > 0n && (
          <p className="note bad">
            <strong>Pay {usdOwed(whole ? totalDebt(credit.debt) : unpaid)}</strong>{' '}
            {credit.status === Status.Seizing ? 'to get back what is left.' : 'to be as agreed again.'}
          </p>
        )}
        {mayFreeze(credit, credit.status, credit.debt.accruedAt) && (
          <p className="small">
            The lender may freeze your open units now (policy: {policyText(credit.terms.freezePolicy)}). Jobs that run
            finish.
          </p>
        )}
        {acts.length === 0 && <p className="muted">Nothing, as long as you pay on time.</p>}
        <ol className="list">
          {acts.map((act) => (
            <li key={act.label} className="stack tight">
              <div className="row apart">
                <strong>{act.label}</strong>
                {act.from <= now ? (
                  <span className="badge red">possible now</span>
                ) : (
                  <span className="badge">from</span>
                )}
              </div>
              {act.from > now && (
                <span className="small">
                  <TimeStamp at={act.from} relative />
                </span>
              )}
              <span className="small">
                {act.meaning}
                {act.pay > 0n && (
                  <>
                    {' '}
                    Paying <strong className="num">{usdOwed(act.pay)}</strong> before prevents it.
                  </>
                )}
              </span>
            </li>
          ))}
        </ol>
        <p className="small muted">
          Anybody may freeze all that is open: {autoFreezeText(credit.terms.autoFreeze)}. Times move on by as long as
          the market is paused.
        </p>
      </div>
    </Panel>
  );
}
