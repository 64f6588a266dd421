// The names of the messages between main and the preload script; there are no others.

export const CHANNELS = {
  /** Page to main: a port is wanted. */
  askForPort: 'tailor:ask-for-port',
  /** Main to page: here it is. */
  port: 'tailor:port',
  /** Page to main: a dropped file's path; answered with its FileRef, or why it has none. */
  drop: 'tailor:drop',
  /** Page to main: a file that the page knows is dragged out of the window. */
  dragOut: 'tailor:drag-out',
  /** Main to page: a ShellMessage. */
  toPage: 'tailor:to-page',
} as const;
