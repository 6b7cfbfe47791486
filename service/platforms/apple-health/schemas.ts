import { z } from 'zod'

const text = z.string().max(1000)
const metadata = z.record(z.string(), z.unknown())

/** A record of an export, or the note that takes its place; values are read one by one, so that one wrong value rejects one record. */
export const ExportRecord = z.object({
  element: text.optional(),
  problem: text.optional(),
  type: text.default(''),
  unit: text.optional(),
  value: z.unknown().optional(),
  sourceName: text.default(''),
  startDate: z.unknown().optional(),
  endDate: z.unknown().optional(),
  metadata: metadata.optional(),
})
export type ExportRecord = z.infer<typeof ExportRecord>

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
