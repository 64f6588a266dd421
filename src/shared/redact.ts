// Takes the person's home folder out of text that is shown to others.

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
