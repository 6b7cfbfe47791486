import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { MetricKind } from '../metric-kinds.ts'
import type { DailyMetricRecord, Records, RejectedRecord } from '../records.ts'
import { dayOfFetch } from './normalize-athlete.ts'

const Bounds = z.object({ zones: z.array(z.unknown()) })
const Zone = z.object({ min: z.number().positive().max(5000) })

/** Where each zone begins; the first begins at nothing. */
const HEART_RATE: readonly MetricKind[] = [
  'heart_rate_zone_2_from_bpm',
  'heart_rate_zone_3_from_bpm',
  'heart_rate_zone_4_from_bpm',
  'heart_rate_zone_5_from_bpm',
]
const POWER: readonly MetricKind[] = [
  'power_zone_2_from_w',
  'power_zone_3_from_w',
  'power_zone_4_from_w',
  'power_zone_5_from_w',
  'power_zone_6_from_w',
  'power_zone_7_from_w',
]
const LISTS = [
  { field: 'heart_rate', kinds: HEART_RATE },
  { field: 'power', kinds: POWER },
] as const

/**
 * The training zones that the profile has, as of the day on which they were fetched (`metadata.fetched_at`). A list of another length than
 * is known here would shift their numbers: it is rejected whole, at the position of its kind. Throws platform/unexpected_payload.
 */
export function normalizeAthleteZones(payload: unknown, metadata: Readonly<Record<string, unknown>>): Records {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw unexpected('not_an_object')
  const localDay = dayOfFetch(metadata)
  if (localDay === undefined) throw unexpected('no fetched_at')
  const dailyMetrics: DailyMetricRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const [position, { field, kinds }] of LISTS.entries()) {
    const list = (payload as Readonly<Record<string, unknown>>)[field]
    if (list == null) continue
    const values = readBounds(list, kinds.length)
    if (typeof values === 'string') rejected.push({ position, reason: `${field}: ${values}` })
    else for (const [index, kind] of kinds.entries()) dailyMetrics.push({ localDay, kind, value: values[index] ?? 0 })
  }
  return { dailyMetrics, rejected }
}

function readBounds(list: unknown, count: number): readonly number[] | string {
  const zones = Bounds.safeParse(list).data?.zones
  if (zones === undefined) return 'unreadable'
  if (zones.length !== count + 1) return 'another number of zones'
  const bounds = zones.slice(1).map((zone) => Zone.safeParse(zone).data?.min)
  const readable = bounds.filter((bound) => bound !== undefined)
  const rising = readable.every((bound, index) => index === 0 || bound >= (readable[index - 1] ?? 0))
  return readable.length === count && rising ? readable : 'unreadable zone'
}

function unexpected(problem: string): AppError {
  return new AppError('platform/unexpected_payload', { data_type: 'athlete_zones', problem })
}
