// Recipes: opened from a file that came in, run, and written.
import { z } from 'zod';
import { forgetRecipe, openRecipe, startRecipe, writeRecipe } from '../recipes.ts';
import { call } from './call.ts';

const file = call.input(z.object({ file: z.string() }));

export const recipes = {
  /** What a recipe's file asks for, or says of a model. */
  open: file.handler(({ context, input }) => openRecipe(context.app, context.files.pathOf(input.file))),

  /** Runs the study of a recipe in the background; returns its id. */
  start: file.handler(({ context, input }) => startRecipe(context.app, context.files.pathOf(input.file))),

  /** The question about a recipe was answered: the copy that a browser sent goes. */
  forget: file.handler(({ context, input }) => forgetRecipe(context.app, context.files.pathOf(input.file))),

  /** A study's recipe as a file's text. */
  write: call.input(z.object({ studyId: z.string() })).handler(({ context, input }) => writeRecipe(context.app, input.studyId)),
};
