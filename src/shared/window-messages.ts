// What the desktop shell's preload script says to the page by window messages: a port cannot pass the context bridge.

/** The message that brings a port to main, in answer to `window.tailor.askForPort()`. */
export const PORT_MESSAGE = 'tailor:port';

/** Files that the system asked Tailor to open, with what the page may know of each. */
export const OPENED_MESSAGE = 'tailor:opened';
/** A part of the frame that a menu opens. */
export const PART_MESSAGE = 'tailor:part';
/** A sentence that the page should show. */
export const NOTE_MESSAGE = 'tailor:note';

/** Everything that main says to the page beside its port; `File` is main's FileRef. */
export type ShellMessage<File> =
  | { readonly kind: typeof OPENED_MESSAGE; readonly files: readonly File[] }
  | { readonly kind: typeof PART_MESSAGE; readonly part: 'palette' | 'keys' }
  | { readonly kind: typeof NOTE_MESSAGE; readonly text: string };
