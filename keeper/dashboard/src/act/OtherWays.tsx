// For keys that no wallet of this browser holds: a multisig's vault, or a device by the command line.

import {
  type Address,
  isOffCurveAddress,
  getBase58Decoder,
  getBase64Decoder,
  getTransactionDecoder,
} from '@solana/kit';
import { useState } from 'react';
import { usePage } from '../app/context.js';
import { errorText } from '../text/errors.js';
import { CopyButton } from '../ui/Text.js';
import type { Plan } from './plan.js';
import { fetchLifetime } from './simulate.js';
import { buildTransaction } from './transaction.js';

type Made = { base58: string; base64: string; hash: string };

/** Gives the transaction without a signature, with the hash of its message that a device shows. */
export function OtherWays({ party, lender, plan }: { party: Address; lender: Address; plan: Plan }) {
  const { live } = usePage();
  const [made, setMade] = useState<Made>();
  const [fault, setFault] = useState<string>();
  const isVault = isOffCurveAddress(lender);
  const make = async () => {
    const lifetime = await fetchLifetime(live.nodes);
    const wire = buildTransaction(isVault ? lender : party, await plan.build(), lifetime);
    const { messageBytes } = getTransactionDecoder().decode(wire);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(messageBytes)));
    setMade({
      base58: getBase58Decoder().decode(wire),
      base64: getBase64Decoder().decode(wire),
      hash: getBase58Decoder().decode(hash),
    });
  };
  return (
    <details className="small" open={isVault}>
      <summary>Sign it elsewhere: a multisig, or another device</summary>
      <div className="stack tight other-ways">
        <p>
          {isVault
            ? 'The lender is a program’s address, such as the vault of a Squads multisig. Its members propose this transaction there. A proposal that is created is not a freeze: nothing is frozen until enough members have approved it and it was executed.'
            : 'The transaction without a signature, for a tool that signs by itself. It is good for about a minute. A multisig proposes its instructions; a proposal that is created is not a freeze.'}
        </p>
        <div>
          <button
            type="button"
            className="button compact"
            onClick={() => void make().catch((error: unknown) => setFault(errorText(error)))}
          >
            Make the transaction
          </button>
        </div>
        {fault !== undefined && <p className="error-text">{fault}</p>}
        {made && (
          <dl className="pairs">
            {(
              [
                ['base58', made.base58],
                ['base64', made.base64],
                ['Hash of its message, as a Ledger shows it', made.hash],
              ] as const
            ).map(([label, text]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd className="row">
                  <code className="cut">{text}</code>
                  <CopyButton text={text} what={label} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </details>
  );
}
