// tailor export: writes a model in a form that other programs read.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { formatBytes } from '../../../shared/figures.ts';
import { EXPORT_TARGETS, exportModel, modelfileBeside, type ExportTarget } from '../../api/export-model.ts';
import { folderBytes } from '../../api/folder-files.ts';
import type { Terminal } from '../terminal.ts';
import type { Bind } from './bind.ts';
import { findModel } from './tune.ts';

interface ExportOptions {
  readonly format: ExportTarget;
  readonly out: string;
}

/** Adds `export`. */
export function addExportCommand(program: Command, bind: Bind): void {
  bind(
    program
      .command('export')
      .description('write a model for other programs: a Hugging Face folder, a merged checkpoint, an adapter, a GGUF file, its recipe')
      .argument('<model>', 'a checkpoint folder, or a model of the records')
      .addOption(
        new Option('--format <format>', 'the form; an adapter goes into a GGUF file merged')
          .choices([...EXPORT_TARGETS])
          .makeOptionMandatory(),
      )
      .requiredOption('--out <path>', 'the file or folder to write; nothing may be there yet'),
    exportTo,
  );
}

async function exportTo(terminal: Terminal, name: string, { format, out }: ExportOptions): Promise<undefined> {
  const app = terminal.app();
  const path = resolve(out);
  const model = await findModel(terminal, name);
  await terminal.working(`Exporting ${model.name}`, (work) => exportModel(app, model.id, format, path, work));
  const found = await stat(path);
  const sizeBytes = found.isDirectory() ? await folderBytes(path) : found.size;
  const modelfile = format === 'gguf' ? modelfileBeside(path) : undefined;
  const beside = modelfile === undefined ? '' : ` Ollama takes it in with ${modelfile}.`;
  terminal.answer(
    { model: model.id, format, path, sizeBytes, modelfile },
    `${path}, ${formatBytes(sizeBytes)}${format === 'gguf' ? ', written and checked' : ''}.${beside}`,
  );
  return undefined;
}
