import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { ActivityZoneRecord, Records, RejectedRecord } from '../records.ts'

/** `pace` is in metres per second, whatever its name. */
const KINDS = {
  heartrate: { kind: 'heart_rate_bpm', unit: '/min' },
  pace: { kind: 'speed_m_per_s', unit: 'm/s' },
  power: { kind: 'power_w', unit: 'W' },
} as const

const bound = z.number().nullish()
const Zones = z.object({ type: z.string(), distribution_buckets: z.array(z.unknown()) })
const Bucket = z.object({ min: bound, max: bound, time: z.number().nonnegative() })

/**
 * The list of `GET /activities/{id}/zones`; `metadata.source_id` is the activity's id, which the payload lacks. Positions count the
 * zones through all kinds; a kind that cannot be read, or that is not known here, takes one. Throws platform/unexpected_payload when it
 * is not a list, or without an id.
 */
export function normalizeActivityZones(payload: unknown, metadata: Readonly<Record<string, unknown>>): Records {
  const sourceId = metadata['source_id']
  if (typeof sourceId !== 'string') throw unexpected('no source_id')
  if (!Array.isArray(payload)) throw unexpected('not_a_list')
  const activityZones: ActivityZoneRecord[] = []
  const rejected: RejectedRecord[] = []
  const seen = new Set<string>()
  let position = 0
  for (const item of payload) {
    const { data } = Zones.safeParse(item)
    const known = Object.hasOwn(KINDS, data?.type ?? '') ? KINDS[data?.type as keyof typeof KINDS] : undefined
    const problem = data === undefined ? 'zones: unreadable' : known === undefined ? 'type: unknown' : undefined
    const twice = known !== undefined && seen.has(known.kind) ? 'type: twice' : undefined
    if (data === undefined || known === undefined || twice !== undefined) {
      rejected.push({ position, reason: problem ?? twice ?? 'unreadable' })
      position += 1
      continue
    }
    seen.add(known.kind)
    for (const [index, bucket] of data.distribution_buckets.entries()) {
      const zone = readZone(bucket)
      if (typeof zone === 'string') rejected.push({ position, reason: zone })
      else activityZones.push({ sourceId, ...known, zoneNumber: index + 1, ...zone })
      position += 1
    }
  }
  return { activityZones, rejected }
}

type Zone = Pick<ActivityZoneRecord, 'lowerBound' | 'upperBound' | 'timeS'>

/** A bound of -1 is none. */
function readZone(bucket: unknown): Zone | string {
  const { data, error } = Bucket.safeParse(bucket)
  if (data === undefined) {
    const [issue] = error.issues
    return `zone: ${issue?.path[0]?.toString() ?? 'zone'}: ${issue?.code ?? 'unreadable'}`
  }
  const [lowerBound, upperBound] = [data.min, data.max].map((value) => (value == null || value < 0 ? null : value))
  if (lowerBound != null && upperBound != null && upperBound < lowerBound) return 'zone: max: below min'
  return { lowerBound: lowerBound ?? null, upperBound: upperBound ?? null, timeS: data.time }
}

function unexpected(problem: string): AppError {
  return new AppError('platform/unexpected_payload', { data_type: 'activity_zones', problem })
}
