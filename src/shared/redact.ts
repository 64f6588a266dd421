// Takes what tells about a person's disk out of text that is shown to others: the home folder's name, and the way to every file.

/** A folder as texts name it: with either kind of slash, or with the backslashes of JSON. */
function mentionsOf(folder: string): RegExp {
  const spellings = [...new Set([folder, folder.replaceAll('\\', '/'), folder.replaceAll('\\', '\\\\')])];
  const escaped = spellings.map((spelling) => spelling.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?<![\\w.-])(?:${escaped.join('|')})(?![\\w.-])`, 'gi');
}

/** The part of another person's home that is their name; it may have a space where a slash follows it. */
const OTHER_HOME = /((?:\/home|\/Users|[A-Za-z]:(?:\\\\?|\/)Users)(?:\\\\?|\/))(?:[^\\/\n"“”,;:]+(?=[\\/])|[^\\/\s"',;:]+)/g;

/** Every mention of the home folder as "~", with either kind of slash; other people's homes lose their owner's name. */
export function redactHome(text: string, home: string): string {
  return (home.length > 1 ? text.replace(mentionsOf(home), '~') : text).replace(OTHER_HOME, '$1…');
}

const ROOT = String.raw`(?:[A-Za-z]:(?:\\\\?|/)|\\\\\\?\\?|~?/|~\\\\?)`;
/** Words with a slash between them are no path. */
const BEFORE = String.raw`(?<![\w.:/\\~…)-])`;
/** A folder's name may have spaces and apostrophes inside: better a few words too many are left out than a part of a path stays. */
const FOLDER = String.raw`[^\\/\s"'“”,;:()<>](?:[^\\/\r\n\t"“”,;:()<>]*[^\\/\s"“”,;:()<>])?`;
/** Paths in quotes, where every character is part of them, and others; they lead through a folder at least. */
const QUOTED_PATH = new RegExp(String.raw`(?<=["“])${ROOT}[^"“”\r\n]*[\\/]([^\\/"“”\r\n]*)(?=["”])`, 'g');
const FULL_PATH = new RegExp(String.raw`${BEFORE}${ROOT}(?:${FOLDER}(?:\\\\?|/))+([^\\/\s"'“”,;:()<>]*)`, 'g');

/**
 * Every mention of a known folder by the word for it, the home folder as "~", and of every other path only its end:
 * "…/model.safetensors".
 */
export function redactPaths(text: string, known: readonly (readonly [folder: string, word: string])[], home = ''): string {
  let out = text;
  for (const [folder, word] of known.toSorted(([a], [b]) => b.length - a.length))
    if (folder.length > 1) out = out.replace(mentionsOf(folder), () => word);
  return redactHome(out, home).replace(QUOTED_PATH, '…/$1').replace(FULL_PATH, '…/$1');
}
