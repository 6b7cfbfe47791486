import { AppError } from '../../runtime/errors.ts'
import type { ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { gatherRejections, type HealthRecord } from './health-record.ts'
import { parseMoment } from './moments.ts'
import { asObject, listOf } from './normalize-auto-export.ts'
import { toRecords } from './to-records.ts'
import type { Dimension } from './units.ts'
import { noteLeftOut, openWorkoutNumbers, type ReadWorkout } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

const SLEEP = 'HKCategoryTypeIdentifierSleepAnalysis'

/**
 * Requests of the Open Wearables SDK for iOS: one body, or a list of them. All its times are UTC, so the person's offset is unknown and
 * their time zone decides the day. Throws platform/unexpected_payload when there is no `data`.
 */
export function normalizeSdkSync(payload: unknown): Records {
  const bodies = Array.isArray(payload) ? payload : [payload]
  const records: HealthRecord[] = []
  const activities: ActivityRecord[] = []
  const rejected: RejectedRecord[] = []
  let position = 0
  for (const body of bodies) {
    const data = asObject(asObject(body)?.['data'])
    if (data === undefined) throw new AppError('platform/unexpected_payload', { problem: 'no data' })
    for (const item of listOf(data['records'])) records.push(toRecord(asObject(item) ?? {}, position++))
    for (const item of listOf(data['sleep'])) records.push(toSleep(asObject(item) ?? {}, position++))
    for (const item of listOf(data['workouts'])) {
      const workout = readWorkout(asObject(item) ?? {})
      if ('problem' in workout) rejected.push({ position, reason: workout.problem })
      else {
        activities.push(workout.activity)
        rejected.push(...noteLeftOut(position, workout.leftOut))
      }
      position += 1
    }
  }
  const measured = toRecords(records)
  return { ...measured, activities, rejected: gatherRejections([...measured.rejected, ...rejected]) }
}

function toRecord(item: Json, position: number): HealthRecord {
  const { type, value, unit, startDate, endDate } = item
  return {
    position,
    type: typeof type === 'string' ? type : '',
    value,
    unit: typeof unit === 'string' ? unit : undefined,
    startDate,
    endDate,
    source: sourceOf(item),
    sourceId: idOf(item),
    manual: item['wasUserEntered'] === true,
    timeZone: typeof item['timeZone'] === 'string' ? item['timeZone'] : null,
  }
}

function toSleep(item: Json, position: number): HealthRecord {
  return { ...toRecord(item, position), type: SLEEP, value: item['stage'] ?? item['value'] }
}

function readWorkout(item: Json): ReadWorkout | { readonly problem: string } {
  const timeZone = typeof item['timeZone'] === 'string' ? item['timeZone'] : null
  const [start, end] = [parseMoment(item['startDate'], timeZone), parseMoment(item['endDate'], timeZone)]
  const problem = findWorkoutProblem(start, end)
  const sourceId = idOf(item)
  if (problem !== undefined || start === undefined || end === undefined)
    return { problem: `workout: ${problem ?? 'no times'}` }
  if (sourceId === null) return { problem: 'workout: no id' }
  const values = new Map(
    listOf(item['values']).map((value) => [String(asObject(value)?.['type']), asObject(value) ?? {}] as const),
  )
  const numbers = openWorkoutNumbers()
  const of = (name: string, dimension: Dimension) =>
    numbers.amount(name, { value: values.get(name)?.['value'], unit: values.get(name)?.['unit'], dimension })
  const activity = toActivity({
    sourceId,
    sourceSport: typeof item['type'] === 'string' ? item['type'] : 'other',
    start,
    end,
    durationS: of('duration', 'time'),
    distanceM: of('distance', 'length'),
    energyKcal: of('activeEnergyBurned', 'energy'),
    elevationGainM: of('elevationAscended', 'length'),
    heartRateMeanBpm: of('averageHeartRate', 'rate'),
    heartRateMaxBpm: of('maxHeartRate', 'rate'),
    meanSpeedMPerS: of('averageSpeed', 'speed'),
    maxSpeedMPerS: of('maxSpeed', 'speed') ?? of('maximumSpeed', 'speed'),
    indoor: values.get('indoorWorkout')?.['value'] === true,
    deviceName: sourceOf(item) === '' ? null : sourceOf(item),
  })
  return { activity, leftOut: numbers.leftOut() }
}

function sourceOf(item: Json): string {
  const source = asObject(item['source'])
  const name = source?.['name'] ?? source?.['bundleIdentifier']
  return typeof name === 'string' ? name.slice(0, 1000) : ''
}

function idOf({ id }: Json): string | null {
  return typeof id === 'string' && id !== '' ? id.slice(0, 100).toLowerCase() : null
}
