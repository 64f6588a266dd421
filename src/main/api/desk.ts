// What the host of a window offers beyond the program: a desktop shell has dialogs and folders, a browser has not.

export interface Desk {
  readonly kind: 'electron' | 'web';
  /** Where it asks for newer versions, when that is wanted; absent where it asks nowhere. */
  readonly updateHost?: string;
  /** Asks the person for files or a folder; undefined when they cancelled. Absent where no dialog can be shown. */
  pick?(what: 'files' | 'folder', title: string): Promise<readonly string[] | undefined>;
  /** Shows a file or folder in the system's file manager. */
  reveal?(path: string): void;
  /** Goes on with a data folder that was moved, as after a new start. */
  moveTo?(folder: string): void;
  /** Puts the page's theme on the window's frame. */
  setTheme?(theme: 'system' | 'light' | 'dark'): void;
}
