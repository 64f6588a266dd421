// Multiply-accumulates of one forward pass, counted as LLM-Pruner's published figures were.
import type { LlamaConfig } from '../llama-config.ts';

/**
 * MACs of one row of `tokens` (pruning.md 2.9): the linear layers with their biases and the head; per layer 4·T·H·E for rotary positions
 * (2·T·(H + K)·E with fewer key/value heads), H·(2·T²·E + T²) for attention; 2 for each element of a norm, 1 of an activation;
 * the embedding is free. LLaMA-7B at 64 tokens: 424.02 G.
 */
export function countMacs(config: LlamaConfig, tokens = 64): number {
  const { hiddenSize: D, headSize: E, vocabSize: V } = config;
  const T = tokens;
  let macs = T * D * V + 2 * T * D;
  for (const { queryHeads: H, kvHeads: K, ffn: F } of config.layers) {
    if (K > 0) {
      const linear = 2 * (H + K) * E * D + (config.attentionBias ? (H + 2 * K) * E : 0) + (config.outputBias ? D : 0);
      const headNorms = config.qkNorm ? 2 * (H + K) * E : 0;
      macs += T * (linear + headNorms + 2 * (H + K) * E + 2 * D) + H * (2 * T * T * E + T * T);
    }
    if (F > 0) macs += T * (3 * D * F + (config.mlpBias ? 2 * F + D : 0) + F + 2 * D);
  }
  return macs;
}
