import type { ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { gatherRejections, type HealthRecord } from './health-record.ts'
import { inZone, parseMoment } from './moments.ts'
import { asObject } from './normalize-auto-export.ts'
import { listIn } from './normalize-export.ts'
import { UploadedSample } from './schemas.ts'
import { toRecords } from './to-records.ts'

const WORKOUT = 'HKWorkoutTypeIdentifier'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * `{ samples, deleted }` as the action `uploadHealthSamples` takes them: HealthKit's own words and uuids. A uuid that comes again replaces
 * what it was; one in `deleted` is gone for good. Throws platform/unexpected_payload when there is no list of samples.
 */
export function normalizeSamples(payload: unknown): Records {
  const records: HealthRecord[] = []
  const activities: ActivityRecord[] = []
  const rejected: RejectedRecord[] = []
  const samples = listIn(Array.isArray(payload) ? { samples: payload } : payload, 'samples')
  for (const [position, item] of samples.entries()) {
    const { data, unreadable } = readSample(item)
    const kept = data !== undefined && { items: 0 }
    for (const field of unreadable) rejected.push({ position, reason: `${field}: missing or not readable`, ...kept })
    if (data === undefined) continue
    if (data.type !== WORKOUT) records.push(toRecord(data, position))
    else {
      const workout = readWorkout(data)
      if ('problem' in workout) rejected.push({ position, reason: workout.problem })
      else activities.push(workout)
    }
  }
  const deleted = readDeleted(payload, samples.length)
  const measured = toRecords(records)
  return {
    ...measured,
    activities,
    deletedSamples: deleted.uuids,
    deletedSleepSessions: deleted.uuids,
    // A uuid does not say what it was of.
    deletedActivities: deleted.uuids,
    rejected: [...measured.rejected, ...gatherRejections([...rejected, ...deleted.rejected])],
  }
}

/** What is unreadable and not needed is left out, and named. */
function readSample(item: unknown): { data: UploadedSample | undefined; unreadable: readonly string[] } {
  const first = UploadedSample.safeParse(item)
  if (first.success) return { data: first.data, unreadable: [] }
  const unreadable = [...new Set(first.error.issues.map(({ path }) => path[0]?.toString() ?? 'sample'))]
  const rest = Object.fromEntries(Object.entries(asObject(item) ?? {}).filter(([name]) => !unreadable.includes(name)))
  const second = UploadedSample.safeParse(rest)
  return second.success ? { data: second.data, unreadable } : { data: undefined, unreadable: unreadable.slice(0, 1) }
}

function toRecord(sample: UploadedSample, position: number): HealthRecord {
  const { type, unit, startDate, endDate } = sample
  return {
    position,
    type,
    value: sample.value ?? sample.categoryValue ?? undefined,
    unit: unit ?? undefined,
    startDate,
    endDate: endDate ?? startDate,
    source: sample.sourceName ?? '',
    sourceId: sample.uuid.toLowerCase(),
    manual: sample.wasUserEntered === true,
    timeZone: sample.timeZone ?? null,
  }
}

function readWorkout(sample: UploadedSample): ActivityRecord | { readonly problem: string } {
  const timeZone = sample.timeZone ?? null
  const [start, end] = [sample.startDate, sample.endDate].map((text) => parseMoment(text, timeZone))
  const problem = findWorkoutProblem(start, end)
  if (problem !== undefined || start === undefined || end === undefined)
    return { problem: `workout: ${problem ?? 'no times'}` }
  return toActivity({
    sourceId: sample.uuid.toLowerCase(),
    sourceSport: sample.activityType ?? 'HKWorkoutActivityTypeOther',
    start: inZone(start, timeZone),
    end: inZone(end, timeZone),
    timeZone,
    durationS: sample.durationSeconds ?? undefined,
    distanceM: sample.distanceMeters ?? undefined,
    energyKcal: sample.energyKilocalories ?? undefined,
    indoor: sample.indoor === true,
    manual: sample.wasUserEntered === true,
    deviceName: sample.sourceName ?? null,
  })
}

function readDeleted(payload: unknown, offset: number): { uuids: string[]; rejected: RejectedRecord[] } {
  const deleted = asObject(payload)?.['deleted']
  const uuids: string[] = []
  const rejected: RejectedRecord[] = []
  for (const [index, item] of (Array.isArray(deleted) ? deleted : []).entries()) {
    if (typeof item === 'string' && UUID.test(item)) uuids.push(item.toLowerCase())
    else rejected.push({ position: offset + index, reason: 'deleted: not a UUID' })
  }
  return { uuids: [...new Set(uuids)], rejected }
}
