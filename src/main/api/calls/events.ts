// The one stream that every page listens to: what changed, and how far work has come.
import { eventIterator } from '@orpc/server';
import { z } from 'zod';
import type { AppEvent } from '../../events.ts';
import { call } from './call.ts';

/** A page that reads slower than this many events behind is told to read everything anew. */
const MAX_WAITING = 1000;
/** Frames of progress of one run are passed on at most this often. */
const PROGRESS_EVERY_MS = 100;

export const events = {
  /** Everything that happens from now on, in order. Ends when the page goes. */
  watch: call.output(eventIterator(z.custom<AppEvent>())).handler(async function* ({ context, signal }) {
    const waiting: AppEvent[] = [];
    const toldAt = new Map<string, number>();
    let wake = (): void => undefined;
    const hush = context.app.events.listen((event) => {
      if (event.kind === 'progress') {
        const now = Date.now();
        if (now - (toldAt.get(event.id) ?? 0) < PROGRESS_EVERY_MS) return;
        toldAt.set(event.id, now);
      }
      if (waiting.length < MAX_WAITING) waiting.push(event);
      wake();
    });
    signal?.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal?.aborted) {
        if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        for (const event of waiting.splice(0)) yield event;
      }
    } finally {
      hush();
    }
  }),
};
