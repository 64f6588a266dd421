// A cut as it is being planned: the choices of a person, and at once what they would leave.
import type { CutSubject, KeptScores } from '../../../main/api/prune.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LlamaConfig } from '../../../shared/llama-config.ts';
import { unpackUnits } from '../../../shared/prune/pack-units.ts';
import { planCut, type Plan } from '../../../shared/prune/plan.ts';
import { fullWidth, isCutKind, parseSetWidths, withSetWidth, writeSetWidths, type WidthKind } from '../../../shared/prune/set-widths.ts';
import { removedImportance, type RemovedImportance } from '../../../shared/prune/unit-order.ts';
import { randomUnitScores, type UnitScores } from '../../../shared/prune/unit-scores.ts';
import { REDUCTIONS, type ChooseSettings, type Criterion, type Reduction, type SetWidth, type Target } from '../../../shared/recipe.ts';
import { api } from '../../state/api.ts';
import { ByHand } from './by-hand.svelte.ts';
import { CRITERION_ORDER, KIND_NAMES, RANKING_NAMES, UNIT_NAMES } from './names.ts';

/** The tape ends here, in percent. */
export const TAPE_END = 75;
/** In how many steps a cut can be made. */
export const STEP_COUNTS = [1, 2, 4, 8];
/** The seed of chance, and of the run that cuts by it. */
export const SEED = 42;
/** Models from this many layers on start with their ends locked, as LLM-Pruner leaves layers 0-3 and 30-31 of 32 alone. */
const LAYERS_TO_LOCK_FROM = 16;

const KINDS: readonly WidthKind[] = ['kvGroups', 'ffn'];
/** Maps of this many criteria stay at hand, so that a page returned to shows its own at once; one of a 7B model takes 3 MB. */
const MAPS_KEPT = 6;

type Query = Readonly<Record<string, string>>;

/** Widths of a layer, as a map shows them; both 0 when it goes. */
export interface RowWidths {
  readonly kvHeads: number;
  readonly queryHeads: number;
  readonly ffn: number;
}

/** Stored scores never change, so that what was read of them is as good later. */
let kept: ReadonlyMap<string, UnitScores> = new Map();

export class CutDraft {
  readonly config: LlamaConfig;
  readonly dtypeBytes: number;
  readonly modelId: string;
  /** Locks and widths of single layers. */
  readonly hand: ByHand;

  criterion = $state<Criterion>('param_first');
  against = $state<Criterion | ''>('');
  ranking = $state<ChooseSettings['ranking']>('local');
  unit = $state<ChooseSettings['unit']>('block');
  reduction = $state<Reduction>('sum');
  kind = $state<Target['kind']>('parameters');
  /** Position on the tape, in percent. */
  percent = $state(20);
  uniform = $state(false);
  ffnMultiple = $state(1);
  /** How many times the model is scored and cut on the way to the target. */
  steps = $state(1);
  scoreSetId = $state('');
  runId = $state('');

  #scoreSets = $state.raw<readonly KeptScores[]>([]);
  #loaded = $state.raw<ReadonlyMap<string, UnitScores>>(kept);
  readonly #asked = new Set<string>(kept.keys());
  #chance: UnitScores | undefined;

  constructor(subject: CutSubject, query: Query) {
    this.config = subject.config;
    this.dtypeBytes = subject.dtypeBytes;
    this.modelId = subject.model.id;
    this.keepScores(subject.scoreSets);
    const count = this.config.layers.length;
    const oneOf = <T extends string>(name: string, values: readonly T[], otherwise: T): T =>
      values.find((v) => v === query[name]) ?? otherwise;
    const scored = CRITERION_ORDER.find((criterion) => subject.scoreSets[0]?.criteria.includes(criterion));
    this.criterion = oneOf('by', CRITERION_ORDER, scored ?? 'param_first');
    this.against = oneOf('against', ['', ...CRITERION_ORDER], '');
    this.ranking = oneOf('rank', Object.keys(RANKING_NAMES) as ChooseSettings['ranking'][], 'local');
    this.unit = oneOf('unit', Object.keys(UNIT_NAMES) as ChooseSettings['unit'][], 'block');
    this.reduction = oneOf('reduce', REDUCTIONS, 'sum');
    this.kind = oneOf('of', Object.keys(KIND_NAMES) as Target['kind'][], 'parameters');
    const at = Number(query['at'] ?? 20);
    this.percent = at >= 0 && at <= TAPE_END ? at : 20;
    const isLayer = (layer: number): boolean => Number.isInteger(layer) && layer >= 0 && layer < count;
    const locked = query['lock'] === undefined ? usualLocks(count) : query['lock'].split('.').filter(Boolean).map(Number).filter(isLayer);
    this.hand = new ByHand(locked, readWidths(this.config, query['set'] ?? ''));
    this.uniform = query['even'] === '1';
    this.ffnMultiple = [1, 32, 64, 256].find((multiple) => String(multiple) === query['step']) ?? 1;
    this.steps = STEP_COUNTS.find((steps) => String(steps) === query['in']) ?? 1;
    this.scoreSetId = query['scores'] ?? '';
    this.runId = query['run'] ?? '';
  }

  /** The choices as they stand in the address. */
  get query(): Record<string, string | undefined> {
    const usual = usualLocks(this.config.layers.length).join('.');
    const lock = this.hand.locked.join('.');
    return {
      model: this.modelId,
      by: this.criterion,
      against: this.against || undefined,
      rank: this.ranking === 'local' ? undefined : this.ranking,
      unit: this.unit === 'block' ? undefined : this.unit,
      reduce: this.reduction === 'sum' ? undefined : this.reduction,
      of: this.kind === 'parameters' ? undefined : this.kind,
      at: String(this.percent),
      lock: lock === usual ? undefined : lock || '.',
      set: writeSetWidths(this.hand.widths) || undefined,
      even: this.uniform ? '1' : undefined,
      step: this.ffnMultiple === 1 ? undefined : String(this.ffnMultiple),
      in: this.steps === 1 ? undefined : String(this.steps),
      scores: this.scoreSetId || undefined,
      run: this.runId || undefined,
    };
  }

  readonly settings = $derived.by((): ChooseSettings => {
    const widths = this.widthsInUse;
    return {
      target: this.#target(),
      unit: this.unit,
      protectedLayers: this.unit === 'hidden' ? [] : [...this.hand.locked],
      ...(widths.length > 0 ? { widths: [...widths] } : {}),
      reduction: this.reduction,
      ranking: this.ranking,
      ffnMultiple: this.ffnMultiple,
      uniform: this.uniform,
    };
  });

  /** Whether the width of a kind can be set in a single layer, as the other choices stand. */
  canSet(kind: WidthKind): boolean {
    return isCutKind(this, kind) && !this.uniform;
  }

  /** The set widths that the other choices leave room for. */
  get widthsInUse(): readonly SetWidth[] {
    return KINDS.filter((kind) => !this.canSet(kind)).reduce<readonly SetWidth[]>(
      (widths, kind) => widths.reduce<readonly SetWidth[]>((rest, { layer }) => withSetWidth(rest, layer, kind, undefined), widths),
      this.hand.widths,
    );
  }

  #target(): Target {
    const share = this.percent / 100;
    if (this.kind === 'ratio') return { kind: 'ratio', ratio: share };
    if (this.kind === 'parameters') return { kind: 'parameters', fraction: share };
    return { kind: 'bytes', bytes: Math.max(1, Math.round(this.full.sizeBytesBefore * (1 - share))) };
  }

  /** The model uncut, in figures. */
  get full(): Plan {
    return (this.#full ??= planCut(this.config, { ...NOTHING, protectedLayers: [] }, { dtypeBytes: this.dtypeBytes }));
  }
  #full: Plan | undefined;

  /** The score sets that hold a criterion, the newest first. */
  setsWith(criterion: Criterion): KeptScores[] {
    return this.#scoreSets.filter(({ criteria }) => criteria.includes(criterion));
  }
  readonly scoreSet = $derived.by(() => this.#setFor(this.criterion));
  readonly otherSet = $derived.by(() => (this.against === '' ? undefined : this.#setFor(this.against)));

  #setFor(criterion: Criterion): KeptScores | undefined {
    const sets = this.setsWith(criterion);
    return sets.find(({ id }) => id === this.scoreSetId) ?? sets[0];
  }

  /** Units by the chosen criterion; undefined until they are scored and read. */
  readonly units = $derived.by(() => this.#unitsBy(this.criterion, this.scoreSet));
  readonly otherUnits = $derived.by(() => (this.against === '' ? undefined : this.#unitsBy(this.against, this.otherSet)));

  #unitsBy(criterion: Criterion, set: KeptScores | undefined): UnitScores | undefined {
    if (criterion === 'random') return (this.#chance ??= randomUnitScores(this.config, SEED));
    return set && this.#loaded.get(keyOf(set.id, criterion, this.reduction));
  }

  /** Takes what is newly kept. */
  keepScores(sets: readonly KeptScores[]): void {
    if (JSON.stringify(sets) !== JSON.stringify(this.#scoreSets)) this.#scoreSets = sets;
  }

  /** Reads the units that the choices ask for, each once. Throws what the call throws. */
  async readUnits(): Promise<void> {
    const wanted = [
      [this.criterion, this.scoreSet],
      [this.against, this.otherSet],
    ] as const;
    const { reduction } = this;
    await Promise.all(
      wanted.map(async ([criterion, set]) => {
        if (criterion === '' || criterion === 'random' || set === undefined) return;
        const key = keyOf(set.id, criterion, reduction);
        if (this.#asked.has(key)) return;
        this.#asked.add(key);
        try {
          const units = unpackUnits(await api.prune.units({ modelId: this.modelId, scoreSetId: set.id, criterion, reduction }));
          this.#loaded = new Map([...this.#loaded, [key, units]]);
          kept = new Map([...kept, [key, units] as const].slice(-MAPS_KEPT));
        } catch (thrown) {
          this.#asked.delete(key);
          throw thrown;
        }
      }),
    );
  }

  /** What the choices leave, or why they cannot be met. */
  readonly outcome = $derived.by(() => this.#plan(this.units));
  readonly otherOutcome = $derived.by(() => (this.otherUnits ? this.#plan(this.otherUnits) : undefined));
  readonly rows = $derived.by(() => this.#rowsOf(this.outcome.plan));
  readonly otherRows = $derived.by(() => this.#rowsOf(this.otherOutcome?.plan));

  /** What the choices would leave with these in their place. */
  planWith(change: Partial<ChooseSettings>): { plan?: Plan; problem?: string } {
    return this.#plan(this.units, change);
  }

  #plan(units: UnitScores | undefined, change: Partial<ChooseSettings> = {}): { plan?: Plan; problem?: string } {
    try {
      const { widths, ...settings } = { ...this.settings, ...change };
      const set = widths && !settings.uniform ? { widths } : {};
      return { plan: planCut(this.config, { ...settings, ...set }, { dtypeBytes: this.dtypeBytes, ...(units && { units }) }) };
    } catch (thrown) {
      if (thrown instanceof AppError) return { problem: thrown.message };
      throw thrown;
    }
  }

  /** The widths of every layer of the model; the whole model where nothing can be planned. */
  #rowsOf(plan: Plan | undefined): RowWidths[] {
    if (plan === undefined) return [...this.config.layers];
    if (plan.removedLayers === 'unknown') return this.config.layers.map((layer, i) => (i < plan.widths.length ? layer : GONE));
    const byLayer = new Map(plan.widths.map((width) => [width.layer, width]));
    return this.config.layers.map((_, layer) => byLayer.get(layer) ?? GONE);
  }

  /** The share of importance that goes; undefined before it is known, and for chance, whose scores mean nothing. */
  readonly removed = $derived.by((): RemovedImportance | undefined => {
    const { units, outcome, unit, criterion, reduction } = this;
    if (units === undefined || outcome.plan === undefined || criterion === 'random') return undefined;
    if (unit === 'hidden' && reduction === 'prod') return undefined; // these scores are logarithms
    return removedImportance(units, this.rows, unit === 'hidden' ? outcome.plan.hiddenSize : undefined);
  });
}

const GONE: RowWidths = { kvHeads: 0, queryHeads: 0, ffn: 0 };
const NOTHING: Omit<ChooseSettings, 'protectedLayers'> = {
  target: { kind: 'ratio', ratio: 0 },
  unit: 'block',
  reduction: 'sum',
  ranking: 'local',
  ffnMultiple: 1,
  uniform: false,
};

/** The first eighth and the last sixteenth of a deep model's layers. */
function usualLocks(count: number): number[] {
  if (count < LAYERS_TO_LOCK_FROM) return [];
  const [first, last] = [Math.round(count / 8), Math.round(count / 16)];
  return Array.from({ length: count }, (_, layer) => layer).filter((layer) => layer < first || layer >= count - last);
}

/** Set widths of an address, as far as they are of this model; an address that is none sets nothing. */
function readWidths(config: LlamaConfig, text: string): SetWidth[] {
  try {
    return parseSetWidths(text).filter((own) => KINDS.every((kind) => (own[kind] ?? 1) <= fullWidth(config, own.layer, kind)));
  } catch (thrown) {
    if (thrown instanceof AppError) return [];
    throw thrown;
  }
}

function keyOf(setId: string, criterion: Criterion, reduction: Reduction): string {
  return `${setId}/${criterion}/${reduction}`;
}
