// Everything that was signed in this browser, with its way to the end.

import { FlightProgress } from '../../act/Progress.js';
import { standing } from '../../act/flight.js';
import { useFlights } from '../../act/useFlights.js';
import { useNow } from '../../app/clock.js';
import { shortAddress } from '../../text/names.js';
import { Empty, Panel } from '../../ui/Panel.js';

const COLOURS = { signed: '', seen: '', landed: 'green', failed: 'red', dead: 'amber', unknown: 'amber' } as const;
const WORDS = {
  signed: 'sent',
  seen: 'processed',
  landed: 'landed',
  failed: 'failed',
  dead: 'did not land',
  unknown: 'unknown',
} as const;

/** Lists what was signed. */
export function SignedView() {
  const { list } = useFlights();
  const now = useNow();
  return (
    <>
      <div className="page-head">
        <h1>Signed</h1>
        <span className="muted">in this browser, on this market</span>
      </div>
      {list.length === 0 && (
        <Panel title="Nothing yet">
          <Empty title="Nothing was signed here.">
            <p className="muted">
              What you sign is written down before it is sent, and followed to its end here, also after a reload.
            </p>
          </Empty>
        </Panel>
      )}
      {list.map((flight) => {
        const stands = standing(flight, now);
        return (
          <Panel
            key={flight.signature}
            title={flight.title}
            end={<span className={`badge ${COLOURS[stands]}`}>{WORDS[stands]}</span>}
          >
            <p className="small muted">
              On{' '}
              <a className="mono" href={`#/loan/${flight.subject}`}>
                {shortAddress(flight.subject)}
              </a>{' '}
              as <span className="mono">{shortAddress(flight.wallet)}</span>
            </p>
            <FlightProgress flight={flight} />
          </Panel>
        );
      })}
    </>
  );
}
