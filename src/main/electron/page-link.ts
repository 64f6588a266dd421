// Main's end of the page: a port with every call for each page that asks, dropped paths as references, files that were opened.
import { RPCHandler } from '@orpc/server/message-port';
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, MessageChannelMain, WebContents } from 'electron';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { CallContext } from '../api/calls/call.ts';
import type { FileRef } from '../api/file-refs.ts';
import { router } from '../api/router.ts';
import { CHANNELS } from './channels.ts';
import { isOwnPage } from './protocol.ts';

/** Longer than any file system allows. */
const droppedPath = z.string().min(1).max(32_768);

export interface PageLink {
  /** Hands files to the page: at once where one listens, else to the next that asks for its port. */
  open(files: readonly FileRef[]): void;
  /** The page is gone (closed, crashed, reloaded): files wait for the next. */
  forget(contents: Pick<WebContents, 'id'>): void;
}

export interface PageLinkParts {
  readonly ipcMain: Pick<IpcMain, 'on' | 'handle'>;
  readonly MessageChannelMain: new () => Pick<MessageChannelMain, 'port1' | 'port2'>;
}

/** Answers the preload script. Whatever comes from another frame than the page itself gets no answer, only a line in the log. */
export function linkPage({ ipcMain, MessageChannelMain }: PageLinkParts, context: CallContext): PageLink {
  const handler = new RPCHandler<CallContext>(router);
  const waiting: FileRef[] = [];
  let page: Pick<WebContents, 'id' | 'send' | 'isDestroyed'> | undefined;

  const isFromPage = (event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'senderFrame'>, channel: string): boolean => {
    if (isOwnPage(event.senderFrame)) return true;
    context.app.host.log(`window: refused ${channel} from ${event.senderFrame?.url ?? 'a frame that is gone'}`);
    return false;
  };

  ipcMain.on(CHANNELS.askForPort, (event) => {
    if (!isFromPage(event, CHANNELS.askForPort)) return;
    const { port1, port2 } = new MessageChannelMain();
    handler.upgrade(port1, { context });
    port1.start();
    event.sender.postMessage(CHANNELS.port, null, [port2]);
    page = event.sender;
    if (waiting.length > 0) page.send(CHANNELS.opened, waiting.splice(0));
  });

  ipcMain.handle(CHANNELS.drop, (event, path: unknown) => {
    if (!isFromPage(event, CHANNELS.drop)) throw new AppError('bad-input', 'Only Tailor’s own page may do this.');
    const parsed = droppedPath.safeParse(path);
    if (!parsed.success) throw new AppError('bad-input', 'This was not dropped from a folder of this machine.');
    return context.files.add(parsed.data);
  });

  return {
    open(files) {
      if (page && !page.isDestroyed()) page.send(CHANNELS.opened, files);
      else waiting.push(...files);
    },
    forget(contents) {
      if (page?.id === contents.id) page = undefined;
    },
  };
}
