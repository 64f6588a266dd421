// Settings and their values are said in words, whatever a recipe holds, and in the same words as on the pages where they are chosen.
import { describe, expect, it } from 'vitest';
import { flatten } from '../../../src/main/api/compare-recipes.ts';
import { isHeadline, nameSetting, showSetting } from '../../../src/renderer/pages/compare/setting-names.ts';
import { recipe, type RecipeInput } from '../../../src/shared/recipe.ts';

const model = { checkpoint: '/m' };
const RECIPES: RecipeInput[] = [
  {
    kind: 'prune',
    model,
    criterion: 'param_first',
    choose: { target: { kind: 'parameters', fraction: 0.2 }, layers: { first: 2, last: 5 } },
    machine: { threads: 2 },
  },
  {
    kind: 'tune',
    model,
    steps: 5,
    distill: { teacher: model },
    evaluateEvery: 5,
    patience: 2,
    saveDtype: 'F16',
    machine: { threads: 2 },
  },
];
/** Named by the models and files that they mean. */
const NO_SETTING = /^(kind|model\..*|trainFile|calibration\.file|distill\.teacher\..*)$/;

describe.each(RECIPES)('every setting of a $kind recipe', (input) => {
  const settings = flatten(recipe.parse(input)).filter(([path]) => !NO_SETTING.test(path));

  it.each(settings)('%s', (path, value) => {
    const full = `${input.kind}.${path}`;
    expect(nameSetting(full)).toMatch(/^[A-Z][^.]*$/);
    expect(nameSetting(full)).not.toMatch(/[a-z][A-Z]|_/); // no key of the program
    expect(showSetting(full, value)).not.toMatch(/^(true|false)$|[a-z]_[a-z]/);
  });
});

describe('a value', () => {
  it.each([
    ['prune.criterion', 'param_first', 'Taylor, first order'],
    ['prune 2.criterion', 'l2; random', 'L2; Chance'],
    ['prune.choose.ranking', 'global-normalised', 'Across, by kind'],
    ['prune.choose.target.fraction', '0.2', '20.0\u202f%'],
    ['prune.choose.target.bytes', '1048576', '1.00\u202fMB'],
    ['prune.choose.uniform', 'true', 'yes'],
    ['tune.method', 'lora', 'LoRA adapter'],
    ['tune.lora.targets', 'q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj', 'all 7'],
    ['tune.data', 'true', 'true'], // a dataset may be called anything
    ['model.parameters', '1910000', '1.91\u202fM (1,910,000)'],
  ])('of %s, %s, is said as %s', (path, value, words) => expect(showSetting(path, value)).toBe(words));

  it('of a step that was taken again is told from the first', () => {
    expect(nameSetting('prune 2.criterion')).toBe('Importance criterion, the 2nd time');
    expect(isHeadline('prune 2.criterion')).toBe(true);
    expect(isHeadline('tune.optimizer.beta1')).toBe(false);
  });
});
