// Compares exported GGUF files in llama.cpp with Tailor's own runtime: ids of texts, logits, and what each writes greedily.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { LlamaConfig } from '../src/shared/llama-config.ts';
import { indices, keepAll } from '../src/shared/prune/groups.ts';
import { RandomStream } from '../src/shared/random.ts';
import { machine } from '../src/shared/recipe.ts';
import type { Kept } from '../src/shared/scores.ts';
import { expectedTensors } from '../src/shared/tensor-names.ts';
import { writeLlamaConfig } from '../src/shared/write-config.ts';
import { openSubject } from '../src/worker/evaluate/open-subject.ts';
import { saveAdapter } from '../src/worker/export/peft.ts';
import { readGgufHeader } from '../src/worker/export/gguf-format.ts';
import { writeGguf } from '../src/worker/gguf.ts';
import { slice } from '../src/worker/prune/slice.ts';
import { argmax } from '../src/worker/text/argmax.ts';
import { createAdapter } from '../src/worker/tune/lora.ts';
import { openCheckpoint } from '../src/worker/weights/checkpoint.ts';
import { fromFloat32, type WeightDtype } from '../src/worker/weights/dtype.ts';
import { writeCheckpoint } from '../src/worker/weights/write-checkpoint.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEMO = join(ROOT, 'resources/demo/model');
const STORIES = join(ROOT, '../shared/data/models/stories260K');
const GREEDY_TOKENS = 24;
const PROMPTS = ['Question: does ice melt in the sun?\nAnswer:', 'Once upon a time, there was a little', 'The'];
const ODD_TEXTS = [
  '',
  ' ',
  '  two  spaces ',
  "it's we'll I'd DON'T",
  'tab\tline\n\n\nend ',
  '3.14159 1,000,000',
  'Größe 東京 🙂 e\u0301',
  '▁x ▁',
  '<s>',
  'a</s>b',
  '…“x”—y',
];

/** What is used of node-llama-cpp, which is no dependency of Tailor. */
interface LlamaCpp {
  getLlama(options: object): Promise<{
    readonly llamaCppRelease: { readonly release: string };
    loadModel(options: { modelPath: string }): Promise<LoadedModel>;
  }>;
}
interface LoadedModel {
  tokenize(text: string, specialTokens: boolean): readonly number[];
  createContext(options: object): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
  dispose(): Promise<void>;
}
interface Sequence {
  clearHistory(): Promise<void>;
  controlledEvaluate(input: readonly unknown[]): Promise<({ next: { logits: ReadonlyMap<number, number> } } | undefined)[]>;
}

interface Case {
  readonly name: string;
  readonly checkpoint: string;
  readonly adapter?: string;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { llama: { type: 'string', default: ROOT } } });
const llamaCpp = await findLlamaCpp(resolve(values.llama));
if (llamaCpp) {
  const scratch = await mkdtemp(join(tmpdir(), 'tailor-gguf-'));
  try {
    await checkAll(llamaCpp, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function findLlamaCpp(from: string): Promise<LlamaCpp | undefined> {
  try {
    return (await import(pathToFileURL(createRequire(join(from, 'package.json')).resolve('node-llama-cpp')).href)) as LlamaCpp;
  } catch (thrown) {
    console.log(`Nothing was checked: node-llama-cpp cannot be loaded from ${from} (${(thrown as Error).message.split('\n')[0]}).`);
    console.log(
      'Install it anywhere (npm install node-llama-cpp) and name that folder: node bench/check-gguf.ts --llama FOLDER [MODEL ...]',
    );
    process.exitCode = 1;
    return undefined;
  }
}

async function checkAll(cpp: LlamaCpp, scratch: string): Promise<void> {
  const llama = await cpp.getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: 'error' });
  console.log(`llama.cpp ${llama.llamaCppRelease.release}, on the CPU`);
  const texts = [...ODD_TEXTS, ...(await readTexts())];
  const cases: Case[] =
    positionals.length > 0 ? positionals.map((folder) => ({ name: basename(folder), checkpoint: folder })) : await makeCases(scratch);
  for (const one of cases) {
    const path = join(scratch, 'case.gguf');
    await writeGguf({ checkpoint: one.checkpoint, adapter: one.adapter, out: path, name: one.name });
    const { metadata } = await readGgufHeader(path);
    await using ours = await openSubject(one, machine.parse({ device: 'cpu', weights: 'f32' }));
    const model = await llama.loadModel({ modelPath: path });
    const differing = texts.filter((text) => model.tokenize(text, true).join() !== ours.tokenizer.encode(text, { bos: false }).join());
    const context = await model.createContext({
      contextSize: 512,
      flashAttention: false,
      threads: 1, // more of them spin while they wait, which stalls a machine that is busy otherwise
      experimentalKvCacheKeyType: 'F32',
      experimentalKvCacheValueType: 'F32',
    });
    const sequence = context.getSequence();
    let furthest = 0;
    let same = 0;
    let steps = 0;
    for (const prompt of PROMPTS) {
      await sequence.clearHistory();
      using decoder = await ours.model.decoder(512, { adapter: ours.adapter });
      let fed = ours.tokenizer.encode(prompt, { bos: true });
      for (let step = 0; step < GREEDY_TOKENS; step++) {
        const [mine, theirs] = [await decoder.feed(fed), await feed(sequence, fed)];
        for (const [id, logit] of theirs) furthest = Math.max(furthest, Math.abs(logit - mine[id]!));
        const next = argmax(mine);
        const [likeliest] = [...theirs].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
        steps++;
        if (next === likeliest) same++;
        fed = [next];
      }
    }
    console.log(
      `${one.name.padEnd(44)} ${String(metadata.get('general.architecture')!.value).padEnd(6)} ids of ${texts.length - differing.length}/${texts.length} texts, ` +
        `${same}/${steps} greedy tokens, logits within ${furthest.toExponential(1)}`,
    );
    for (const text of differing.slice(0, 5)) {
      console.log(
        `  ${JSON.stringify(text.slice(0, 60))}: ${model.tokenize(text, true).join(' ')} / ${ours.tokenizer.encode(text, { bos: false }).join(' ')}`,
      );
    }
    await context.dispose();
    await model.dispose();
  }
}

async function feed(sequence: Sequence, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const items = ids.map((id, i) => (i === ids.length - 1 ? [id, { generateNext: { logits: true } }] : id));
  return (await sequence.controlledEvaluate(items)).at(-1)!.next.logits;
}

/** Lines of the demo's texts, of every length. */
async function readTexts(): Promise<string[]> {
  const world = await readFile(join(ROOT, 'resources/demo/text/world.txt'), 'utf8');
  const stories = await readFile(join(ROOT, 'resources/demo/text/stories.txt'), 'utf8');
  return `${world}\n${stories}`
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 500);
}

/** The demo's model and stories260K: whole, cut in every way, with an adapter; and a random model of all that a config can ask for. */
async function makeCases(scratch: string): Promise<Case[]> {
  const cases: Case[] = [{ name: 'demo, f16', checkpoint: DEMO }];
  const cuts: [string, (layer: number, groups: number, channels: number) => Kept['layers'][number]][] = [
    ['even cut: 3 of 5 KV heads, FFN 300', () => ({ kvGroups: [0, 2, 4], ffn: indices(300) })],
    ['uneven cut', (layer, groups) => ({ kvGroups: indices(Math.max(1, groups - layer)), ffn: indices(20 + 37 * layer) })],
    ['whole layers cut', (layer, groups, channels) => (layer % 3 === 1 ? null : { kvGroups: indices(groups), ffn: indices(channels) })],
    [
      'blocks missing, first and last too',
      (layer, groups, channels) => ({
        kvGroups: indices(layer % 3 === 0 ? 0 : groups),
        ffn: indices(layer === 2 || layer === 4 ? 0 : channels),
      }),
    ],
    [
      'no FFN at the end, an empty layer',
      (layer, groups) => ({ kvGroups: indices(layer === 2 ? 0 : groups), ffn: indices(layer < 2 ? 50 : 0) }),
    ],
  ];
  for (const base of [DEMO, STORIES].filter((folder) => existsSync(folder))) {
    if (base === STORIES) cases.push({ name: 'stories260K, f32', checkpoint: STORIES });
    await using checkpoint = await openCheckpoint(base);
    for (const [name, keep] of cuts.slice(base === DEMO ? 0 : 1)) {
      const kept = { layers: checkpoint.config.layers.map(({ kvHeads, ffn }, layer) => keep(layer, kvHeads, ffn)) };
      const folder = join(scratch, `cut-${cases.length}`);
      await slice(checkpoint, { ...keepAll(checkpoint.config), ...kept }, folder, { pruning: {} });
      cases.push({ name: `${basename(base) === 'model' ? 'demo' : basename(base)}, ${name}`, checkpoint: folder });
    }
  }
  await using demo = await openCheckpoint(DEMO);
  const narrow = join(scratch, 'narrow');
  await slice(demo, { ...keepAll(demo.config), hidden: indices(demo.config.hiddenSize - 7) }, narrow, { pruning: {} });
  cases.push({ name: 'demo, 7 hidden channels cut', checkpoint: narrow });
  cases.push(await addAdapter(join(scratch, 'adapter')));
  const bf16 = { dtype: 'BF16', biases: false, llama3: true } as const;
  cases.push(await writeRandom(join(scratch, 'bf16'), 'random bf16, own head, Llama 3 positions', bf16));
  cases.push(await writeRandom(join(scratch, 'biases'), 'random f32, biases', { dtype: 'F32', biases: true, llama3: false }));
  cases.push(
    await writeRandom(join(scratch, 'uneven'), 'random f32, biases, Llama 3, uneven', { dtype: 'F32', biases: true, llama3: true, cut: 1 }),
  );
  return cases;
}

async function addAdapter(folder: string): Promise<Case> {
  await using checkpoint = await openCheckpoint(DEMO);
  const random = new RandomStream(1, 'adapter');
  const settings = { rank: 4, alpha: 8, dropout: 0, rsLora: false, targets: ['q_proj', 'k_proj', 'down_proj'] as const };
  const adapter = createAdapter(checkpoint.config, { ...settings, targets: [...settings.targets] }, 1);
  for (const { b } of adapter.weights.values()) for (let i = 0; i < b.length; i++) b[i] = 0.02 * random.normal();
  await saveAdapter(folder, adapter, { baseHash: await checkpoint.hash(), basePath: DEMO, dropout: 0, rsLora: false });
  return { name: 'demo with an adapter, merged in f16', checkpoint: DEMO, adapter: folder };
}

async function writeRandom(
  folder: string,
  name: string,
  { dtype, biases, llama3, cut = 0 }: { dtype: WeightDtype; biases: boolean; llama3: boolean; cut?: number },
): Promise<Case> {
  await using demo = await openCheckpoint(DEMO);
  const scaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 64 } as const;
  const config: LlamaConfig = {
    ...demo.config,
    layers: [0, 1, 2].map((layer) => ({ queryHeads: 2 * (4 - cut * layer), kvHeads: 4 - cut * layer, ffn: 96 - 32 * cut * layer })),
    ropeScaling: llama3 ? scaling : { type: 'linear', factor: 2 },
    ropeTheta: 500_000,
    tieWordEmbeddings: false,
    attentionBias: biases,
    outputBias: biases,
    mlpBias: biases,
  };
  const tensors = expectedTensors(config).map(({ name: tensor, shape }) => {
    const random = new RandomStream(2, tensor);
    const size = shape.reduce((a, b) => a * b, 1);
    const data = (): Uint8Array =>
      fromFloat32(
        dtype,
        Float32Array.from({ length: size }, () => 0.1 * random.normal() + (tensor.includes('norm') ? 1 : 0)),
      );
    return { name: tensor, dtype, shape, data };
  });
  await writeCheckpoint(folder, { config: writeLlamaConfig({}, config, { dtype }), tensors, copyFrom: DEMO });
  return { name, checkpoint: folder };
}
