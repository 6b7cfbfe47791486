import { scientificText } from './schema/scientific.ts'

/** Only a text with such a number, long or far out, can hold one that JavaScript would round. */
const SUSPICIOUS = /[\d.]{16,}|\de[+-]?\d{3}/i

/** A number that JavaScript cannot hold, as it was written. `JSON.stringify` writes it out again. */
export interface LongNumber {
  readonly rawJSON: string
}

declare global {
  // Newer than the compiler's library.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
    rawJSON(text: string): LongNumber
    isRawJSON(value: unknown): value is LongNumber
  }
}

/** As `JSON.parse`, but a number that would lose digits is a LongNumber. Throws SyntaxError. */
export function parseLossless(text: string): unknown {
  return SUSPICIOUS.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

export function isLongNumber(value: unknown): value is LongNumber {
  return JSON.isRawJSON(value)
}

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context
  if (typeof value !== 'number' || source === undefined) return value
  const isExact = Number.isFinite(value) && scientificText(String(value)) === scientificText(source)
  return isExact ? value : JSON.rawJSON(source)
}
