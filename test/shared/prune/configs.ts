// Architectures that the pruning tests cut: published shapes, and any small one.
import fc from 'fast-check';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { chooseSettings } from '../../../src/shared/recipe.ts';
import type { ChooseSettings } from '../../../src/shared/recipe.ts';
import type { z } from 'zod';

interface Shape {
  readonly D: number;
  readonly E: number;
  readonly V: number;
  readonly L: number;
  readonly H: number;
  readonly K: number;
  readonly F: number;
}

/** A LLaMA with equal layers. */
export function llama({ D, E, V, L, H, K, F }: Shape, more: Partial<LlamaConfig> = {}): LlamaConfig {
  return {
    modelType: 'llama',
    hiddenSize: D,
    headSize: E,
    vocabSize: V,
    layers: Array.from({ length: L }, () => ({ queryHeads: H, kvHeads: K, ffn: F })),
    rmsNormEps: 1e-6,
    ropeTheta: 10000,
    ropeScaling: { type: 'default' },
    maxPositions: 2048,
    tieWordEmbeddings: false,
    attentionBias: false,
    outputBias: false,
    mlpBias: false,
    qkNorm: false,
    bosTokenId: 1,
    eosTokenIds: [2],
    ...more,
  };
}

export const llama7b = llama({ D: 4096, E: 128, V: 32000, L: 32, H: 32, K: 32, F: 11008 });
export const llama3 = llama({ D: 4096, E: 128, V: 128256, L: 32, H: 32, K: 8, F: 14336 });

/** Settings with their defaults filled in. */
export function settings(given: z.input<typeof chooseSettings>): ChooseSettings {
  return chooseSettings.parse(given);
}

/** Any small architecture: grouped queries, biases, norms, tied embeddings, layers of different widths. */
export const anyConfig: fc.Arbitrary<LlamaConfig> = fc
  .record({
    D: fc.integer({ min: 2, max: 48 }),
    E: fc.constantFrom(2, 4, 8),
    V: fc.integer({ min: 4, max: 60 }),
    heads: fc.integer({ min: 1, max: 3 }),
    layers: fc.array(fc.record({ K: fc.integer({ min: 1, max: 6 }), F: fc.integer({ min: 1, max: 70 }) }), { minLength: 1, maxLength: 7 }),
    even: fc.boolean(),
    flags: fc.record({
      tieWordEmbeddings: fc.boolean(),
      attentionBias: fc.boolean(),
      outputBias: fc.boolean(),
      mlpBias: fc.boolean(),
      qkNorm: fc.boolean(),
    }),
  })
  .map(({ D, E, V, heads, layers, even, flags }) =>
    llama(
      { D, E, V, L: 0, H: 0, K: 0, F: 0 },
      {
        ...flags,
        layers: layers.map((own) => {
          const { K, F } = even ? layers[0]! : own;
          return { queryHeads: K * heads, kvHeads: K, ffn: F };
        }),
      },
    ),
  );
