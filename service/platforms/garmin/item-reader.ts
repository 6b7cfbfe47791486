import type { Records, RejectedRecord } from '../records.ts'
import { findList } from './lists.ts'

const EARLIEST_S = 1 // zero is what a time is that nobody set
const LATEST_S = 4_102_444_800 // 2100
const LARGEST_OFFSET_S = 64_800
const LONGEST_TEXT = 1000

/** Why a whole item is refused; the message names a field and a problem, never a value. */
export class Refused extends Error {}

interface Range {
  readonly min?: number
  readonly max?: number
}

/** Reads the fields of one item. A field of the wrong type or beyond reason is left out and noted; a needed one refuses the item. */
export class ItemReader {
  readonly problems: string[] = []
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(item: unknown) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) throw new Refused('record: not an object')
    this.#fields = item as Readonly<Record<string, unknown>>
  }

  get isEmpty(): boolean {
    return Object.keys(this.#fields).length === 0
  }

  /** The first of these that is there: some fields have several spellings. */
  #find(names: readonly string[]): { name: string; value: unknown } {
    const name = names.find((candidate) => this.#fields[candidate] != null) ?? names[0] ?? ''
    return { name, value: this.#fields[name] ?? undefined }
  }

  #note(name: string, problem: string): undefined {
    this.problems.push(`${name}: ${problem}`)
    return undefined
  }

  number(names: string | readonly string[], { min = 0, max = 1e9 }: Range = {}): number | undefined {
    const { name, value } = this.#find(typeof names === 'string' ? [names] : names)
    if (value === undefined) return undefined
    if (typeof value === 'bigint') return this.#note(name, 'out of range')
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.#note(name, 'not a number')
    return value < min || value > max ? this.#note(name, 'out of range') : value
  }

  whole(names: string | readonly string[], range: Range = {}): number | undefined {
    const value = this.number(names, range)
    return value === undefined ? undefined : Math.round(value)
  }

  text(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined
    if (value === undefined) return undefined
    if (typeof value !== 'string') return this.#note(name, 'not a text')
    if (value.length > LONGEST_TEXT) return this.#note(name, 'too long')
    return value.toWellFormed().replaceAll('\0', '\ufffd')
  }

  /** Ids come as numbers and as texts; beyond 2^53 as bigint. */
  id(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value)
    if (value === undefined) return undefined
    return typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value) ? value : this.#note(name, 'not an id')
  }

  flag(name: string): boolean {
    return this.#fields[name] === true
  }

  /** Seconds since 1970, UTC. */
  startS(name = 'startTimeInSeconds'): number {
    const seconds = this.number(name, { min: EARLIEST_S, max: LATEST_S })
    if (seconds === undefined) throw new Refused(this.problems.pop() ?? `${name}: missing`)
    return seconds
  }

  /** What the device showed, not a time zone; null when it is not said. */
  offsetS(...names: readonly string[]): number | null {
    const offset = this.whole(names, { min: -86_400, max: 86_400 })
    if (offset === undefined) return null
    if (Math.abs(offset) <= LARGEST_OFFSET_S) return offset
    this.#note(names[0] ?? '', 'beyond 18 hours')
    return null
  }

  /** The person's day as the platform names it. */
  day(name = 'calendarDate'): string | undefined {
    const value = this.#fields[name] ?? undefined
    if (value === undefined) return undefined
    if (typeof value !== 'string' || !isDay(value)) return this.#note(name, 'not a day')
    return value
  }

  object(name: string): ItemReader | undefined {
    const value = this.#fields[name] ?? undefined
    if (value === undefined) return undefined
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#note(name, 'not an object')
    return new ItemReader(value)
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name] ?? undefined
    if (value === undefined) return []
    if (Array.isArray(value)) return value
    this.#note(name, 'not a list')
    return []
  }

  /** What can be read of a list of objects; one that cannot is left out and noted. */
  parts<Part>(name: string, read: (part: ItemReader) => Part): readonly Part[] {
    return this.list(name).flatMap((item) => {
      try {
        const reader = new ItemReader(item)
        const part = read(reader)
        this.#noteParts(name, reader.problems)
        return [part]
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        this.#noteParts(name, [error.message])
        return []
      }
    })
  }

  /** Of a thousand parts that are wrong in one way, once. */
  #noteParts(name: string, problems: readonly string[]): void {
    for (const problem of problems.map((each) => `${name}: ${each}`))
      if (!this.problems.includes(problem)) this.problems.push(problem)
  }

  /** `{"<seconds after the start>": value}` → in order of time; what is not a number is noted once. */
  offsets(name: string): readonly { readonly afterS: number; readonly value: number }[] {
    const map = this.#fields[name] ?? undefined
    if (map === undefined) return []
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      this.#note(name, 'not a map')
      return []
    }
    const points = Object.entries(map).map(([key, value]) => ({
      afterS: /^-?\d{1,7}$/.test(key) ? Number(key) : Number.NaN,
      value,
    }))
    const good = points.filter(
      (point): point is { afterS: number; value: number } =>
        typeof point.value === 'number' && Number.isFinite(point.value) && Number.isFinite(point.afterS),
    )
    if (good.length < points.length) this.#note(name, `${points.length - good.length} values unreadable`)
    return good.toSorted((a, b) => a.afterS - b.afterS)
  }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

export function dayAt(seconds: number, offsetS: number): string {
  return new Date((seconds + offsetS) * 1000).toISOString().slice(0, 10)
}

/** The day as it is named, else by the offset; with neither nobody knows it here. */
export function localDayAt(
  seconds: number,
  { offsetS, named }: { offsetS: number | null; named?: string | undefined },
): { localDay?: string } {
  if (named !== undefined) return { localDay: named }
  return offsetS === null ? {} : { localDay: dayAt(seconds, offsetS) }
}

export type ReadItem = (reader: ItemReader, metadata: Readonly<Record<string, unknown>>) => Omit<Records, 'rejected'>

/**
 * A normalizer for one item as pushed, for the list that a callback answers with, and for a whole delivery of one list. An item that
 * cannot be read is refused alone; of a field that cannot be read, the rest of its item is kept.
 */
export function normalizer(read: ReadItem) {
  return (payload: unknown, metadata: Readonly<Record<string, unknown>>): Records => {
    const parts: Omit<Records, 'rejected'>[] = []
    const rejected: RejectedRecord[] = []
    for (const [position, item] of itemsOf(payload).entries()) {
      try {
        const reader = new ItemReader(item)
        parts.push(read(reader, metadata))
        if (reader.problems.length > 0) rejected.push({ position, reason: reader.problems.slice(0, 5).join('; ') })
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        rejected.push({ position, reason: error.message })
      }
    }
    return { ...merge(parts), rejected }
  }
}

function itemsOf(payload: unknown): readonly unknown[] {
  if (Array.isArray(payload)) return payload
  if (typeof payload !== 'object' || payload === null) return [payload]
  // No field of an item has the name of a list; what stands beside the lists of a delivery is none.
  const lists = Object.entries(payload).filter(
    ([name, value]) => findList(name) !== undefined && typeof value === 'object' && value !== null,
  )
  return lists.length === 0 ? [payload] : lists.flatMap(([, value]) => value as unknown)
}

function merge(parts: readonly Omit<Records, 'rejected'>[]): Omit<Records, 'rejected'> {
  const merged: Record<string, unknown[]> = {}
  for (const part of parts)
    for (const [list, records] of Object.entries(part)) {
      const all = (merged[list] ??= [])
      for (const record of records) all.push(record)
    }
  return merged
}
