// The address of an offered loan, the offer's instruction, and the link that the borrower gets.

import {
  type Provider,
  findCreditPda,
  findTokenAccountPda,
  getCreditOfferInstructionAsync,
  reportersHash,
  runsOf,
} from '@blockable/client';
import { type Address, createNoopSigner, isAddress } from '@solana/kit';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { MarketNow } from '../../data/types.js';
import { type Agreement, nonceOf } from '../../figures/offer.js';
import { units, usdReceived } from '../../text/money.js';
import { Failed, Loading } from '../../ui/Panel.js';
import { CopyButton } from '../../ui/Text.js';
import { OfferConfirm } from './OfferConfirm.js';

/** Seconds for which an offer stands. */
const WEEK = 7n * 86_400n;

type SignProps = {
  market: MarketNow;
  provider: { provider: Address; account: Provider };
  borrower: string;
  freezer: string;
  agreement: Agreement;
  lender: Address | undefined;
};

/** Finds the address of the loan and builds the offer. */
export function Sign({ market, provider, borrower, freezer, agreement, lender }: SignProps) {
  const seeds =
    isAddress(borrower) && lender
      ? { market: market.address, lender, borrower, provider: provider.provider }
      : undefined;
  const key = useMemo(
    () =>
      JSON.stringify([seeds, agreement], (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
    [seeds, agreement],
  );
  const made = useQuery({
    queryKey: ['offer', key],
    enabled: seeds !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (!seeds) throw new Error('the parties are not known');
      const nonce = await nonceOf(seeds, agreement);
      const [credit] = await findCreditPda({
        market: seeds.market,
        lender: seeds.lender,
        borrower: seeds.borrower,
        nonce,
      });
      return { nonce, credit, hash: await reportersHash(provider.account) };
    },
  });
  if (!isAddress(borrower)) return <p className="muted">Write the borrower’s address: it alone can accept.</p>;
  if (!seeds || !lender)
    return <p className="muted">Connect the lender’s wallet: its address is part of the loan’s.</p>;
  if (made.isError) return <Failed what="the offer" error={made.error} />;
  if (!made.data) return <Loading what="the address of the loan" />;
  const { nonce, credit, hash } = made.data;
  const link = `${location.href.split('#')[0]}#/borrow/${credit}`;
  const build = async () => {
    const signer = createNoopSigner(lender);
    const { paymentMint: mint, tokenProgram } = market.market;
    const [source] = await findTokenAccountPda({ owner: lender, mint, tokenProgram });
    const terms = { ...agreement.terms, reportersHash: hash, offerExpiresAt: market.clock.chain + WEEK };
    return [
      await getCreditOfferInstructionAsync({
        lender: signer,
        rentPayer: signer,
        borrower: seeds.borrower,
        market: seeds.market,
        provider: seeds.provider,
        mint,
        tokenProgram,
        source,
        nonce,
        freezeAuthority: isAddress(freezer) ? freezer : lender,
        terms,
        rider: agreement.rider,
        schedule: runsOf(agreement.schedule),
      }),
    ];
  };
  return (
    <div className="stack tight">
      <p>
        <strong className="num">{usdReceived(agreement.terms.principal)}</strong> go into escrow. You can take them back
        until the units are issued. The offer ends in a week.
      </p>
      <OfferConfirm
        lender={lender}
        credit={credit}
        title={`Offer ${usdReceived(agreement.terms.principal)} for ${units(agreement.terms.units)} units`}
        build={build}
      />
      <div className="field">
        <label htmlFor="link">The borrower’s link</label>
        <div className="row nowrap">
          <input id="link" className="input mono" readOnly value={link} onFocus={(event) => event.target.select()} />
          <CopyButton text={link} what="the borrower’s link" />
        </div>
        <span className="small muted">
          Send it with the hash of the terms by another way than this page: the borrower compares them.
        </span>
      </div>
    </div>
  );
}
