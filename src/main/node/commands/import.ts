// tailor import: takes models by reference and datasets by copy into the records.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatBytes, formatCount } from '../../../shared/figures.ts';
import { importFiles } from '../../api/datasets.ts';
import { importModel } from '../../api/models.ts';
import { countSplits } from '../../db/datasets.ts';
import type { RoleMapping } from '../../../shared/dataset-roles.ts';
import { freeTask } from '../../../shared/tasks/free-tasks.ts';
import { BENCHMARKS, type Benchmark } from '../../../shared/tasks/prompt-library.ts';
import type { Bind } from './bind.ts';
import { toCount } from './bind.ts';

interface ImportCommandOptions {
  readonly name?: string;
  readonly split?: string;
  readonly seed?: number;
  readonly roles?: string;
}

/** Adds `import`. */
export function addImportCommand(program: Command, bind: Bind): void {
  bind(
    program
      .command('import')
      .description('take in a checkpoint folder (by reference) or dataset files (a folder, or one file for each split)')
      .argument('<paths...>', 'a checkpoint folder, or files of JSONL, JSON, CSV, TSV, Parquet or text')
      .option('--name <name>', 'what to call it')
      .option('--split <split>', 'put all rows into this split')
      .option('--seed <n>', 'seed of the splits that are made where the files name none', toCount)
      .option(
        '--roles <json>',
        `a benchmark's name (${BENCHMARKS.join(', ')}), or the columns' roles as JSON, such as {"kind":"text","text":"story"}`,
      ),
    async (terminal, paths: string[], options: ImportCommandOptions) => {
      const app = terminal.app();
      if (paths.length === 1 && existsSync(join(paths[0]!, 'config.json'))) {
        const model = await terminal.working('Importing', (work) => importModel(app, paths[0]!, { ...work, name: options.name }));
        terminal.answer(
          { model },
          `Model ${model.name} (${model.id}): ${formatCount(model.parameters)} parameters, ${formatBytes(model.sizeBytes)}, used where it lies.`,
        );
        return undefined;
      }
      const { name, split, seed } = options;
      const mapping = options.roles === undefined ? undefined : readRoles(options.roles);
      const dataset = await terminal.working('Importing', (work) => importFiles(app, paths, { ...work, name, split, seed, mapping }));
      const splits = countSplits(app.db, dataset.id);
      const counts = Object.entries(splits).map(([one, count]) => `${one} ${count}`);
      const leftOut =
        dataset.rejectedCount > 0 ? ` ${dataset.rejectedCount} bad rows were left out ("tailor inspect ${dataset.name}" lists them).` : '';
      terminal.answer(
        { dataset: { ...dataset, splits } },
        `Dataset ${dataset.name} (${dataset.id}): ${counts.join(', ')} rows. ${dataset.mappingReason}${leftOut}`,
      );
      return undefined;
    },
  );
}

function readRoles(text: string): RoleMapping {
  if ((BENCHMARKS as readonly string[]).includes(text)) return { kind: 'benchmark', name: text as Benchmark };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError('bad-input', `--roles is neither a benchmark's name nor JSON: ${text}`);
  }
  const kind = (value as { kind?: unknown } | null)?.kind;
  const named = { name: 'free', ...(value as object) };
  if (kind === 'text' || kind === 'instruction' || kind === 'chat') return named as unknown as RoleMapping;
  const parsed = freeTask.safeParse(named);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new AppError('bad-input', `--roles does not fit: ${issue.path.join('.') || 'kind'}: ${issue.message}`);
}
