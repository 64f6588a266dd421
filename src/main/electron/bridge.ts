// What the preload script does, with its Electron parts as parameters.
import type { ContextBridge, IpcRenderer, WebUtils } from 'electron';
import { PORT_MESSAGE, type ShellMessage } from '../../shared/window-messages.ts';
import type { FileRef } from '../api/file-refs.ts';
import { CHANNELS } from './channels.ts';

/** As much of the page's window as is needed here, where there are no DOM types. */
export interface PageWindow {
  readonly location: { readonly origin: string };
  postMessage(message: unknown, targetOrigin: string, transfer?: readonly unknown[]): void;
}

/** A refusal comes as an answer: Electron puts words of its own before those of an error. */
export type DropAnswer = { readonly file: FileRef } | { readonly refused: string };

/** What the page finds as `window.tailor`; src/renderer/state/host.d.ts says the same in the page's types. */
export interface PageOffer {
  askForPort(): void;
  drop(file: File): Promise<DropAnswer>;
  dragOut(file: string): void;
}

/** Lays the bridge: three functions for the page, two kinds of window messages to it, and nothing of Electron itself. */
export function bridgePage(parts: {
  readonly page: PageWindow;
  readonly contextBridge: Pick<ContextBridge, 'exposeInMainWorld'>;
  readonly ipcRenderer: Pick<IpcRenderer, 'on' | 'send' | 'invoke'>;
  readonly webUtils: Pick<WebUtils, 'getPathForFile'>;
}): void {
  const { page, contextBridge, ipcRenderer, webUtils } = parts;
  ipcRenderer.on(CHANNELS.port, (event) => page.postMessage(PORT_MESSAGE, page.location.origin, event.ports));
  ipcRenderer.on(CHANNELS.toPage, (_event, message: ShellMessage<FileRef>) => page.postMessage(message, page.location.origin));
  const offer: PageOffer = {
    askForPort: () => ipcRenderer.send(CHANNELS.askForPort),
    drop: (file) => ipcRenderer.invoke(CHANNELS.drop, webUtils.getPathForFile(file)) as Promise<DropAnswer>,
    dragOut: (file) => ipcRenderer.send(CHANNELS.dragOut, file),
  };
  contextBridge.exposeInMainWorld('tailor', offer);
}
