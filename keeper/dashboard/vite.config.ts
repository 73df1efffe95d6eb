import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

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
  server: { port: 5173, host: '127.0.0.1' },
});
