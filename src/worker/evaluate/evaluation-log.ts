// What an evaluation has finished so far, on disk: outcomes by line, and which sets they are whole for, so that a run goes on where it stopped.
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { asAppError } from '../../shared/errors.ts';
import type { ChoiceOutcome, GenerationOutcome, SetSummary, TextOutcome } from '../../shared/results.ts';
import { writeReplacing } from '../weights/safetensors.ts';

const CHOICES_FILE = 'choices.jsonl';
const GENERATIONS_FILE = 'generations.jsonl';
const LOSSES_FILE = 'losses.jsonl';
const STATE_FILE = 'sets.json';

/** A set that is done. `tokens` were computed in `elapsedMs`, with memory peaking at `peakMemoryBytes`. */
export interface FinishedSet {
  readonly summary: SetSummary;
  readonly tokens: number;
  readonly elapsedMs: number;
  readonly peakMemoryBytes: number;
}

/** The finished sets, and the lengths of the outcome files that belong to them. */
interface State {
  readonly finished: readonly FinishedSet[];
  readonly choicesBytes: number;
  readonly generationsBytes: number;
  /** Not there where an earlier version finished the sets. */
  readonly lossesBytes?: number;
}

/** Lines are gathered to about this many characters before they are written. */
const BUFFERED_CHARACTERS = 1 << 16;

/** The log of one run folder. Lines of a set that was not finished are cut away when the folder is opened again. */
export class EvaluationLog implements Disposable {
  readonly #folder: string;
  readonly #choices: LineFile;
  readonly #generations: LineFile;
  readonly #losses: LineFile;
  #finished: readonly FinishedSet[];

  private constructor(folder: string, { finished, choicesBytes, generationsBytes, lossesBytes = 0 }: State) {
    this.#folder = folder;
    this.#finished = finished;
    this.#choices = new LineFile(join(folder, CHOICES_FILE), choicesBytes);
    this.#generations = new LineFile(join(folder, GENERATIONS_FILE), generationsBytes);
    this.#losses = new LineFile(join(folder, LOSSES_FILE), lossesBytes);
  }

  static open(folder: string): EvaluationLog {
    const path = join(folder, STATE_FILE);
    const none: State = { finished: [], choicesBytes: 0, generationsBytes: 0 };
    return new EvaluationLog(folder, existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : none);
  }

  get finished(): readonly FinishedSet[] {
    return this.#finished;
  }

  addChoice(outcome: ChoiceOutcome): void {
    this.#choices.add(outcome);
  }

  addGeneration(outcome: GenerationOutcome): void {
    this.#generations.add(outcome);
  }

  addText(outcome: TextOutcome): void {
    this.#losses.add(outcome);
  }

  /** The set whose outcomes were added last is whole. Throws AppError `disk-full`. */
  async finish(set: FinishedSet): Promise<void> {
    const state: State = {
      finished: [...this.#finished, set],
      choicesBytes: this.#choices.sync(),
      generationsBytes: this.#generations.sync(),
      lossesBytes: this.#losses.sync(),
    };
    await writeReplacing(join(this.#folder, STATE_FILE), async (file) => file.writeFile(JSON.stringify(state, null, 2)));
    this.#finished = state.finished;
  }

  [Symbol.dispose](): void {
    this.#choices.close();
    this.#generations.close();
    this.#losses.close();
  }
}

/** A file of JSON lines that is written behind the `bytes` it already holds. */
class LineFile {
  readonly #file: number;
  #bytes: number;
  #buffer = '';

  constructor(path: string, bytes: number) {
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+');
    ftruncateSync(this.#file, bytes);
    this.#bytes = bytes;
  }

  add(value: object): void {
    this.#buffer += `${JSON.stringify(value)}\n`;
    if (this.#buffer.length >= BUFFERED_CHARACTERS) this.#write();
  }

  /** Brings everything to the disk and returns how many bytes that are. */
  sync(): number {
    this.#write();
    fsyncSync(this.#file);
    return this.#bytes;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    const bytes = Buffer.from(this.#buffer);
    try {
      for (let from = 0; from < bytes.length;) from += writeSync(this.#file, bytes, from, bytes.length - from, this.#bytes + from);
    } catch (thrown) {
      throw asAppError(thrown);
    }
    this.#bytes += bytes.length;
    this.#buffer = '';
  }
}
