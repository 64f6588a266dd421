// Builds the program (command line, desktop shell, worker) as plain JavaScript in dist/, file by file, so that entries find each other as they do in src/.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'dist',
    emptyOutDir: false,
    minify: false,
    rolldownOptions: {
      input: {
        'main/electron/main': 'src/main/electron/main.ts',
        'main/node/cli': 'src/main/node/cli.ts',
        'main/import/import-thread': 'src/main/import/import-thread.ts',
        'main/import/read-thread': 'src/main/import/read-thread.ts',
        'main/import/parquet-thread': 'src/main/import/parquet-thread.ts',
        'worker/main': 'src/worker/main.ts',
      },
      output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' },
    },
  },
});
