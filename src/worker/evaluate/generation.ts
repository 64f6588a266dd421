// Generates text token by token, greedily or by sampling, and measures it against references.
import { setImmediate } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import { generationExample } from '../../shared/examples.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { RandomStream } from '../../shared/random.ts';
import type { EvaluationSet } from '../../shared/recipe.ts';
import type { GenerationOutcome, SetSummary } from '../../shared/results.ts';
import { mean } from '../../shared/statistics/proportions.ts';
import { exactMatch, rougeL, tokenF1 } from '../../shared/statistics/text-metrics.ts';
import { countExamples, readExamples } from '../text/read-examples.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { pickToken } from './pick-token.ts';
import { settleText } from './settled-text.ts';
import { scanForStops } from './stop-strings.ts';
import type { Subject } from './subject.ts';

export type GenerationSet = Extract<EvaluationSet, { kind: 'generation' }>;

/** How text is generated; a part of every generation set. */
export type GenerationSettings = Pick<GenerationSet, 'maxTokens' | 'temperature' | 'topK' | 'topP' | 'stop' | 'seed' | 'tokenisation'>;

/** How a generation came to its end, and the tokens that went through the model for it. */
export interface Generated {
  readonly text: string;
  readonly ended: 'eos' | 'stop' | 'length';
  readonly promptTokens: number;
  readonly newTokens: number;
}

/**
 * Yields the text that follows `prompt`, piece by piece, each settled: no piece ends inside a character or a possible stop string. Ends
 * at EOS, before a stop string, or after `maxTokens`. A prompt that leaves too little room is cut from the left. `purpose` keeps
 * the draws of different prompts apart under one seed. Throws AppError `cancelled` and, when there is no room at all, `bad-input`.
 */
export async function* generate(
  { model, tokenizer, adapter }: Subject,
  prompt: string,
  settings: GenerationSettings,
  { signal, purpose = '' }: { signal?: AbortSignal; purpose?: string } = {},
): AsyncGenerator<string, Generated> {
  const { maxTokens, stop, seed } = settings;
  const promptIds = encodePrompt(tokenizer, prompt, settings, model.config.maxPositions);
  const random = new RandomStream(seed, `generate ${purpose}`);
  const settler = settleText(
    (ids) => tokenizer.decode(ids),
    promptIds.filter((id) => id !== tokenizer.bosId),
  );
  const scanner = scanForStops(stop);
  let text = '';
  let ended: Generated['ended'] = 'length';
  let newTokens = 0;
  using decoder = await model.decoder(promptIds.length + maxTokens, { adapter });
  let logits = await decoder.feed(promptIds);
  while (newTokens < maxTokens) {
    await setImmediate(); // lets the process hear a request to stop
    throwIfCancelled(signal);
    const token = pickToken(logits, settings, () => random.uniform());
    newTokens++;
    if (tokenizer.eosIds.includes(token)) {
      ended = 'eos';
      break;
    }
    const { text: piece, stopped } = scanner.push(settler.push(token));
    text += piece;
    if (piece !== '') yield piece;
    if (stopped) {
      ended = 'stop';
      break;
    }
    if (newTokens < maxTokens) logits = await decoder.feed([token]);
  }
  if (ended !== 'stop') {
    const last = scanner.push(settler.flush());
    const rest = last.text + scanner.flush();
    text += rest;
    if (last.stopped) ended = 'stop';
    if (rest !== '') yield rest;
  }
  return { text, ended, promptTokens: promptIds.length, newTokens };
}

/** The prompt's ids, as many of the last ones as leave room for what is generated; an empty prompt is the prefix token. */
function encodePrompt(
  tokenizer: Tokenizer,
  prompt: string,
  { maxTokens, tokenisation }: GenerationSettings,
  maxPositions: number,
): number[] {
  const room = maxPositions - maxTokens;
  if (room < 1) {
    throw new AppError(
      'bad-input',
      `${maxTokens} tokens were asked for, but the model takes ${maxPositions} in all and the prompt needs at least one. Ask for at most ${maxPositions - 1}.`,
    );
  }
  const ids = tokenizer.encode(prompt, { bos: tokenisation.bos });
  if (ids.length > 0) return ids.slice(-room);
  const prefixToken = tokenizer.bosId ?? tokenizer.eosIds[0];
  if (prefixToken === undefined)
    throw new AppError('bad-tokenizer', 'The prompt is empty and the tokenizer has neither BOS nor EOS to begin with.');
  return [prefixToken];
}

/**
 * Continues every prompt of the file at `path`, hands each outcome to `write`, and gives the means of the metrics. Each example draws from
 * its own stream, so leaving one out changes no other. Throws AppError `bad-dataset` when the set is empty, `cancelled`.
 */
export async function measureGeneration(
  subject: Subject,
  set: GenerationSet,
  path: string,
  write: (outcome: GenerationOutcome) => void,
  work: WorkOptions = {},
): Promise<{ summary: Extract<SetSummary, { kind: 'generation' }>; tokens: number }> {
  const total = await countExamples(path);
  if (total === 0)
    throw new AppError(
      'bad-dataset',
      `${set.name}: the set has no prompts, so there is nothing to generate. Choose a split that has some.`,
    );
  const outcomes: Pick<GenerationOutcome, 'exactMatch' | 'f1' | 'rougeL'>[] = [];
  let generatedTokens = 0;
  let tokens = 0;
  for await (const { id, prompt, references } of readExamples(path, generationExample)) {
    const { text, promptTokens, newTokens } = await lastOf(generate(subject, prompt, set, { signal: work.signal, purpose: id }));
    const figures = { exactMatch: exactMatch(text, references), f1: tokenF1(text, references), rougeL: rougeL(text, references) };
    write({ set: set.name, id, text, ...figures });
    outcomes.push(figures);
    generatedTokens += newTokens;
    tokens += promptTokens + newTokens;
    work.progress?.({ phase: set.name, done: outcomes.length, total, unit: 'prompts' });
  }
  const summary = {
    kind: 'generation',
    name: set.name,
    items: outcomes.length,
    exactMatch: mean(outcomes.map((outcome) => outcome.exactMatch)),
    f1: mean(outcomes.map((outcome) => outcome.f1)),
    rougeL: mean(outcomes.map((outcome) => outcome.rougeL)),
    tokens: generatedTokens,
  } as const;
  return { summary, tokens };
}

async function lastOf(generation: AsyncGenerator<string, Generated>): Promise<Generated> {
  for (;;) {
    const { value, done } = await generation.next();
    if (done) return value;
  }
}
