// Writes the demo's data: seven datasets, two perplexity texts, calibration texts, the tokenizer, and the pretraining corpus.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { auditOverlap } from './audit.ts';
import { documents, heldOutTexts, perplexityText } from './corpus.ts';
import { buildDataset, DEMO_TASKS, withFactScenes } from './datasets.ts';
import { tokenizerConfig, trainTokenizer } from './train-bpe.ts';
import { buildWorld, DEFAULT_WORLD } from './world.ts';

/** Seeds of the three streams of documents: pretraining, and texts like it that it does not hold. */
const CORPUS_SEED = 1;
const CALIBRATION_SEED = 2;
const CALIBRATION_DOCUMENTS = 200;
const PERPLEXITY_CHARACTERS = 30_000;
/** The tokenizer sees this many documents; more would not change what words there are. */
const TOKENIZER_DOCUMENTS = 8_000;
const MAX_LENGTH = 512;

export interface DataOptions {
  readonly out: string;
  /** Where the corpus goes; left out, it is only counted and hashed. */
  readonly corpus?: string;
  /** Documents of the corpus, about eighty tokens each. */
  readonly documents?: number;
  readonly vocab?: number;
  readonly things?: number;
  readonly people?: number;
}

export const DATA_DEFAULTS = { documents: 100_000, vocab: 1536, things: DEFAULT_WORLD.things, people: DEFAULT_WORLD.people } as const;

/** Makes everything under `out`, and the corpus (JSONL, {"text"}) at `corpus`. The same options write the same bytes. */
export async function makeData(options: DataOptions, print: (line: string) => void): Promise<void> {
  const { things, people, documents: count, vocab } = { ...DATA_DEFAULTS, ...options };
  const world = buildWorld({ ...DEFAULT_WORLD, things, people });
  const drawn = DEMO_TASKS.map((task) => buildDataset(world, task));
  const corpus = [...documents(world, CORPUS_SEED, count, heldOutTexts(drawn))];
  const told = corpus.join('\n\n');
  const datasets = drawn.map((dataset) =>
    dataset.name === 'hellaswag' ? withFactScenes(world, dataset, ({ texts, gold }) => told.includes(texts[gold]!)) : dataset,
  );
  for (const { name, splits } of datasets) {
    const folder = join(options.out, 'datasets', name);
    await mkdir(folder, { recursive: true });
    for (const [split, items] of Object.entries(splits)) {
      await writeFile(join(folder, `${split}.jsonl`), toLines(items.map(({ record }, index) => numbered(record, index))));
    }
    print(`${name}: ${splits.train.length} train, ${splits.validation.length} validation, ${splits.test.length} test`);
  }

  const overlap = auditOverlap(corpus, heldOutTexts(datasets));
  if (overlap > 0) throw new RangeError(`${overlap} held-out items are spelled out in the corpus`);
  const calibration = [...documents(world, CALIBRATION_SEED, CALIBRATION_DOCUMENTS, heldOutTexts(drawn))];
  await mkdir(join(options.out, 'text'), { recursive: true });
  await writeFile(join(options.out, 'text', 'world.txt'), perplexityText(world, 'world', PERPLEXITY_CHARACTERS));
  await writeFile(join(options.out, 'text', 'stories.txt'), perplexityText(world, 'stories', PERPLEXITY_CHARACTERS));
  await writeFile(join(options.out, 'text', 'calibration.jsonl'), toLines(calibration.map((text) => ({ text }))));

  const tokenizer = trainTokenizer(corpus.slice(0, TOKENIZER_DOCUMENTS), vocab);
  await mkdir(join(options.out, 'model'), { recursive: true });
  await writeFile(join(options.out, 'model', 'tokenizer.json'), `${JSON.stringify(tokenizer, null, 1)}\n`);
  await writeFile(join(options.out, 'model', 'tokenizer_config.json'), `${JSON.stringify(tokenizerConfig(MAX_LENGTH), null, 2)}\n`);

  const lines = toLines(corpus.map((text) => ({ text })));
  if (options.corpus !== undefined) await writeFile(options.corpus, lines);
  print(`corpus: ${corpus.length} documents, ${lines.length} bytes, sha256 ${createHash('sha256').update(lines).digest('hex')}`);
}

function numbered(record: Readonly<Record<string, unknown>>, index: number): Readonly<Record<string, unknown>> {
  if ('ind' in record) return { ...record, ind: index };
  return 'idx' in record ? { ...record, idx: index } : record;
}

function toLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

if (import.meta.main) {
  const command = new Command('make-data')
    .option('--out <folder>', 'where the data goes', 'resources/demo')
    .option('--corpus <file>', 'where the pretraining corpus goes (JSONL); left out, it is only counted')
    .option('--documents <count>', 'documents in the corpus, about eighty tokens each', Number, DATA_DEFAULTS.documents)
    .option('--vocab <size>', 'tokens of the tokenizer', Number, DATA_DEFAULTS.vocab)
    .option('--things <count>', 'things in the world', Number, DATA_DEFAULTS.things)
    .option('--people <count>', 'people in the world', Number, DATA_DEFAULTS.people)
    .parse();
  await makeData(command.opts<DataOptions>(), (line) => process.stdout.write(`${line}\n`));
}
