// Tune and Runs as a person meets them: a tuning started, watched, reloaded, killed, resumed, and what is left of it tidied up.
import { kill } from 'node:process';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../src/main/api/datasets.ts';
import { importModel } from '../../src/main/api/models.ts';
import { listModels } from '../../src/main/db/models.ts';
import { getRun, listRuns } from '../../src/main/db/runs.ts';
import { keepSetting } from '../../src/main/db/settings.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO = join(import.meta.dirname, '../../resources/demo');
const STEPS = 30;
const SLOW = { timeout: 60_000 };

describe.skipIf(BROWSER_MISSING)('Runs', () => {
  let bench: Workbench;
  let page: Page;
  let id: string;

  beforeAll(async () => {
    bench = await startWorkbench();
    page = await bench.open('runs');
  }, 60_000);
  afterAll(() => bench[Symbol.asyncDispose]());

  const side = () => page.locator('.side');
  const tag = (word: string) => page.getByRole('heading', { level: 1 }).getByText(word);
  const field = (label: string) => page.getByLabel(label, { exact: true });
  /** Steps made so far, as the page says. */
  const stepsMade = async (): Promise<number> =>
    Number(/(\d+) of 30/.exec(await page.getByRole('group', { name: 'Progress' }).innerText())?.[1] ?? 0);
  /** First and last of the loss, as the chart says it to who cannot see it. */
  const losses = async (): Promise<[number, number]> => {
    const words = await page.getByRole('group', { name: /^Loss by step/ }).getAttribute('aria-label');
    const [, first, last] = /train from ([\d.]+) at step \d+ to ([\d.]+)/.exec(words!)!;
    return [Number(first), Number(last)];
  };

  it('says what a run is where there is none, and what a tuning needs', async () => {
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await page.getByRole('link', { name: 'New tuning' }).last().click();
    await page.getByText('There is no model yet.').waitFor();
    await importModel(bench.app, join(DEMO, 'model'), { name: 'Storyteller' });
    await importFiles(bench.app, [join(DEMO, 'datasets/piqa')]);
    for (const table of ['models', 'datasets'] as const) bench.app.events.tell({ kind: 'changed', table, id: 'new' });
    await page.getByText('There is no model yet.').waitFor({ state: 'detached' });
    await expect.poll(() => field('Name of the result').inputValue()).toBe('Storyteller-piqa');
  }, 60_000);

  it('complains at the field, and estimates before the start', async () => {
    await field('Steps').fill(String(STEPS));
    await field('Examples a step').fill('4');
    await field('Examples drawn').fill('5000');
    await page.getByText('all 320 there are').waitFor();
    await expect.poll(() => field('Examples drawn').inputValue()).toBe('320');
    await field('Examples drawn').fill('12');
    await field('Learning rate').fill('0.002');
    await field('Measured every … steps').fill('20');
    await field('Examples at most').fill('10');
    await page.getByText('Distillation, projections and fine points').click();
    await field('Checkpoint every … steps').fill('4');
    await field('Warm-up steps').fill('40');
    await page.getByRole('button', { name: 'Start tuning' }).click();
    await page.getByText('The warm-up must end before the last step.').waitFor();
    await expect.poll(() => field('Warm-up steps').getAttribute('aria-invalid')).toBe('true');
    expect(listRuns(bench.app.db)).toHaveLength(0);
    await field('Warm-up steps').fill('0');
    const estimate = page.getByRole('complementary', { name: 'Estimate' });
    await estimate.getByText(/^about .* s$/).waitFor();
    await estimate.getByText('a guess: nothing of this kind was tuned on this machine yet').waitFor();
    await page.reload();
    await expect.poll(() => field('Steps').inputValue()).toBe(String(STEPS)); // what was written is still there
  }, 60_000);

  it('starts, and is still going after a reload in mid-run', async () => {
    await page.getByRole('button', { name: 'Start tuning' }).click();
    await tag('Running').waitFor(SLOW);
    await expect.poll(stepsMade, SLOW).toBeGreaterThanOrEqual(5);
    await page.reload();
    await tag('Running').waitFor(SLOW);
    id = page.url().split('/').at(-1)!;
    expect(getRun(bench.app.db, id).state).toBe('running');
    // A question that ends it for good stands at its safe answer.
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const question = page.getByRole('alertdialog', { name: 'Cancel this run for good?' });
    const safe = question.getByRole('button', { name: 'Let it go on' });
    await expect.poll(() => safe.evaluate((it) => it.matches(':focus'))).toBe(true);
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    await expect.poll(stepsMade, SLOW).toBeGreaterThanOrEqual(7);
    await expect.poll(() => page.getByRole('group', { name: 'Progress' }).innerText()).toMatch(/saved to step \d+/);
  }, 90_000);

  it('shows a run whose worker was killed as interrupted, with the reason', async () => {
    kill(bench.app.worker().processId!, 'SIGKILL');
    await tag('Interrupted').waitFor(SLOW);
    await side()
      .getByText(/Interrupted: .*worker/)
      .waitFor();
    await side()
      .getByText(/Saved to step \d+; it goes on from there\./)
      .waitFor();
    expect(getRun(bench.app.db, id).error?.code).toBe('worker-lost');
  }, 60_000);

  it('resumes it to done, and the loss has fallen', async () => {
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await tag('Done').waitFor({ timeout: 120_000 });
    await expect.poll(stepsMade).toBe(STEPS);
    const [first, last] = await losses();
    expect(last).toBeLessThan(first);
    await page.getByRole('link', { name: 'Storyteller-piqa' }).first().waitFor();
    const log = await page.getByRole('log').innerText();
    expect(log).toMatch(/started[\s\S]*interrupted; it can be resumed[\s\S]*started[\s\S]*done/);
    expect(log).toMatch(/held out at step 30: accuracy/);
  }, 150_000);

  it('walks through a chart by arrow keys, on a log scale, and shows it as a table', async () => {
    await page.getByRole('button', { name: 'Log', exact: true }).click();
    await page.getByText('loss, nats a token, log scale').waitFor();
    const chart = page.getByRole('slider', { name: /^loss/ });
    await chart.focus();
    await chart.press('Home');
    await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(/^step 1: train [\d.]+$/);
    await chart.press('ArrowRight');
    await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(/^step 2:/);
    await page.getByRole('button', { name: 'Loss as table' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Loss, table' }).getByRole('row').count()).toBe(STEPS + 1);
  });

  it('shows by which wording was learnt, and warns before it is asked by another', async () => {
    const learnt = /Learnt by (\S+), version 1, wording ([0-9a-f]{4} [0-9a-f]{4})\./.exec(await side().innerText())!;
    const tuned = listModels(bench.app.db).find(({ name }) => name === 'Storyteller-piqa')!;
    await page.goto(`${new URL(page.url()).origin}/#runs/new?kind=evaluate&model=${tuned.id}`);
    await page.getByLabel('piqa', { exact: true }).check();
    const prompt = page.getByLabel('Prompt for piqa');
    const others = (await prompt.locator('option').allInnerTexts()).filter((name) => name.includes('/') && name !== learnt[1]);
    await prompt.selectOption(others[0]!);
    await page.getByText(`piqa would be asked by another wording than the model learnt: ${learnt[1]}, version 1 (${learnt[2]})`).waitFor();
    await page.getByRole('button', { name: 'Ask as it learnt' }).click();
    await expect.poll(() => prompt.inputValue()).toBe(learnt[1]);
    await page.getByText('would be asked by another wording').waitFor({ state: 'detached' });
  }, 60_000);

  it('refuses what surely does not fit into memory, with what would', async () => {
    keepSetting(bench.app.db, 'memoryLimitBytes', 1000);
    await page.goto(`${new URL(page.url()).origin}/#runs/new`);
    await page.getByText('The weights alone take more memory than there is, so this cannot start.').waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Start tuning' }).isDisabled()).toBe(true);
    keepSetting(bench.app.db, 'memoryLimitBytes', undefined);
    await field('Steps').fill('31');
    await page.getByText('so this cannot start').waitFor({ state: 'detached' });

    // Answers are cut where too few tokens are read: a button reads more.
    await page.getByText('Distillation, projections and fine points').click();
    await field('Longest example').fill('16');
    await page.getByText(/longer than 16 tokens and lose their beginning\./).waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByRole('button', { name: /^Read up to \d+ tokens/ }).click();
    expect(Number(await field('Longest example').inputValue())).toBeGreaterThan(16);
    await page.getByText('lose their beginning').waitFor({ state: 'detached' });

    // Little, but not too little: each way to take less is a button.
    keepSetting(bench.app.db, 'memoryLimitBytes', 200e6);
    await field('Method').selectOption('full');
    await page.getByRole('button', { name: /^512 tokens at once: about/ }).click();
    await expect.poll(() => field('Tokens at once').inputValue()).toBe('512');
    keepSetting(bench.app.db, 'memoryLimitBytes', undefined);
    await page.evaluate(() => sessionStorage.clear());
  }, 60_000);

  it('duplicates with a change into a paused queue, reorders, and deletes with undo', async () => {
    bench.app.queue.hold();
    for (const seed of ['7', '8']) {
      await page.goto(`${new URL(page.url()).origin}/#runs/${id}`);
      await page.getByRole('link', { name: 'Duplicate with a change' }).click();
      await expect.poll(() => field('Examples drawn').inputValue()).toBe('12');
      await field('Seed of the draw').fill(seed);
      await field('Name of the result').fill(`seed ${seed}`);
      await page.getByRole('button', { name: 'Start tuning' }).click();
      await tag('Waiting').waitFor();
    }
    const waiting = page.getByRole('list', { name: 'Waiting runs' }).getByRole('listitem');
    const order = async (): Promise<string[]> => (await waiting.allInnerTexts()).map((text) => /seed \d/.exec(text)![0]);
    await expect.poll(order).toEqual(['seed 7', 'seed 8']);
    await page.getByRole('button', { name: 'Move tune seed 8 sooner' }).click();
    await expect.poll(order).toEqual(['seed 8', 'seed 7']);
    await waiting.first().getByRole('link').press('Alt+ArrowDown');
    await expect.poll(order).toEqual(['seed 7', 'seed 8']);

    await page.getByRole('button', { name: 'Delete tune seed 8' }).click();
    await expect.poll(order).toEqual(['seed 7']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(order).toEqual(['seed 7', 'seed 8']);
    for (const seed of [7, 8]) {
      await page.getByRole('button', { name: `Delete tune seed ${seed}` }).click();
      await page.getByRole('button', { name: 'Dismiss' }).click();
    }
    await expect.poll(() => listRuns(bench.app.db).length).toBe(1);
    await page.getByText('The queue is paused').waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => bench.app.queue.isWorking).toBe(true);
  }, 60_000);

  it('deletes a checkpoint with undo, and says why the run itself cannot be deleted', async () => {
    await page.goto(`${new URL(page.url()).origin}/#runs/${id}`);
    const remove = page.getByRole('button', { name: /^Delete checkpoint of step/ });
    await remove.click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await remove.click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => page.getByRole('row', { name: /^step \d+/ }).count()).toBe(0);
    await side().getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    const error = page.getByRole('alert').getByText('is needed by model Storyteller-piqa');
    await error.waitFor();
    // The note stands above the status bar, beside nothing that could be clicked.
    const [main, note] = [await page.locator('#main').boundingBox(), await page.locator('.toast').boundingBox()];
    expect(note!.y).toBeGreaterThanOrEqual(main!.y + main!.height);
    await page.keyboard.press('Escape');
    await error.waitFor({ state: 'detached' });
  }, 60_000);

  it('lets an error leave with its page, and keeps it in a list', async () => {
    await side().getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByRole('link', { name: 'Datasets' }).first().click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '2 problems' }).click();
    const list = page.getByRole('dialog', { name: 'What went wrong' });
    await expect.poll(() => list.getByText('is needed by model Storyteller-piqa').count()).toBe(2);
    await list.getByRole('button', { name: 'Clear the list' }).click();
    await page.getByRole('button', { name: '2 problems' }).waitFor({ state: 'detached' });
  }, 60_000);

  it('can be used by everyone in both themes', async () => {
    const places = { light: [`runs/${id}`, 'runs/new?kind=evaluate'], dark: [`runs/${id}`, 'runs/new'] };
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      for (const place of places[theme]) {
        await page.goto(`${new URL(page.url()).origin}/#${place}`);
        await page
          .getByRole('heading', {
            level: 1,
            name: place.includes('evaluate') ? 'New evaluation' : place === 'runs/new' ? 'New tuning' : /Done/,
          })
          .waitFor();
        expect(await findAccessFaults(page), `${place}, ${theme}`).toEqual([]);
      }
    }
  }, 180_000);
});
