// What to call the choices of a rendered example in a list, also where they differ in their contexts instead of their continuations.

/** One short text for each choice: its continuation, or what sets its context apart where all continuations are the same. */
export function choiceLabels(choices: readonly { readonly context: string; readonly continuation: string }[]): string[] {
  const continuations = choices.map(({ continuation }) => continuation.trim());
  if (new Set(continuations).size > 1) return continuations;
  const contexts = choices.map(({ context }) => context);
  const [first = ''] = contexts;
  let start = 0;
  while (start < first.length && contexts.every((context) => context[start] === first[start])) start++;
  while (start > 0 && !/\s/.test(first[start - 1]!)) start--; // back to the beginning of the word
  return contexts.map((context) => context.slice(start).trim());
}
