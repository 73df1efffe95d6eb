// The way of a signed transaction, with times from the signature on.

import { useNow } from '../app/clock.js';
import { milliseconds } from '../text/time.js';
import { SignatureText, TimeStamp } from '../ui/Text.js';
import { type Flight, standing } from './flight.js';

type Step = { label: string; at: number | undefined; state: 'done' | 'failed' | 'waiting'; note?: string | undefined };

/** Shows how far a flight has come. */
export function FlightProgress({ flight }: { flight: Flight }) {
  const now = useNow();
  const stands = standing(flight, now);
  return (
    <section className="stack tight" aria-label="Progress of what was signed">
      <div className="row apart small">
        <span>
          Signed on <TimeStamp at={flight.signedAt / 1_000} seconds />
        </span>
        <SignatureText signature={flight.signature} />
      </div>
      <ol className="steps" aria-live="polite">
        {stepsOf(flight).map((step) => (
          <li key={step.label} className={step.state}>
            <span className="mark" aria-hidden="true">
              {step.state === 'done' ? '✓' : step.state === 'failed' ? '×' : ''}
            </span>
            <span>
              {step.label}
              {step.note && <span className="small muted"> {step.note}</span>}
              <span className="hidden">
                {step.state === 'done' ? ' done' : step.state === 'failed' ? ' failed' : ' waiting'}
              </span>
            </span>
            <span className="num small">
              {step.at === undefined
                ? ''
                : step.at === flight.signedAt
                  ? '0 ms'
                  : `+${milliseconds(step.at - flight.signedAt)}`}
            </span>
          </li>
        ))}
      </ol>
      <Verdict flight={flight} stands={stands} />
    </section>
  );
}

function stepsOf(flight: Flight): readonly Step[] {
  const failed = flight.outcome === 'failed' || flight.outcome === 'dead';
  const seen = (at: number | undefined): Step['state'] =>
    at !== undefined ? (flight.failure === undefined ? 'done' : 'failed') : failed ? 'failed' : 'waiting';
  const steps: Step[] = [{ label: 'Signed', at: flight.signedAt, state: 'done' }];
  if (flight.gate) {
    const { state, at, text } = flight.gate;
    const stateOf = { asked: 'waiting', obeyed: 'done', refused: 'failed', unreachable: 'failed' } as const;
    steps.push({
      label: 'Obeyed by the provider’s gate',
      at: state === 'asked' ? undefined : at,
      state: stateOf[state],
      note: text === '' ? undefined : text,
    });
  }
  steps.push({ label: 'Processed', at: flight.seen.processed, state: seen(flight.seen.processed) });
  steps.push({ label: 'Confirmed', at: flight.seen.confirmed, state: seen(flight.seen.confirmed) });
  steps.push({ label: 'Finalized', at: flight.seen.finalized, state: seen(flight.seen.finalized) });
  return steps;
}

function Verdict({ flight, stands }: { flight: Flight; stands: ReturnType<typeof standing> }) {
  switch (stands) {
    case 'failed':
      return (
        <p className="note bad" role="alert">
          <strong>It landed and failed: nothing was changed.</strong> {flight.failure}
        </p>
      );
    case 'dead':
      return (
        <p className="note warn" role="alert">
          <strong>It did not land, and can no more.</strong> Its last valid block height has passed, and{' '}
          {flight.passedOn.length >= 2 ? `${flight.passedOn.length} nodes` : 'the node'} have no record of it. You can
          sign anew.
        </p>
      );
    case 'unknown':
      return (
        <p className="note warn" role="status">
          <strong>Unknown.</strong> No node has seen it yet, and it can still land. Do not sign the same again: the page
          sends it on and tells you how it ends.
        </p>
      );
    case 'landed':
      return (
        <p className="note good" role="status">
          <strong>It has landed.</strong>
        </p>
      );
    default:
      return null;
  }
}
