// The only script between main and the page: it forwards a port and tells where dropped files lie.
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { bridgePage, type PageWindow } from './bridge.ts';

bridgePage({ page: globalThis as unknown as PageWindow, contextBridge, ipcRenderer, webUtils });
