// The portfolio over time, as a keeper has recorded it.

import type { Address } from '@solana/kit';
import { Suspense, lazy, useState } from 'react';
import { useTotals } from '../../data/queries.js';
import type { Resolution } from '../../data/types.js';
import { Failed, Loading, Panel } from '../../ui/Panel.js';
import { SpanTabs } from '../../ui/SpanTabs.js';

const TotalsChart = lazy(async () => ({ default: (await import('./TotalsChart.js')).TotalsChart }));

/** Shows debt, what of it is covered, and arrears of a lender, or of the market. */
export function TotalsPanel({ lender }: { lender: Address | undefined }) {
  const [resolution, setResolution] = useState<Resolution>(300);
  const totals = useTotals(lender, resolution);
  const body = () => {
    if (totals.isError && totals.data === undefined)
      return <Failed what="the portfolio over time" error={totals.error} retry={() => void totals.refetch()} />;
    if (totals.data === undefined) return <Loading what="the portfolio over time" />;
    if (totals.data === null) return <p className="muted">Sums over time are recorded by a keeper.</p>;
    if (totals.data.length < 2)
      return <p className="muted">The keeper has not watched for long enough to draw this.</p>;
    return (
      <Suspense fallback={<Loading what="the chart" />}>
        <TotalsChart totals={totals.data} />
      </Suspense>
    );
  };
  return (
    <Panel title="Over time" end={<SpanTabs value={resolution} onChange={setResolution} />}>
      {body()}
    </Panel>
  );
}
