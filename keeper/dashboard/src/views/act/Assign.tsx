// The loan goes to another lender: its lender offers it to a key, and that key takes it as it stands.

import { canOfferLoan, canTakeLoan, lienUnits, totalDebt } from '@blockable/client';
import { type Address, isAddress } from '@solana/kit';
import { useState } from 'react';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { offerLoan, takeLoan } from '../../act/instructions.js';
import { NOBODY, mostUsedMeanwhile } from '../../figures/amounts.js';
import { units, usdOwed } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { AddressText } from '../../ui/Text.js';

type Props = { context: ActContext };

/** Offers the loan to another lender, or withdraws that. */
export function AssignForm({ context }: Props) {
  const { credit, view, loan } = context;
  const [text, setText] = useState('');
  const isOffered = credit.pendingLender !== NOBODY;
  const to: Address | undefined = isOffered ? NOBODY : isAddress(text) ? text : undefined;
  return (
    <div className="form">
      {isOffered ? (
        <p>
          The loan is offered to <AddressText address={credit.pendingLender} />, who has not taken it yet.
        </p>
      ) : (
        <div className="field">
          <label htmlFor="to">Address of the new lender</label>
          <input
            id="to"
            className="input mono"
            value={text}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={text !== '' && to === undefined}
            onChange={(event) => setText(event.target.value.trim())}
          />
          <span className="small muted">
            The program moves the loan and no money: agree on the price and its payment elsewhere. What is to be
            collected stays yours; collect it, or the loan cannot be taken.
          </span>
        </div>
      )}
      {to !== undefined && (
        <Confirm
          context={context}
          plan={{
            kind: 'assign',
            subject: loan.credit,
            title: isOffered ? 'Withdraw the offer of the loan' : `Offer the loan to ${shortAddress(to)}`,
            verb: isOffered ? 'Withdraw' : 'Offer the loan',
            isAdverse: false,
            verdict: canOfferLoan(view, to),
            build: () => offerLoan(context, to),
            undo: isOffered
              ? 'Nothing, where it lands before the loan is taken.'
              : 'You can withdraw the offer until the loan is taken. Then all rights of the lender are that key’s, the freeze among them.',
          }}
        />
      )}
    </div>
  );
}

/** Takes a loan that is offered to the connected key. */
export function TakeLoanForm({ context }: Props) {
  const { credit, view, loan } = context;
  const lien = lienUnits(credit.collateral);
  const used = mostUsedMeanwhile(lien);
  return (
    <div className="form">
      <p>
        You become the lender: {usdOwed(totalDebt(credit.debt))} are owed, and {units(lien)} units are under the lien.
        Your signature is good for these terms, for no less debt, and for at most {units(used)} units that are used
        until it lands.
      </p>
      <Confirm
        context={context}
        plan={{
          kind: 'take-loan',
          subject: loan.credit,
          title: `Take the loan over from ${shortAddress(credit.lender)}`,
          verb: 'Take the loan',
          isAdverse: false,
          verdict: canTakeLoan(view),
          build: () => takeLoan(context, used),
          undo: 'The loan is yours with all its risks. You become its freeze authority too.',
        }}
      />
    </div>
  );
}
