// The whole story on the command line: from a checkpoint and files to the table, stopped, killed and taken up again on the way.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallWorld } from '../../fixtures/small-world.ts';

const CLI = fileURLToPath(new URL('../../../src/main/node/cli.ts', import.meta.url));
/** Whole programs are started here; a machine that is busy otherwise may take minutes for what takes seconds. */
const PATIENCE_MS = 240_000;
/** One thread: small programs, and a machine that has other tests to run. */
const MACHINE = ['--device', 'cpu', '--threads', '1'];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-story-'));
  await writeSmallWorld(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, TAILOR_HOME: join(folder, 'data') });

/** Runs a command to its end; its one JSON object is the answer. */
function tailor<T = Record<string, unknown>>(...parameters: string[]): { status: number | null; answer: T; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...parameters, '--json'], {
    encoding: 'utf8',
    env: environment(),
    cwd: folder,
  });
  if (status === 0) expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return { status, answer: stdout === '' ? ({} as T) : (JSON.parse(stdout) as T), stderr };
}

interface RunRecord {
  id: string;
  kind: string;
  state: string;
  title: string;
  folderPath: string;
}
const listRuns = (): RunRecord[] => tailor<{ runs: RunRecord[] }>('list', 'runs').answer.runs;

const TUNE = ['tune', '--model', 'model', '--task', 'mood', '--shots', '10', '--batch', '5', '--steps', '150', ...MACHINE];

/** Starts a tuning and returns when its first steps are done. */
async function startTuning(
  name: string,
  ...parameters: string[]
): Promise<{ child: ChildProcess; stderr: () => string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [CLI, ...TUNE, '--name', name, ...parameters], {
    env: environment(),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const runs = join(folder, 'data', 'runs');
  const hasBegun = (): boolean =>
    existsSync(runs) &&
    readdirSync(runs).some(
      (run) =>
        isTuneOf(join(runs, run), name) &&
        existsSync(join(runs, run, 'metrics.jsonl')) &&
        readFileSync(join(runs, run, 'metrics.jsonl')).length > 0,
    );
  await expect.poll(hasBegun, { timeout: PATIENCE_MS / 2, interval: 50 }).toBe(true);
  return { child, stderr: () => stderr, ended };
}

function isTuneOf(run: string, name: string): boolean {
  const origin = join(run, 'origin.json');
  return existsSync(origin) && (JSON.parse(readFileSync(origin, 'utf8')) as { modelName?: string }).modelName === name;
}

const readAdapter = (run: string): Buffer => readFileSync(join(run, 'adapter', 'adapter_model.safetensors'));

describe('a study', { timeout: PATIENCE_MS }, () => {
  const STUDY = [
    'study',
    '--model',
    'model',
    '--tasks',
    './mood',
    '--text',
    './text.txt',
    '--calibration',
    './text.txt',
    '--ratios',
    '0.3',
  ];
  const SMALL = ['--shots', '10', '--draws', '2', '--steps', '2', '--batch', '5', ...MACHINE];
  interface Answer {
    base: { mean: number; tasks: Record<string, unknown>; parameters: number; perplexity: Record<string, number> };
    variants: {
      name: string;
      nominalRatio: number;
      trueReduction: number;
      tuned: boolean;
      draws: number;
      kept: number;
      keptSpread: number | null;
      parameters: number;
    }[];
    seconds: number;
  }
  let first: Answer;

  it('prints one object with base, tuned base, cut, and cut and tuned', () => {
    const { status, answer, stderr } = tailor<Answer>(...STUDY, ...SMALL, '--html', 'report.html');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    first = answer;
    expect(answer.variants.map(({ name }) => name)).toEqual(['base, tuned', '30% cut', '30% cut, tuned']);
    expect(answer.base).toMatchObject({ tasks: { mood: { acc: expect.any(Number) } }, perplexity: { text: expect.any(Number) } });
    const cut = answer.variants[2]!;
    expect(cut.trueReduction).toBeGreaterThanOrEqual(0.3);
    expect(cut.trueReduction).toBeLessThan(0.35);
    expect(cut).toMatchObject({ nominalRatio: 0.3, tuned: true, draws: 2, keptSpread: expect.any(Number) });
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('30% cut, tuned');
  });

  it('is told again from the records without computing anything anew', () => {
    const runs = listRuns().length;
    expect(tailor<Answer>(...STUDY, ...SMALL).answer).toEqual(first);
    expect(listRuns()).toHaveLength(runs);
  });

  it('shares base, scores and cuts with a study of more ratios', () => {
    const before = listRuns();
    const more = [...STUDY.slice(0, -1), '0.3,0.4', ...SMALL];
    expect(tailor<Answer>(...more).answer.variants).toHaveLength(5);
    const fresh = listRuns().filter((run) => !before.some(({ id }) => id === run.id));
    expect(Object.fromEntries([...Map.groupBy(fresh, ({ kind }) => kind)].map(([kind, runs]) => [kind, runs.length]))).toEqual({
      prune: 1,
      tune: 2,
      evaluate: 3,
    });
  });

  it('leaves models whose line goes back to the base, to be compared', () => {
    const { answer } = tailor<{ models: { id: string; name: string; kind: string }[] }>('list', 'models');
    const tuned = answer.models.find(({ name }) => name === 'model-cut-30-mood-draw-1')!;
    expect(tailor<{ lineage: string[] }>('inspect', tuned.id).answer.lineage).toHaveLength(3);
    const compared = tailor<{ sets: { comparison: { items: number; p: number } }[] }>('compare', 'model', 'model-cut-30').answer;
    expect(compared.sets[0]!.comparison).toMatchObject({ items: 30, p: expect.any(Number) });
  });
});

describe('a tuning that is stopped', { timeout: PATIENCE_MS }, () => {
  it('by Ctrl-C ends with code 130 and a word on how to go on, which gives the bytes of an undisturbed one', async () => {
    const calm = tailor<{ models: { folderPath: string }[] }>(...TUNE, '--data', 'calm').answer;
    const { child, stderr, ended } = await startTuning('stopped', '--seed', '42');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const run =
      listRuns().find(({ title }) => title === 'tune stopped') ??
      listRuns().find(({ kind, state }) => kind === 'tune' && state === 'interrupted')!;
    expect(run.state).toBe('interrupted');
    expect(stderr()).toContain(`tailor run ${run.id}`);
    expect(tailor('run', run.id)).toMatchObject({ status: 0, answer: { state: 'done' } });
    expect(readAdapter(run.folderPath)).toEqual(readAdapter(dirname(calm.models[0]!.folderPath)));
  });

  it('by SIGKILL is found interrupted, and goes on when the same command is given again', async () => {
    const { child, ended } = await startTuning('killed', '--seed', '43');
    child.kill('SIGKILL');
    await ended;
    expect(listRuns().find(({ title }) => title === 'tune killed')).toMatchObject({ state: 'interrupted' });
    const runs = listRuns().length;
    expect(tailor(...TUNE, '--name', 'killed', '--seed', '43').status).toBe(0);
    expect(listRuns()).toHaveLength(runs);
    expect(listRuns().find(({ title }) => title === 'tune killed')).toMatchObject({ state: 'done' });
  });
});

describe('the other commands', { timeout: PATIENCE_MS }, () => {
  it('generate the same text from the same seed', () => {
    const ask = (): unknown =>
      tailor(
        'generate',
        '--model',
        'model',
        '--prompt',
        'the cat',
        '--max-tokens',
        '8',
        '--temperature',
        '1',
        '--seed',
        '5',
        '--device',
        'cpu',
      ).answer;
    expect(ask()).toEqual(ask());
  });

  it('rank the prompts of a task and remember the winner', () => {
    const { status, answer } = tailor<{ winner: string; ranked: unknown[] }>(
      'prompts',
      'rank',
      '--model',
      'model',
      '--task',
      'mood',
      '--items',
      '10',
      '--device',
      'cpu',
    );
    expect(status).toBe(0);
    expect(answer.ranked.length).toBeGreaterThan(1);
    const { answer: evaluated } = tailor(
      'evaluate',
      '--model',
      'model',
      '--tasks',
      'mood',
      '--prompt',
      'winner',
      '--limit',
      '5',
      '--device',
      'cpu',
    );
    expect(evaluated).toMatchObject({ sets: [{ kind: 'choices', items: 5 }] });
  });

  it('carry out a run folder that was moved elsewhere', () => {
    const run = listRuns().find(({ kind }) => kind === 'evaluate')!;
    const before = JSON.parse(readFileSync(join(run.folderPath, 'result.json'), 'utf8')) as { sets: object[] };
    const copy = join(folder, 'moved');
    spawnSync('cp', ['-r', run.folderPath, copy]);
    for (const name of ['result.json', 'sets.json', 'choices.jsonl', 'generations.jsonl']) rmSync(join(copy, name), { force: true });
    expect(tailor('run', copy)).toMatchObject({ status: 0, answer: { result: { sets: before.sets } } });
  });

  it('refuse a data folder that is in use', async () => {
    const { child, ended } = await startTuning('busy', '--seed', '44', '--steps', '100000');
    expect(tailor('list', 'models')).toMatchObject({ status: 1, stderr: expect.stringContaining('is in use by another Tailor') });
    child.kill('SIGKILL');
    await ended;
  });
});
