// Candidate prompts for the seven benchmarks: the harness's standard one first, then our own to rank against it.
import { promptSpec, type PromptSpec, type PromptSpecInput } from '../prompt/prompt-spec.ts';

export const BENCHMARKS = ['boolq', 'piqa', 'hellaswag', 'winogrande', 'arc_easy', 'arc_challenge', 'openbookqa'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

type Candidate = Omit<PromptSpecInput, 'name'>;

const CHOICES = '{{ choices }}';
/** Options under letters, one a line; the answer is then a letter. */
const LETTERED = '{% for choice in choices %}{{ letters[loop.index0] }}. {{ choice }}\n{% endfor %}';
const LETTERS = '{{ letters[:choices|length] }}';
const LISTED = "{{ choices | join(', ') }}";
/** WinoGrande's options are part of the sentence; what is scored is the rest of it (evaluation.md 5.4). */
const PARTIAL = { context: '{{ prefix }}{{ choice }}', choices: CHOICES, continuation: '{{ suffix }}' };

const FRAMED: Candidate = { context: 'Question: {{ question }}\nAnswer:', choices: CHOICES };
const BARE: Candidate = { context: '{{ question }}', choices: CHOICES };
const QUESTIONS: Readonly<Record<string, Candidate>> = {
  short: { context: `Q: {{ question }}\nA:`, choices: CHOICES },
  instructed: { context: `Answer the question in a few words.\nQuestion: {{ question }}\nAnswer:`, choices: CHOICES },
  listed: { context: `Question: {{ question }}\nPossible answers: ${LISTED}\nAnswer:`, choices: CHOICES },
  lettered: { context: `Question: {{ question }}\n${LETTERED}Answer:`, choices: LETTERS },
};

const CANDIDATES: Readonly<Record<Benchmark, Readonly<Record<string, Candidate>>>> = {
  boolq: {
    harness: { context: '{{ passage }}\nQuestion: {{ question }}?\nAnswer:', choices: CHOICES },
    short: { context: '{{ passage }}\n{{ question }}?', choices: CHOICES },
    instructed: {
      context: 'Read the text and answer the question with no or yes.\nText: {{ passage }}\nQuestion: {{ question }}?\nAnswer:',
      choices: CHOICES,
    },
    'question-first': { context: 'Question: {{ question }}?\n{{ passage }}\nAnswer:', choices: CHOICES },
    listed: { context: '{{ passage }}\nQuestion: {{ question }}, no or yes?\nAnswer:', choices: CHOICES },
    lettered: { context: `{{ passage }}\nQuestion: {{ question }}?\n${LETTERED}Answer:`, choices: LETTERS },
  },
  piqa: {
    harness: { context: 'Question: {{ goal }}\nAnswer:', choices: CHOICES },
    bare: { context: '{{ goal }}', choices: CHOICES },
    goal: { context: 'Goal: {{ goal }}\nHow to reach it:', choices: CHOICES },
    instructed: { context: 'Say what works best in practice.\nQuestion: {{ goal }}\nAnswer:', choices: CHOICES },
    lettered: { context: `Question: {{ goal }}\n${LETTERED}Answer:`, choices: LETTERS },
  },
  hellaswag: {
    harness: { context: '{{ query }}', choices: CHOICES },
    next: { context: '{{ query }}\nWhat happens next?', choices: CHOICES },
    instructed: { context: 'Go on with the text in the way that makes most sense.\n{{ query }}', choices: CHOICES },
    story: { context: 'Story: {{ query }}\nEnding:', choices: CHOICES },
    lettered: { context: `{{ query }}\nHow does it go on?\n${LETTERED}Answer:`, choices: LETTERS },
  },
  winogrande: {
    harness: PARTIAL,
    introduced: { ...PARTIAL, context: `This sentence makes sense: ${PARTIAL.context}` },
    whole: {
      context: '',
      delimiter: '',
      choices: ['{{ prefix }}{{ choices[0] }} {{ suffix }}', '{{ prefix }}{{ choices[1] }} {{ suffix }}'],
    },
    gap: { context: '{{ sentence }}\nThe gap stands for', choices: CHOICES },
    asked: { context: '{{ sentence }}\nQuestion: Which fits, {{ choices[0] }} or {{ choices[1] }}?\nAnswer:', choices: CHOICES },
    lettered: { context: `{{ sentence }}\nQuestion: What fits in the gap?\n${LETTERED}Answer:`, choices: LETTERS },
  },
  arc_easy: { harness: FRAMED, bare: BARE, ...QUESTIONS },
  arc_challenge: { harness: FRAMED, bare: BARE, ...QUESTIONS },
  openbookqa: { harness: BARE, framed: FRAMED, ...QUESTIONS },
};

/** Each benchmark's candidate prompts, named `task/prompt`, the harness's standard one first. */
export const PROMPT_LIBRARY = Object.fromEntries(
  BENCHMARKS.map((task) => [
    task,
    Object.entries(CANDIDATES[task]).map(([name, candidate]) => promptSpec.parse({ name: `${task}/${name}`, ...candidate })),
  ]),
) as unknown as Readonly<Record<Benchmark, readonly PromptSpec[]>>;
