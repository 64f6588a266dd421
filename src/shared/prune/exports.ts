// Which programs can still load a model of given widths, and why not.
import { findGgufObstacle, planGgufLayers } from '../gguf-layers.ts';
import type { LlamaConfig } from '../llama-config.ts';
import { hasUniformWidths } from '../write-config.ts';

export interface ExportChoice {
  readonly target: 'tailored' | 'huggingface' | 'gguf-llama' | 'gguf-deci';
  readonly possible: boolean;
  /** A sentence for people: what makes it possible, or what stands in the way. */
  readonly why: string;
}

/** Judges each export by pruning.md 3.1 and conventions.md D4, D5. */
export function judgeExports(config: LlamaConfig): ExportChoice[] {
  const choice = (target: ExportChoice['target'], why: string, obstacle: string | undefined): ExportChoice => ({
    target,
    possible: obstacle === undefined,
    why: obstacle ?? why,
  });
  const differ = 'The layers differ in width, and its configuration has one width for all of them.';
  const heads = config.layers[0]?.queryHeads ?? 0;
  const indivisible =
    config.hiddenSize % heads === 0
      ? undefined
      : `${heads} heads do not divide the hidden size ${config.hiddenSize}, which transformers 5 asks for although it is told the head width.`;
  const obstacle = findGgufObstacle(config);
  const uneven = planGgufLayers(config).architecture === 'deci' ? differ : undefined;
  return [
    choice('tailored', 'Tailor reads any widths from the pruning record in config.json.', undefined),
    choice('huggingface', 'Every layer has the same widths, with the head width named.', hasUniformWidths(config) ? indivisible : differ),
    choice('gguf-llama', 'Every layer has the same widths, with key and value lengths written out.', obstacle ?? uneven),
    choice('gguf-deci', "llama.cpp's deci architecture reads each layer's widths and computes a LLaMA block.", obstacle),
  ];
}
