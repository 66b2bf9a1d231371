import { KavalekError, type ClientError } from '../client';
import type { Texts } from './en';
import type { Formats } from './formats';

/** What happened, whether anything changed, and what to do: for a person, in their language. */
export function explain(error: unknown, t: Texts, formats: Formats): string {
  const known: ClientError | null = error instanceof KavalekError || isClientError(error) ? error : null;
  if (!known) return t.errors.byCode['internal']!;
  const parts = [Object.hasOwn(t.errors.byCode, known.code) ? t.errors.byCode[known.code]! : known.message];
  // What says so itself need not say it twice.
  if (!known.nothingChanged && known.code !== 'interrupted') parts.push(t.errors.uncertain);
  if (known.retryAfter !== undefined && known.retryAfter > 0) parts.push(t.errors.waitFor(formats.duration(Math.ceil(known.retryAfter))));
  return parts.join(' ');
}

function isClientError(error: unknown): error is ClientError {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && 'nothingChanged' in error;
}
