// What the desktop shell's preload script says to the page by window messages: a port cannot pass the context bridge.

/** The message that brings a port to main, in answer to `window.tailor.askForPort()`. */
export const PORT_MESSAGE = 'tailor:port';

/** Files that the system asked Tailor to open: `{ kind: OPENED_MESSAGE, files }`, with what the page may know of each. */
export const OPENED_MESSAGE = 'tailor:opened';
