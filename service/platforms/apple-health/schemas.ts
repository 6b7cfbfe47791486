import { z } from 'zod'

const text = z.string().max(1000)
const metadata = z.record(z.string(), z.unknown())

/** A record of an export, or the note that takes its place. */
export interface ExportRecord {
  readonly element: string | undefined
  readonly problem: string | undefined
  readonly type: string
  readonly unit: string | undefined
  readonly value: unknown
  readonly sourceName: string
  readonly startDate: unknown
  readonly endDate: unknown
  readonly metadata: Readonly<Record<string, unknown>> | undefined
}

const LONGEST_TEXT = 1000

/** By hand: an export has millions of them, and zod would take as long as all the rest. A text: the field that is not as Apple writes it. */
export function readExportRecord(item: unknown): ExportRecord | string {
  if (typeof item !== 'object' || item === null) return 'record'
  const fields = item as Readonly<Record<string, unknown>>
  const { element, problem, type = '', unit, value, sourceName = '', startDate, endDate, metadata } = fields
  if (!isText(type)) return 'type'
  if (!isText(sourceName)) return 'sourceName'
  if (unit !== undefined && !isText(unit)) return 'unit'
  if (element !== undefined && !isText(element)) return 'element'
  if (problem !== undefined && !isText(problem)) return 'problem'
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) return 'metadata'
  const known = metadata as Readonly<Record<string, unknown>> | undefined
  return { element, problem, type, unit, value, sourceName, startDate, endDate, metadata: known }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT
}

const attributes = z.record(z.string(), z.unknown())

export const ExportWorkout = z.object({
  workout: z.looseObject({
    workoutActivityType: text,
    sourceName: text.default(''),
    startDate: z.unknown().optional(),
    endDate: z.unknown().optional(),
    device: z.string().optional(),
    metadata: metadata.default({}),
    events: z.array(attributes).default([]),
    statistics: z.array(attributes).default([]),
    activities: z.array(attributes).default([]),
    routes: z
      .array(z.looseObject({ problem: text.optional(), points: z.array(z.record(z.string(), z.string())).optional() }))
      .default([]),
  }),
})
export type ExportWorkout = z.infer<typeof ExportWorkout>['workout']

/** A sample as `uploadHealthSamples` takes it: HealthKit's own words. */
export const UploadedSample = z.object({
  uuid: z.uuid(),
  type: text.min(1),
  value: z.unknown().optional(),
  categoryValue: text.nullish(),
  unit: text.nullish(),
  startDate: z.unknown().optional(),
  endDate: z.unknown().optional(),
  sourceName: text.nullish(),
  timeZone: z.string().max(64).nullish(),
  wasUserEntered: z.boolean().nullish(),
  activityType: text.nullish(),
  durationSeconds: z.number().nonnegative().nullish(),
  distanceMeters: z.number().nonnegative().nullish(),
  energyKilocalories: z.number().nonnegative().nullish(),
  indoor: z.boolean().nullish(),
})
export type UploadedSample = z.infer<typeof UploadedSample>
