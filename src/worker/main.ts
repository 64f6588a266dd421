// Entry of the worker process: answers main's calls, and leaves when main does.
import { RPCHandler } from '@orpc/server/message-port';
import { createWorkerRouter } from './api.ts';
import { parentPort } from './parent-port.ts';

const port = parentPort();
new RPCHandler(createWorkerRouter()).upgrade(port);
port.beat();
