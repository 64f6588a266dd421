// Builds the page into dist/renderer; `vite --config vite.renderer.config.ts build --watch` while working on it.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/renderer',
  base: './',
  plugins: [svelte({ configFile: '../../svelte.config.js' })],
  build: {
    outDir: '../../dist/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    // What is bundled here loses its own folder, and with it the licence that must go along.
    license: { fileName: 'licences.txt' },
    modulePreload: { polyfill: false },
  },
});
