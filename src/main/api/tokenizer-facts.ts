// What the files beside a checkpoint say of its tokenizer, for warnings before anything is tuned: its end token and its chat template.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is known without opening the tokenizer. */
export interface TokenizerFacts {
  /** How the end token is spelled; undefined where no file says. */
  readonly eos: string | undefined;
  /** Whether any file names an end token, by its spelling or its id. */
  readonly hasEos: boolean;
  /** Made for dialogues: it carries a template that Tailor does not apply. */
  readonly hasChatTemplate: boolean;
}

/** Reads them from a checkpoint's folder; a file that is not there or not JSON says nothing. */
export function readTokenizerFacts(folder: string): TokenizerFacts {
  const settings = readObject(join(folder, 'tokenizer_config.json'));
  const named = settings['eos_token'];
  const eos = typeof named === 'object' && named !== null ? (named as { content?: unknown }).content : named;
  const ids = ['generation_config.json', 'config.json'].map((name) => readObject(join(folder, name))['eos_token_id']);
  return {
    eos: typeof eos === 'string' ? eos : undefined,
    hasEos: typeof eos === 'string' || ids.some((id) => typeof id === 'number' || (Array.isArray(id) && id.length > 0)),
    hasChatTemplate:
      settings['chat_template'] !== undefined ||
      ['chat_template.jinja', 'chat_template.json'].some((name) => existsSync(join(folder, name))),
  };
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
