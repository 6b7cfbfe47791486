import { parseMoment } from './moments.ts'
import { SLEEP_GAP_MS } from './sleep.ts'

interface Waiting {
  readonly record: Readonly<Record<string, unknown>>
  readonly source: string
  readonly startMs: number
  readonly endMs: number
}

/** Some months of nights with stages: what is held in memory at most, and a night is not cut as long as its records stand this near. */
const MOST_WAITING = 20_000
const CHUNK = 1_000

/** Collects the sleep records of an export and gives them back by source and time, so that no night is split between two payloads. */
export class SleepWindow {
  #waiting: Waiting[] = []

  /** Answers payloads that are complete. */
  add(record: Readonly<Record<string, unknown>>): Record<string, unknown>[][] {
    const start = parseMoment(record['startDate'])?.at.getTime() ?? Number.NaN
    const end = parseMoment(record['endDate'])?.at.getTime() ?? start
    this.#waiting.push({ record, source: textOf(record['sourceName']), startMs: start, endMs: end })
    return this.#waiting.length < MOST_WAITING ? [] : this.#take(MOST_WAITING / 2)
  }

  /** What is left at the end of the file. */
  finish(): Record<string, unknown>[][] {
    return this.#take(Number.POSITIVE_INFINITY)
  }

  /** Takes whole nights, the oldest of each source first, until `most` records are out; unreadable times are first of all. */
  #take(most: number): Record<string, unknown>[][] {
    const nights = toNights(this.#waiting)
    const chunks: Record<string, unknown>[][] = []
    let chunk: Record<string, unknown>[] = []
    let taken = 0
    while (taken < most) {
      const night = nights.shift()
      if (night === undefined) break
      if (chunk.length > 0 && chunk.length + night.length > CHUNK) {
        chunks.push(chunk)
        chunk = []
      }
      chunk.push(...night.map(({ record }) => ({ ...record })))
      taken += night.length
    }
    if (chunk.length > 0) chunks.push(chunk)
    this.#waiting = nights.flat()
    return chunks
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function toNights(waiting: readonly Waiting[]): Waiting[][] {
  const nights: Waiting[][] = []
  const last = new Map<string, { night: Waiting[]; endMs: number }>()
  for (const item of waiting.toSorted((a, b) => (a.startMs || 0) - (b.startMs || 0))) {
    const current = last.get(item.source)
    if (current !== undefined && item.startMs - current.endMs <= SLEEP_GAP_MS) {
      current.night.push(item)
      current.endMs = Math.max(current.endMs, item.endMs)
    } else {
      const night = [item]
      nights.push(night)
      last.set(item.source, { night, endMs: item.endMs })
    }
  }
  return nights
}
