// Pictures small enough for a repository.

import type { Page } from '@playwright/test';

/** Share of the quality that WebP keeps: text stays sharp at it. */
const QUALITY = 0.85;

/** Writes a PNG as WebP, by the browser's own encoder, on a blank page. */
export async function toWebp(page: Page, png: Buffer): Promise<Buffer> {
  const blank = await page.context().newPage();
  const text = await blank.evaluate(
    async ([png, quality]) => {
      const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality).split(',')[1] ?? '';
    },
    [png.toString('base64'), QUALITY] as const,
  );
  await blank.close();
  return Buffer.from(text, 'base64');
}
