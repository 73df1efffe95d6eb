// The price at which the reader values units of each provider.

import type { Address } from '@solana/kit';
import { useMemo, useState } from 'react';
import type { CreditRow } from '../../data/types.js';
import type { PriceBook } from '../../figures/prices.js';
import { parseUsd, usdExact } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { Panel } from '../../ui/Panel.js';

/** Asks for a price per million units of each provider with collateral. */
export function Prices({ rows, prices }: { rows: readonly CreditRow[]; prices: PriceBook }) {
  const providers = useMemo(
    () => [...new Set(rows.filter((row) => row.isLoan && row.lien > 0n).map((row) => row.provider))],
    [rows],
  );
  return (
    <Panel title="Your price of units">
      <div className="stack tight">
        <p className="small muted">Values collateral beside the price that was paid. It stays in this browser.</p>
        {providers.map((provider) => (
          <PriceField key={provider} provider={provider} prices={prices} />
        ))}
        {providers.length === 0 && <p className="muted">No units secure a debt.</p>}
      </div>
    </Panel>
  );
}

function PriceField({ provider, prices }: { provider: Address; prices: PriceBook }) {
  const price = prices.all.get(provider);
  const [text, setText] = useState(price === undefined ? '' : usdExact(price).slice(1));
  const isWrong = text.trim() !== '' && parseUsd(text) === undefined;
  const id = `price-${provider}`;
  const change = (next: string) => {
    setText(next);
    const parsed = parseUsd(next);
    if (next.trim() === '' || parsed !== undefined) prices.set(provider, parsed);
  };
  return (
    <div className="field">
      <label htmlFor={id}>
        $ per million units at <span className="mono">{shortAddress(provider)}</span>
      </label>
      <input
        id={id}
        className="input num"
        inputMode="decimal"
        value={text}
        placeholder="none set"
        aria-invalid={isWrong}
        onChange={(event) => change(event.target.value)}
      />
      {isWrong && <span className="error-text">Write an amount such as 4.50.</span>}
    </div>
  );
}
