// `npm run make:demo`: the world's data, its tokenizer, and a LLaMA trained on it from nothing by Tailor's own trainer.
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { tuneRecipe } from '../shared/recipe.ts';
import { countParameters } from '../shared/tensor-names.ts';
import { parseLlamaConfig } from '../shared/parse-config.ts';
import { readMetrics } from '../worker/tune/metrics-log.ts';
import { runTune } from '../worker/tune/run-tune.ts';
import { makeData } from './make-data.ts';

/** The demo model: big enough to know its world well, small enough that half of it is missed. */
const ARCHITECTURE = {
  hidden_size: 160,
  intermediate_size: 416,
  num_hidden_layers: 6,
  num_attention_heads: 10,
  num_key_value_heads: 5,
  head_dim: 16,
};

const TRAINING = { steps: 2400, batch: 12, rowTokens: 192, learningRate: 3e-3, warmupSteps: 100, weightDecay: 0.05 };

interface Options {
  readonly out: string;
  readonly work: string;
  readonly steps: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly skipData?: boolean;
}

/** Makes everything under `out`. The run in `work` is resumed where it was stopped; the same options give the same bytes. */
async function makeDemo({ out, work, steps, hidden, ffn, layers, skipData }: Options, print: (line: string) => void): Promise<void> {
  const base = join(work, 'base');
  await mkdir(base, { recursive: true });
  const corpus = join(work, 'corpus.jsonl');
  if (!skipData) await makeData({ out, corpus }, print);
  const model = join(out, 'model');
  const vocabulary = JSON.parse(await readFile(join(model, 'tokenizer.json'), 'utf8')) as { model: { vocab: object } };
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    ...ARCHITECTURE,
    hidden_size: hidden,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    vocab_size: Object.keys(vocabulary.model.vocab).length,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  };
  await writeFile(join(base, 'config.json'), JSON.stringify(config, null, 2));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) await copyFile(join(model, file), join(base, file));
  print(`training ${countParameters(parseLlamaConfig(config, 'config.json'))} parameters`);

  const { batch, rowTokens, learningRate, warmupSteps, weightDecay } = TRAINING;
  const recipe = tuneRecipe.parse({
    kind: 'tune',
    model: { checkpoint: base },
    method: 'scratch',
    textFile: 'corpus.jsonl',
    steps,
    batch,
    rowTokens,
    microTokens: batch * rowTokens,
    optimizer: { learningRate, weightDecay, beta2: 0.98 },
    schedule: { kind: 'cosine', warmupSteps },
    snapshotEvery: 200,
    saveDtype: 'F16',
    machine: { device: 'cpu', threads: 2 },
  });
  const result = await runTune(work, recipe, {
    progress: ({ phase, done, total, metrics }) => {
      if (phase !== 'training') return;
      if (done % 50 === 0 || done === total)
        print(`step ${done} of ${total}: loss ${metrics?.['loss']?.toFixed(4)}, ${metrics?.['tokensPerSecond']?.toFixed(0)} tokens/s`);
    },
  });
  for (const file of ['config.json', 'model.safetensors']) await rename(join(work, result.checkpoint!, file), join(model, file));
  const curve = readMetrics(join(work, 'metrics.jsonl')).filter(({ name, step }) => name === 'loss' && (step % 20 === 0 || step === 1));
  await writeFile(
    join(model, 'training.json'),
    `${JSON.stringify({ recipe: { ...recipe, model: undefined }, loss: curve.map(({ step, value }) => [step, Number(value.toFixed(4))]) })}\n`,
  );
  await rm(work, { recursive: true });
}

const command = new Command('make-demo')
  .option('--out <folder>', 'where the demo goes', 'resources/demo')
  .option('--work <folder>', 'where the training run lives', join(tmpdir(), 'tailor-make-demo'))
  .option('--steps <count>', 'optimiser steps', Number, TRAINING.steps)
  .option('--hidden <width>', 'hidden width', Number, ARCHITECTURE.hidden_size)
  .option('--ffn <width>', 'FFN width', Number, ARCHITECTURE.intermediate_size)
  .option('--layers <count>', 'layers', Number, ARCHITECTURE.num_hidden_layers)
  .option('--skip-data', 'take the data and the corpus that are there')
  .parse();
await makeDemo(command.opts<Options>(), (line) => console.log(line));
