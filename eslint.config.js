import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', '.vite', 'dist', 'resources', '.tailor'] },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      // Index arithmetic on typed arrays is the daily bread of the numeric rooms; `!` says "in range by construction".
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
);
