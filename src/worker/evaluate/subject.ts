// What is evaluated: a model with its tokenizer, and an adapter on top where there is one.
import type { Adapter, LlamaModel } from '../llama/model.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

export interface Subject {
  readonly model: LlamaModel;
  readonly tokenizer: Tokenizer;
  readonly adapter?: Adapter;
}
