// What a tuning will cost before it starts: time from how fast earlier runs went, memory from the shapes.
import type { LlamaConfig } from './llama-config.ts';
import type { LoraSettings } from './recipe.ts';

/** How fast a run of the same kind once went on this machine, on a model of so many parameters. */
export interface MeasuredSpeed {
  readonly tokensPerSecond: number;
  readonly parameters: number;
}

/** Arithmetic of one token per parameter: 2 forward and 4 backward; a frozen base leaves out about a third. */
const FLOPS_PER_TOKEN = { lora: 4, full: 6 } as const;
/** What two ordinary cores do on matrices, where nothing was measured yet. */
const GUESSED_FLOPS_PER_SECOND = 4e10;
/** The process itself with its runtime, before any weight. */
const PROCESS_BYTES = 180e6;
const FLOAT_BYTES = 4;
/** Rows of hidden and of FFN width that a layer holds between its forward and its backward. */
const HIDDEN_ROWS = 14;
const FFN_ROWS = 5;

/** Weights of the adapter: R·(in + out) for each projection of each layer. */
export function countAdapter(
  { hiddenSize, headSize, layers }: LlamaConfig,
  { rank, targets }: Pick<LoraSettings, 'rank' | 'targets'>,
): number {
  let total = 0;
  for (const { queryHeads, kvHeads, ffn } of layers) {
    const sides = {
      q_proj: [hiddenSize, queryHeads * headSize],
      k_proj: [hiddenSize, kvHeads * headSize],
      v_proj: [hiddenSize, kvHeads * headSize],
      o_proj: [queryHeads * headSize, hiddenSize],
      gate_proj: [hiddenSize, ffn],
      up_proj: [hiddenSize, ffn],
      down_proj: [ffn, hiddenSize],
    } as const;
    for (const target of targets) {
      const [from, to] = sides[target];
      if (from > 0 && to > 0) total += rank * (from + to);
    }
  }
  return total;
}

/** Bytes that a tuning takes at its height: weights, trained values with gradients and moments, what one micro-batch leaves on its way. */
export function estimateTuneMemory(request: {
  readonly config: LlamaConfig;
  readonly parameters: number;
  readonly trainable: number;
  readonly microTokens: number;
  readonly teacherParameters?: number;
}): number {
  const { config, parameters, trainable, microTokens, teacherParameters = 0 } = request;
  const { hiddenSize, vocabSize, layers } = config;
  const widest = Math.max(0, ...layers.map(({ ffn }) => ffn));
  const saved = layers.length * hiddenSize + HIDDEN_ROWS * hiddenSize + FFN_ROWS * widest + 3 * vocabSize;
  return PROCESS_BYTES + FLOAT_BYTES * (parameters + teacherParameters + 4 * trainable + microTokens * saved);
}

/** Tokens a second: the middle of what was measured, scaled by parameters; a guess from the arithmetic where nothing was. */
export function estimateSpeed(
  parameters: number,
  method: 'lora' | 'full',
  measured: readonly MeasuredSpeed[],
): { readonly tokensPerSecond: number; readonly isMeasured: boolean } {
  if (measured.length === 0) {
    return { tokensPerSecond: GUESSED_FLOPS_PER_SECOND / (FLOPS_PER_TOKEN[method] * Math.max(1, parameters)), isMeasured: false };
  }
  const scaled = measured.map((run) => (run.tokensPerSecond * run.parameters) / Math.max(1, parameters)).sort((a, b) => a - b);
  return { tokensPerSecond: scaled[Math.floor((scaled.length - 1) / 2)]!, isMeasured: true };
}
