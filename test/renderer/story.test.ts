// The whole story of a newcomer through the pages, in order: three files, their columns, prompts, two cuts, a tuning that is reloaded
// and killed in mid-run, a study, its flips, and a talk with both models.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDatasets } from '../../src/main/db/datasets.ts';
import { listModels } from '../../src/main/db/models.ts';
import { getRun } from '../../src/main/db/runs.ts';
import { listStudies } from '../../src/main/db/studies.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO_TASKS = join(import.meta.dirname, '../../resources/demo/datasets');
/** What one wait may take on a machine that is busy otherwise. */
const PATIENCE_MS = 120_000;
/** Rows of each dropped file; a tenth of them is asked in ranking and in the study. */
const ROWS = 120;
const SHOTS = 50;
const STEPS = 60;

type Row = Record<string, unknown>;

/** The first rows of a demo task. */
function readRows(task: string): Row[] {
  const lines = readFileSync(join(DEMO_TASKS, task, 'train.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Row).slice(0, ROWS);
}

/** The demo's questions as other people's files: each of its own format, under names that Tailor cannot know. */
function makeFiles(): { name: string; text: string }[] {
  const facts = readRows('boolq').map(
    ({ passage, question, label }) => `"${String(passage)}","${String(question)}",${label === 1 ? 'yes' : 'no'}`,
  );
  const errands = readRows('piqa').map(({ goal, sol1, sol2, label }) => JSON.stringify({ aim: goal, ways: [sol1, sol2], best: label }));
  const gaps = readRows('winogrande').map(({ sentence, option1, option2, answer }) => [sentence, option1, option2, answer].join('\t'));
  return [
    { name: 'facts.csv', text: ['told,asked,verdict', ...facts].join('\n') },
    { name: 'errands.jsonl', text: errands.join('\n') },
    { name: 'gaps.tsv', text: ['gap\tfirst\tsecond\tfits', ...gaps].join('\n') },
  ];
}

describe.skipIf(BROWSER_MISSING)('the story', { timeout: 3 * PATIENCE_MS }, () => {
  let bench: Workbench;
  let page: Page;

  beforeAll(async () => {
    bench = await startWorkbench();
    page = await bench.open();
    page.setDefaultTimeout(PATIENCE_MS);
  }, PATIENCE_MS);
  afterAll(async () => await bench?.[Symbol.asyncDispose]());

  const turnTo = async (name: string): Promise<void> =>
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
  const field = (label: string) => page.getByLabel(label, { exact: true });
  const tag = (word: string) => page.getByRole('heading', { level: 1 }).getByText(word, { exact: true });
  const modelNames = (): string[] => listModels(bench.app.db).map(({ name }) => name);
  /** Steps made so far, as the page of the run says. */
  const stepsMade = async (): Promise<number> =>
    Number(new RegExp(`(\\d+) of ${STEPS}`).exec(await page.getByRole('group', { name: 'Progress' }).innerText())?.[1] ?? 0);

  it('begins with an offer, and takes the demo’s model in', async () => {
    await page.getByRole('button', { name: 'Run the demo study' }).waitFor();
    await turnTo('Models');
    await page.getByRole('button', { name: 'Add the demo model' }).click();
    await page.getByRole('heading', { name: 'demo', exact: true }).waitFor();
    expect(modelNames()).toEqual(['demo']);
  });

  it('takes three files of different formats at once, dropped on whichever page is open', async () => {
    const transfer = await page.evaluateHandle((all) => {
      const data = new (globalThis as unknown as { DataTransfer: new () => { items: { add(file: File): void } } }).DataTransfer();
      for (const { name, text } of all) data.items.add(new File([text], name));
      return data;
    }, makeFiles());
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
    await page.getByText('Drop to add 3 items').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    for (const name of ['facts', 'errands', 'gaps'])
      await page.getByRole('region', { name: 'Imports' }).getByRole('link', { name, exact: true }).waitFor();
    const found = listDatasets(bench.app.db).map(({ name, rowCount, mapping }) => ({ name, rowCount, mapping }));
    expect(found).toEqual(['facts', 'errands', 'gaps'].map((name) => ({ name, rowCount: ROWS, mapping: undefined })));
  });

  it('is told which column is what', async () => {
    const roles: Record<string, Record<string, string>> = {
      facts: { asked: 'text', verdict: 'label' },
      errands: { aim: 'question', ways: 'choices', best: 'answer' },
      gaps: { gap: 'question', first: 'choices', second: 'choices', fits: 'answer' },
    };
    for (const [name, columns] of Object.entries(roles)) {
      await page
        .getByRole('region', { name: 'Datasets' })
        .getByRole('link', { name: new RegExp(`^${name} ${ROWS} rows`) })
        .click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      for (const [column, role] of Object.entries(columns)) await field(`Role of ${column}`).selectOption(role);
      await page.getByText('The roles were set by hand.').waitFor();
    }
    const mappings = () => Object.fromEntries(listDatasets(bench.app.db).map(({ name, mapping }) => [name, mapping]));
    await expect.poll(mappings).toMatchObject({
      facts: { kind: 'classification', labels: [{ value: 'no' }, { value: 'yes' }] },
      errands: { kind: 'choice', choices: 'ways', goldForm: 'from-0' },
      gaps: { kind: 'choice', choices: ['first', 'second'], goldForm: 'from-1' },
    });
  });

  it('has a prompt written beside a real example, and ranks it against those that ship', async () => {
    await page
      .getByRole('region', { name: 'Datasets' })
      .getByRole('link', { name: /^errands \d/ })
      .click();
    await page.getByRole('heading', { name: 'errands', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Write a prompt' }).click();
    await page.getByRole('button', { name: 'New candidate' }).click();
    await field('Name').fill('mine');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'mine' }).waitFor();
    await field('Context').fill('{{ aim }}\nBest:');
    const sees = page.getByRole('region', { name: 'What the model sees' });
    await expect.poll(async () => await sees.locator('.toks').textContent(), { timeout: PATIENCE_MS }).toMatch(/Best:/);
    await page.keyboard.press('Control+s');
    await page.getByText('Saved as version 1 of mine.').waitFor();
    const rank = page.getByRole('region', { name: 'Rank', exact: true });
    await rank.getByRole('button', { name: /^Rank \d candidates/ }).click();
    await rank.getByText('Winner, kept').waitFor();
    await expect.poll(() => rank.locator('tbody').first().getByRole('link').allTextContents()).toContain('mine');
  });

  it('scores once, and cuts to 20 % and to 50 % fewer parameters', async () => {
    await turnTo('Prune');
    await page.getByRole('button', { name: 'Score demo' }).click();
    await page.locator('.ramp').waitFor();
    for (const percent of [20, 50]) {
      await page.getByRole('button', { name: new RegExp(`^${percent}`) }).click();
      await expect.poll(async () => await field('Name').inputValue(), { timeout: PATIENCE_MS }).toBe(`demo-cut-${percent}`);
      await page.getByRole('button', { name: /^Cut to/ }).click();
      await page.getByRole('link', { name: `demo-cut-${percent}`, exact: true }).waitFor();
    }
    const [base, fifth, half] = ['demo', 'demo-cut-20', 'demo-cut-50'].map((name) =>
      listModels(bench.app.db).find((model) => model.name === name),
    );
    expect(fifth!.parameters / base!.parameters).toBeCloseTo(0.8, 2);
    expect(half!.parameters / base!.parameters).toBeCloseTo(0.5, 2);
  });

  it('tunes on 50 shots, goes on through a reload and resumes after its worker was killed', async () => {
    await page.getByRole('link', { name: 'Tune it' }).click();
    await field('Dataset').selectOption({ label: 'errands' });
    await field('Prompt').selectOption({ label: 'winner of the ranking' });
    await expect.poll(() => field('Model').locator('option:checked').textContent()).toBe('demo-cut-50');
    await expect.poll(() => field('Examples drawn').inputValue()).toBe(String(SHOTS));
    await field('Steps').fill(String(STEPS));
    await field('Examples a step').fill('8');
    await field('Measured every … steps').fill(String(STEPS));
    await page.getByText('Distillation, projections and fine points').click();
    await field('Checkpoint every … steps').fill('4');
    await page.getByRole('button', { name: 'Start tuning' }).click();
    await tag('Running').waitFor();
    await expect.poll(stepsMade, { timeout: PATIENCE_MS, interval: 20 }).toBeGreaterThanOrEqual(1);
    await expect.poll(() => page.title()).toMatch(/^\d+ % – Runs – Tailor$/); // where no dock or taskbar shows it
    await page.reload();
    await page.getByText(/^saved to step \d+/).waitFor();
    kill(bench.app.worker().processId!, 'SIGKILL');
    await tag('Interrupted').waitFor();
    await page.getByText(/Saved to step \d+; it goes on from there\./).waitFor();
    const id = page.url().split('/').at(-1)!;
    expect(getRun(bench.app.db, id)).toMatchObject({ state: 'interrupted', error: { code: 'worker-lost' } });
    await page.locator('.side').getByRole('button', { name: 'Resume', exact: true }).click();
    await tag('Done').waitFor();
    expect(await stepsMade()).toBe(STEPS);
    await expect.poll(() => page.getByRole('log').innerText()).toMatch(/interrupted; it can be resumed[\s\S]*started[\s\S]*done/);
    expect(modelNames()).toContain('demo-cut-50-errands');
  });

  it('runs the study, which is still going after a reload, to a table of six variants', async () => {
    await turnTo('Studies');
    await page.getByRole('link', { name: /New study|Plan a study/ }).click();
    await page.getByRole('checkbox', { name: /^facts/ }).uncheck();
    await page.getByRole('checkbox', { name: /^gaps/ }).uncheck();
    await expect.poll(() => page.getByRole('checkbox', { name: /^errands/ }).isChecked()).toBe(true);
    await page.getByText('Shots, steps and prompts').click();
    await field('Name').fill('first');
    await expect.poll(() => field('Shots a task').inputValue()).toBe(String(SHOTS));
    await field('Tuning steps').fill('2');
    await page.getByRole('button', { name: 'Start the study' }).click();
    await page.getByRole('heading', { name: 'first', exact: true }).waitFor();
    await page.getByText(/^step \d+ of 12$/).waitFor();
    await page.reload();
    await page.getByText('measured in').waitFor();
    const table = page.getByRole('table').first();
    const names = await table.getByRole('rowheader').allInnerTexts();
    expect(names.map((text) => text.split('\n')[0]!.replaceAll(/\s/g, ' '))).toEqual([
      'demo',
      'demo, tuned',
      '20 % cut',
      '20 % cut, tuned',
      '50 % cut',
      '50 % cut, tuned',
    ]);
    expect(listStudies(bench.app.db).map(({ state }) => state)).toEqual(['done']);
  });

  it('opens the examples that flipped between the base and the half', async () => {
    await page.getByRole('checkbox', { name: 'Select demo', exact: true }).check();
    await page.getByRole('checkbox', { name: /Select 50.% cut, tuned/ }).check();
    await page.getByRole('link', { name: 'Compare 2 selected' }).click();
    await page.getByRole('heading', { name: 'Flips on errands' }).waitFor();
    const cells = page.locator('.flip button b');
    const told = async (): Promise<number> => (await cells.allTextContents()).reduce((sum, text) => sum + Number(text), 0);
    await expect.poll(told, { timeout: PATIENCE_MS }).toBe(ROWS / 10);
    await page.getByRole('group', { name: 'Example', exact: true }).getByText('key').waitFor();
  });

  it('talks to both at once', async () => {
    await page.getByRole('link', { name: 'Playground', exact: true }).click();
    await field('Prompt').fill('Question: What is a knife made of?\nAnswer:');
    await field('Tokens').fill('8');
    await page.getByRole('button', { name: /Ask all/ }).click();
    const answers = page.getByRole('region', { name: /^Answer of / });
    for (const answer of [answers.first(), answers.last()]) {
      await answer.getByText(/^done/).waitFor();
      await expect.poll(() => answer.locator('.txt').textContent()).not.toBe('');
    }
    await expect.poll(() => answers.count()).toBe(2);
  });

  it('finds a model by name from the keyboard, changes the light, and keeps anyone in', async () => {
    const held: (() => void)[] = [];
    let [isHolding, lastAt] = [false, performance.now()];
    await page.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => server.send(message));
      server.onMessage((message) => {
        lastAt = performance.now();
        if (isHolding) held.push(() => socket.send(message));
        else socket.send(message);
      });
    });
    await page.reload();
    await page.getByRole('heading', { name: 'Compare', exact: true }).waitFor();
    await expect.poll(() => performance.now() - lastAt).toBeGreaterThan(500); // the page has all that it asked for
    isHolding = true;
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Command or name' }).fill('cut-20');
    // Models, datasets and runs come one by one to what was written before; names of runs hold the model's too.
    await expect.poll(() => held.length).toBe(3);
    isHolding = false;
    for (const send of held) {
      send();
      await page.waitForTimeout(100);
    }
    await page.getByRole('option', { name: 'demo-cut-20', exact: true }).waitFor();
    await page.locator('[role=option][aria-selected=true]', { hasText: 'demo-cut-20' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'demo-cut-20', exact: true }).waitFor();
    await page.emulateMedia({ reducedMotion: 'reduce' }); // else axe may look at colours half-way
    for (const theme of ['dark', 'light']) {
      await page.getByRole('button', { name: 'Light or dark' }).click();
      await expect.poll(() => page.locator('html').getAttribute('data-theme'), { timeout: PATIENCE_MS }).toBe(theme);
      expect(await findAccessFaults(page)).toEqual([]);
    }
  });
});
