// What is probably not meant in a tuning, said before it starts: examples that are cut, answers without an end, odd texts.
import type { PromptWarning } from './prompt/warnings.ts';
import type { TuningRequest } from './tuning-request.ts';

/** A change to a request that a button makes. `distill: null` takes the teacher away. */
export type TuningChange = Partial<Pick<TuningRequest, 'appendEos' | 'rowTokens' | 'microTokens' | 'method'>> & { readonly distill?: null };

/** A sentence, and where one change mends it, that change and the words on its button. */
export interface TuningWarning {
  readonly message: string;
  readonly mend?: { readonly label: string; readonly change: TuningChange };
}

/** The first examples as they will be learnt, and what is to be done with them. */
export interface LearntSample {
  readonly examples: readonly { readonly continuation: string; readonly warnings: readonly PromptWarning[] }[];
  /** Tokens of each; undefined where they were not counted. */
  readonly lengths: readonly number[] | undefined;
  /** Answers are written out, not chosen: who writes must know where to stop. */
  readonly isWritten: boolean;
  readonly appendEos: boolean;
  readonly rowTokens: number;
  readonly maxPositions: number;
  readonly eos: string | undefined;
  readonly hasEos: boolean;
}

/** Rows grow by as much as a batch does. */
const ROW_STEP = 64;

/** All warnings that hold for the sample, the gravest first. */
export function findTuningWarnings(sample: LearntSample): TuningWarning[] {
  const { examples, lengths, isWritten, appendEos, rowTokens, maxPositions, eos, hasEos } = sample;
  const warnings: TuningWarning[] = [];
  const spelled = eos === undefined ? 0 : examples.filter(({ continuation }) => continuation.endsWith(eos)).length;
  const switchEos = (isOn: boolean): TuningWarning['mend'] => ({
    label: isOn ? 'End each answer with EOS' : 'Add no EOS',
    change: { appendEos: isOn },
  });

  if (appendEos && !hasEos) {
    warnings.push({ message: 'The tokenizer of this model names no end token (EOS), so none can be added.', mend: switchEos(false) });
  } else if (appendEos && spelled > 0) {
    warnings.push({
      message: `${count(spelled, examples.length)} end with ${eos} already: with EOS added it would stand there twice.`,
      mend: switchEos(false),
    });
  } else if (isWritten && !appendEos && spelled < examples.length) {
    warnings.push({
      message: 'No end token (EOS) follows the answers, so the model will not learn where to stop writing.',
      ...(hasEos ? { mend: switchEos(true) } : {}),
    });
  }

  const limit = Math.min(rowTokens, maxPositions);
  // The last token is predicted, never read.
  const read = (lengths ?? []).map((length) => length - 1 + (appendEos ? 1 : 0));
  const cut = read.filter((length) => length > limit).length;
  if (cut > 0) {
    const wanted = Math.min(maxPositions, Math.ceil(Math.max(...read) / ROW_STEP) * ROW_STEP);
    warnings.push({
      message: `${count(cut, examples.length)} are longer than ${limit} tokens and lose their beginning.`,
      ...(wanted > rowTokens ? { mend: { label: `Read up to ${wanted} tokens`, change: { rowTokens: wanted } } } : {}),
    });
  }

  const found = Map.groupBy(
    examples.flatMap((example) => example.warnings.filter(({ code }) => LEARNT.includes(code))),
    ({ code }) => code,
  );
  for (const said of found.values()) warnings.push({ message: `${count(said.length, examples.length)}: ${said[0]!.message}` });
  return warnings;
}

/** Of what is found in a rendered text, what matters when it is learnt. */
const LEARNT: readonly PromptWarning['code'][] = ['trailing-space', 'double-space', 'empty-choice', 'double-bos'];

function count(found: number, of: number): string {
  return found === of ? `All of the first ${of} examples` : `${found} of the first ${of} examples`;
}
