// The page's end of the desktop shell: the port that it asked for, and files that the system opened.
import type { FileRef } from '../../main/api/file-refs.ts';
import { OPENED_MESSAGE, PORT_MESSAGE } from '../../shared/window-messages.ts';

/** Whether a window message comes from the preload script: it runs in this very window. */
const isOwn = (event: MessageEvent): boolean => event.source === window && event.origin === location.origin;

/** Asks the shell for a port to main and waits for it; the port is started when it comes. */
export function receivePort(shell: NonNullable<Window['tailor']>): Promise<MessagePort> {
  return new Promise((resolve) => {
    const hear = (event: MessageEvent): void => {
      const port = event.ports[0];
      if (!isOwn(event) || event.data !== PORT_MESSAGE || port === undefined) return;
      window.removeEventListener('message', hear);
      port.start();
      resolve(port);
    };
    window.addEventListener('message', hear);
    shell.askForPort();
  });
}

/** Tells of files that the system asked Tailor to open. Returns the function that ends it. */
export function listenForOpened(take: (files: readonly FileRef[]) => void): () => void {
  const hear = (event: MessageEvent): void => {
    const message = event.data as { kind?: unknown; files?: readonly FileRef[] } | null;
    if (isOwn(event) && message?.kind === OPENED_MESSAGE && message.files) take(message.files);
  };
  window.addEventListener('message', hear);
  return () => window.removeEventListener('message', hear);
}
