import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The keeper whose settings and API a page under development has. */
const keeper = process.env['BLOCKABLE_KEEPER'] ?? 'http://127.0.0.1:8902';

export default defineConfig({
  // The page is served from any path: by a keeper, by a sandbox, or as files from a folder.
  base: './',
  plugins: [react()],
  resolve: { dedupe: ['@solana/kit', 'react', 'react-dom'] },
  build: {
    outDir: '../page',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined: the keeper's content security policy allows files of its own alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 5173, host: '127.0.0.1', proxy: { '/page.json': keeper, '/v1': keeper } },
});
