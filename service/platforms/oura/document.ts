import type { Records, RejectedRecord } from '../records.ts'

/** Why a whole document is refused; the message names a field and a problem, never a value. */
export class Refused extends Error {}

export interface Moment {
  readonly at: Date
  /** Seconds east of UTC as Oura wrote it. */
  readonly offsetSeconds: number
}

export interface Series {
  readonly start: Moment
  readonly intervalS: number
  readonly items: readonly unknown[]
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
const LONGEST_SERIES = 100_000

/** Reads the fields of one document. A field of the wrong type or beyond reason is left out and noted; a needed one refuses it all. */
export class Document {
  readonly problems: string[] = []
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(fields: unknown) {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw new Refused('document: not an object')
    this.#fields = fields as Readonly<Record<string, unknown>>
  }

  #read<Value>(name: string, problem: string, read: (value: unknown) => Value | undefined): Value | undefined {
    const value = this.#fields[name] ?? undefined
    const found = value === undefined ? undefined : read(value)
    if (value !== undefined && found === undefined) this.problems.push(`${name}: ${problem}`)
    return found
  }

  number(name: string, { min, max }: { min: number; max: number }): number | undefined {
    return this.#read(name, 'not a number in range', (value) =>
      typeof value === 'number' && value >= min && value <= max ? value : undefined,
    )
  }

  text(name: string): string | undefined {
    return this.#read(name, 'not a text', (value) =>
      typeof value === 'string' && value.length <= 10_000 ? value.toWellFormed().replaceAll('\0', '\ufffd') : undefined,
    )
  }

  id(): string {
    const id = this.#read('id', 'not an id', (value) =>
      typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value) ? value : undefined,
    )
    return this.needed(id, 'id')
  }

  /** The person's day as Oura names it. */
  day(): string {
    return this.needed(this.#read('day', 'not a day', readDay), 'day')
  }

  moment(name: string): Moment {
    return this.needed(this.#read(name, 'not a time with an offset', readMoment), name)
  }

  /** Values at equal distances; undefined where there are none. */
  series(name: string): Series | undefined {
    return this.#read(name, 'not a series', (value) => {
      if (typeof value !== 'object' || value === null) return undefined
      const { interval, items, timestamp } = value as Readonly<Record<string, unknown>>
      const start = readMoment(timestamp)
      if (typeof interval !== 'number' || !(interval >= 1 && interval <= 86_400) || start === undefined)
        return undefined
      return Array.isArray(items) && items.length <= LONGEST_SERIES ? { start, intervalS: interval, items } : undefined
    })
  }

  inside(name: string): Document | undefined {
    return this.#read(name, 'not an object', (value) =>
      typeof value === 'object' && !Array.isArray(value) ? new Document(value) : undefined,
    )
  }

  needed<Value>(value: Value | undefined, name: string): Value {
    if (value === undefined)
      throw new Refused(this.problems.find((problem) => problem.startsWith(`${name}:`)) ?? `${name}: missing`)
    return value
  }
}

function readMoment(value: unknown): Moment | undefined {
  const match = typeof value === 'string' ? MOMENT.exec(value) : null
  if (match === null || typeof value !== 'string') return undefined
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return undefined
  const zone = match[2] ?? 'Z'
  const sign = zone.startsWith('-') ? -1 : 1
  const offsetSeconds = zone === 'Z' ? 0 : sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4)) * 60)
  return { at, offsetSeconds }
}

function readDay(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value) ? value : undefined
}

export type ReadDocument = (
  document: Document,
  metadata: Readonly<Record<string, unknown>>,
) => Omit<Records, 'rejected'>

/**
 * A normalizer for one document and for the page of a list; a document that cannot be read is refused alone. `kinds`: of which records
 * it is told whether or not there are any, so that an empty page says that there are none.
 */
export function normalizer(
  read: ReadDocument,
  kinds: readonly ('activities' | 'sleepSessions' | 'dailyMetrics')[] = [],
) {
  return (payload: unknown, metadata: Readonly<Record<string, unknown>>): Records => {
    const merged: Record<string, unknown[]> = Object.fromEntries(kinds.map((kind) => [kind, []]))
    const rejected: RejectedRecord[] = []
    for (const [position, fields] of documentsOf(payload).entries()) {
      try {
        const document = new Document(fields)
        for (const [list, records] of Object.entries(read(document, metadata))) (merged[list] ??= []).push(...records)
        if (document.problems.length > 0) rejected.push({ position, reason: document.problems.slice(0, 5).join('; ') })
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        rejected.push({ position, reason: error.message })
      }
    }
    return { ...merged, rejected }
  }
}

function documentsOf(payload: unknown): readonly unknown[] {
  if (Array.isArray(payload)) return payload
  if (typeof payload !== 'object' || payload === null || !('data' in payload)) return [payload]
  return Array.isArray(payload.data) ? payload.data : [payload.data]
}
