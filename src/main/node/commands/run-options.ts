// Options that several commands that run something share: the machine, and which question of which dataset.
import { Option, type Command } from 'commander';
import type { Machine } from '../../../shared/recipe.ts';
import { findPrompt } from '../../api/prompts.ts';
import { pickSplit, resolveDataset, taskOf } from '../../api/datasets.ts';
import type { Questions } from '../../api/plan-runs.ts';
import type { Terminal } from '../terminal.ts';
import { toCount } from './bind.ts';

export interface MachineOptions {
  readonly device: Machine['device'];
  readonly threads?: number;
  readonly weights: Machine['weights'];
}

/** --device, --threads, --weights. */
export function addMachineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--device <device>', 'where to compute; auto takes a GPU only when it agrees with the CPU')
        .choices(['auto', 'cpu', 'webgpu'])
        .default('auto'),
    )
    .option('--threads <n>', 'CPU threads', toCount)
    .addOption(new Option('--weights <dtype>', 'how weights are held').choices(['auto', 'f32', 'f16']).default('auto'));
}

export function readMachine({ device, threads, weights }: MachineOptions): Machine {
  return { device, threads, weights };
}

/**
 * Reads "NAME", "NAME=DATASET" or a path as a dataset asked as a task: the benchmark NAME on the dataset, or a dataset as its own
 * columns say. The split is the first of `splits` that it has.
 */
export async function findQuestions(
  terminal: Terminal,
  text: string,
  splits: readonly string[],
  options: { readonly prompt?: string; readonly limit?: number } = {},
): Promise<Questions> {
  const { taskName, datasetName } = splitTaskName(text);
  const app = terminal.app();
  const dataset = await terminal.working(`Importing ${datasetName}`, (work) => resolveDataset(app, datasetName, work));
  const task = taskOf(dataset, taskName);
  const prompt = options.prompt === undefined ? task.prompts[0]! : findPrompt(app, task, options.prompt);
  return { dataset, task, prompt, split: pickSplit(app, dataset, splits), limit: options.limit };
}

/** "boolq=path" names task and dataset; a lone word or path is the dataset. */
export function splitTaskName(text: string): { taskName: string | undefined; datasetName: string } {
  const match = /^(\w+)=(.+)$/.exec(text);
  return match ? { taskName: match[1]!, datasetName: match[2]! } : { taskName: undefined, datasetName: text };
}
