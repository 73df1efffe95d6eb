// The schedule of an offer, and the terms that go with it.

import type { Agreement } from '../../figures/offer.js';
import { percent, units, usdOwed, usdReceived } from '../../text/money.js';
import { spanText } from '../../text/time.js';
import { Panel } from '../../ui/Panel.js';

/** Lists the instalments, counted from the issue. */
export function SchedulePreview({ agreement }: { agreement: Agreement }) {
  const { terms, rider, schedule } = agreement;
  return (
    <Panel title="Schedule" flush>
      <div className="panel-body">
        <dl className="pairs small">
          <div>
            <dt>Open ahead of payment</dt>
            <dd>
              {terms.unlockedAhead >= terms.units
                ? 'all units'
                : `${units(terms.unlockedAhead)} units (${percent((terms.unlockedAhead * 10_000n) / terms.units)})`}
            </dd>
          </div>
          <div>
            <dt>Held back in the vault at issue</dt>
            <dd>{usdReceived(terms.holdback)}</dd>
          </div>
          {rider.reserve > 0n && (
            <div>
              <dt>Reserve that the borrower pays in</dt>
              <dd>{usdReceived(rider.reserve)}</dd>
            </div>
          )}
          <div>
            <dt>Delinquent, in default, time to cure</dt>
            <dd>
              {spanText(terms.delinquencyGrace)}, {spanText(terms.defaultGrace)}, {spanText(terms.curePeriod)}
            </dd>
          </div>
        </dl>
      </div>
      <div className="scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="right">
                #
              </th>
              <th scope="col">Due after the issue</th>
              <th scope="col" className="right">
                Principal
              </th>
            </tr>
          </thead>
          <tbody>
            {schedule.map((part, place) => (
              <tr key={part.dueAfter}>
                <td className="right">{place + 1}</td>
                <td>{spanText(part.dueAfter)}</td>
                <td className="right">{usdOwed(part.principal)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
