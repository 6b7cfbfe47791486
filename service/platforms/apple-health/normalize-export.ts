import { AppError } from '../../runtime/errors.ts'
import type { DailyMetricRecord, Records, RejectedRecord, SampleSpan } from '../records.ts'
import { gatherRejections, type HealthRecord, readNumber } from './health-record.ts'
import { parseMoment } from './moments.ts'
import { QUANTITIES } from './quantities.ts'
import { type ExportRecord, readExportRecord } from './schemas.ts'
import { toRecords } from './to-records.ts'
import { convert } from './units.ts'

/** About a thousand records of an export, sleep or others. Throws platform/unexpected_payload when there is no list. */
export function normalizeExportRecords(payload: unknown): Records {
  const refused: RejectedRecord[] = []
  const records: HealthRecord[] = []
  for (const [position, item] of listIn(payload, 'records').entries()) {
    const data = readExportRecord(item)
    if (typeof data === 'string') refused.push({ position, reason: `${data}: not as Apple writes it` })
    else if (data.problem !== undefined) refused.push({ position, reason: `${nameOf(data)}: ${data.problem}` })
    else if (data.element !== undefined) refused.push({ position, reason: `${nameOf(data)}: nothing is made of it` })
    else records.push(toHealthRecord(data, position))
  }
  return toRecords(records, { refused, nights: 'all' })
}

function nameOf({ element = 'element' }: ExportRecord): string {
  return /^[A-Za-z]{1,60}$/.test(element) ? element : 'element'
}

function toHealthRecord(record: ExportRecord, position: number): HealthRecord {
  const { type, value, unit, startDate, endDate, sourceName, metadata } = record
  const timeZone = metadata?.['HKTimeZone']
  return {
    position,
    type,
    value,
    unit,
    startDate,
    endDate,
    source: sourceName,
    sourceId: null,
    manual: metadata?.['HKWasUserEntered'] === '1',
    timeZone: typeof timeZone === 'string' ? timeZone : null,
  }
}

/** The rings: what Apple itself counts for a day, duplicates of devices taken out. */
export function normalizeActivitySummaries(payload: unknown): Records {
  const dailyMetrics: DailyMetricRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const [position, item] of listIn(payload, 'summaries').entries()) {
    const summary = typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>) : {}
    const localDay = summary['dateComponents']
    if (typeof localDay !== 'string' || parseMoment(`${localDay} 12:00:00 +0000`) === undefined)
      rejected.push({ position, reason: 'dateComponents: not a day' })
    else if (localDay >= '1970-01-01') dailyMetrics.push(...readSummary(summary, localDay))
  }
  return { dailyMetrics, rejected: gatherRejections(rejected) }
}

function readSummary(summary: Readonly<Record<string, unknown>>, localDay: string): DailyMetricRecord[] {
  const energy = readNumber(summary['activeEnergyBurned'])
  const unit = typeof summary['activeEnergyBurnedUnit'] === 'string' ? summary['activeEnergyBurnedUnit'] : 'kcal'
  const kcal = energy === undefined ? undefined : convert(energy, unit, { dimension: 'energy', base: 1 })
  const minutes = (value: unknown) => {
    const number = readNumber(value)
    return number === undefined ? undefined : number * 60
  }
  const values = [
    ['active_energy_kcal', kcal],
    ['exercise_time_s', minutes(summary['appleExerciseTime'])],
    ['move_time_s', minutes(summary['appleMoveTime'] ?? summary['appleMoveMinutes'])],
    ['stand_hours', readNumber(summary['appleStandHours'])],
  ] as const
  return values.flatMap(([kind, value]) => (value === undefined ? [] : [{ localDay, kind, value }]))
}

/**
 * What the export told in all: between its first and its last record of a kind there is nothing else, so what an earlier payload told there
 * and this one did not was deleted at the source.
 */
export function normalizeExportEnd(payload: unknown): Records {
  const sampleSpans = listIn(payload, 'told').flatMap((item): SampleSpan[] => {
    const told = typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>) : {}
    const quantity = QUANTITIES.get(String(told['type']))
    const [first, last] = [parseMoment(told['first']), parseMoment(told['last'])]
    if (quantity === undefined || first === undefined || last === undefined) return []
    const to = new Date(last.at.getTime() + 1)
    return [{ kinds: [quantity.kind], from: first.at, to, source: null, variant: null, lasting: true }]
  })
  return { sampleSpans, rejected: [] }
}

export function listIn(payload: unknown, key: string): readonly unknown[] {
  const list =
    typeof payload === 'object' && payload !== null ? (payload as Readonly<Record<string, unknown>>)[key] : undefined
  if (!Array.isArray(list)) throw new AppError('platform/unexpected_payload', { problem: `no list of ${key}` })
  return list
}
