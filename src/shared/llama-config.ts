// The architecture of a LLaMA-family model as plain data: what config.json says, checked, with a width for every layer.

/** How positions are stretched beyond the trained context. Names as in transformers. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

/** Widths of one decoder layer. queryHeads is a multiple of kvHeads; 0 heads or 0 ffn mean that sub-block is absent. */
export interface LayerShape {
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly ffn: number;
}

export interface LlamaConfig {
  readonly modelType: string;
  readonly hiddenSize: number;
  readonly headSize: number;
  readonly vocabSize: number;
  readonly layers: readonly LayerShape[];
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly maxPositions: number;
  readonly tieWordEmbeddings: boolean;
  /** q_proj, k_proj and v_proj have biases. */
  readonly attentionBias: boolean;
  /** o_proj has a bias; false in Qwen2, which has the three others. */
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  readonly qkNorm: boolean;
  readonly bosTokenId: number | undefined;
  readonly eosTokenIds: readonly number[];
}
