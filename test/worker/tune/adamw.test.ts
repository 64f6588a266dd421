// The optimizer, the clipping and the schedule against their formulas.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initAdamW, updateAdamW } from '../../../src/worker/tune/adamw.ts';
import { clipScale, gradientNorm } from '../../../src/worker/tune/clip.ts';
import { scheduleFactor } from '../../../src/worker/tune/schedule.ts';

const settings = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 };

describe('AdamW', () => {
  it('follows the textbook recursion in f64 over many steps', () => {
    const parameter = { name: 'w', values: Float32Array.of(0.5, -2, 3), decays: true };
    const state = initAdamW([parameter]);
    const w = [0.5, -2, 3];
    const m = [0, 0, 0];
    const v = [0, 0, 0];
    for (let t = 1; t <= 50; t++) {
      const gradient = Float32Array.from(w, (_, i) => Math.sin(t * (i + 1)));
      updateAdamW([parameter], [gradient], state, settings, { learningRate: 0.01, gradientScale: 0.5 });
      for (let i = 0; i < 3; i++) {
        const g = gradient[i]! * 0.5;
        w[i]! -= 0.01 * 0.01 * w[i]!;
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        w[i]! -= (0.01 * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
      }
    }
    // f32 weights and moments over 50 steps of 1e-2: rounding of 2^-24 relative a step
    for (let i = 0; i < 3; i++) expect(parameter.values[i]).toBeCloseTo(w[i]!, 5);
  });

  it('moves by the learning rate at the first step, whatever the size of the gradient', () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-3), max: 1e6, noNaN: true }), (size) => {
        const parameter = { name: 'w', values: Float32Array.of(0), decays: true };
        updateAdamW([parameter], [Float32Array.of(size)], initAdamW([parameter]), settings, { learningRate: 0.1, gradientScale: 1 });
        expect(parameter.values[0]).toBeCloseTo(-0.1, 4);
      }),
    );
  });

  it('shrinks only what decays', () => {
    const parameters = [true, false].map((decays) => ({ name: String(decays), values: Float32Array.of(1), decays }));
    const zero = [Float32Array.of(0), Float32Array.of(0)];
    updateAdamW(parameters, zero, initAdamW(parameters), { ...settings, weightDecay: 0.5 }, { learningRate: 0.1, gradientScale: 1 });
    expect(parameters.map(({ values }) => values[0])).toEqual([Math.fround(0.95), 1]);
  });
});

describe('clipping', () => {
  it('takes the norm over all gradients together and scales only what is longer than the limit', () => {
    const norm = gradientNorm([Float32Array.of(3), Float32Array.of(0, 4)]);
    expect(norm).toBe(5);
    expect(clipScale(norm, 1)).toBe(0.2);
    expect(clipScale(norm, 6)).toBe(1);
    expect(clipScale(norm, null)).toBe(1);
  });
});

describe('schedule', () => {
  it.each([
    ['linear', [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25]],
    ['cosine', [0.25, 0.5, 0.75, 1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2]],
    ['constant', [0.25, 0.5, 0.75, 1, 1, 1, 1]],
  ] as const)('%s warms up over three steps and then runs its course', (kind, factors) => {
    for (const [step, factor] of factors.entries()) expect(scheduleFactor({ kind, warmupSteps: 3 }, step, 7)).toBeCloseTo(factor, 12);
  });
});
