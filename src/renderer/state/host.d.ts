// What a desktop shell's preload script offers to the page, and nothing more.
interface Window {
  readonly tailor?: {
    /** A port to main, one for each call. */
    port(): Promise<MessagePort>;
    /** Makes a dropped file known to main by its path; returns what the page may know of it. */
    drop(file: File): Promise<{ id: string; name: string; sizeBytes: number; isFolder: boolean }>;
  };
}
