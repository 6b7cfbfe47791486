import type { Normalize } from '../platforms/contract.ts'
import type { Records } from '../platforms/records.ts'
import { AppError } from '../runtime/errors.ts'
import { parseJson } from '../runtime/json.ts'
import { checkRecords } from './check-records.ts'

export interface Payload {
  /** JSON text. */
  readonly text: string
  /** What `ingestion` stored beside it. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** What a payload becomes. One that cannot be read at all is rejected as a whole: kept, marked, and not tried again until a replay. */
export function readPayload(normalize: Normalize | undefined, { text, metadata }: Payload, now: Date): Records {
  try {
    return readParsed(normalize, { payload: parseJson(text), metadata }, now)
  } catch (error) {
    return rejectWhole(error)
  }
}

/** The same of JSON that was read already. */
export function readParsed(
  normalize: Normalize | undefined,
  { payload, metadata }: { readonly payload: unknown } & Pick<Payload, 'metadata'>,
  now: Date,
): Records {
  if (normalize === undefined) return { rejected: [{ position: 0, reason: 'no normalizer for this kind of payload' }] }
  try {
    return checkRecords(normalize(payload, metadata), now)
  } catch (error) {
    return rejectWhole(error)
  }
}

/** Throws what may go better another time. */
export function rejectWhole(error: unknown): Records {
  if (error instanceof SyntaxError) return { rejected: [{ position: 0, reason: 'not JSON' }] }
  if (error instanceof AppError && !error.spec.retry)
    return { rejected: [{ position: 0, reason: [error.code, error.facts['problem']].filter(Boolean).join(': ') }] }
  throw error
}
