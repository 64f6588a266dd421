// Settings of studies: read from files, the demo's, and described for people.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { placeStudy, studySettings, type StudySettings, type StudySettingsInput } from '../../shared/study/settings.ts';

/** A settings file; paths in it are relative to its folder, and overrides come first. Throws AppError `not-found` or `bad-recipe`. */
export function readStudySettings(file: string, overrides: Partial<StudySettingsInput> = {}): StudySettings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new AppError('not-found', `${file} cannot be read as settings of a study (${(thrown as Error).message}).`);
  }
  const here = dirname(resolve(file));
  const place = (path: string): string => (isAbsolute(path) || !/[/\\]|^\.\.?$/.test(path) ? path : resolve(here, path));
  return placeStudy(parseStudySettings({ ...(value as StudySettingsInput), ...overrides }, file), place);
}

/** The study that comes with Tailor: its model, its tasks, 20 % and 50 %. */
export function demoStudySettings(resourcesFolder: string, overrides: Partial<StudySettingsInput> = {}): StudySettings {
  return readStudySettings(join(resourcesFolder, 'demo', 'study.json'), overrides);
}

/** Throws AppError `bad-recipe` naming what does not fit; `where` is where it was said. */
export function parseStudySettings(value: StudySettingsInput, where: string): StudySettings {
  const parsed = studySettings.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new AppError('bad-recipe', `${where}: ${issue.path.map(String).join('.') || 'settings'}: ${issue.message}`);
}

/** What a report says about how a study was measured, as label and value. */
export function describeStudySettings(settings: StudySettings): (readonly [string, string])[] {
  const { prune, calibration } = settings;
  return [
    ['Base model', settings.model],
    ['Importance', `${prune.criterion}, ${prune.choose.ranking}, ${calibration.samples} windows of ${calibration.length} tokens`],
    ['Shots', `${settings.shots} per task, ${settings.draws} draws`],
    ['Seed', String(settings.seed)],
    ['Settings', JSON.stringify(settings)],
  ];
}

/** A study's name as that of a file, without its extension. */
export function fileNameOf({ name }: { readonly name: string }): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '') || 'study';
}
