import type { SleepRecord } from '../records.ts'
import { sourceOf } from './auto-export-metric.ts'
import { readNumber } from './health-record.ts'
import { localDayOf, parseMoment } from './moments.ts'
import { readStage, type SleepSegment } from './sleep.ts'
import { convert } from './units.ts'

/** Longer is no night, and too long for a number of seconds. */
const LONGEST_S = 48 * 3600

type Json = Readonly<Record<string, unknown>>

/** One stage: `{ startDate, endDate, value: "Core", source }`. */
export function readSleepSegment(point: Json): SleepSegment | { readonly problem: string } {
  const [start, end] = [parseMoment(point['startDate']), parseMoment(point['endDate'])]
  if (start === undefined) return { problem: 'startDate: not a time with an offset from UTC' }
  if (end === undefined) return { problem: 'endDate: not a time with an offset from UTC' }
  const stage = readStage(point['value'])
  if (stage === undefined) return { problem: 'value: not a stage of sleep' }
  return { stage, start, end, source: sourceOf(point) }
}

/**
 * A night summed up, in hours unless `units` says otherwise. `asleep` is sleep without a stage, and the whole sleep where there are no stages (before version 6.6.2,
 * which also named two sources). In bed 0 is how the app says that no one measured it.
 */
export function readAggregatedSleep(point: Json, units: string): SleepRecord | { readonly problem: string } {
  const [start, end] = [parseMoment(point['sleepStart']), parseMoment(point['sleepEnd'])]
  if (start === undefined) return { problem: 'sleepStart: not a time with an offset from UTC' }
  if (end === undefined) return { problem: 'sleepEnd: not a time with an offset from UTC' }
  const seconds = (key: string) => {
    const told = readNumber(point[key])
    const value =
      told === undefined ? undefined : convert(told, units === '' ? 'hr' : units, { dimension: 'time', base: 1 })
    return value === undefined || !(value >= 0 && value <= LONGEST_S) ? null : Math.round(value)
  }
  const { sleepSource } = point
  const source = typeof sleepSource === 'string' ? sleepSource : sourceOf(point)
  const [asleep, light, deep, rem] = [seconds('asleep'), seconds('core'), seconds('deep'), seconds('rem')]
  const parts = [asleep, light, deep, rem].filter((part) => part !== null)
  const sum = parts.length === 0 ? null : parts.reduce((total, part) => total + part, 0)
  return {
    sourceId: `${source}|${start.at.toISOString()}`,
    source,
    startedAt: start.at,
    endedAt: end.at,
    endOffsetSeconds: end.offsetSeconds,
    timeZone: null,
    localDay: localDayOf(end),
    nap: false,
    asleepS: seconds('totalSleep') ?? sum,
    inBedS: seconds('inBed') || null,
    awakeS: seconds('awake'),
    lightS: light,
    deepS: deep,
    remS: rem,
    score: null,
    finality: 0,
    stages: [],
  }
}
