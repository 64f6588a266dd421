// The only place that imports ONNX Runtime, after one global has been put out of its way.
import type * as Runtime from 'onnxruntime-node';

export type { Runtime };

/**
 * Loads onnxruntime-node. Where the global Float16Array exists (Node 24), onnxruntime-common wraps float16 data in it and the native
 * binding then sees zero bytes; without the global it keeps the Uint16Array that the binding understands.
 */
export async function loadRuntime(): Promise<typeof Runtime> {
  Reflect.deleteProperty(globalThis, 'Float16Array');
  return import('onnxruntime-node');
}
