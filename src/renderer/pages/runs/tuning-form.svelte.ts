// The form of a tuning while it is filled in: what can be chosen, the draft, what does not fit yet, what it will take, and the start.
import { formatWhole } from '../../../shared/figures.ts';
import { faultsOf } from '../../../shared/tuning-request.ts';
import type { TuningChange } from '../../../shared/tuning-warnings.ts';
import { api, sentenceOf } from '../../state/api.ts';
import { here } from '../../state/place.svelte.ts';
import { toasts } from '../../state/toasts.svelte.ts';
import { draftOf, newDraft, requestOf, type Draft } from './draft.ts';

type Choices = Awaited<ReturnType<typeof api.runs.choices>>;
type Estimate = Awaited<ReturnType<typeof api.runs.estimate>>;

const KEEP = 'tailor.tuning-draft';
/** The estimate follows the form this long after the last change. */
const ESTIMATE_AFTER_MS = 350;
/** Their complaints wait for the first try to start: nobody has written there yet. */
const QUIET_AT_FIRST = ['modelId', 'datasetId', 'name', 'distill.teacherId'];

/** One form from its opening to its start; the page calls `begin` and `end`, and `changed` after every input. */
export class TuningForm {
  choices = $state.raw<Choices>();
  draft = $state<Draft>(newDraft());
  isTouched = $state(false);
  isStarting = $state(false);
  /** What main said against the start. */
  refusal = $state('');
  estimate = $state.raw<Estimate>();
  whyNoEstimate = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly faults = $derived(faultsOf(requestOf(this.draft)));
  readonly shown = $derived<Readonly<Record<string, string>>>(
    this.isTouched ? this.faults : Object.fromEntries(Object.entries(this.faults).filter(([path]) => !QUIET_AT_FIRST.includes(path))),
  );
  readonly checkpoints = $derived(this.choices?.models.filter((model) => model.form === 'checkpoint') ?? []);
  readonly dataset = $derived(this.choices?.datasets.find(({ id }) => id === this.draft.request.datasetId));
  readonly task = $derived(
    this.draft.request.task ? this.choices?.benchmarks.find(({ name }) => name === this.draft.request.task) : this.dataset?.task,
  );
  readonly splits = $derived(
    Object.entries(this.dataset?.splits ?? {}).map(([value, count]) => ({ value, label: `${value}, ${formatWhole(count)}` })),
  );
  readonly available = $derived(this.dataset?.splits[this.draft.request.split] ?? 0);

  /** Fills the form as the address says: with an earlier run's settings, else with what was written before. */
  async begin(): Promise<void> {
    const { from, model, dataset, batch, micro } = here.query;
    if (from !== undefined) {
      try {
        this.draft = draftOf(await api.runs.asked({ id: from }));
      } catch (thrown) {
        this.refusal = sentenceOf(thrown);
      }
    } else {
      const kept = sessionStorage.getItem(KEEP);
      if (kept !== null) this.draft = { ...newDraft(), ...(JSON.parse(kept) as Draft) };
    }
    const { request } = this.draft;
    if (model !== undefined) request.modelId = model;
    if (dataset !== undefined) request.datasetId = dataset;
    if (batch !== undefined) request.batch = Number(batch);
    if (micro !== undefined) request.microTokens = Number(micro);
    this.#complete();
    this.#later();
  }

  async refetch(): Promise<void> {
    this.choices = await api.runs.choices();
    this.#complete();
    this.#later();
  }

  changed(): void {
    this.#complete();
    sessionStorage.setItem(KEEP, JSON.stringify(this.draft));
    this.refusal = '';
    this.#later();
  }

  /** Makes a change that a button offers. */
  apply({ distill, ...change }: TuningChange): void {
    if (distill === null) this.draft.distils = false;
    Object.assign(this.draft.request, change);
    this.changed();
  }

  /** Queues the tuning and opens its run; false when something does not fit yet. */
  async start(): Promise<boolean> {
    this.isTouched = true;
    if (Object.keys(this.faults).length > 0) return false;
    this.isStarting = true;
    try {
      const { id, isNew } = await api.runs.tune(requestOf($state.snapshot(this.draft) as Draft));
      sessionStorage.removeItem(KEEP);
      if (!isNew) toasts.note('This very tuning was made before, so nothing was computed again.');
      here.go('runs', [id]);
    } catch (thrown) {
      this.refusal = sentenceOf(thrown);
    }
    this.isStarting = false;
    return true;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** Fills in what follows from the rest: the first model and dataset, a split that is there, no more examples than it has, a name. */
  #complete(): void {
    const { choices, draft, task } = this;
    if (!choices) return;
    const { request, validation } = draft;
    if (!this.checkpoints.some(({ id }) => id === request.modelId)) request.modelId = this.checkpoints[0]?.id ?? '';
    if (!this.dataset) request.datasetId = choices.datasets.find((one) => one.task ?? request.task)?.id ?? '';
    const found = choices.datasets.find(({ id }) => id === request.datasetId);
    const names = Object.keys(found?.splits ?? {});
    if (found && !names.includes(request.split)) request.split = names[0] ?? 'train';
    if (found && !names.includes(validation.split))
      validation.split = names.find((name) => name !== request.split) ?? names[0] ?? 'validation';
    // No more can be drawn than there are.
    const rows = found?.splits[request.split] ?? 0;
    if (rows > 0 && draft.shots !== null && draft.shots > rows) draft.shots = rows;
    if (task && request.prompt !== 'standard' && request.prompt !== 'winner' && !task.prompts.includes(request.prompt))
      request.prompt = 'standard';
    if (!draft.isNamed) {
      const model = choices.models.find(({ id }) => id === request.modelId);
      request.name = model && found ? `${model.name}-${task?.name ?? found.name}` : '';
    }
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reckon(), ESTIMATE_AFTER_MS);
  }

  async #reckon(): Promise<void> {
    const asked = this.#timer;
    if (Object.keys(this.faults).length > 0) {
      this.whyNoEstimate = 'What it takes is shown once the form is complete.';
      this.estimate = undefined;
      return;
    }
    try {
      const estimate = await api.runs.estimate(requestOf($state.snapshot(this.draft) as Draft));
      if (asked !== this.#timer) return; // the form has changed, and a newer answer is on its way
      this.estimate = estimate;
      this.whyNoEstimate = '';
    } catch (thrown) {
      if (asked !== this.#timer) return;
      this.estimate = undefined;
      this.whyNoEstimate = sentenceOf(thrown);
    }
  }
}
