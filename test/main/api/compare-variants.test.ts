// What a comparison shows: examples with what all choices share, the line that asks, and the look of each side.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flatten } from '../../../src/main/api/compare-recipes.ts';
import { partsOf, questionOf } from '../../../src/main/api/compare-example.ts';
import { describeVariants } from '../../../src/main/api/compare-variants.ts';
import { addModel, type Model } from '../../../src/main/db/models.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';

const example = (contexts: string[], continuations: string[]) => ({
  id: '1',
  gold: 0,
  lengths: continuations.map((text) => text.length),
  choices: contexts.map((context, index) => ({ context, continuation: continuations[index]! })),
});

describe('partsOf', () => {
  it('keeps a context that all choices follow', () => {
    expect(partsOf(example(['Is it?', 'Is it?'], [' yes', ' no']))).toEqual({ context: 'Is it?', choices: ['yes', 'no'] });
  });

  it('parts contexts where they differ, at a word', () => {
    const parts = partsOf(
      example(['The cup fits in the bag as the bag', 'The cup fits in the bag as the barrel'], [' is big.', ' is big.']),
    );
    expect(parts).toEqual({ context: 'The cup fits in the bag as the …', choices: ['bag is big.', 'barrel is big.'] });
  });
});

describe('questionOf', () => {
  it.each([
    ['Question: Why is ice cold?\nAnswer:', 'Why is ice cold?'],
    ['A cat sits.\n\nA dog runs and', 'A dog runs and'],
    ['Passage.\nQuestion: is it so?\nAnswer:', 'is it so?'],
  ])('%j asks %j', (context, question) => expect(questionOf(example([context, context], [' a', ' b']))).toBe(question));
});

describe('flatten', () => {
  it('names leaves by their path and keeps plain lists whole', () => {
    expect(flatten({ a: { b: 1, c: ['x', 'y'] }, d: null, e: [], f: undefined })).toEqual([
      ['a.b', '1'],
      ['a.c', 'x, y'],
      ['d', 'none'],
      ['e', 'none'],
    ]);
  });
});

describe('describeVariants', () => {
  it('gives a cut the look that it has among its family, whichever stand beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailor-variants-'));
    using app = openCountingApp(folder);
    try {
      const add = (name: string, kind: Model['kind'], parent?: Model): Model =>
        addModel(app.db, {
          name,
          kind,
          form: kind === 'tuned' ? 'adapter' : 'checkpoint',
          folderPath: join(folder, name),
          hash: name,
          parameters: 1000,
          sizeBytes: 4000,
          config: {},
          ...(parent && { parentId: parent.id }),
        });
      const base = add('base', 'base');
      add('cut-20', 'pruned', base);
      const cut50 = add('cut-50', 'pruned', base);
      const tuned50 = add('tuned-50', 'tuned', cut50);
      const tuned = add('tuned', 'tuned', base);
      expect(describeVariants(app, [[base.id], [cut50.id], [tuned50.id]]).map(({ mark, isCut }) => ({ ...mark, isCut }))).toEqual([
        { slot: 0, hollow: false, isCut: false },
        { slot: 2, hollow: true, isCut: true },
        { slot: 2, hollow: false, isCut: true },
      ]);
      expect(describeVariants(app, [[tuned.id]])).toMatchObject([{ tuned: true, isCut: false, mark: { slot: 0, hollow: false } }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
