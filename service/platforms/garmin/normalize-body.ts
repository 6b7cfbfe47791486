import type { MetricKind } from '../metric-kinds.ts'
import { normalizer } from './item-reader.ts'
import { sample } from './measurements.ts'

type Field = readonly [names: readonly string[], kind: MetricKind, options: { max: number; divisor?: number }]

const BODY: readonly Field[] = [
  [['weightInGrams'], 'body_weight_kg', { max: 1e6, divisor: 1000 }],
  [['muscleMassInGrams'], 'muscle_mass_kg', { max: 1e6, divisor: 1000 }],
  [['boneMassInGrams'], 'bone_mass_kg', { max: 1e6, divisor: 1000 }],
  [['bodyFatInPercent', 'percentFat'], 'body_fat_percent', { max: 100 }],
  [['bodyWaterInPercent', 'percentHydration'], 'body_water_percent', { max: 100 }],
  [['bodyMassIndex', 'bmi'], 'body_mass_index', { max: 500 }],
]

const BLOOD: readonly Field[] = [
  [['systolic'], 'blood_pressure_systolic_mmhg', { max: 400 }],
  [['diastolic'], 'blood_pressure_diastolic_mmhg', { max: 400 }],
  [['pulse'], 'pulse_bpm', { max: 400 }],
]

const measurements = (fields: readonly Field[]) =>
  normalizer((reader) => {
    const startS = reader.startS('measurementTimeInSeconds')
    const offsetS = reader.offsetS('measurementTimeOffsetInSeconds')
    const sourceId = reader.id('summaryId') ?? null
    const manual = reader.text('sourceType') === 'MANUAL'
    return {
      samples: fields.flatMap(([names, kind, { max, divisor = 1 }]) => {
        const value = reader.number(names, { max })
        return value === undefined || value === 0
          ? []
          : [sample(kind, value / divisor, { startS, endS: startS, offsetS, sourceId, manual })]
      }),
    }
  })

/** Grams become kilograms; a zero is a scale that measured nothing. */
export const normalizeBody = measurements(BODY)
export const normalizeBloodPressure = measurements(BLOOD)
