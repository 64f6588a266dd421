// What a worker prints: line by line to the log, and of its last words those that tell why it went.

/** Enough of what a dying worker printed to see why. */
const KEPT_CHARS = 2000;
/** Notes that a healthy worker prints as well would only mislead whoever reads why a run stopped. */
const TELLING = /\b(fatal|abort(ed)?|error|exception|heap|memory|allocat\w+|assert\w*|terminat\w+|segmentation|illegal|oom|crash\w*)\b/i;

/** Where the text of a worker goes as it comes. */
export interface WorkerOutput {
  take(text: string): void;
  /** How the worker ended, with its telling last words. */
  explain(how: string): string;
}

/** Begins with nothing printed; `log` gets each line that is not blank. */
export function keepOutput(log: (line: string) => void): WorkerOutput {
  let printed = '';
  return {
    take(text) {
      printed = (printed + text).slice(-KEPT_CHARS);
      for (const line of text.split('\n')) if (line.trim() !== '') log(`worker: ${line}`);
    },
    explain(how) {
      const telling = printed.split('\n').filter((line) => TELLING.test(line));
      return telling.length === 0 ? how : `${how}; it last printed: ${telling.join(' ').trim()}`;
    },
  };
}
