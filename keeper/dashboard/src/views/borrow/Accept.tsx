// Accepts an offer: the terms as the account has them, their hash computed here, compared with the account's and with the one that
// the borrower was given.

import { Status, agreementOf, canAccept, termsHash } from '@blockable/client';
import { type ReadonlyUint8Array, getBase16Decoder } from '@solana/kit';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { accept } from '../../act/instructions.js';
import { units, usdReceived } from '../../text/money.js';
import { Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, CopyButton, Pair, TimeStamp } from '../../ui/Text.js';

const hex = (bytes: ReadonlyUint8Array) => getBase16Decoder().decode(bytes);

/** Shows an offer with its hash, and has it accepted. */
export function AcceptPanel({ context }: { context: ActContext }) {
  const { credit, view } = context;
  const [given, setGiven] = useState('');
  const computed = useQuery({
    queryKey: ['terms-hash', context.loan.credit, credit.offerSlot.toString()],
    queryFn: () => termsHash(...agreementOf(credit)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (computed.isError) return <Failed what="the terms" error={computed.error} />;
  if (!computed.data) return <Loading what="the terms" />;
  const [own, onChain] = [hex(computed.data), hex(credit.termsHash)];
  const agrees = own === onChain;
  const wanted = given.trim().toLowerCase().replace(/^0x/, '');
  const matches = wanted === '' ? undefined : wanted === own;
  const isAccepted = credit.status === Status.Accepted;
  const { offerExpiresAt } = credit.terms;
  return (
    <Panel title={isAccepted ? 'Accepted' : 'Accept this offer'}>
      <div className="form">
        <p>
          <AddressText address={credit.lender} /> lends you{' '}
          <strong className="num">{usdReceived(credit.terms.principal)}</strong> for{' '}
          <strong className="num">{units(credit.terms.units)}</strong> units at{' '}
          <AddressText address={credit.provider} />. The terms and the schedule stand below.
          {offerExpiresAt !== 0n && (
            <>
              {' '}
              The offer ends on <TimeStamp at={offerExpiresAt} relative />.
            </>
          )}
        </p>
        <dl className="pairs small">
          <Pair label="Hash of the terms, computed in this browser">
            <span className="row nowrap">
              <code className="cut">{own}</code>
              <CopyButton text={own} what="the hash" />
            </span>
          </Pair>
          <Pair label="Hash in the account">
            <span className={`badge ${agrees ? 'green' : 'red'}`}>{agrees ? 'the same' : 'another one'}</span>
          </Pair>
        </dl>
        {!agrees && (
          <p className="note bad">
            The account’s hash is not that of the terms shown here. Do not sign; ask the lender.
          </p>
        )}
        {isAccepted ? (
          <p className="note good">
            You have accepted. The provider issues the units next
            {credit.rider.reserve > credit.reserveHeld ? ', once the reserve is full' : ''}; due dates count from then
            on.
          </p>
        ) : (
          <>
            <div className="field">
              <label htmlFor="given">The hash that you were given by another way</label>
              <input
                id="given"
                className="input mono"
                value={given}
                placeholder="64 hexadecimal digits"
                aria-invalid={matches === false}
                onChange={(event) => setGiven(event.target.value)}
              />
              <span className={matches === false ? 'error-text' : 'small muted'}>
                {matches === undefined
                  ? 'Compare it where you agreed on terms elsewhere: this page shows what the account says.'
                  : matches
                    ? 'It is the same.'
                    : 'It is another one: these are not the terms that you agreed on.'}
              </span>
            </div>
            {agrees && matches !== false && (
              <Confirm
                context={context}
                plan={{
                  kind: 'accept',
                  subject: context.loan.credit,
                  title: `Accept ${usdReceived(credit.terms.principal)} for ${units(credit.terms.units)} units (terms ${own.slice(0, 8)}…)`,
                  verb: 'Accept the offer',
                  isAdverse: false,
                  verdict: canAccept(view),
                  build: () => accept(context, computed.data),
                  undo: 'You owe the debt from the issue of the units on. Until then you can still cancel by the command line, “blockable credit cancel”.',
                }}
              />
            )}
          </>
        )}
      </div>
    </Panel>
  );
}
