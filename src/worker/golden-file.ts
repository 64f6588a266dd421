// The form of a golden file, and the small formulas that it states in words.
import { readFile } from 'node:fs/promises';
import { prettifyError, z } from 'zod';
import { AppError } from '../shared/errors.ts';
import type { LlamaConfig } from '../shared/llama-config.ts';
import { indices } from '../shared/prune/groups.ts';
import { CRITERIA, PROJECTIONS, type Projection } from '../shared/recipe.ts';
import type { Kept } from '../shared/scores.ts';

const numbers = z.array(z.number());
const golden = z.object({
  token_ids: z.array(z.array(z.number().int().nonnegative()).min(2)).min(1),
  mean_loss: z.number().optional(),
  token_logprobs: z.array(numbers).optional(),
  logits_first_row_position_5: numbers.optional(),
  importance_sum_reduction: z.partialRecord(z.enum(CRITERIA), z.object({ kv_group: z.array(numbers), ffn: z.array(numbers) })).optional(),
  lora: z
    .object({
      r: z.number().int().positive(),
      alpha: z.number(),
      A_init: z.string(),
      B_init: z.string(),
      j: z.array(z.string()),
      loss_mask: z.string(),
      loss: z.number(),
      grad_norms: z.record(z.string(), z.tuple([z.number(), z.number()])),
      grad_A_layer0_q_row0: numbers.optional(),
      grad_B_last_down_col0: numbers.optional(),
      adamw: z
        .object({
          lr: z.number(),
          weight_decay: z.number(),
          clip_norm: z.number(),
          steps: z.array(z.object({ loss: z.number(), grad_norm: z.number() })),
        })
        .optional(),
    })
    .optional(),
  pruned: z.object({ recipe: z.string(), mean_loss: z.number(), row0_token_logprobs: numbers.optional() }).optional(),
});
/** A golden file: token rows and what the reference found for them; sections may be missing. */
export type Golden = z.infer<typeof golden>;

/** Reads and checks a golden file. Throws AppError `bad-file` when it is not of the form. */
export async function readGolden(path: string): Promise<Golden> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    throw new AppError('bad-file', `${path} cannot be read as JSON: ${(thrown as Error).message}`, undefined, { cause: thrown });
  }
  const parsed = golden.safeParse(value);
  if (!parsed.success) throw new AppError('bad-file', `${path} is not a golden file. ${prettifyError(parsed.error)}`);
  const lengths = new Set(parsed.data.token_ids.map((row) => row.length));
  if (lengths.size !== 1) throw new AppError('bad-file', `${path}: token_ids must be rows of one length.`);
  return parsed.data;
}

/** "self_attn.q_proj" -> "q_proj". */
export function projectionOf(module: string, where: string): Projection {
  const name = PROJECTIONS.find((projection) => module.endsWith(projection));
  if (name === undefined) throw new AppError('bad-file', `${where}: "${module}" is no projection of a LLaMA block.`);
  return name;
}

const NUMBER = '(-?\\d*\\.?\\d+(?:e-?\\d+)?)';
const WAVE = new RegExp(
  `^${NUMBER}\\*sin\\(\\(${NUMBER}\\*row\\+${NUMBER}\\*col\\+p\\)\\*\\(1\\+p/${NUMBER}\\)\\), ?p=layer\\+${NUMBER}\\*j$`,
);

/** "0.05*sin((0.7*row+0.3*col+p)*(1+p/10)), p=layer+0.1*j" as a function that fills a matrix. */
export function parseWave(text: string, where: string): (rows: number, columns: number, layer: number, j: number) => Float32Array {
  const found = WAVE.exec(text)?.slice(1).map(Number);
  if (!found) throw new AppError('bad-file', `${where}: "${text}" is not of the form "a*sin((b*row+c*col+p)*(1+p/d)), p=layer+e*j".`);
  const [size, perRow, perColumn, divisor, perModule] = found as [number, number, number, number, number];
  return (rows, columns, layer, j) => {
    const p = layer + perModule * j;
    const out = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < columns; col++)
        out[row * columns + col] = size * Math.sin((perRow * row + perColumn * col + p) * (1 + p / divisor));
    return out;
  };
}

const CUT =
  /layers (\d+)\.\.(L-\d+|\d+): drop KV groups? ([\d, ]+) with (?:its|their) query heads; drop FFN channels with index % (\d+) == (\d+)/;

/** "layers 1..L-2: drop KV group 1 with its query heads; drop FFN channels with index % 3 == 0" as kept indices. */
export function parseCut(text: string, { layers }: LlamaConfig, where: string): Kept {
  const found = CUT.exec(text)?.slice(1);
  if (!found) throw new AppError('bad-file', `${where}: the pruned model's recipe "${text}" is not of the known form.`);
  const [first, end, groups, modulus, rest] = found as [string, string, string, string, string];
  const last = end.startsWith('L-') ? layers.length - Number(end.slice(2)) : Number(end);
  const dropped = groups.split(',').map(Number);
  return {
    hidden: undefined,
    layers: layers.map(({ kvHeads, ffn }, layer) => {
      const inside = layer >= Number(first) && layer <= last;
      return {
        kvGroups: indices(kvHeads).filter((k) => !inside || !dropped.includes(k)),
        ffn: indices(ffn).filter((channel) => !inside || channel % Number(modulus) !== Number(rest)),
      };
    }),
  };
}

/** "targets with index >= T//2" as the first index that counts, in rows of T tokens; the target at index t is the token at t + 1. */
export function parseMask(text: string, T: number, where: string): number {
  const found = /index >= (?:T\s*\/\/\s*(\d+)|(\d+))/.exec(text);
  if (!found) throw new AppError('bad-file', `${where}: the loss mask "${text}" is not of the form "targets with index >= T//2".`);
  return found[1] !== undefined ? Math.floor(T / Number(found[1])) : Number(found[2]);
}
