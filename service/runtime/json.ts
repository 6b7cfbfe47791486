import { isDeeperThan } from './json-depth.ts'

/**
 * JSON.parse rounds integers beyond 2^53 (a Strava segment effort has such an id); here they become bigint.
 * Everything else is as JSON.parse gives it. Throws SyntaxError, also where the nest is too deep to be written again.
 */
export function parseJson(text: string): unknown {
  // JSON.parse reads a nest of any depth; a reviver, and whoever writes it again, goes into each level by a call and runs out of stack.
  if (isDeeperThan(text, MOST_LEVELS)) throw new SyntaxError('nested too deeply')
  // A reviver makes parsing up to eighteen times as slow: recordings are ten thousands of numbers.
  return LONG_INTEGER.test(text) ? JSON.parse(text, keepIntegers) : JSON.parse(text)
}

/** A reviver's calls take a few hundred bytes a level; no platform nests a tenth of it. */
const MOST_LEVELS = 2_000
/** No integer beyond 2^53 has fewer than sixteen digits; a measured value often has as many behind its point. */
const LONG_INTEGER = /(?:^|[^\d.])\d{16}/

// Node 24 hands a reviver the source text (ECMAScript proposal "JSON.parse source text access"), not yet in the library types.
type Reviver = (key: string, value: unknown) => unknown
const keepIntegers = ((_key: string, value: unknown, context?: { source?: string }): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}) as Reviver
