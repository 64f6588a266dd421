// The page's end of the desktop shell: the port that it asked for, and what main says beside it.
import type { FileRef } from '../../main/api/file-refs.ts';
import { PORT_MESSAGE, type ShellMessage } from '../../shared/window-messages.ts';

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

type Message = ShellMessage<FileRef>;

/** Tells of each message of a kind from main. Returns the function that ends it. */
export function listenToShell<Kind extends Message['kind']>(
  kind: Kind,
  take: (message: Extract<Message, { kind: Kind }>) => void,
): () => void {
  const hear = (event: MessageEvent): void => {
    const message = event.data as Message | null;
    if (isOwn(event) && message?.kind === kind) take(message as Extract<Message, { kind: Kind }>);
  };
  window.addEventListener('message', hear);
  return () => window.removeEventListener('message', hear);
}
