// Measures the page in Chromium: first paint, scrolling a million rows, and dragging the prune slider over a model shaped like LLaMA-7B.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CDPSession, Page } from 'playwright-core';
import { DatasetWriter } from '../src/main/db/dataset-writing.ts';
import { addModel } from '../src/main/db/models.ts';
import { addScoreSet } from '../src/main/db/scores.ts';
import { buildPage, isPageStale } from '../src/main/node/build-page.ts';
import { RandomStream } from '../src/shared/random.ts';
import type { Scores } from '../src/shared/scores.ts';
import { writeScores } from '../src/worker/prune/scores-file.ts';
import { BROWSER_MISSING, startWorkbench, type Workbench } from '../test/support/workbench.ts';

const LLAMA_7B = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 4096,
  intermediate_size: 11_008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  vocab_size: 32_000,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: false,
  torch_dtype: 'float16',
};
const PARAMETERS_7B = 6_738_415_616;
const HASH = 'synthetic';
const CRITERIA = ['param_first', 'l2'] as const;
const WORDS = 'the tailor cuts cloth and measures tape with chalk on a long table near the window while shears rest beside an iron'.split(
  ' ',
);
const BATCH_ROWS = 1000;
const SEED = 1;
/** Frames of one movement: four seconds at sixty a second. */
const FRAMES = 240;
const PAINTS = 5;
const SETTLE_MS = 1500;

/** What is done in frame `n` to the element `it`, as script of the page. */
const SCROLL = 'it.scrollTop += 60';
const SCROLL_THROUGH = `it.scrollTop = (it.scrollHeight * n) / ${FRAMES}`;
const DRAG = `it.value = 35 - 15 * Math.cos(n / 15); it.dispatchEvent(new Event('input', { bubbles: true }))`;
/** What a person came for, by place; elsewhere the page's title. */
const USEFUL = { '#datasets': '[role=gridcell]', '#prune': '.ramp' };
const GRID = '[role=grid]';
const SLIDER = '.tape input';

interface Movement {
  readonly framesPerSecond: number;
  /** Gaps between frames: half are at most the first, 95 % at most the second. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** What the page's own thread did for one frame, in time of the processor: hardly changes with what else the machine does. */
  readonly threadMs: number;
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
if (BROWSER_MISSING) process.exit(1);
if (isPageStale()) await buildPage();
await using workbench = await startWorkbench();
process.stderr.write(`Making ${values.rows} rows and the scores of a model ...\n`);
makeDataset(workbench, Number(values.rows));
const modelId = await makeModel(workbench);

for (const place of ['studies', 'datasets', 'prune']) {
  const paints: number[] = [];
  for (let i = 0; i < PAINTS; i++) paints.push(await paintOf(workbench, place));
  print(
    `first useful paint of ${place}`,
    `${quantile(paints, 0.5).toFixed(0)} ms`,
    `slowest of ${PAINTS} ${Math.max(...paints).toFixed(0)} ms`,
  );
}
const table = await workbench.open('datasets');
await table.locator('[role=gridcell]').first().waitFor();
await report('nothing moves', table, GRID, '');
await report('scroll, two rows a frame', table, GRID, SCROLL);
await report('scroll through all rows', table, GRID, SCROLL_THROUGH);
await table.context().close();
for (const [name, query, view] of [
  ['drag, local ranking', '', 'By rank'],
  ['drag, global ranking', '&rank=global', 'By rank'],
  ['drag, global, by index', '&rank=global', 'By index'],
  ['drag, global, two criteria', '&rank=global&against=l2', 'By rank'],
] as const) {
  const page = await workbench.open(`prune?model=${modelId}&by=param_first${query}`);
  await page.locator('.ramp').waitFor();
  await page.getByRole('button', { name: view }).click();
  await report(name, page, SLIDER, DRAG);
  await page.context().close();
}

function makeDataset({ app }: Workbench, count: number): void {
  const random = new RandomStream(SEED, 'rows');
  const text = (words: number): string => Array.from({ length: words }, () => WORDS[random.integer(WORDS.length)]!).join(' ');
  const writer = new DatasetWriter(app.db, { name: 'rows', sources: [] });
  for (let start = 0; start < count; start += BATCH_ROWS) {
    const batch = writer.newBatch('train');
    for (let row = start; row < Math.min(count, start + BATCH_ROWS); row++) {
      const [passage, question] = [text(12 + random.integer(20)), text(5 + random.integer(8))];
      batch.add(row + 1, { id: `q${row}`, passage, question, label: random.integer(2) });
    }
    writer.addRows(batch.prepared());
  }
  const columns = ['id', 'passage', 'question', 'label'];
  writer.finish({ columns, mapping: undefined, mappingReason: '', splitReason: '', rejectedCount: 0 });
}

/** A model without weights: the Prune page reads its shape and its scores. */
async function makeModel({ app, dataFolder }: Workbench): Promise<string> {
  const random = new RandomStream(SEED, 'scores');
  const vector = (length: number, scale: number): Float32Array =>
    Float32Array.from({ length }, () => scale * (-Math.log(1 - random.uniform())) ** 1.5);
  const { num_hidden_layers: layers, hidden_size: hidden, intermediate_size: ffn } = LLAMA_7B;
  const scores = CRITERIA.map((criterion): Scores => {
    const makeLayer = (layer: number): Scores['layers'][number] => {
      const scale = 0.4 + Math.abs(layer / (layers - 1) - 0.5) + random.uniform() / 5;
      const members = (count: number, length: number) => Array.from({ length: count }, () => vector(length, scale));
      return { attention: members(4, hidden), ffn: members(3, ffn) };
    };
    return { criterion, hidden: undefined, layers: Array.from({ length: layers }, (_, layer) => makeLayer(layer)) };
  });
  const filePath = join(dataFolder, 'scores.safetensors');
  writeFileSync(join(dataFolder, 'config.json'), JSON.stringify(LLAMA_7B));
  await writeScores(filePath, scores, { modelHash: HASH, layers });
  const shared = { kind: 'base', form: 'checkpoint', hash: HASH, folderPath: dataFolder } as const;
  const model = addModel(app.db, {
    ...shared,
    name: 'LLaMA-7B',
    parameters: PARAMETERS_7B,
    sizeBytes: PARAMETERS_7B * 2,
    config: LLAMA_7B,
  });
  addScoreSet(app.db, { modelHash: HASH, recipeHash: HASH, filePath, criteria: CRITERIA });
  return model.id;
}

/** Milliseconds from the start of a cold load until the page stands there with what it read from the records. */
async function paintOf(workbench: Workbench, place: string): Promise<number> {
  const context = await workbench.browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(`window.useful = new Promise((resolve) => {
    const element = ${JSON.stringify(USEFUL)}[location.hash] ?? 'main h1';
    requestAnimationFrame(function look() {
      // A task after the frame that holds it runs when that frame is painted.
      if (document.querySelector(element)) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      else requestAnimationFrame(look);
    });
  })`);
  // The first address only lets the browser in, and leads on to the page.
  await page.goto(`${workbench.server.url}#${place}`);
  const at = await page.evaluate<number>('window.useful');
  await context.close();
  return at;
}

/** Moves something in every frame and prints how evenly the frames came. */
async function report(name: string, page: Page, element: string, move: string): Promise<void> {
  const load = loadavg()[0]!.toFixed(1);
  await page.waitForTimeout(SETTLE_MS);
  const { framesPerSecond, medianMs, p95Ms, threadMs } = await measure(page, element, move);
  print(
    name,
    `${framesPerSecond.toFixed(1)} frames/s`,
    `gap ${medianMs.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`,
    `main thread ${threadMs.toFixed(1)} ms a frame`,
    `load ${load}`,
  );
}

async function measure(page: Page, element: string, move: string): Promise<Movement> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await busySeconds(session);
  const gaps = await page.evaluate<number[]>(`new Promise((resolve) => {
    const [it, gaps] = [document.querySelector('${element}'), []];
    let [n, last] = [0, 0];
    requestAnimationFrame(function frame(now) {
      if (n > 0) gaps.push(now - last);
      last = now;
      if (n++ === ${FRAMES}) return resolve(gaps);
      ${move};
      requestAnimationFrame(frame);
    });
  })`);
  const threadMs = ((await busySeconds(session)) - before) * (1000 / FRAMES);
  const sum = gaps.reduce((total, gap) => total + gap, 0);
  return { framesPerSecond: (1000 * gaps.length) / sum, medianMs: quantile(gaps, 0.5), p95Ms: quantile(gaps, 0.95), threadMs };
}

async function busySeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')!.value;
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)]!;
}

function print(name: string, ...figures: string[]): void {
  process.stdout.write(`${name.padEnd(33)}${figures.join('   ')}\n`);
}
