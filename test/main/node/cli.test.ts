// The command line as a program: golden plans, purity of standard output, exit codes, and what it says on standard error.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../../src/main/node/cli.ts', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-cli-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(LLAMA_7B));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LLAMA_7B = {
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  hidden_act: 'silu',
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  vocab_size: 32000,
  torch_dtype: 'float16',
};

function tailor(...parameters: string[]) {
  const env = { ...process.env, TAILOR_HOME: join(folder, 'data') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...parameters], { encoding: 'utf8', env, cwd: folder });
  return { status, stdout, stderr };
}

describe('tailor plan', () => {
  it.each([
    ['0.25', '4-29', 5_422_977_024, { queryHeads: 24, ffn: 8256 }],
    ['0.6', '3-30', 3_350_188_032, { queryHeads: 13, ffn: 4403 }],
  ])('LLaMA-7B at nominal ratio %s in layers %s keeps %i parameters', (ratio, layers, parameters, widths) => {
    const { status, stdout, stderr } = tailor('plan', '--config', 'config.json', '--ratio', ratio, '--layers', layers, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const plan = JSON.parse(stdout) as { parameters: number; widths: object[] };
    expect(plan.parameters).toBe(parameters);
    expect(plan.widths[10]).toMatchObject(widths);
  });

  it('keeps the widths that --widths sets, and says where they miss the target', () => {
    const plan = ['plan', '--config', '.', '--fraction', '0.2', '--widths'];
    const { stdout } = tailor(...plan, '3:ffn=96,3:kv=2,31:ffn=5000');
    expect(stdout).toMatch(/^3 +2 +2 +96/m);
    expect(stdout).toMatch(/^31 +2\d +2\d +5000/m);
    expect(tailor(...plan, '40:ffn=96').stderr).toContain('layer 40, but the layers are 0-31');
    expect(tailor(...plan, '3:heads=2').stderr).toContain('3:ffn=96');
    const whole = tailor('plan', '--config', '.', '--fraction', '0.001', '--widths', '3:ffn=96');
    expect(whole.stdout).toContain('The widths set by hand alone take 2.0');
  });

  it('touches no data folder', () => {
    tailor('plan', '--config', 'config.json', '--ratio', '0.25');
    expect(readdirSync(folder)).toEqual(['config.json']);
  });

  it('says in words what stays, layer by layer, and which exports are possible', () => {
    const { stdout } = tailor('plan', '--config', '.', '--fraction', '0.2', '--uniform');
    expect(stdout).toMatch(/^parameters .*removed/m);
    expect(stdout).toMatch(/^0–31 +32 +32 +7580/m);
    expect(stdout).toMatch(/✓ huggingface/);
  });
});

describe('wrong usage and bad input end with code 2 and one sentence on standard error', () => {
  it.each([
    ['an unknown command', ['cut'], /unknown command/],
    ['a missing option', ['plan', '--ratio', '0.5'], /--config/],
    ['a percentage', ['plan', '--config', 'config.json', '--ratio', '25'], /A quarter is 0\.25/],
    ['no target', ['plan', '--config', 'config.json'], /exactly one of --ratio, --fraction and --bytes/],
    ['two targets', ['plan', '--config', 'config.json', '--ratio', '0.1', '--bytes', '1e9'], /exactly one of/],
    ['layers that are none', ['plan', '--config', 'config.json', '--ratio', '0.1', '--layers', 'all'], /4-29/],
    [
      'layers that the model does not have',
      ['plan', '--config', 'config.json', '--ratio', '0.1', '--layers', '4-40'],
      /give a range within 0-31/,
    ],
    ['a config that is not there', ['plan', '--config', 'nothing.json', '--ratio', '0.1'], /nothing\.json cannot be read/],
    ['a model that is not there', ['evaluate', '--model', 'ghost', '--tasks', 'x'], /no model and no folder “ghost”/],
    ['something to inspect that is not there', ['inspect', 'ghost'], /“ghost”/],
    ['a run that is not there', ['run', 'ghost'], /no run ghost/],
    ['a folder that is no run', ['run', './'], /is not a run folder/],
    ['a kind of record that is none', ['list', 'ghosts'], /models/],
    ['a study of nothing', ['study', '--tasks', 'x'], /--model and --tasks/],
    ['a prompt that is not there', ['prompts', 'show', 'boolq', 'ghost'], /boolq\/harness/],
  ])('%s', (_, parameters, sentence) => {
    const { status, stdout, stderr } = tailor(...parameters);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('tailor prune', () => {
  it('says when the same cut was made before, and goes by the name that it has', () => {
    const demo = fileURLToPath(new URL('../../../resources/demo', import.meta.url));
    const cut = (name: string) =>
      tailor('prune', '--model', `${demo}/model`, '--calibration', `${demo}/text/calibration.jsonl`, '--fraction', '0.2', '--name', name);
    expect(cut('first').stdout).toMatch(/^first \(/);
    const again = cut('second');
    expect(again.stdout).toMatch(/^first \(/);
    expect(again.stderr).toContain('This very cut was made before; the name “second” was not used.');
    rmSync(join(folder, 'data'), { recursive: true });
  }, 120_000);
});

describe('tailor export', () => {
  it('writes a GGUF file with its Modelfile, and nothing over what is there', () => {
    const model = fileURLToPath(new URL('../../../resources/demo/model', import.meta.url));
    const write = () => tailor('export', model, '--format', 'gguf', '--out', 'out/small.gguf', '--json');
    const { status, stdout } = write();
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'gguf', path: join(folder, 'out', 'small.gguf') });
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['small.Modelfile', 'small.gguf']);
    expect(readFileSync(join(folder, 'out', 'small.gguf'), 'latin1')).toMatch(/^GGUF/);
    expect(readFileSync(join(folder, 'out', 'small.Modelfile'), 'utf8')).toBe('FROM ./small.gguf\nTEMPLATE {{ .Prompt }}\n');
    const again = write();
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/small\.gguf is there already/);
    rmSync(join(folder, 'data'), { recursive: true });
  }, 60_000);
});

describe('standard output with --json', () => {
  it.each([
    ['list', ['list', 'models'], { models: [] }],
    ['list of runs', ['list', 'runs'], { runs: [] }],
    ['prompts', ['prompts', 'show', 'boolq', 'harness'], { prompt: { name: 'boolq/harness' } }],
  ])('is one object for %s', (_, parameters, expected) => {
    const { status, stdout } = tailor(...parameters, '--json');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });
});

describe('help', () => {
  it('tells the exit codes and where data lies', () => {
    const { status, stdout } = tailor('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/0 done; 1 failed.*2 wrong usage.*130/s);
    expect(stdout).toContain('TAILOR_HOME');
  });
});
