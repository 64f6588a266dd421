// What a desktop shell's preload script offers to the page, and nothing more.
interface Window {
  readonly tailor?: {
    /** Asks for a port to main; it comes as a window message, since a port cannot pass the bridge. */
    askForPort(): void;
    /** Makes a dropped file known to main by its path; returns what the page may know of it, or why it cannot be taken. */
    drop(file: File): Promise<{ file: { id: string; name: string; sizeBytes: number; isFolder: boolean } } | { refused: string }>;
    /** Lets the person drag a file that the page knows by its id out of the window; called when a drag starts. */
    dragOut(file: string): void;
  };
}
