import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProviderSettings } from '@blockable/client';
import { exposureOf } from '../src/figures/exposure.js';
import { PRESETS, agreementOf, commandOf, isAsSimulated, nonceOf } from '../src/figures/offer.js';
import { BORROWER, LENDER, PROVIDER } from './credits.js';

const OPEN = { maxUnitsPerSecond: 1_000_000n, longestJob: 30 * 86_400 } as ProviderSettings;
/** Shares are decimals there and parts of a billion here: so many units or micro-USDC may differ. */
const ROUNDING = 200n;

const near = (found: bigint, expected: string, what: string) => {
  const difference = found - BigInt(expected);
  assert.ok(difference <= ROUNDING && -difference <= ROUNDING, `${what}: ${found} is not ${expected}`);
};

function choice(
  preset: (typeof PRESETS)[number],
  principal = BigInt(preset.example.principal),
  units = BigInt(preset.example.units),
) {
  const { apr_bps: aprBps, instalments, interval_days: intervalDays } = preset;
  return { preset, principal, units, aprBps, instalments, intervalDays };
}

test('the table has the five terms that an offer can begin with', () => {
  assert.deepEqual(
    PRESETS.map(({ name }) => name),
    ['standard', 'bursty', 'sealed', 'light', 'prepaid-12'],
  );
  for (const { expectation } of PRESETS) assert.ok(expectation.recovery.value > 0 && expectation.recovery.value <= 1);
});

test('an agreement is the one that the simulator makes of the same terms', () => {
  for (const preset of PRESETS) {
    const { terms, rider, schedule } = agreementOf(choice(preset), OPEN);
    const { example, name } = preset;
    near(terms.unlockedAhead, example.unlocked_ahead, `${name}, ahead`);
    near(terms.holdback, example.holdback, `${name}, holdback`);
    near(terms.lateFee, example.late_fee, `${name}, late fee`);
    near(rider.reserve, example.reserve, `${name}, reserve`);
    assert.equal(terms.maxUnitsPerSecond, BigInt(example.max_units_per_second), name);
    assert.deepEqual([terms.unitLifetime, terms.longestJob], [example.unit_lifetime, example.longest_job]);
    assert.deepEqual(
      schedule.map(({ dueAfter, principal }) => [dueAfter, principal.toString()]),
      example.schedule,
    );
    const exposure = exposureOf({ terms, rider, schedule });
    assert.deepEqual(
      [exposure?.missed, exposure?.freezeAfter, exposure?.isAll],
      [preset.exposure.missed, preset.exposure.freeze_after, preset.exposure.is_all],
      name,
    );
  }
});

test('parts add up, and nothing that a provider does not take is asked for', () => {
  for (const preset of PRESETS) {
    const tight = { maxUnitsPerSecond: 1n, longestJob: 60 } as ProviderSettings;
    const { terms, schedule } = agreementOf({ ...choice(preset, 10_000_000_007n, 7n), instalments: 7 }, tight);
    assert.equal(
      schedule.reduce((sum, { principal }) => sum + principal, 0n),
      10_000_000_007n,
    );
    assert.ok(terms.unlockedAhead >= 1n && terms.unlockedAhead <= 7n);
    assert.ok(terms.holdback <= ((7n - terms.unlockedAhead) * terms.principal) / 7n);
    assert.deepEqual([terms.maxUnitsPerSecond, terms.longestJob], [1n, 60]);
  }
});

test('the same offer has the same number, another one has another', async () => {
  const [standard, , sealed] = PRESETS;
  assert.ok(standard && sealed);
  const parties = { market: LENDER, lender: LENDER, borrower: BORROWER, provider: PROVIDER };
  const agreement = agreementOf(choice(standard), OPEN);
  const number = await nonceOf(parties, agreement);
  const later = {
    ...agreement,
    terms: { ...agreement.terms, offerExpiresAt: 9n, reportersHash: new Uint8Array(32).fill(7) },
  };
  assert.equal(await nonceOf(parties, later), number, 'the end of the offer and the reporters do not count');
  assert.notEqual(await nonceOf(parties, agreementOf(choice(sealed), OPEN)), number);
});

test('what was changed is no longer what was simulated, and the command says exactly that', () => {
  const [standard] = PRESETS;
  assert.ok(standard);
  const chosen = choice(standard);
  assert.ok(isAsSimulated(chosen));
  assert.ok(!isAsSimulated({ ...chosen, aprBps: 1_000 }));
  assert.match(
    commandOf(chosen, BORROWER, PROVIDER),
    /--principal 12000usdc --units 20000000 --terms standard --apr 14% --instalments 12 --every 30d/,
  );
});
