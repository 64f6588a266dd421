// The prompts page as a person uses it: write a wording beside a real example, save it, compare versions, rank, delete and undo.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importFiles } from '../../src/main/api/datasets.ts';
import { importModel } from '../../src/main/api/models.ts';
import { findPromptWinner } from '../../src/main/db/prompts.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO = join(import.meta.dirname, '../../resources/demo');
const HARNESS = '{{ passage }}\nQuestion: {{ question }}?\nAnswer:';

describe.skipIf(BROWSER_MISSING)('prompts', { timeout: 120_000 }, () => {
  let workbench: Workbench;
  let page: Page;

  beforeAll(async () => {
    workbench = await startWorkbench();
    await importModel(workbench.app, join(DEMO, 'model'), { name: 'demo model' });
    page = await workbench.open('prompts/boolq/harness');
  });
  afterAll(() => workbench[Symbol.asyncDispose]());

  const context = (): ReturnType<Page['getByLabel']> => page.getByLabel('Context');
  const sees = (): ReturnType<Page['getByRole']> => page.getByRole('region', { name: 'What the model sees' });

  test('without data the page says what would be here, and shows it once there is some', async () => {
    await sees().getByText('There is no dataset for BoolQ yet.').waitFor();
    await expect.poll(() => page.getByRole('button', { name: /^Rank \d/ }).isDisabled()).toBe(true);
    await importFiles(workbench.app, [join(DEMO, 'datasets/boolq')], { name: 'boolq' });
    workbench.app.events.tell({ kind: 'changed', table: 'datasets', id: 'boolq' });
    await sees().getByText('Example 1 of 240').waitFor();
    await expect.poll(() => context().inputValue()).toBe(HARNESS);
  });

  test('the example is shown in tokens, and the answer alone counts in the loss', async () => {
    await sees().locator('.toks .tk.sp').waitFor();
    await expect.poll(() => sees().locator('.toks .tk.loss').allTextContents()).toEqual(['·yes']);
    expect((await sees().locator('.toks').textContent())!.startsWith('<s>The·towel·is·not·new.')).toBe(true);
    await page.getByRole('button', { name: 'Next example' }).click();
    await sees().getByText('Example 2 of 240').waitFor();
    await page.getByRole('button', { name: 'Previous example' }).click();
    await sees().getByText('Example 1 of 240').waitFor();
  });

  test('columns are inserted at the caret and Ctrl+Z takes them back', async () => {
    await context().focus();
    await context().press('Control+Home');
    await page.getByRole('button', { name: 'label', exact: true }).click();
    await expect.poll(() => context().inputValue()).toBe(`{{ label }}${HARNESS}`);
    await page.keyboard.press('Control+z');
    await expect.poll(() => context().inputValue()).toBe(HARNESS);
    await expect.poll(() => page.getByRole('button', { name: /^Save as/ }).isDisabled()).toBe(true);
  });

  test('warnings and mistakes are told while one types, and the last good preview stays', async () => {
    await page.getByRole('button', { name: 'Text' }).click();
    await context().fill('Passage: {{ passage }}\nQ: {{ question }}?\nA: ');
    await sees().getByText('The context ends with a space').waitFor();
    await expect.poll(() => sees().locator('.toks').textContent()).toContain('Passage:·The·towel');
    await context().fill('Passage: {{ passage }\nA:');
    await page.getByText('Line 1: a tag that begins with “{{” does not end with “}}”').waitFor();
    await expect.poll(() => sees().locator('.toks').textContent()).toContain('Passage:·The·towel');
    await context().fill('<s>{{ passage }}');
    await sees().getByText('it would stand there twice').waitFor();
    await context().fill('Passage: {{ passage }}\nQ: {{ question }}?\nA:');
    await sees().getByText('Nothing to warn of in this example.').waitFor();
    await sees().getByText('Of the first 50 examples, the longest has').waitFor();
    await sees().getByText('Nothing to warn of in any of them.').waitFor();
  });

  test('worked examples stand before the question, drawn from the training split', async () => {
    await page.getByRole('button', { name: 'Drawn' }).click();
    await page.getByLabel('How many are drawn').fill('2');
    await expect.poll(() => sees().locator('.toks .span.shot').count()).toBe(2);
    await page.getByRole('button', { name: 'None' }).click();
    await expect.poll(() => sees().locator('.toks .span.shot').count()).toBe(0);
  });

  test('worked examples are fixed: drawn by seed, chosen, put in order, and warned of where they give an answer away', async () => {
    const shots = page.getByRole('group', { name: 'Fixed worked examples' });
    const told = (): Promise<string[]> => shots.getByRole('listitem').allTextContents();
    await page.getByRole('button', { name: 'Fixed' }).click();
    await expect.poll(async () => (await told()).length).toBe(3);
    const first = await told();
    await shots.getByLabel('Drawn').fill('2');
    await shots.getByRole('button', { name: 'Draw anew' }).click();
    await expect.poll(told).toEqual(first.slice(0, 2)); // fewer are the beginning of more
    await shots.getByRole('button', { name: 'Move example 2 up' }).click();
    await expect.poll(async () => (await told())[0]).toContain(first[1]!.replace(/^2/, ''));

    await shots.getByRole('button', { name: 'Choose' }).click();
    const dialog = page.getByRole('dialog', { name: 'Choose worked examples' });
    await dialog.getByText('1 to 20 of 320').waitFor();
    await dialog.getByRole('button', { name: 'Choose none' }).click();
    await dialog.getByLabel('Split').selectOption('validation');
    await dialog.getByText('may be asked with its own answer').waitFor();
    await dialog.getByRole('checkbox', { name: 'The towel is not new.' }).check();
    expect(await findAccessFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Use 1 example' }).click();
    await sees().getByText('This example is one of the worked examples').waitFor();
    await shots.getByRole('button', { name: 'Remove example 1' }).click();
    await shots.waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('button', { name: 'None' }).getAttribute('aria-pressed')).toBe('true');
  });

  test('unsaved edits outlive leaving the page and a reload; Ctrl+S saves them as a version', async () => {
    await page.goto(page.url().replace(/#.*/, '#models'));
    await page.goto(page.url().replace(/#.*/, '#prompts/boolq/harness'));
    await page.reload();
    await expect.poll(() => context().inputValue()).toBe('Passage: {{ passage }}\nQ: {{ question }}?\nA:');
    await page.keyboard.press('Control+s');
    await page.getByText('Saved as version 1 of harness.').waitFor();
    await page.getByText(/^Version 1, saved/).waitFor();
    const difference = page.getByRole('region', { name: 'Versions' }).locator('.diff');
    await expect.poll(() => difference.locator('ins').allTextContents()).toContain('Passage:·');
    await expect.poll(() => difference.locator('del').allTextContents()).toContain('Question');
  });

  test('a new candidate is written, saved, deleted and taken back', async () => {
    await page.getByRole('button', { name: 'New candidate' }).click();
    await page.getByLabel('Name').fill('short');
    await page.getByText('There is a candidate of this name already.').waitFor();
    await page.getByLabel('Name').fill('mine');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'mine' }).waitFor();
    expect(page.url()).toContain('#prompts/boolq/mine');
    await context().fill('{{ passage }} <b>{{ question }}</b>?');
    await page.getByRole('button', { name: 'Save as version 1' }).click();
    await page.getByText('Saved as version 1 of mine.').waitFor();
    const candidates = page.getByRole('navigation', { name: 'Candidates' });
    await page.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => candidates.getByText('mine').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await candidates.getByText('mine').waitFor();
    await page.getByRole('heading', { level: 1, name: 'mine' }).waitFor();
  });

  test('ranking goes on in the background, keeps its winner, and shows where the candidates disagree', async () => {
    const rank = page.getByRole('region', { name: 'Rank', exact: true });
    for (const name of ['instructed', 'question-first', 'listed', 'lettered', 'mine']) await rank.getByLabel(name).uncheck();
    const examples = rank.getByLabel('Examples', { exact: true });
    await examples.fill('5000');
    await rank.getByText('all 240 there are').waitFor();
    await expect.poll(() => examples.inputValue()).toBe('240');
    await examples.fill('24');
    await rank.getByText('of 240').waitFor();
    await rank.getByRole('button', { name: 'Rank 2 candidates' }).click();
    await rank.getByRole('progressbar').or(rank.locator('table')).waitFor();
    await page.reload();
    await rank.getByText('Winner, kept').waitFor({ timeout: 60_000 });
    await expect.poll(() => rank.locator('tbody tr').count()).toBe(2);
    const winner = findPromptWinner(workbench.app.db, 'boolq')!;
    expect(`boolq/${(await rank.locator('tbody tr').first().getByRole('link').textContent())!}`).toBe(winner.version.name);
    await rank.getByText(/24 examples of boolq\./).waitFor();
    const told = Number(/(\d+) of 24 examples/.exec((await rank.getByRole('heading', { name: 'Where they disagree' }).textContent())!)![1]);
    await expect.poll(() => rank.locator('ol > li').count()).toBe(Math.min(5, told));
  });

  test.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', async (theme) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.getByRole('button', { name: theme === 'light' ? 'Tokens' : 'Text', exact: true }).click();
    await sees().locator('.toks').waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
  });
});
