// What the page offers and what the program accepts: for every loan of the sandbox, every party and every act, the page says
// "possible now" exactly where the program would do it, and otherwise gives the reason of the program's own error.

import { wordsOfError } from '@blockable/client/words';
import type { BlockableErrorName } from '@blockable/client';
import { expect, test } from '../support/test.js';
import { ACTS, answerOf } from '../support/acts.js';

for (const party of ['lender', 'freeze-authority', 'borrower', 'buyer']) {
  test(`the page offers the ${party} what the program accepts, on every loan`, async ({ arrive, venue }) => {
    const visitor = await arrive({ parties: [party] });
    await visitor.connect(party);
    const { address } = venue.party(party);
    for (const { name, address: credit } of venue.facts.credits) {
      await visitor.act(credit, 'freeze', 'Freeze');
      const acts = visitor.page.getByRole('navigation', { name: 'Acts' });
      await expect(acts.getByRole('link')).toHaveCount(Object.keys(ACTS).length);
      for (const act of Object.keys(ACTS)) {
        const shown = acts.locator(`a[href$="/${act}"]`);
        // Time goes on: page and program are asked again until both were asked in the same state.
        await expect(async () => {
          const answer = await answerOf(venue, act, address, credit);
          const words = answer === 'possible' ? 'possible now' : wordsOfError(answer as BlockableErrorName).happened;
          await expect(shown, `${name}: ${act} is ${answer}`).toContainText(words, { timeout: 1_000 });
        }).toPass({ timeout: 30_000 });
      }
    }
  });
}
