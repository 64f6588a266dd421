// The shape in which a file of commands is given to the program.
import { InvalidArgumentError, type Command } from 'commander';
import type { Terminal } from '../terminal.ts';

/** What a command does once parsed: its arguments, then its options. A number it returns is the exit code. */
export type Action = (terminal: Terminal, ...values: never[]) => Promise<number | undefined> | number | undefined;

/** Gives a command its action, the options that every command has, and a terminal that is closed whatever happens. */
export type Bind = (command: Command, action: Action) => Command;

/** Parses a finite number. */
export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** Parses a whole number from 0 on. */
export function toCount(text: string): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number from 0 on.');
  return value;
}

/** Parses "4-29" or "4" as a range of layers, both ends included. */
export function toLayers(text: string): { first: number; last: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('expected two layer numbers, such as 4-29.');
  return { first: Number(match[1]), last: Number(match[2] ?? match[1]) };
}

/** Parses "a,b,c". */
export function toList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Parses "0.2,0.5" as shares below 1. */
export function toShares(text: string): number[] {
  const shares = toList(text).map(toNumber);
  if (shares.some((share) => share < 0 || share >= 1))
    throw new InvalidArgumentError('expected shares from 0 to below 1, such as 0.2,0.5.');
  return shares;
}
