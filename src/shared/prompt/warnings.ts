// What is probably not meant in a rendered prompt: said beside the preview, before anything is trained or scored.

export interface PromptWarning {
  readonly code: 'missing-column' | 'trailing-space' | 'double-space' | 'empty-choice' | 'unequal-choices' | 'double-bos';
  readonly message: string;
}

/** Choices are called unequal when the longest has more than twice the characters of the shortest. */
const UNEQUAL = 2;

/** Texts that tokenizers turn into a beginning-of-sequence token, which is added again in front of them. */
const BOS_TEXTS = ['<s>', '<|begin_of_text|>', '<bos>', '<|startoftext|>'];

interface Findings {
  readonly text: string;
  readonly context: string;
  readonly answer: string | undefined;
  readonly delimiter: string;
  readonly choices: readonly { readonly continuation: string; readonly length: number }[];
  readonly missing: readonly string[];
}

/** All warnings that hold for one rendered example, in a fixed order. */
export function findWarnings({ text, context, answer, delimiter, choices, missing }: Findings): readonly PromptWarning[] {
  const warnings: PromptWarning[] = missing.map((name) => ({
    code: 'missing-column',
    message: `The row has no column “${name}”, so nothing was put in its place.`,
  }));
  if (/[ \t]$/.test(context)) {
    warnings.push({
      code: 'trailing-space',
      message:
        'The context ends with a space: it will be split into tokens unlike the text the model learnt. Leave spaces to the delimiter.',
    });
  }
  const answers = choices.length > 0 ? choices.map((choice) => choice.continuation.slice(delimiter.length)) : [answer ?? 'x'];
  if (/\s$/.test(delimiter) && answers.some((choice) => /^[ \t]/.test(choice))) {
    warnings.push({
      code: 'double-space',
      message: 'An answer begins with a space, although the delimiter already ends with white space.',
    });
  }
  if (answers.some((choice) => choice.trim() === '')) {
    warnings.push({
      code: 'empty-choice',
      message:
        choices.length > 0 ? 'A choice is empty, so there is nothing to score.' : 'The answer is empty, so there is nothing to learn.',
    });
  }
  const lengths = choices.map((choice) => choice.length);
  if (lengths.length > 0 && Math.max(...lengths) > UNEQUAL * Math.max(1, Math.min(...lengths))) {
    warnings.push({
      code: 'unequal-choices',
      message: 'The choices differ much in length: plain accuracy favours the short ones; look at acc_norm too.',
    });
  }
  const bos = BOS_TEXTS.find((token) => text.startsWith(token));
  if (bos)
    warnings.push({
      code: 'double-bos',
      message: `The text begins with ${bos}, which the tokenizer adds by itself: it would stand there twice.`,
    });
  return warnings;
}
