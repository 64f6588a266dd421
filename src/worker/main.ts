// Entry of the worker process: repairs one global, answers main's calls, and leaves when main does.

// onnxruntime-common wraps float16 data in the global Float16Array where there is one, and the native binding then sees zero
// bytes. Without the global it hands the Uint16Array on, which works. This must come before onnxruntime-node is first imported,
// hence the dynamic imports below.
Reflect.deleteProperty(globalThis, 'Float16Array');

const { RPCHandler } = await import('@orpc/server/message-port');
const { createWorkerRouter } = await import('./api.ts');
const { parentPort } = await import('./parent-port.ts');

const port = parentPort();
new RPCHandler(createWorkerRouter()).upgrade(port);
port.beat();
