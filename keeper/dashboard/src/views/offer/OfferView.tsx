// An offer: terms from a preset, its schedule, what the simulator expects of it, and the link that the borrower gets.

import { isAddress } from '@solana/kit';
import { useState } from 'react';
import { Boundary } from '../../app/Boundary.js';
import { useMarket, useProviders } from '../../data/queries.js';
import { type OfferChoice, PRESETS, agreementOf } from '../../figures/offer.js';
import { parsePercent, parseUnits, parseUsd, units, usdReceived } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { Failed, Loading, Panel } from '../../ui/Panel.js';
import { useWallet } from '../../wallet/context.js';
import { Expected } from './Expected.js';
import { SchedulePreview } from './SchedulePreview.js';
import { Sign } from './Sign.js';

type Typed = {
  borrower: string;
  provider: string;
  principal: string;
  units: string;
  preset: string;
  apr: string;
  instalments: string;
  interval: string;
  freezer: string;
};

/** Asks for the terms of a loan, and shows what follows from them. */
export function OfferView() {
  const market = useMarket();
  const providers = useProviders();
  const { wallet } = useWallet();
  const [typed, setTyped] = useState<Typed>({
    borrower: '',
    provider: '',
    principal: '12000',
    units: '2400000000',
    preset: 'standard',
    apr: '14',
    instalments: '12',
    interval: '30',
    freezer: '',
  });
  if (market.isError || providers.isError)
    return (
      <Failed
        what="market and providers"
        error={market.error ?? providers.error}
        retry={() => (void market.refetch(), void providers.refetch())}
      />
    );
  if (!market.data || !providers.data) return <Loading what="market and providers" />;
  const set = (field: keyof Typed) => (value: string) => setTyped({ ...typed, [field]: value });
  const provider = providers.data.find(({ provider }) => provider === typed.provider) ?? providers.data[0];
  const choice = choiceOf(typed);
  const agreement = choice && provider ? agreementOf(choice, provider.account.settings) : undefined;
  return (
    <>
      <div className="page-head">
        <h1>Offer a loan</h1>
        <span className="muted">You pay the provider in advance; the units secure the debt.</span>
      </div>
      {market.data.clock.isHalted && (
        <p className="note warn">The market takes no new loans now: its admin or guardian has halted it.</p>
      )}
      <div className="columns">
        <div className="stack">
          <Panel title="Terms">
            <div className="form">
              <div className="form-grid">
                <Field
                  label="Borrower’s address"
                  value={typed.borrower}
                  onText={set('borrower')}
                  wrong={typed.borrower !== '' && !isAddress(typed.borrower.trim())}
                />
                <div className="field">
                  <label htmlFor="provider">Provider</label>
                  <select
                    id="provider"
                    className="input"
                    value={provider?.provider ?? ''}
                    onChange={(event) => set('provider')(event.target.value)}
                  >
                    {providers.data.map(({ provider: key, account }) => (
                      <option key={key} value={key}>
                        {shortAddress(key)}
                        {account.suspended === 0
                          ? `, ${units(account.capacityUnits - account.outstandingUnits)} units free`
                          : ', suspended'}
                      </option>
                    ))}
                  </select>
                </div>
                <Field
                  label="Principal, $"
                  value={typed.principal}
                  onText={set('principal')}
                  wrong={parseUsd(typed.principal) === undefined}
                  note={perMillion(choice)}
                />
                <Field
                  label="Units"
                  value={typed.units}
                  onText={set('units')}
                  wrong={parseUnits(typed.units) === undefined}
                  note={choice && `${units(choice.units)} units`}
                />
              </div>
              <fieldset className="stack tight">
                <legend className="legend">Terms to begin with</legend>
                <div className="preset-list">
                  {PRESETS.map((preset) => (
                    <label key={preset.name} className={preset.name === typed.preset ? 'chosen' : undefined}>
                      <input
                        type="radio"
                        name="preset"
                        checked={preset.name === typed.preset}
                        onChange={() => set('preset')(preset.name)}
                      />
                      <span>
                        <strong>{preset.name}</strong>
                        <span className="small muted">{preset.title}</span>
                        <span className="small num">
                          {(preset.expectation.recovery.value * 100).toFixed(1)} % of a default comes back
                        </span>
                      </span>
                    </label>
                  ))}
                </div>
              </fieldset>
              <div className="form-grid">
                <Field
                  label="APR, %"
                  value={typed.apr}
                  onText={set('apr')}
                  wrong={parsePercent(typed.apr) === undefined}
                />
                <Field
                  label="Instalments"
                  value={typed.instalments}
                  onText={set('instalments')}
                  wrong={!isCount(typed.instalments, 36)}
                />
                <Field
                  label="Days between them"
                  value={typed.interval}
                  onText={set('interval')}
                  wrong={!isCount(typed.interval, 366)}
                />
                <Field
                  label="Freeze authority (else you)"
                  value={typed.freezer}
                  onText={set('freezer')}
                  wrong={typed.freezer !== '' && !isAddress(typed.freezer.trim())}
                />
              </div>
            </div>
          </Panel>
          {agreement && <SchedulePreview agreement={agreement} />}
        </div>
        <div className="stack">
          {choice && agreement && provider ? (
            <>
              <Expected
                choice={choice}
                agreement={agreement}
                borrower={typed.borrower.trim()}
                provider={provider.provider}
              />
              <Panel title="Sign the offer">
                <Boundary>
                  <Sign
                    market={market.data}
                    provider={provider}
                    borrower={typed.borrower.trim()}
                    freezer={typed.freezer.trim()}
                    agreement={agreement}
                    lender={wallet?.address}
                  />
                </Boundary>
              </Panel>
            </>
          ) : (
            <Panel title="Sign the offer">
              <p className="muted">
                {provider ? 'Correct the fields that are marked.' : 'This market has no provider yet.'}
              </p>
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}

function choiceOf(typed: Typed): OfferChoice | undefined {
  const preset = PRESETS.find(({ name }) => name === typed.preset);
  const [principal, count, aprBps] = [parseUsd(typed.principal), parseUnits(typed.units), parsePercent(typed.apr)];
  if (
    !preset ||
    !principal ||
    !count ||
    aprBps === undefined ||
    !isCount(typed.instalments, 36) ||
    !isCount(typed.interval, 366)
  )
    return undefined;
  return {
    preset,
    principal,
    units: count,
    aprBps,
    instalments: Number(typed.instalments),
    intervalDays: Number(typed.interval),
  };
}

function isCount(text: string, most: number): boolean {
  return /^\d{1,3}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most;
}

function perMillion(choice: OfferChoice | undefined): string | undefined {
  if (!choice) return undefined;
  return `${usdReceived((choice.principal * 1_000_000n) / choice.units)} per million units`;
}

type FieldProps = {
  label: string;
  value: string;
  onText: (text: string) => void;
  wrong: boolean;
  note?: string | undefined;
};

function Field({ label, value, onText, wrong, note }: FieldProps) {
  const id = `offer-${label.replace(/\W+/g, '-').toLowerCase()}`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input num"
        value={value}
        aria-invalid={wrong}
        onChange={(event) => onText(event.target.value)}
      />
      {note !== undefined && <span className="small muted num">{note}</span>}
    </div>
  );
}
