// The lines of a run's examples.jsonl: rendered text, the only form in which data reaches the worker.
import { z } from 'zod';

/**
 * Multiple choice: choice i scores log P(continuation_i | context_i). The contexts are equal except in WinoGrande's partial evaluation.
 * `lengths` are the choice texts' Unicode code points without the leading delimiter (evaluation.md 5.2), the divisors of acc_norm.
 */
export const choiceExample = z.object({
  id: z.string(),
  choices: z.array(z.object({ context: z.string(), continuation: z.string() })).min(2),
  gold: z.number().int().nonnegative(),
  lengths: z.array(z.number().int().nonnegative()),
});

/** Text to be predicted as a whole. */
export const textExample = z.object({ id: z.string(), text: z.string() });

/** A context and the answer that should follow; `label` is the class it belongs to, for balanced sampling. */
export const completionExample = z.object({
  id: z.string(),
  context: z.string(),
  continuation: z.string(),
  label: z.string().optional(),
});

/** A prompt to continue, and the answers that count as right. */
export const generationExample = z.object({ id: z.string(), prompt: z.string(), references: z.array(z.string()) });

export type ChoiceExample = z.infer<typeof choiceExample>;
export type TextExample = z.infer<typeof textExample>;
export type CompletionExample = z.infer<typeof completionExample>;
export type GenerationExample = z.infer<typeof generationExample>;
