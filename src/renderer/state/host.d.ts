// What a desktop shell's preload script offers to the page, and nothing more.
interface Window {
  readonly tailor?: {
    /** Asks for a port to main; it comes as a window message, since a port cannot pass the bridge. */
    askForPort(): void;
    /** Makes a dropped file known to main by its path; returns what the page may know of it. */
    drop(file: File): Promise<{ id: string; name: string; sizeBytes: number; isFolder: boolean }>;
  };
}
