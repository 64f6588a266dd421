// Comparing as a person does it: choose two models, see what flipped and how sure each was, what differs, and talk to both at once.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveDataset, taskOf } from '../../src/main/api/datasets.ts';
import { importModel } from '../../src/main/api/models.ts';
import { planEvaluation, planPruning, type SetPlan } from '../../src/main/api/plan-runs.ts';
import { carryOut } from '../../src/main/api/runs.ts';
import { addEvaluation, findEvaluations } from '../../src/main/db/evaluations.ts';
import { listModels, type Model } from '../../src/main/db/models.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO = join(import.meta.dirname, '../../resources/demo');
/** Few enough to be quick, enough that half a model answers some of them otherwise. */
const EXAMPLES = 24;
const PATIENCE_MS = 120_000;

describe.skipIf(BROWSER_MISSING)('compare', () => {
  let bench: Workbench;
  let base: Model;
  let half: Model;
  let page: Page;

  beforeAll(async () => {
    bench = await startWorkbench();
    const { app } = bench;
    base = await importModel(app, join(DEMO, 'model'), { name: 'demo' });
    const sets: SetPlan[] = [];
    for (const name of ['boolq', 'hellaswag']) {
      const dataset = await resolveDataset(app, join(DEMO, 'datasets', name));
      const task = taskOf(dataset);
      sets.push({ kind: 'choices', name, dataset, task, prompt: task.prompts[0]!, split: 'test', limit: EXAMPLES });
    }
    const texts = await resolveDataset(app, join(DEMO, 'text/calibration.jsonl'));
    const cut = planPruning(
      app,
      base,
      { dataset: texts, split: 'train' },
      {
        criterion: 'l2',
        choose: { target: { kind: 'parameters', fraction: 0.5 } } as Parameters<typeof planPruning>[3]['choose'],
        name: 'demo-half',
      },
    );
    await carryOut(app, cut);
    half = listModels(app.db).find(({ name }) => name === 'demo-half')!;
    await carryOut(app, planEvaluation(app, base, sets));
    // The cut was asked one set only: the other is missing.
    await carryOut(app, planEvaluation(app, half, sets.slice(0, 1)));
  }, PATIENCE_MS);

  afterAll(async () => await bench?.[Symbol.asyncDispose]());

  it('teaches what it is for, and lets two models be chosen', async () => {
    page = await bench.open('compare');
    await page.getByText('Choose what to compare').waitFor();
    await page.getByRole('button', { name: 'Choose variants' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('measured on BoolQ, HellaSwag').waitFor();
    await dialog.getByRole('checkbox', { name: /demo base/ }).check();
    await expect.poll(() => dialog.getByRole('button', { name: 'Compare' }).isDisabled()).toBe(true);
    await dialog.getByRole('checkbox', { name: /demo-half/ }).check();
    await dialog.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('row', { name: /BoolQ/ }).waitFor();
    expect(page.url()).toContain(`models=${base.id}%2C${half.id}`);
  });

  it('measures what only one of them was asked, with the very same examples', { timeout: PATIENCE_MS }, async () => {
    await page.getByText('demo-half was not measured on HellaSwag').waitFor();
    await page.getByRole('button', { name: 'Measure what is missing' }).click();
    const row = page.getByRole('row', { name: /HellaSwag/ });
    await row.getByText(/lower|higher|not told apart/).waitFor({ timeout: PATIENCE_MS });
    await expect.poll(() => page.getByText('was not measured on').count()).toBe(0);
    // The mean carries its doubt as every task does.
    await page
      .getByRole('row', { name: /Mean of 2/ })
      .getByTitle(/95 % interval .* to .* points/)
      .waitFor();
  });

  it('counts flips as a matrix that filters the examples', async () => {
    await page.getByRole('button', { name: 'HellaSwag' }).click();
    await page.getByRole('heading', { name: 'Flips on HellaSwag' }).waitFor();
    const cells = page.locator('.flip button b');
    await expect.poll(async () => (await cells.allTextContents()).reduce((sum, text) => sum + Number(text), 0)).toBe(EXAMPLES);
    const [, lost = 0] = (await cells.allTextContents()).map(Number);
    expect(lost).toBeGreaterThan(1); // half of it is gone
    await page.getByRole('heading', { name: new RegExp(`^${lost} examples? lost$`) }).waitFor();
    await expect.poll(() => page.locator('.pane tbody tr').count()).toBe(lost);
    await page.getByText(new RegExp(`examples? of ${EXAMPLES} differs?, ${lost} lost and`)).waitFor();
    await page.getByRole('button', { name: /both right/ }).click();
    await page.getByRole('heading', { name: /right in both/ }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: /lost$/ }).waitFor();
  });

  it('shows how likely each finds the choices, and goes on with J and K', async () => {
    const example = page.getByRole('group', { name: 'Example', exact: true });
    const [first, second] = await page.locator('.pane tbody td:first-child').allInnerTexts();
    const opened = async (number: string | undefined): Promise<void> =>
      await page.getByRole('heading', { name: `HellaSwag ${number}`, exact: true }).waitFor();
    await opened(first);
    await example.getByText('key').waitFor();
    await expect.poll(() => example.locator('.lane').count()).toBe(8); // four endings, two models
    await expect.poll(() => example.getByText('picked').count()).toBe(2);
    await page.getByRole('heading', { name: /lost$/ }).click();
    await page.keyboard.press('j');
    await opened(second);
    const url = page.url();
    await page.reload();
    await opened(second);
    expect(page.url()).toBe(url);
    await page.keyboard.press('k');
    await opened(first);
  });

  it('leaves out examples that were a close call', async () => {
    const rows = page.locator('.pane tbody tr');
    const before = await rows.count();
    const least = Number((await rows.last().locator('td').last().textContent())!);
    await page.getByLabel('Margin at least').fill(String(least + 0.001));
    await page.getByLabel('Margin at least').press('Enter');
    await expect.poll(() => rows.count()).toBeLessThan(before);
    await page.getByLabel('Margin at least').fill('');
    await page.getByLabel('Margin at least').press('Enter');
    await expect.poll(() => rows.count()).toBe(before);
  });

  it('is sound to screen readers', { timeout: PATIENCE_MS }, async () => {
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('tells only what differs in how they were made', async () => {
    await page.getByRole('link', { name: 'Recipes, differences only' }).click();
    const row = page.getByRole('row', { name: /Share removed/ });
    await row.waitFor();
    await expect.poll(() => row.getByRole('cell').allTextContents()).toEqual(['none', '50.0\u202f%']);
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('streams one prompt to both, side by side, and can be stopped', { timeout: PATIENCE_MS }, async () => {
    await page.getByRole('link', { name: 'Playground' }).click();
    await page.getByLabel('Prompt').fill('Question: What is a knife made of?\nAnswer:');
    await page.getByLabel('Tokens').fill('12');
    await page.getByRole('button', { name: /Ask all/ }).click();
    for (const name of ['demo', 'demo-half']) {
      const answer = page.getByRole('region', { name: `Answer of ${name}`, exact: true });
      await answer.getByText(/^done/).waitFor({ timeout: PATIENCE_MS });
      expect(Number(/(\d+) tokens?/.exec((await answer.textContent())!)![1])).toBeGreaterThan(0);
      await expect.poll(() => answer.locator('.txt').textContent()).not.toBe('');
    }
    await page.getByLabel('Tokens').fill('400');
    await page.getByLabel('Temperature').fill('1');
    await page.getByLabel('Prompt').press('Control+Enter');
    await page.getByText('writing').first().waitFor({ timeout: PATIENCE_MS });
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('stopped').first().waitFor();
    await page.getByRole('button', { name: /Ask all/ }).waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel('Prompt').inputValue()).toContain('knife');
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('is sound in the dark, too', { timeout: PATIENCE_MS }, async () => {
    for (const view of ['', '&view=play', '&view=recipes']) {
      const dark = await bench.open(`compare?models=${base.id}%2C${half.id}${view}`, { theme: 'dark' });
      await dark.getByRole('navigation', { name: 'Compare views' }).waitFor();
      if (view === '') await dark.getByText('key').waitFor();
      expect(await findAccessFaults(dark)).toEqual([]);
      await dark.close();
    }
  });

  it('scrolls through thousands of flips, of which only those in sight exist, and J goes on beyond the first that were read', async () => {
    const [all, kept] = [3000, 100];
    for (const model of [base, half]) {
      const { summary, ...known } = findEvaluations(bench.app.db, model.hash).find(({ setName }) => setName === 'boolq')!;
      const choices = Array.from({ length: all }, (_, index) => {
        const picked = model === base || index < kept ? 0 : 1;
        return {
          set: 'boolq',
          id: `many-${index}`,
          logLikelihoods: picked === 0 ? [-1, -2] : [-2, -1],
          gold: 0,
          picked,
          pickedNorm: picked,
        };
      });
      addEvaluation(bench.app.db, { ...known, summary: { ...summary, items: all } as typeof summary }, { choices });
    }
    const table = await bench.open(`compare?models=${base.id}%2C${half.id}&set=boolq&sort=order`);
    await table.getByRole('heading', { name: '2,900 examples lost' }).waitFor();
    const list = table.getByRole('group', { name: 'Examples', exact: true });
    const rows = list.locator('tbody tr[aria-rowindex]');
    await rows.first().getByText('many-100').waitFor();
    await list.evaluate((it) => (it.scrollTop = it.scrollHeight));
    await list.getByText('many-2999').waitFor();
    expect(await rows.last().getAttribute('aria-rowindex')).toBe('2901');
    expect(await rows.count()).toBeLessThan(80);
    await list.getByRole('button', { name: 'many-2998' }).click();
    await table.getByRole('heading', { name: 'BoolQ 2999', exact: true }).waitFor();
    await list.evaluate((it) => (it.scrollTop = 0));
    await rows.first().getByText('many-100').waitFor();
    await table.keyboard.press('j');
    await table.getByRole('heading', { name: 'BoolQ 3000', exact: true }).waitFor();
    await list.getByText('many-2999').waitFor();
    await table.close();
  });
});
