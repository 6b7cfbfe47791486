/**
 * JSON.parse rounds integers beyond 2^53 (a Strava segment effort has such an id); here they become bigint.
 * Everything else is as JSON.parse gives it. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  try {
    // A reviver makes parsing six times as slow; no integer beyond 2^53 has fewer than sixteen digits. Without one a nest of any depth is
    // read, and whoever writes it again runs out of stack: so only what is too short for that.
    return text.length > SHORT || SIXTEEN_DIGITS.test(text) ? JSON.parse(text, keepIntegers) : JSON.parse(text)
  } catch (cause) {
    // Ten thousand brackets fit into any payload, and the reviver goes into each by a call.
    if (cause instanceof RangeError) throw new SyntaxError('nested too deeply', { cause })
    throw cause
  }
}

/** Most webhooks are shorter. */
const SHORT = 4096
const SIXTEEN_DIGITS = /\d{16}/

// Node 24 hands a reviver the source text (ECMAScript proposal "JSON.parse source text access"), not yet in the library types.
type Reviver = (key: string, value: unknown) => unknown
const keepIntegers = ((_key: string, value: unknown, context?: { source?: string }): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}) as Reviver
