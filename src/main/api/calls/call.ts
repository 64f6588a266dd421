// What every call of the page starts from: its context, and AppErrors that arrive as AppErrors, without the insides of the program.
import { ORPCError, os } from '@orpc/server';
import { toWireError } from '../../../shared/wire-error.ts';
import type { App } from '../../app.ts';
import type { Desk } from '../desk.ts';
import { sayFault } from '../faults.ts';
import type { FileRefs } from '../file-refs.ts';

export interface CallContext {
  readonly app: App;
  /** What the window's host can do besides: dialogs, folders shown. */
  readonly desk: Desk;
  /** Files that a person dropped or picked, by the id that the page knows them by. */
  readonly files: FileRefs;
}

export const call = os.$context<CallContext>().use(async ({ next, context, path }) => {
  try {
    return await next();
  } catch (thrown) {
    // A call that was refused for its input says so itself.
    throw thrown instanceof ORPCError ? thrown : toWireError(sayFault(context.app.host, path.join('.'), thrown));
  }
});
