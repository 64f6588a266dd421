// How an AppError crosses a process border: wrapped for the RPC library on one side, the same AppError again on the other.
import { ORPCError } from '@orpc/client';
import { AppError, type ErrorCode } from './errors.ts';

const WIRE_CODE = 'APP_ERROR';
const BAD_REQUEST = 'BAD_REQUEST'; // what oRPC answers when a call's input fails its zod schema

interface WireData {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Wraps an AppError for the wire; anything else keeps only its message (and its stack in this process's log). */
export function toWireError(thrown: unknown): ORPCError<string, unknown> {
  if (thrown instanceof ORPCError) return thrown;
  if (thrown instanceof AppError) {
    const data: WireData = { code: thrown.code, data: thrown.data };
    return new ORPCError(WIRE_CODE, { status: 400, message: thrown.message, data, cause: thrown });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return new ORPCError('INTERNAL_SERVER_ERROR', { message, data: { stack }, cause: thrown });
}

/** The AppError that was wrapped; an error that is no AppError comes back as it is, with the far side's stack where known. */
export function fromWireError(thrown: unknown): unknown {
  if (!(thrown instanceof ORPCError)) return thrown;
  if (thrown.code === WIRE_CODE) {
    const { code, data } = thrown.data as WireData;
    return new AppError(code, thrown.message, data, { cause: thrown });
  }
  if (thrown.code === BAD_REQUEST)
    return new AppError('bad-input', `The call was refused: ${issuesOf(thrown.data)}`, undefined, { cause: thrown });
  const error = new Error(thrown.message, { cause: thrown });
  const stack = (thrown.data as { stack?: unknown } | undefined)?.stack;
  if (typeof stack === 'string') error.stack = stack;
  return error;
}

function issuesOf(data: unknown): string {
  const issues = (data as { issues?: readonly { path?: readonly PropertyKey[]; message: string }[] } | undefined)?.issues ?? [];
  return (
    issues.map((issue) => `${(issue.path ?? []).map(String).join('.') || 'input'}: ${issue.message}`).join('; ') ||
    'its input does not fit.'
  );
}
