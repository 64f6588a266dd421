// Takes what tells about a person's disk out of text that is shown to others: the home folder's name, and the way to every file.

/** Every mention of the home folder as "~", with either kind of slash; other people's homes lose their owner's name. */
export function redactHome(text: string, home: string): string {
  let out = text;
  if (home.length > 1) {
    for (const spelling of new Set([home, home.replaceAll('\\', '/'), home.replaceAll('\\', '\\\\')])) {
      const escaped = spelling.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      out = out.replace(new RegExp(`(?<![\\w.-])${escaped}(?![\\w.-])`, 'gi'), '~');
    }
  }
  return out.replace(/((?:\/home|\/Users|[A-Za-z]:(?:\\\\?|\/)Users)(?:\\\\?|\/))[^\\/\s"',;:]+/g, '$1…');
}

/** Paths from the root on, of either kind of system, that lead through a folder at least. Words with a slash between them are none. */
const FULL_PATH = /(?<![\w.:/\\~…)-])(?:[A-Za-z]:(?:\\\\?|\/)|\\\\\\?\\?|\/)(?:[^\\/\s"'“”,;:()<>]+(?:\\\\?|\/))+([^\\/\s"'“”,;:()<>]*)/g;

/** Every mention of a known folder by the word for it, and of every other path only its end: "…/model.safetensors". */
export function redactPaths(text: string, known: readonly (readonly [folder: string, word: string])[]): string {
  let out = text;
  for (const [folder, word] of known.toSorted(([a], [b]) => b.length - a.length)) if (folder.length > 1) out = out.replaceAll(folder, word);
  return out.replace(FULL_PATH, '…/$1');
}
