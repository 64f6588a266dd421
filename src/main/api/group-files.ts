// What is dropped at once, as datasets: files whose names tell splits belong together, the others are a dataset each.
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { splitOfName } from '../import/import-dataset.ts';

/** Files that are to become one dataset. */
export interface FileGroup {
  readonly name: string;
  readonly paths: readonly string[];
  /** Why these files and no others, in a sentence for people. */
  readonly said: string;
}

/** A path that came in, and the name that the person knows it by where that is another than the path's. */
export interface NamedPath {
  readonly path: string;
  readonly name?: string;
}

/** More files than this in one folder are no dataset, but a folder dropped by mistake. */
const MAX_FOLDER_FILES = 1000;
/** Hidden files, papers that come with data, what hubs and writers of Parquet leave beside it, and label files beside the rows. */
const NO_ROWS =
  /^\.|^(readme|licen[cs]e|citation|notice|changelog)\b|^(dataset_infos?|dataset_dict|state|croissant)\.json$|^_(success|metadata|common_metadata)$|-labels\.(lst|txt)$/i;
/** Papers, scripts, recipes and pictures, which are rows only where nothing else is. */
const PAPERS = /\.(md|rst|pdf|bib|py|ya?ml|lock|sha256|md5|tailor|recipe\.json|png|jpe?g|gif|webp|svg)$/i;
/** Where hubs keep the rows of a dataset, below what is said about it. */
const ROWS_FOLDER = 'data';
const WEIGHTS = /\.(safetensors|gguf|bin|pth?|onnx)$/i;

/** The files that can hold rows, by their names. */
export function pickRowFiles<T>(files: readonly T[], nameOf: (file: T) => string): T[] {
  const rows = files.filter((file) => !NO_ROWS.test(nameOf(file)));
  const others = rows.filter((file) => !PAPERS.test(nameOf(file)));
  return others.length > 0 ? others : rows;
}

/** The files of a folder that can hold rows, or those of its folder “data” where it has none itself. */
export function listRowFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = pickRowFiles(
    entries.filter((entry) => entry.isFile()).map((entry) => entry.name),
    (name) => name,
  );
  const inner = entries.find((entry) => entry.isDirectory() && entry.name === ROWS_FOLDER);
  const below = inner && files.every((name) => PAPERS.test(name)) ? listRowFiles(join(folder, inner.name)) : [];
  return below.length > 0 ? below : files.sort().map((name) => join(folder, name));
}

/** Parts what came in at once into datasets. Throws AppError `bad-input` or `bad-dataset` for what can be none. */
export function groupFiles(given: readonly NamedPath[]): FileGroup[] {
  const groups: FileGroup[] = [];
  const loose: NamedPath[] = [];
  for (const one of given) {
    if (statSync(one.path, { throwIfNoEntry: false })?.isDirectory()) groups.push(...groupFolder(one.path, one.name ?? basename(one.path)));
    else loose.push(one);
  }
  const rows = pickRowFiles(loose, nameOf);
  groups.push(...groupByName(rows.length > 0 ? rows : loose, undefined));
  if (groups.length === 0) throw new AppError('bad-input', 'No file came in. Drop a file, several, or a folder.');
  return groups;
}

/** A folder of files; one that holds only folders is taken as a dataset for each of these. */
function groupFolder(folder: string, name: string): FileGroup[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = listRowFiles(folder);
  if (files.some((file) => WEIGHTS.test(file)))
    throw new AppError('bad-input', `${name} holds the weights of a model, not data. Add it on the page Models.`);
  if (files.length > MAX_FOLDER_FILES)
    throw new AppError(
      'bad-input',
      `${name} holds ${files.length} files; a dataset is read from at most ${MAX_FOLDER_FILES}. Drop the folder of one dataset, or its files.`,
    );
  if (files.length > 0)
    return groupByName(
      files.map((path) => ({ path })),
      name,
    );
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const inside = folders.flatMap((entry) => {
    const inner = join(folder, entry.name);
    return listRowFiles(inner).length > 0 ? groupFolder(inner, entry.name) : [];
  });
  if (inside.length === 0) throw new AppError('bad-dataset', `${name} holds no files to import.`);
  return inside;
}

/** `folderName` is given where the files are all that a folder holds; then they keep its name. */
function groupByName(files: readonly NamedPath[], folderName: string | undefined): FileGroup[] {
  const named = new Map<string, NamedPath[]>();
  const alone: NamedPath[] = [];
  for (const file of files) {
    const stem = stemOf(file);
    if (stem === undefined) alone.push(file);
    else named.set(stem, [...(named.get(stem) ?? []), file]);
  }
  const groups = [...named].map(([stem, members]): FileGroup => {
    const splits = [...new Set(members.map((file) => splitOfName(nameOf(file))!))];
    const name = named.size === 1 && alone.length === 0 && folderName ? folderName : [folderName, stem].filter(Boolean).join(' ');
    const said =
      members.length === 1
        ? `The name of ${nameOf(members[0]!)} says that it is the split ${splits[0]}.`
        : `${members.length} files were taken as one dataset: their names tell the splits ${listWords(splits)}.`;
    return { name: name || folderOf(members[0]!.path), paths: members.map(({ path }) => resolve(path)), said };
  });
  const each = alone.length > 1 || groups.length > 0 ? 'Its name tells no split, so it is a dataset of its own.' : 'One file, one dataset.';
  const single = alone.map((file): FileGroup => ({
    name: folderName !== undefined && files.length === 1 ? folderName : withoutExtension(nameOf(file)),
    paths: [resolve(file.path)],
    said: each,
  }));
  return [...groups, ...single];
}

/** The name without the word that tells a split and the numbers of shards; undefined when no word tells a split. */
function stemOf(file: NamedPath): string | undefined {
  const name = nameOf(file);
  if (splitOfName(name) === undefined) return undefined;
  const words = withoutExtension(name).split(/[^\p{L}\d]+/u);
  const at = words.findIndex((word) => splitOfName(word) !== undefined);
  return words.filter((word, index) => index !== at && word !== '' && !/^(\d+|of|\d+of\d+)$/i.test(word)).join(' ');
}

/** Files that a browser sent lie in a folder whose name says nothing. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return basename(dirname(folder)) === 'uploads' ? 'dropped files' : basename(folder);
}

function nameOf({ path, name }: NamedPath): string {
  return name ?? basename(path);
}

function withoutExtension(name: string): string {
  return name.slice(0, name.length - extname(name).length) || name;
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
