import type { ActivityStreamRecord } from '../records.ts'

/** Positions are not made into rows; nothing here reads them. */
export const STREAMS = [
  { kind: 'heart_rate_bpm', unit: '/min', fields: ['heartRate'], fit: 'heartRate' },
  { kind: 'distance_m', unit: 'm', fields: ['totalDistanceInMeters'], fit: 'distance' },
  { kind: 'altitude_m', unit: 'm', fields: ['elevationInMeters'], fit: 'altitude' },
  { kind: 'speed_m_per_s', unit: 'm/s', fields: ['speedMetersPerSecond'], fit: 'speed' },
  { kind: 'cadence_rpm', unit: '/min', fields: ['bikeCadenceInRPM'], fit: 'cadence' },
  { kind: 'power_w', unit: 'W', fields: ['powerInWatts'], fit: 'power' },
  {
    kind: 'temperature_c',
    unit: 'Cel',
    fields: ['airTemperatureCelcius', 'airTemperatureCelsius'],
    fit: 'temperature',
  },
  // Both feet; cadence is that of one.
  { kind: 'running_cadence_rpm', unit: '/min', fields: ['stepsPerMinute', 'runCadenceInStepsPerMinute'], factor: 0.5 },
  { kind: 'swim_cadence_strokes_per_min', unit: '/min', fields: ['swimCadenceInStrokesPerMinute'] },
  { kind: 'wheelchair_cadence_per_min', unit: '/min', fields: ['directWheelchairCadence'] },
] as const satisfies readonly {
  kind: string
  unit: string
  fields: readonly string[]
  factor?: number
  fit?: string
}[] as readonly {
  readonly kind: string
  readonly unit: string
  readonly fields: readonly string[]
  readonly factor?: number
  /** The field of a FIT record; one foot, and scaled by the decoder. */
  readonly fit?: string
}[]

export interface Point {
  readonly atS: number
  /** One for each of `STREAMS`. */
  readonly values: readonly (number | null)[]
}

/** One series for each kind that was recorded at all; what was recorded before the start, or far beyond it, has no place. */
export function buildStreams(
  sourceId: string,
  { startS, points }: { startS: number; points: readonly Point[] },
): ActivityStreamRecord[] {
  const placed = points.filter(({ atS }) => atS >= startS && atS - startS < 31 * 86_400)
  const offsetsS = placed.map(({ atS }) => Math.round(atS - startS))
  return STREAMS.flatMap(({ kind, unit }, index) => {
    const values = placed.map((point) => point.values[index] ?? null)
    return values.some((value) => value !== null) ? [{ sourceId, kind, unit, offsetsS, values }] : []
  })
}
