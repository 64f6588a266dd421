// Main's end of the page: a port with every call for each page that asks, files dropped in and dragged out, and words to it.
import { RPCHandler } from '@orpc/server/message-port';
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, MessageChannelMain, NativeImage, WebContents } from 'electron';
import { z } from 'zod';
import { AppError, asAppError } from '../../shared/errors.ts';
import { OPENED_MESSAGE, type ShellMessage } from '../../shared/window-messages.ts';
import type { CallContext } from '../api/calls/call.ts';
import type { FileRef } from '../api/file-refs.ts';
import { router } from '../api/router.ts';
import type { DropAnswer } from './bridge.ts';
import { CHANNELS } from './channels.ts';
import { isOwnPage } from './protocol.ts';

/** Longer than any file system allows. */
const droppedPath = z.string().min(1).max(32_768);

export interface PageLink {
  /** Hands files to the page: at once where one listens, else to the next that asks for its port. */
  open(files: readonly FileRef[]): void;
  /** Says something to the page that is open; what is said to none is lost. */
  say(message: ShellMessage<FileRef>): void;
  /** The page is gone (closed, crashed, reloaded): files wait for the next. */
  forget(contents: Pick<WebContents, 'id'>): void;
}

export interface PageLinkParts {
  readonly ipcMain: Pick<IpcMain, 'on' | 'handle'>;
  readonly MessageChannelMain: new () => Pick<MessageChannelMain, 'port1' | 'port2'>;
  /** What hangs at the pointer while a file is dragged out. */
  dragIcon(): NativeImage;
}

/** Answers the preload script. Whatever comes from another frame than the page itself gets no answer, only a line in the log. */
export function linkPage({ ipcMain, MessageChannelMain, dragIcon }: PageLinkParts, context: CallContext): PageLink {
  const handler = new RPCHandler<CallContext>(router);
  const waiting: FileRef[] = [];
  let page: Pick<WebContents, 'id' | 'send' | 'isDestroyed'> | undefined;

  const isFromPage = (event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'senderFrame'>, channel: string): boolean => {
    if (isOwnPage(event.senderFrame)) return true;
    context.app.host.log(`window: refused ${channel} from ${event.senderFrame?.url ?? 'a frame that is gone'}`);
    return false;
  };

  const say = (message: ShellMessage<FileRef>): boolean => {
    if (!page || page.isDestroyed()) return false;
    page.send(CHANNELS.toPage, message);
    return true;
  };

  ipcMain.on(CHANNELS.askForPort, (event) => {
    if (!isFromPage(event, CHANNELS.askForPort)) return;
    const { port1, port2 } = new MessageChannelMain();
    handler.upgrade(port1, { context });
    port1.start();
    event.sender.postMessage(CHANNELS.port, null, [port2]);
    page = event.sender;
    if (waiting.length > 0) say({ kind: OPENED_MESSAGE, files: waiting.splice(0) });
  });

  ipcMain.handle(CHANNELS.drop, (event, path: unknown): DropAnswer => {
    if (!isFromPage(event, CHANNELS.drop)) throw new AppError('bad-input', 'Only Tailor’s own page may do this.');
    const parsed = droppedPath.safeParse(path);
    if (!parsed.success) return { refused: 'This was not dropped from a folder of this machine.' };
    try {
      return { file: context.files.add(parsed.data) };
    } catch (thrown) {
      return { refused: asAppError(thrown).message };
    }
  });

  ipcMain.on(CHANNELS.dragOut, (event, file: unknown) => {
    if (!isFromPage(event, CHANNELS.dragOut) || typeof file !== 'string') return;
    try {
      event.sender.startDrag({ file: context.files.pathOf(file), icon: dragIcon() });
    } catch (thrown) {
      context.app.host.log(`window: nothing was dragged out (${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
  });

  return {
    open(files) {
      if (!say({ kind: OPENED_MESSAGE, files })) waiting.push(...files);
    },
    say,
    forget(contents) {
      if (page?.id === contents.id) page = undefined;
    },
  };
}
