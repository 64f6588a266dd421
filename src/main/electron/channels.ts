// The names of the messages between main and the preload script; there are no others.

export const CHANNELS = {
  /** Page to main: a port is wanted. */
  askForPort: 'tailor:ask-for-port',
  /** Main to page: here it is. */
  port: 'tailor:port',
  /** Page to main: a dropped file's path; answered with its FileRef. */
  drop: 'tailor:drop',
  /** Main to page: FileRefs of files that the system opened. */
  opened: 'tailor:opened',
} as const;
