// Builds the desktop shell's preload script into one CommonJS file: a sandboxed one can load no other.
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    target: 'chrome140',
    outDir: 'dist/main/electron',
    emptyOutDir: false,
    minify: false,
    lib: { entry: 'src/main/electron/preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
});
