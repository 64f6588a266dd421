// Imported before anything else: schemas are read step by step, never compiled, since the content policy refuses to make code of text.
import { config } from 'zod';

config({ jitless: true });
