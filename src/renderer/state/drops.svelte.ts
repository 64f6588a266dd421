// Files on their way in: dropped on the window or picked, made known to main, and handed to the page that wants them.
import type { FileRef } from '../../main/api/file-refs.ts';
import { AppError } from '../../shared/errors.ts';

/** What came in at once: files, or a folder. */
export interface Drop {
  /** Single files; a dropped folder's files when the host tells no paths. */
  readonly files: readonly FileRef[];
  /** The folder that holds them, when a folder was dropped. */
  readonly folder: FileRef | undefined;
}

/** More files than this are no dataset and no model, but a mistake. */
const MAX_FILES = 1000;
const MAX_NAME = 200;

/** Makes dropped files known to main: by path in the desktop shell, by sending them to this machine's own server in a browser. */
export async function takeDrop(transfer: DataTransfer): Promise<Drop> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const plain = [...transfer.files];
  const folder = entries.find((entry) => entry.isDirectory);
  if (window.tailor) {
    const refs = await Promise.all(plain.map((file) => dropInShell(window.tailor!, file)));
    return { files: refs.filter((ref) => !ref.isFolder), folder: refs.find((ref) => ref.isFolder) };
  }
  const found = folder ? await filesOf(folder as FileSystemDirectoryEntry) : plain;
  return await sendFiles(found, folder?.name);
}

async function dropInShell(shell: NonNullable<Window['tailor']>, file: File): Promise<FileRef> {
  const answer = await shell.drop(file);
  if ('file' in answer) return answer.file;
  throw new AppError('bad-file', `${file.name}: ${answer.refused}`);
}

/** Files chosen in the browser's own dialog. */
export async function sendFiles(files: readonly File[], folderName?: string): Promise<Drop> {
  if (files.length > MAX_FILES)
    throw new AppError(
      'bad-input',
      `${files.length} files came at once; at most ${MAX_FILES} are taken. Drop the folder of one dataset or model.`,
    );
  const batch = crypto.randomUUID();
  const refs: FileRef[] = [];
  let folder: FileRef | undefined;
  try {
    for (const file of files) {
      const response = await fetch(`/drop/${encodeURIComponent(file.name)}?batch=${batch}`, { method: 'PUT', body: file });
      const answer = (await response.json()) as { file: FileRef; folder: FileRef; message?: string };
      if (!response.ok) throw new AppError('bad-file', `${file.name}: ${answer.message ?? 'it could not be taken in.'}`);
      // The person knows it by its own name; the host's has no signs that upset a disk.
      refs.push({ ...answer.file, name: file.name });
      folder = answer.folder;
    }
  } catch (thrown) {
    // What was sent before it is of no use alone.
    await fetch(`/drop/?batch=${batch}`, { method: 'DELETE' }).catch(() => undefined);
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('bad-file', 'The files could not be sent: one cannot be read any more, or the connection to Tailor was lost.');
  }
  return {
    files: refs,
    folder: folderName === undefined || folder === undefined ? undefined : { ...folder, name: folderName.slice(0, MAX_NAME) },
  };
}

/** Whether single files came that belong to no model: then they are datasets, whichever page is open. */
export function isData({ files, folder }: Drop): boolean {
  return folder === undefined && !files.some(({ name }) => /(^config\.json|\.safetensors)$/i.test(name));
}

/** Whether a file is a recipe by its name: a study's, or the card of a model. */
export function isRecipe({ name }: { name: string }): boolean {
  return /\.(tailor|recipe\.json)$/i.test(name);
}

/** The files of a folder and of its folder “data”, where hubs keep the rows of a dataset. */
async function filesOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    entries.push(...some);
    if (entries.length > MAX_FILES)
      throw new AppError('bad-input', `${folder.name} holds more than ${MAX_FILES} files. Drop the folder of one dataset or model.`);
  }
  const files = entries.filter((entry) => entry.isFile) as FileSystemFileEntry[];
  const found = await Promise.all(files.map((entry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject))));
  const rows = entries.find((entry) => entry.isDirectory && entry.name === 'data') as FileSystemDirectoryEntry | undefined;
  return rows ? [...found, ...(await filesOf(rows))] : found;
}

/** The page that is open may take what is dropped; the frame asks it. */
type Taker = (drop: Drop) => Promise<void>;

class Drops {
  #taker: Taker | undefined;
  #waiting: ((taker: Taker) => void) | undefined;

  /** Called by the page that takes drops while it is shown; returns the function that ends it. */
  takeWith(taker: Taker): () => void {
    this.#taker = taker;
    this.#waiting?.(taker);
    this.#waiting = undefined;
    return () => {
      if (this.#taker === taker) this.#taker = undefined;
    };
  }

  get taker(): Taker | undefined {
    return this.#taker;
  }

  /** Turns to a page that takes drops, and waits until it is there. */
  takerAfter(turn: () => void): Promise<Taker> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      turn();
    });
  }
}

export const drops = new Drops();
