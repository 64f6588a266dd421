// The estimate of a tuning: adapters counted exactly, speeds scaled by size, memory that grows with what is asked; and the request's faults.
import { expect, it } from 'vitest';
import { parseLlamaConfig } from '../../src/shared/parse-config.ts';
import { PROJECTIONS } from '../../src/shared/recipe.ts';
import { countAdapter, estimateSpeed, estimateTuneMemory } from '../../src/shared/tune-estimate.ts';
import { faultsOf } from '../../src/shared/tuning-request.ts';

const config = parseLlamaConfig(
  {
    model_type: 'llama',
    hidden_size: 4096,
    intermediate_size: 11008,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    vocab_size: 32000,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 2048,
  },
  'config.json',
);

it('counts the adapter of LLaMA-7B as PEFT prints it', () => {
  expect(countAdapter(config, { rank: 8, targets: [...PROJECTIONS] })).toBe(19_988_480);
  expect(countAdapter(config, { rank: 8, targets: ['q_proj', 'v_proj'] })).toBe(4_194_304);
});

it('takes the middle of the measured speeds, scaled by parameters, and else says that it guesses', () => {
  const measured = [10, 20, 90].map((tokensPerSecond) => ({ tokensPerSecond, parameters: 1000 }));
  expect(estimateSpeed(2000, 'lora', measured)).toEqual({ tokensPerSecond: 10, isMeasured: true });
  const guess = estimateSpeed(1e9, 'lora', []);
  expect(guess.isMeasured).toBe(false);
  expect(guess.tokensPerSecond).toBeGreaterThan(estimateSpeed(1e9, 'full', []).tokensPerSecond);
});

it('asks for more memory for more tokens at once, and for a teacher', () => {
  const request = { config, parameters: 6.7e9, trainable: 2e7, microTokens: 2048 };
  const bytes = estimateTuneMemory(request);
  expect(bytes).toBeGreaterThan(4 * 6.7e9);
  expect(estimateTuneMemory({ ...request, microTokens: 4096 })).toBeGreaterThan(bytes);
  expect(estimateTuneMemory({ ...request, teacherParameters: 6.7e9 }) - bytes).toBeCloseTo(4 * 6.7e9, -3);
});

it.each([
  [{ steps: null }, { steps: 'Write a number.' }],
  [{ steps: 10, warmupSteps: 10 }, { warmupSteps: 'The warm-up must end before the last step.' }],
  [{ lora: { targets: [] } }, { 'lora.targets': 'Choose at least one projection.' }],
  [{ keepBest: true }, { keepBest: 'Turn on the held-out measurement: the best step is chosen by it.' }],
  [{ modelId: '' }, { modelId: 'Choose a model.' }],
  [{ shots: 0.5 }, { shots: 'Write a whole number.' }],
  [{}, {}],
])('says at the field what does not fit: %j', (change, faults) => {
  expect(faultsOf({ name: 'a', modelId: 'b', datasetId: 'c', ...change })).toEqual(faults);
});
