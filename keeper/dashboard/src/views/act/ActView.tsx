// What the lender, or its freeze authority, may do with a loan now, with the reason why not.

import type { Verdict } from '@blockable/client';
import { type Address, isAddress } from '@solana/kit';
import { useMemo } from 'react';
import { chainNow, contextOf } from '../../act/context.js';
import { denialOf } from '../../act/plan.js';
import { useNow } from '../../app/clock.js';
import { useLoan } from '../../data/queries.js';
import type { LoanNow } from '../../data/types.js';
import { rowOf } from '../../figures/row.js';
import { shortAddress, statusName } from '../../text/names.js';
import { Empty, Failed, Loading, Panel } from '../../ui/Panel.js';
import { AddressText, HealthBadge } from '../../ui/Text.js';
import { useWallet } from '../../wallet/context.js';
import { UnitBar } from '../loan/UnitBar.js';
import { FreezeForm } from './FreezeForm.js';
import { AssignForm, TakeLoanForm } from './Assign.js';
import { CancelOfferForm, MarkForm, WithdrawNoticeForm, WriteOffForm } from './Ending.js';
import { type ActName, canDo } from './possible.js';
import { CancelForm, CollectForm, NoticeForm, SeizeForm, TakeOverForm, ThawForm } from './Forms.js';

/** The acts, in the order in which a loan goes bad. */
const ACTS = [
  ['freeze', 'Freeze', FreezeForm],
  ['thaw', 'Thaw', ThawForm],
  ['collect', 'Collect payments', CollectForm],
  ['mark', 'Mark as unpaid', MarkForm],
  ['notice', 'Give notice of default', NoticeForm],
  ['withdraw-notice', 'Withdraw the notice', WithdrawNoticeForm],
  ['cancel-locked', 'Cancel locked units for cash', CancelForm],
  ['seize', 'Seize for sale', SeizeForm],
  ['take-over', 'Take units over', TakeOverForm],
  ['write-off', 'Write off', WriteOffForm],
  ['assign', 'Offer the loan to a lender', AssignForm],
  ['take-loan', 'Take the loan', TakeLoanForm],
  ['cancel-offer', 'Withdraw the offer', CancelOfferForm],
] as const satisfies readonly (readonly [ActName, string, unknown])[];

/** Shows the acts on the loan at an address, and the form of one of them. */
export function ActView({ address, act }: { address: string; act: string | undefined }) {
  if (!isAddress(address)) return <Empty title={`${address} is no address.`} />;
  return <Loan address={address} act={ACTS.find(([name]) => name === act)?.[0] ?? 'freeze'} />;
}

function Loan({ address, act }: { address: Address; act: ActName }) {
  const loan = useLoan(address);
  if (loan.isError && !loan.data)
    return <Failed what={`the loan ${shortAddress(address)}`} error={loan.error} retry={() => void loan.refetch()} />;
  if (!loan.data) return <Loading what="the loan" />;
  return <Acts loan={loan.data} act={act} />;
}

function Acts({ loan, act }: { loan: LoanNow; act: ActName }) {
  const { wallet } = useWallet();
  const now = chainNow(loan, useNow());
  const party = wallet?.address ?? loan.stored.lender;
  const context = useMemo(() => contextOf(loan, party, now), [loan, party, now]);
  const row = useMemo(() => rowOf(loan.credit, loan.stored, loan.clock), [loan]);
  if (!context) return <Empty title="The provider’s account is gone, so nothing can be decided about this loan." />;
  const { lender, freezeAuthority, pendingLender } = loan.stored;
  const isParty = wallet === undefined || [lender, freezeAuthority, pendingLender].includes(wallet.address);
  const Form = ACTS.find(([name]) => name === act)?.[2] ?? FreezeForm;
  return (
    <>
      <div className="page-head">
        <h1>
          Act on <a href={`#/loan/${loan.credit}`}>{shortAddress(loan.credit)}</a>
        </h1>
        <HealthBadge health={row.health} />
        <span>{statusName(context.credit)}</span>
      </div>
      {!isParty && (
        <p className="note warn">
          You are connected as <AddressText address={wallet.address} />. The lender is <AddressText address={lender} />,
          and its freeze authority <AddressText address={freezeAuthority} />: only these may freeze.
        </p>
      )}
      <Panel title="Units">
        <UnitBar credit={context.credit} />
      </Panel>
      <div className="act">
        <nav aria-label="Acts">
          <ul className="act-list">
            {ACTS.map(([name, label]) => (
              <ActLink
                key={name}
                loan={loan.credit}
                name={name}
                label={label}
                isShown={name === act}
                verdict={canDo(name, context)}
              />
            ))}
          </ul>
        </nav>
        <Panel title={ACTS.find(([name]) => name === act)?.[1] ?? 'Freeze'}>
          <Form key={act} context={context} />
        </Panel>
      </div>
    </>
  );
}

type LinkProps = { loan: Address; name: string; label: string; isShown: boolean; verdict: Verdict<unknown> };

function ActLink({ loan, name, label, isShown, verdict }: LinkProps) {
  const denial = denialOf(verdict);
  return (
    <li>
      <a
        href={`#/act/${loan}/${name}`}
        aria-current={isShown ? 'true' : undefined}
        className={denial ? 'denied' : undefined}
      >
        <strong>{label}</strong>
        <span className="small">{denial ? denial.happened : 'possible now'}</span>
      </a>
    </li>
  );
}
