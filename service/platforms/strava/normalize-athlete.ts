import { z } from 'zod'
import type { DailyMetricRecord, Records } from '../records.ts'
import { readFields } from './read-fields.ts'

const DAY = /^\d{4}-\d{2}-\d{2}/
// Zero is what a field is that nobody filled in.
const amount = (most: number) =>
  z
    .number()
    .nonnegative()
    .max(most)
    .nullish()
    .transform((value) => value || null)
const Athlete = z.object({
  weight: amount(1000),
  ftp: amount(5000),
  updated_at: z.string().regex(DAY).nullish(),
})

/**
 * Weight and threshold power as the profile has them. Strava does not say since when: they are the numbers of the day on which they
 * were fetched (`metadata.fetched_at`), else of the profile's last change.
 */
export function normalizeAthlete(payload: unknown, metadata: Readonly<Record<string, unknown>>): Records {
  const read = readFields(Athlete, payload, { needed: [], whole: 'athlete' })
  if (typeof read === 'string') return { rejected: [{ position: 0, reason: read }] }
  const { data, problems } = read
  const localDay = dayOfFetch(metadata) ?? data.updated_at?.slice(0, 10)
  if (localDay === undefined)
    return { rejected: [{ position: 0, reason: [...problems, 'updated_at: missing'].join('; ') }] }
  const dailyMetrics: DailyMetricRecord[] = []
  if (data.weight !== null) dailyMetrics.push({ localDay, kind: 'body_weight_kg', value: data.weight })
  if (data.ftp !== null) dailyMetrics.push({ localDay, kind: 'functional_threshold_power_w', value: data.ftp })
  return {
    dailyMetrics,
    rejected: problems.length === 0 ? [] : [{ position: 0, reason: problems.join('; '), items: 0 }],
  }
}

/** YYYY-MM-DD; undefined when nothing says when it was fetched. */
export function dayOfFetch(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const fetchedAt = metadata['fetched_at']
  return typeof fetchedAt === 'string' && DAY.test(fetchedAt) ? fetchedAt.slice(0, 10) : undefined
}
