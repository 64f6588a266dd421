// Picking files on the host, and naming one by its path where the host is another machine's shell.
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { call } from './call.ts';

export const files = {
  /** What this window's host can do. */
  host: call.handler(({ context }) => ({ kind: context.desk.kind, canPick: context.desk.pick !== undefined })),

  /** Asks for files or a folder in the system's dialog; empty when the person cancelled. */
  pick: call.input(z.object({ what: z.enum(['files', 'folder']), title: z.string().max(200) })).handler(async ({ context, input }) => {
    if (!context.desk.pick) throw new AppError('bad-input', 'There is no dialog in a browser. Drop the files, or name their path.');
    const paths = (await context.desk.pick(input.what, input.title)) ?? [];
    return paths.map((path) => context.files.add(path));
  }),

  /** A file or folder of the machine that Tailor runs on, named by the person; only where there is no dialog. */
  open: call.input(z.object({ path: z.string().min(1).max(4096) })).handler(({ context, input }) => {
    if (context.desk.kind !== 'web') throw new AppError('bad-input', 'Pick the file in the dialog, or drop it.');
    return context.files.add(input.path);
  }),
};
