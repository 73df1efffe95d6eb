// The ends of a loan that is not repaid: the marks, the withdrawal of a notice, the write-off, and the withdrawal of an offer.

import { Status, arrears, canCancelOffer, canWithdrawNotice, canWriteOff, totalDebt } from '@blockable/client';
import { Confirm } from '../../act/Confirm.js';
import type { ActContext } from '../../act/context.js';
import { cancelOffer, mark, withdrawNotice, writeOff } from '../../act/instructions.js';
import { mostGivenUp } from '../../figures/amounts.js';
import { units, usdOwed, usdReceived } from '../../text/money.js';
import { spanText } from '../../text/time.js';
import { canMark } from './possible.js';

type Props = { context: ActContext };

/** Marks a loan whose arrears have outlasted their grace. */
export function MarkForm({ context }: Props) {
  const { credit, view } = context;
  const isSecond = credit.status === Status.Delinquent;
  const { delinquencyGrace, defaultGrace } = credit.terms;
  return (
    <div className="form">
      <p>
        Anyone may mark a loan whose arrears are older than the agreed grace: delinquent after{' '}
        {spanText(delinquencyGrace)}, in default after {spanText(defaultGrace)}. A keeper does it by itself; use this
        where none runs. <strong className="num">{usdOwed(arrears(credit))}</strong> are in arrears.
      </p>
      <Confirm
        context={context}
        plan={{
          kind: 'mark',
          subject: context.loan.credit,
          title: isSecond ? 'Mark the loan as defaulted' : 'Mark the loan as delinquent',
          verb: 'Mark',
          isAdverse: true,
          verdict: canMark(view),
          build: () => mark(context),
          undo: 'The mark stands in the log for ever. It ends when the arrears are paid.',
        }}
      />
    </div>
  );
}

/** Takes a notice of default back. */
export function WithdrawNoticeForm({ context }: Props) {
  const { view } = context;
  const verdict = canWithdrawNotice(view);
  return (
    <div className="form">
      <p>
        The loan is no longer in default for the breach.
        {verdict.ok && ` ${units(verdict.effect.units)} units are thawed with it.`}
      </p>
      <Confirm
        context={context}
        plan={{
          kind: 'withdraw-notice',
          subject: context.loan.credit,
          title: 'Withdraw the notice of default',
          verb: 'Withdraw the notice',
          isAdverse: false,
          verdict,
          build: () => withdrawNotice(context),
          undo: 'Another notice begins another cure period. New jobs may use what is thawed at once.',
        }}
      />
    </div>
  );
}

/** Gives up what is still owed after everything else. */
export function WriteOffForm({ context }: Props) {
  const { credit, view } = context;
  const most = mostGivenUp(totalDebt(credit.debt));
  const verdict = canWriteOff(view, most);
  return (
    <div className="form">
      <p>
        Ends a loan in default from which nothing more is to be had. Units under the holdback are cancelled first for
        the cash that is held back for them. What is left of the units becomes the borrower’s own: seize them first.
      </p>
      {verdict.ok && (
        <dl className="pairs small sums">
          <div>
            <dt>Owed now</dt>
            <dd>{usdOwed(totalDebt(credit.debt))}</dd>
          </div>
          <div>
            <dt>Cancelled first, for cash from the vault</dt>
            <dd>
              {units(verdict.effect.units)} units, {usdReceived(verdict.effect.paid)}
            </dd>
          </div>
          <div>
            <dt>Given up</dt>
            <dd>
              <strong>{usdOwed(verdict.effect.debt)}</strong>
            </dd>
          </div>
        </dl>
      )}
      <Confirm
        context={context}
        plan={{
          kind: 'write-off',
          subject: context.loan.credit,
          title: verdict.ok ? `Write off ${usdOwed(verdict.effect.debt)}` : 'Write off the debt',
          verb: 'Write off',
          isAdverse: true,
          verdict,
          build: () => writeOff(context, verdict.ok ? mostGivenUp(verdict.effect.debt) : 0n),
          undo: 'The debt is gone for good, and the lien on the units with it.',
        }}
      />
    </div>
  );
}

/** Takes an offer back before its units are issued. */
export function CancelOfferForm({ context }: Props) {
  const { credit, view } = context;
  return (
    <div className="form">
      <p>
        The principal of <strong className="num">{usdReceived(credit.terms.principal)}</strong> goes back from escrow to
        the lender’s own token account, and the rent of the accounts to who paid it.
      </p>
      <Confirm
        context={context}
        plan={{
          kind: 'cancel-offer',
          subject: context.loan.credit,
          title: `Withdraw the offer of ${usdReceived(credit.terms.principal)}`,
          verb: 'Withdraw the offer',
          isAdverse: true,
          verdict: canCancelOffer(view),
          build: () => cancelOffer(context),
          undo: 'The offer and its accounts are gone. A new offer has another address and another link.',
        }}
      />
    </div>
  );
}
