// Signs an offer: the loan that it creates does not exist yet, so the simulation alone decides.

import type { Address, Instruction } from '@solana/kit';
import { Confirm } from '../../act/Confirm.js';

type Props = { lender: Address; credit: Address; title: string; build: () => Promise<readonly Instruction[]> };

/** Simulates an offer and has it signed. */
export function OfferConfirm({ lender, credit, title, build }: Props) {
  return (
    <Confirm
      party={lender}
      plan={{
        kind: 'offer',
        subject: credit,
        title,
        verb: 'Sign the offer',
        isAdverse: false,
        verdict: { ok: true, effect: {} },
        build,
        undo: 'The principal lies in the vault until the offer ends. You can withdraw it until the provider has issued the units; from then on it is paid out as agreed.',
      }}
    />
  );
}
