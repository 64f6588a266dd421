// The decoder block as expressions: one forward definition, from which the backward, training and scoring programs are derived.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Projection } from '../../shared/recipe.ts';
import { expectedTensors, type LayerPart } from '../../shared/tensor-names.ts';
import { attention, linear, rmsNorm, rope, silu } from '../graph/composites.ts';
import { gradients } from '../graph/gradient.ts';
import { input, type DType, type Expr } from '../graph/graph.ts';
import { add, mul, scale } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/product.ts';
import { cast, reshape, transpose } from '../graph/ops/shape.ts';

/** Everything a block program depends on; its JSON is the program's key. */
export interface BlockShape {
  readonly B: number;
  readonly T: number;
  /** Cached tokens before the row (0: none), and whether the cache is one for all rows. */
  readonly P: number;
  readonly D: number;
  readonly H: number;
  readonly K: number;
  readonly E: number;
  readonly F: number;
  readonly eps: number;
  readonly bias: { readonly attention: boolean; readonly output: boolean; readonly mlp: boolean };
  readonly qkNorm: boolean;
  /** How matrices arrive: f32, or f16 and cast inside the program. */
  readonly matrices: 'float32' | 'float16';
  readonly lora:
    { readonly R: number; readonly scale: number; readonly targets: readonly Projection[]; readonly dropout: boolean } | undefined;
}

type Widths = Pick<BlockShape, 'D' | 'H' | 'K' | 'E' | 'F'>;

/** The widths of one layer of a model. */
export function layerWidths(config: LlamaConfig, layer: number): Widths {
  const { queryHeads, kvHeads, ffn } = config.layers[layer]!;
  return { D: config.hiddenSize, H: queryHeads, K: kvHeads, E: config.headSize, F: ffn };
}

/** The block shape of one layer of a model. */
export function blockShape(
  config: LlamaConfig,
  layer: number,
  rows: { readonly B: number; readonly T: number; readonly P?: number },
  matrices: BlockShape['matrices'],
  lora?: BlockShape['lora'],
): BlockShape {
  return {
    B: rows.B,
    T: rows.T,
    P: rows.P ?? 0,
    ...layerWidths(config, layer),
    eps: config.rmsNormEps,
    bias: { attention: config.attentionBias, output: config.outputBias, mlp: config.mlpBias },
    qkNorm: config.qkNorm,
    matrices,
    lora,
  };
}

/** The four activations that LoRA reads, where its dropout acts, and the projections that read each. */
export const LORA_INPUTS = {
  attention: ['q_proj', 'k_proj', 'v_proj'],
  mixed: ['o_proj'],
  mlp: ['gate_proj', 'up_proj'],
  gated: ['down_proj'],
} as const satisfies Record<string, readonly Projection[]>;
export type LoraInput = keyof typeof LORA_INPUTS;

/** Width in and out of a projection in a block. */
export function projectionSize({ D, H, K, E, F }: Widths, projection: Projection): { readonly out: number; readonly in: number } {
  switch (projection) {
    case 'q_proj':
      return { out: H * E, in: D };
    case 'k_proj':
    case 'v_proj':
      return { out: K * E, in: D };
    case 'o_proj':
      return { out: D, in: H * E };
    case 'gate_proj':
    case 'up_proj':
      return { out: F, in: D };
    case 'down_proj':
      return { out: D, in: F };
  }
}

const HOUSE = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
} as const;
export const weightPart = (projection: Projection): LayerPart => `${HOUSE[projection]}.${projection}.weight` as LayerPart;

/** True for the projections whose sub-block this layer still has. */
export const hasProjection = ({ K, F }: BlockShape, projection: Projection): boolean => (HOUSE[projection] === 'mlp' ? F > 0 : K > 0);

/** The weights a block takes, by checkpoint part name, with their shapes. */
export function blockWeights(shape: BlockShape): { readonly part: LayerPart; readonly shape: readonly number[]; readonly dtype: DType }[] {
  const one: LlamaConfig = {
    modelType: 'llama',
    hiddenSize: shape.D,
    headSize: shape.E,
    vocabSize: 1,
    layers: [{ queryHeads: shape.H, kvHeads: shape.K, ffn: shape.F }],
    rmsNormEps: shape.eps,
    ropeTheta: 1,
    ropeScaling: { type: 'default' },
    maxPositions: 1,
    tieWordEmbeddings: true,
    attentionBias: shape.bias.attention,
    outputBias: shape.bias.output,
    mlpBias: shape.bias.mlp,
    qkNorm: shape.qkNorm,
    bosTokenId: undefined,
    eosTokenIds: [],
  };
  return expectedTensors(one).flatMap(({ part, shape: size }) =>
    part ? [{ part, shape: size, dtype: size.length === 2 ? shape.matrices : 'float32' }] : [],
  );
}

/** A block's inputs as symbols, and its output as an expression of them. */
export interface Block {
  readonly x: Expr; // [N,D]
  readonly y: Expr; // [N,D]
  /** Keys (after rope) and values of the row itself, [B,K,T,E]; undefined when the layer has no attention. */
  readonly k: Expr | undefined;
  readonly v: Expr | undefined;
  /** Weights in f32, after the cast where they arrive as f16. */
  readonly weights: ReadonlyMap<LayerPart, Expr>;
  readonly lora: ReadonlyMap<Projection, { readonly a: Expr; readonly b: Expr }>;
}

/**
 * Defines a block. Inputs: x [N,D]; cos and sin [B,T,1,E/2]; mask [B,1,1,T,P+T]; weights by part name; `${projection}.a` [R,in] and
 * `.b` [out,R]; `dropout.${input}` [N,width], 0 or 1/(1-rate); `past.k` and `past.v` [1,K,P,E].
 * `symbol` may stand in for inputs (a row of a larger batch, say). y = h + mlp(norm(h)), h = x + attention(norm(x)). A sub-block without heads or channels is left out with its norm.
 */
export function defineBlock(shape: BlockShape, symbol: typeof input = input): Block {
  const { B, T, P, D, H, K, E, lora } = shape;
  const N = B * T;
  const x = symbol('x', [N, D]);
  const weights = new Map(blockWeights(shape).map(({ part, shape: size, dtype }) => [part, cast(symbol(part, size, dtype), 'float32')]));
  const adapters = new Map(
    (lora?.targets ?? [])
      .filter((projection) => hasProjection(shape, projection))
      .map((projection) => {
        const size = projectionSize(shape, projection);
        return [
          projection,
          { a: symbol(`${projection}.a`, [lora!.R, size.in]), b: symbol(`${projection}.b`, [size.out, lora!.R]) },
        ] as const;
      }),
  );
  const weight = (part: LayerPart): Expr => weights.get(part)!;
  const project = (from: LoraInput, value: Expr, projection: Projection): Expr => {
    const part = weightPart(projection);
    const y = linear(value, weight(part), weights.get(part.replace('weight', 'bias') as LayerPart));
    const adapter = adapters.get(projection);
    if (adapter === undefined) return y;
    const dropped = lora!.dropout ? mul(value, symbol(`dropout.${from}`, value.shape)) : value;
    return add(y, matmul(scale(matmul(dropped, adapter.a, { transB: true }), lora!.scale), adapter.b, { transB: true }));
  };

  let h = x;
  let keyValue: { k: Expr; v: Expr } | undefined;
  if (K > 0) {
    const n = rmsNorm(x, weight('input_layernorm.weight'), shape.eps);
    const [cos, sin] = [symbol('cos', [B, T, 1, E / 2]), symbol('sin', [B, T, 1, E / 2])];
    const heads = (projection: 'q_proj' | 'k_proj' | 'v_proj', count: number): Expr =>
      reshape(project('attention', n, projection), [B, T, count, E]);
    const normed = (value: Expr, part: LayerPart): Expr => (shape.qkNorm ? rmsNorm(value, weight(part), shape.eps) : value);
    const q = rope(normed(heads('q_proj', H), 'self_attn.q_norm.weight'), cos, sin);
    const k = transpose(rope(normed(heads('k_proj', K), 'self_attn.k_norm.weight'), cos, sin), [0, 2, 1, 3]);
    const v = transpose(heads('v_proj', K), [0, 2, 1, 3]);
    const past = P > 0 ? [{ k: symbol('past.k', [1, K, P, E]), v: symbol('past.v', [1, K, P, E]) }] : [];
    const mixed = attention(q, [...past, { k, v }], symbol('mask', [B, 1, 1, T, P + T]));
    h = add(x, project('mixed', mixed, 'o_proj'));
    keyValue = { k, v };
  }
  let y = h;
  if (shape.F > 0) {
    const n = rmsNorm(h, weight('post_attention_layernorm.weight'), shape.eps);
    const gated = mul(silu(project('mlp', n, 'gate_proj')), project('mlp', n, 'up_proj'));
    y = add(h, project('gated', gated, 'down_proj'));
  }
  return { x, y, k: keyValue?.k, v: keyValue?.v, weights, lora: adapters };
}

/** forward(x, w, lora) -> y, and k, v when a cache wants them. */
export function forwardProgram(shape: BlockShape, withKeyValue: boolean): Record<string, Expr> {
  const { y, k, v } = defineBlock(shape);
  return withKeyValue && k && v ? { y, k, v } : { y };
}

/**
 * decode(x, w, lora, past, select) -> y and the cache with the row's keys and values written into it: [1,K,P,E], whose unused places are 0.
 * select [1,1,T,P] has a 1 at (t, place) for each token that is kept; B is 1.
 */
export function decodeProgram(shape: BlockShape): Record<string, Expr> {
  const { y, k, v } = defineBlock(shape);
  if (!k || !v) return { y };
  const select = input('select', [1, 1, shape.T, shape.P]);
  const write = (name: string, fresh: Expr): Expr =>
    add(input(name, [1, shape.K, shape.P, shape.E]), matmul(select, fresh, { transA: true }));
  return { y, 'past.k': write('past.k', k), 'past.v': write('past.v', v) };
}

/** backward(x, w, lora, dy) -> dx and the adapters' gradients; the block's forward is recomputed inside. */
export function backwardProgram(shape: BlockShape): Record<string, Expr> {
  const block = defineBlock(shape);
  const named: [string, Expr][] = [['dx', block.x]];
  for (const [projection, { a, b }] of block.lora) named.push([`${projection}.a`, a], [`${projection}.b`, b]);
  return differentiate(block, named);
}

/** train(x, w, dy) -> dx and the gradient of every weight, named by part with a leading `d `. */
export function trainProgram(shape: BlockShape): Record<string, Expr> {
  const block = defineBlock(shape);
  return differentiate(block, [['dx', block.x], ...[...block.weights].map(([part, w]): [string, Expr] => [`d ${part}`, w])]);
}

function differentiate(block: Block, named: readonly [string, Expr][]): Record<string, Expr> {
  const found = gradients(
    block.y,
    input('dy', block.y.shape),
    named.map(([, expr]) => expr),
  );
  return Object.fromEntries(named.map(([name], i) => [name === 'dx' || name.startsWith('d ') ? name : `d ${name}`, found[i]!]));
}
