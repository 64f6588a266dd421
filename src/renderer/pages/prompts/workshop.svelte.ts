// What the prompts page works on: tasks, candidates, the wording that is being written, and the example that it is tried on.
import { canonicalJson } from '../../../shared/canonical-json.ts';
import { AppError } from '../../../shared/errors.ts';
import { promptSpec, type PromptSpec } from '../../../shared/prompt/prompt-spec.ts';
import { compilePrompt, renderExample, type RenderedExample } from '../../../shared/prompt/render-example.ts';
import { api, sentenceOf } from '../../state/api.ts';
import { here } from '../../state/place.svelte.ts';
import { attempt, toasts } from '../../state/toasts.svelte.ts';
import { drafts } from './drafts.svelte.ts';
import { canCompile, locateProblem, type Outcome } from './outcome.ts';

export type TaskRow = Awaited<ReturnType<typeof api.prompts.tasks>>[number];
export type CandidateRow = Awaited<ReturnType<typeof api.prompts.candidates>>['candidates'][number];
type Winner = Awaited<ReturnType<typeof api.prompts.candidates>>['winner'];
type ModelRow = Awaited<ReturnType<typeof api.models.list>>[number];
export type Example = Awaited<ReturnType<typeof api.prompts.example>>;
export type Ranking = NonNullable<Awaited<ReturnType<typeof api.prompts.ranking>>>;

const MODEL_KEY = 'tailor prompt model';
/** Splits in the order in which a prompt is tried and ranked on them: not on what is learnt from, nor on what is reported. */
const TRY_SPLITS = ['validation', 'dev', 'test', 'train'];

/** The name without its task: boolq/harness -> harness. */
export function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** A worked example as a prompt keeps it. */
export type ShotRow = Extract<PromptSpec['shots'], { kind: 'fixed' }>['rows'][number];

/** What the first press on Fixed draws. */
const FIRST_SHOTS = { k: 3, seed: 42 };

export class Workshop {
  tasks = $state.raw<readonly TaskRow[]>();
  candidates = $state.raw<readonly CandidateRow[]>([]);
  winner = $state.raw<Winner>();
  models = $state.raw<readonly ModelRow[]>([]);
  ranking = $state.raw<Ranking>();
  /** The task that candidates and ranking were read for. */
  loadedTask = $state.raw<string>();
  problem = $state.raw<string>();
  #example = $state.raw<{ readonly task: string; readonly dataset: string; readonly shown: Example }>();
  exampleProblem = $state.raw<string>();
  index = $state(0);
  /** Prompts that are deleted once the note with the undo is gone. */
  hidden = $state.raw<readonly string[]>([]);
  #wantedModel = $state(sessionStorage.getItem(MODEL_KEY) ?? '');
  #wantedDataset = $state('');
  #wantedSplit = $state('');
  /** The worked examples that were fixed last, for who goes back and forth. */
  #lastFixed: readonly ShotRow[] = [];
  #lastGood: { key: string; rendered: RenderedExample } | undefined;

  readonly task = $derived.by(() => {
    const tasks = this.tasks ?? [];
    return tasks.find(({ name }) => name === here.rest[0]) ?? tasks.find(({ datasets }) => datasets.length > 0) ?? tasks[0];
  });

  readonly shown = $derived(this.candidates.filter(({ promptId, source }) => source !== 'own' || !this.hidden.includes(promptId ?? '')));

  /** Names of candidates, those that are only drafts last. */
  readonly names = $derived.by(() => {
    const known = this.shown.map(({ name }) => name);
    return [...known, ...drafts.namesOf(this.task?.name ?? '').filter((name) => !this.candidates.some((one) => one.name === name))];
  });

  readonly name = $derived(
    this.names.find((name) => name === here.rest[1] || shortName(name) === here.rest[1]) ??
      this.names.find((name) => name === this.winner?.name) ??
      this.names[0],
  );

  readonly candidate = $derived(this.shown.find(({ name }) => name === this.name));

  /** The wording as it is saved; one that is to be deleted shows what ships. */
  readonly saved = $derived.by(() => {
    const { candidate } = this;
    return candidate && this.hidden.includes(candidate.promptId ?? '') ? candidate.shipped : candidate?.spec;
  });

  readonly draft = $derived(this.task && this.name !== undefined ? (drafts.of(this.task.name, this.name) ?? this.saved) : undefined);

  readonly isChanged = $derived(
    this.draft !== undefined && (this.saved === undefined || canonicalJson(this.draft) !== canonicalJson(this.saved)),
  );

  readonly nextVersion = $derived((this.candidate?.versions[0]?.number ?? 0) + 1);

  readonly model = $derived(
    this.models.find(({ id }) => id === this.#wantedModel) ?? this.models.find(({ kind }) => kind === 'base') ?? this.models[0],
  );

  readonly dataset = $derived(this.task?.datasets.find(({ id }) => id === this.#wantedDataset) ?? this.task?.datasets[0]);

  readonly split = $derived.by(() => {
    const names = Object.keys(this.dataset?.splits ?? {});
    return names.find((name) => name === this.#wantedSplit) ?? TRY_SPLITS.find((name) => names.includes(name)) ?? names[0];
  });

  /** The row that the prompt is tried on; undefined while another task's or dataset's is being left. */
  readonly example = $derived(
    this.#example?.task === this.task?.name && this.#example?.dataset === this.dataset?.id ? this.#example?.shown : undefined,
  );

  /** The fields that templates may use, with the example's values. */
  readonly columns = $derived(
    Object.entries(this.example?.item ?? {}).filter(([name, value]) => value !== undefined && value !== null && name !== 'id'),
  );

  readonly outcome = $derived.by((): Outcome => {
    const { draft, example } = this;
    if (!draft) return {};
    const parsed = promptSpec.safeParse(draft);
    if (!parsed.success)
      return {
        problem: { field: 'prompt', sentence: `${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message}` },
      };
    try {
      if (!example) {
        compilePrompt(parsed.data);
        return {};
      }
      return { rendered: renderExample(parsed.data, example.item, { shots: example.shots }) };
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      return { problem: locateProblem(thrown.message) };
    }
  });

  /** The rendered example; while a template has a mistake, the last one that had none. */
  readonly preview = $derived.by(() => {
    const key = `${this.task?.name}\n${this.name}\n${this.dataset?.id}`;
    const { rendered } = this.outcome;
    if (rendered) this.#lastGood = { key, rendered };
    return this.#lastGood?.key === key ? this.#lastGood.rendered : undefined;
  });

  /** The drawn examples that the wording asks for, as the call for an example wants them. */
  get draw(): { k: number; sampling: '4d21ab6' | 'v0.4'; seed?: number } | undefined {
    const shots = this.draft?.shots;
    if (shots?.kind !== 'drawn') return undefined;
    return { k: shots.k, sampling: shots.sampling, ...(shots.seed === undefined ? {} : { seed: shots.seed }) };
  }

  async refetchTasks(): Promise<void> {
    await this.#read(async () => (this.tasks = await api.prompts.tasks()));
  }

  async refetchModels(): Promise<void> {
    await this.#read(async () => (this.models = await api.models.list()));
  }

  /** Reads candidates and ranking of the task that is open. */
  async refetchTask(task = this.task?.name): Promise<void> {
    if (task === undefined) return;
    await this.#read(async () => {
      const [{ candidates, winner }, ranking] = await Promise.all([api.prompts.candidates({ task }), api.prompts.ranking({ task })]);
      if (task !== this.task?.name) return;
      this.candidates = candidates;
      this.winner = winner;
      this.ranking = ranking;
      this.loadedTask = task;
    });
  }

  /** Reads the example that is to be shown; an answer that came late is not. */
  async readExample(wanted: {
    task: string;
    dataset: string;
    split: string;
    index: number;
    draw: Workshop['draw'];
    isStale: () => boolean;
  }): Promise<void> {
    const { isStale, ...input } = wanted;
    try {
      const shown = await api.prompts.example(input);
      if (isStale()) return;
      this.#example = { task: input.task, dataset: input.dataset, shown };
      this.exampleProblem = undefined;
    } catch (thrown) {
      if (!isStale()) this.exampleProblem = sentenceOf(thrown);
    }
  }

  change(part: Partial<PromptSpec>): void {
    if (!this.draft || !this.task) return;
    const changed = { ...this.draft, ...part };
    if (this.saved && canonicalJson(changed) === canonicalJson(this.saved)) drafts.drop(this.task.name, changed.name);
    else drafts.set(this.task.name, changed);
  }

  /** The split that worked examples come from: the one that is learnt from. */
  readonly shotSplit = $derived(
    ['train', ...Object.keys(this.dataset?.splits ?? {})].find((name) => (this.dataset?.splits[name] ?? 0) > 0) ?? 'train',
  );

  /** Puts the same worked examples before every question: those of before, else some that are drawn. */
  async fixShots(): Promise<void> {
    const { draft, saved } = this;
    if (draft?.shots.kind === 'fixed') return;
    const before = this.#lastFixed.length > 0 ? this.#lastFixed : saved?.shots.kind === 'fixed' ? saved.shots.rows : [];
    if (before.length > 0) this.setShots(before);
    else await this.drawShots(FIRST_SHOTS);
  }

  async drawShots({ k, seed }: { k: number; seed: number }): Promise<void> {
    const { task, dataset, shotSplit } = this;
    if (!task || !dataset) return;
    await attempt(async () => {
      const rows = await api.prompts.drawShots({ task: task.name, dataset: dataset.id, split: shotSplit, k, seed });
      if (this.task?.name === task.name) this.setShots(rows);
    });
  }

  /** Worked examples in this order; none at all is no worked examples. */
  setShots(rows: readonly ShotRow[]): void {
    if (rows.length > 0) this.#lastFixed = rows;
    this.change({ shots: rows.length > 0 ? { kind: 'fixed', rows: [...rows] } : { kind: 'none' } });
  }

  /** A new candidate that begins as the one that is open. */
  begin(short: string): void {
    const { task, draft } = this;
    if (!task || !draft) return;
    drafts.set(task.name, { ...draft, name: `${task.name}/${short}` });
    here.go('prompts', [task.name, short]);
  }

  discard(): void {
    const { task, draft } = this;
    if (!task || !draft) return;
    drafts.drop(task.name, draft.name);
    toasts.show({ text: 'The unsaved edits are gone.', kind: 'note', undo: () => drafts.set(task.name, draft) });
  }

  async save(): Promise<void> {
    const { task, draft, outcome, isChanged } = this;
    if (!task || !draft || !isChanged) return;
    if (outcome.problem && outcome.problem.field !== 'prompt' && !canCompile(draft)) {
      toasts.error(new AppError('bad-prompt', `It is not saved: ${outcome.problem.sentence}`));
      return;
    }
    await attempt(async () => {
      const { number } = await api.prompts.save({ task: task.name, spec: draft });
      await this.refetchTask(task.name);
      const now = drafts.of(task.name, draft.name);
      if (now && canonicalJson(now) === canonicalJson(draft)) drafts.drop(task.name, draft.name);
      toasts.note(`Saved as version ${number} of ${shortName(draft.name)}.`);
    });
  }

  /** Deletes the stored versions of the prompt that is open, once the undo is no longer offered. */
  remove(): void {
    const { candidate, task } = this;
    const id = candidate?.promptId;
    if (!task || !candidate || id === undefined) return;
    const draft = drafts.of(task.name, candidate.name);
    this.hidden = [...this.hidden, id];
    drafts.drop(task.name, candidate.name);
    const show = (): void => {
      this.hidden = this.hidden.filter((one) => one !== id);
    };
    toasts.deleted(
      candidate.source === 'own'
        ? `${shortName(candidate.name)} is deleted.`
        : `${shortName(candidate.name)} is back to the wording that ships with Tailor.`,
      async () => {
        await api.prompts.delete({ promptId: id });
        await this.refetchTask(task.name);
        show();
      },
      () => {
        show();
        here.go('prompts', [task.name, shortName(candidate.name)]);
        if (draft) drafts.set(task.name, draft);
      },
    );
  }

  chooseModel(id: string): void {
    this.#wantedModel = id;
    sessionStorage.setItem(MODEL_KEY, id);
  }

  chooseDataset(id: string): void {
    this.#wantedDataset = id;
    this.index = 0;
  }

  chooseSplit(split: string): void {
    this.#wantedSplit = split;
    this.index = 0;
  }

  async #read(read: () => Promise<unknown>): Promise<void> {
    try {
      await read();
      this.problem = undefined;
    } catch (thrown) {
      this.problem = sentenceOf(thrown);
    }
  }
}
