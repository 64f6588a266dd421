import eslint from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', '.vite', 'dist', 'out', 'resources', '.tailor'] },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      // Types and names are svelte-check's business, which knows the browser's.
      'no-undef': 'off',
      // Pages are hash addresses; there is no SvelteKit here whose resolve() could be called.
      'svelte/no-navigation-without-resolve': 'off',
      // It does not see what svelte-check sees, which fails on warnings.
      'svelte/no-unused-svelte-ignore': 'off',
      // Registers that nothing is drawn from need no reactivity.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    rules: {
      // Index arithmetic on typed arrays is the daily bread of the numeric rooms; `!` says "in range by construction".
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
);
