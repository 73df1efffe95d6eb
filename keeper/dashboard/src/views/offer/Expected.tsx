// What the simulator expects of an offer, and the collateral that can be used up before a freeze is possible.

import type { Address } from '@solana/kit';
import { type Agreement, type OfferChoice, SIMULATED, commandOf, isAsSimulated } from '../../figures/offer.js';
import { exposureOf } from '../../figures/exposure.js';
import { percent, units } from '../../text/money.js';
import { spanText } from '../../text/time.js';
import { Panel } from '../../ui/Panel.js';
import { CopyButton, Pair } from '../../ui/Text.js';

type Props = { choice: OfferChoice; agreement: Agreement; borrower: string; provider: Address };

const share = (value: number) => `${(value * 100).toFixed(1)} %`;

/** Shows the row of the simulator's table for a preset. */
export function Expected({ choice, agreement, borrower, provider }: Props) {
  const { expectation, name, instalments, interval_days: days, apr_bps: apr } = choice.preset;
  const exposure = exposureOf(agreement);
  const command = commandOf(choice, borrower === '' ? 'BORROWER' : borrower, provider);
  return (
    <Panel title="What to expect">
      <div className="stack tight">
        {exposure?.isAll && (
          <p className="note bad">
            <strong>ALL COLLATERAL COULD BE USED UP BEFORE YOU MAY FREEZE:</strong> at{' '}
            {units(agreement.terms.maxUnitsPerSecond)} units a second nothing is left {spanText(exposure.freezeAfter)}{' '}
            after the issue, when you may first freeze for instalment {exposure.missed}. Choose terms that lock units.
          </p>
        )}
        <dl className="pairs">
          <Pair label="A default recovers, on average">{share(expectation.recovery.value)}</Pair>
          <Pair label="In 19 of 20 defaults, at least">{share(expectation.p5.value)}</Pair>
          <Pair label="In a crash, on average">{share(expectation.in_a_crash.value)}</Pair>
          <Pair label="Lost where the provider goes dark">{share(expectation.provider_dark_loss.value)}</Pair>
          <Pair label="You earn a year, after losses">{share(expectation.yield_with_idle_cash)}</Pair>
          <Pair label="The same on what is owed">{share(expectation.yield_on_outstanding)}</Pair>
          <Pair label="A paying borrower’s unit waits">{expectation.days_put_off.toFixed(1)} days</Pair>
          {exposure && (
            <Pair label="Used before you may freeze, at most">
              {percent(exposure.lien === 0n ? 0n : (exposure.used * 10_000n) / exposure.lien)} of the lien
            </Pair>
          )}
        </dl>
        <p className="small muted">
          Simulated with {SIMULATED.paths.toLocaleString('en')} loans on “{name}”: {instalments} instalments, {days}{' '}
          days apart, at {percent(apr)}. docs/recovery.md has the assumptions.
        </p>
        {!isAsSimulated(choice) && (
          <p className="note warn">
            You have changed what was simulated. The command line simulates exactly these terms:{' '}
            <CopyButton text={command} what="the command" />
            <code className="wrap">{command}</code>
          </p>
        )}
      </div>
    </Panel>
  );
}
