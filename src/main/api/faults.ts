// What the page is told when something fails that nobody foresaw: a sentence. The stack goes to the host's log.
import { AppError, asAppError } from '../../shared/errors.ts';
import type { Host } from '../host.ts';

/** What the operating system says no with, in words. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  EACCES: 'it may not be read or written by the account that Tailor runs as',
  EPERM: 'it may not be read or written by the account that Tailor runs as',
  EROFS: 'it lies on a disk that can only be read',
  EBUSY: 'another program holds it',
  EIO: 'its disk does not answer as it should',
  EMFILE: 'too many files are open on this machine',
  ENAMETOOLONG: 'its name is too long for this disk',
  ENOENT: 'it is not there any more',
};

/** Any thrown value as an AppError; one that was not foreseen is logged whole under `where` and told without its insides. */
export function sayFault(host: Pick<Host, 'log'>, where: string, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  try {
    return asAppError(thrown);
  } catch {
    host.log(`${where}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    const { code, path } = (thrown ?? {}) as { code?: unknown; path?: unknown };
    const why = typeof code === 'string' ? SYSTEM_CODES[code] : undefined;
    if (why !== undefined) return new AppError('bad-file', `${typeof path === 'string' ? path : 'A file'} cannot be used: ${why}.`);
    return new AppError('internal', 'Something went wrong inside Tailor that is no fault of yours. Its log says what.');
  }
}
