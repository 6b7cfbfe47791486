/** What is measured; a kind is of one dimension and has one unit within it. */
export type Dimension =
  | 'count'
  | 'length'
  | 'energy'
  | 'mass'
  | 'time'
  | 'rate'
  | 'temperature'
  | 'pressure'
  | 'glucose'
  | 'oxygen_uptake'
  | 'speed'
  | 'volume'
  | 'flow'
  | 'power'
  | 'sound'
  | 'insulin'
  | 'conductance'
  | 'intensity'
  | 'percent'
  | 'index'
  | 'score'

/** 1 mmol of glucose; HealthKit writes the molar mass into the unit's name. */
const GLUCOSE_MG_PER_MMOL = 180.1558800000541
/** With as many digits as the version that wrote it happens to print. */
const GLUCOSE_UNIT = /^mmol<180\.15\d*>\/L$/

/** How much of the dimension's base one unit is. Names as HealthKit, Health Auto Export, the SDKs and people's settings write them. */
const FACTORS: Readonly<Record<Exclude<Dimension, 'temperature' | 'percent'>, Readonly<Record<string, number>>>> = {
  count: { count: 1, counts: 1, steps: 1, times: 1, flights: 1, COUNT: 1, hours: 1 },
  length: {
    m: 1,
    meter: 1,
    METER: 1,
    km: 1000,
    cm: 0.01,
    mm: 0.001,
    mi: 1609.344,
    MILE: 1609.344,
    ft: 0.3048,
    in: 0.0254,
    inch: 0.0254,
    yd: 0.9144,
  },
  energy: { kcal: 1, Cal: 1, KILOCALORIE: 1, cal: 0.001, kJ: 1 / 4.184, J: 1 / 4184 },
  mass: {
    kg: 1,
    KILOGRAM: 1,
    g: 0.001,
    GRAM: 0.001,
    mg: 1e-6,
    mcg: 1e-9,
    lb: 0.45359237,
    lbs: 0.45359237,
    POUND: 0.45359237,
    oz: 0.028349523125,
    st: 6.35029318,
  },
  time: {
    s: 1,
    sec: 1,
    SECOND: 1,
    ms: 0.001,
    MILLISECOND: 0.001,
    min: 60,
    MINUTE: 60,
    hr: 3600,
    h: 3600,
    HOUR: 3600,
    d: 86400,
  },
  rate: {
    'count/min': 1,
    bpm: 1,
    'beats/min': 1,
    'breaths/min': 1,
    'counts/min': 1,
    BEATS_PER_MINUTE: 1,
    RESPIRATIONS_PER_MINUTE: 1,
    rpm: 1,
    'count/s': 60,
    Hz: 60,
    'count/hr': 1 / 60,
  },
  pressure: {
    mmHg: 1,
    MILLIMETER_OF_MERCURY: 1,
    kPa: 7.500616827,
    cmAq: 0.735559121,
    Pa: 0.007500616827,
    inHg: 25.4,
    hPa: 0.7500616827,
  },
  glucose: {
    'mg/dL': 1,
    MILLIGRAM_PER_DECILITER: 1,
    'mmol/L': GLUCOSE_MG_PER_MMOL / 10,
    'mg/L': 0.1,
    'g/L': 100,
  },
  oxygen_uptake: {
    'mL/min·kg': 1,
    'ml/min·kg': 1,
    'mL/kg·min': 1,
    'ml/kg/min': 1,
    'mL/kg/min': 1,
    'ml/(kg·min)': 1,
    'mL/(kg·min)': 1,
    'ml/(kg*min)': 1,
  },
  speed: {
    'm/s': 1,
    'km/hr': 1 / 3.6,
    'km/h': 1 / 3.6,
    kmph: 1 / 3.6,
    'mi/hr': 0.44704,
    mph: 0.44704,
    'mi/h': 0.44704,
    'ft/s': 0.3048,
    'cm/s': 0.01,
  },
  volume: {
    L: 1,
    LITER: 1,
    l: 1,
    dL: 0.1,
    cL: 0.01,
    mL: 0.001,
    MILLILITER: 0.001,
    fl_oz_us: 0.0295735295625,
    fl_oz_imp: 0.0284130625,
    cup_us: 0.2365882365,
    cup_imp: 0.284130625,
    pt_us: 0.473176473,
    pt_imp: 0.56826125,
  },
  flow: { 'L/min': 1, 'L/s': 60, 'mL/s': 0.06, 'mL/min': 0.001 },
  power: { W: 1, watts: 1, kW: 1000 },
  sound: { dBASPL: 1, dB: 1, DECIBEL_A_WEIGHTED_SOUND_PRESSURE_LEVEL: 1, dBHL: 1 },
  insulin: { IU: 1, INTERNATIONAL_UNIT: 1 },
  conductance: { mcS: 1, uS: 1, µS: 1, S: 1e6 },
  intensity: { 'kcal/hr·kg': 1, 'kcal/(kg·hr)': 1, 'kcal/kg/hr': 1, 'kcal/(hr·kg)': 1, MET: 1, METs: 1 },
  index: { count: 1, '': 1, NO_UNIT: 1, 'kg/m²': 1, UVI: 1 },
  score: { appleEffortScore: 1, score: 1, count: 1 },
}

/** Undefined: such a unit does not measure this. `base` is what one canonical unit is in the dimension's base, for example 0.01 for cm. */
export function convert(
  value: number,
  unit: string,
  { dimension, base }: { dimension: Dimension; base: number },
): number | undefined {
  if (dimension === 'temperature') return convertTemperature(value, unit)
  if (dimension === 'percent') return convertPercent(value, unit)
  const name = dimension === 'glucose' && GLUCOSE_UNIT.test(unit) ? 'mmol/L' : unit
  const factor = Object.hasOwn(FACTORS[dimension], name) ? FACTORS[dimension][name] : undefined
  if (factor === undefined) return undefined
  return factor === base ? value : rounded((value * factor) / base)
}

/**
 * Where the dimension has one unit in a scale of its own. Percents are fractions in HealthKit and in what exports it, and 0 to 100 in some
 * sources and in Health Auto Export: up to 1 it is a fraction, since no one lives with a percent of oxygen, or of fat.
 */
function convertPercent(value: number, unit: string): number | undefined {
  if (unit === '%100') return value
  if (unit !== '%' && unit !== 'PERCENT' && unit !== 'PERCENTAGE') return undefined
  return value <= 1 ? rounded(value * 100) : value
}

function convertTemperature(value: number, unit: string): number | undefined {
  switch (unit) {
    case 'degC':
    case '°C':
    case 'DEGREE_CELSIUS':
      return value
    case 'degF':
    case '°F':
    case 'DEGREE_FAHRENHEIT':
      return rounded(((value - 32) * 5) / 9)
    case 'K':
    case 'KELVIN':
      return rounded(value - 273.15)
    default:
      return undefined
  }
}

/** Twelve digits: what a conversion adds beyond them is the arithmetic's, not the measurement's. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

/** `"418 cm"`, as metadata has it. Undefined: not a number with a unit. */
export function readQuantity(text: string | undefined): { value: number; unit: string } | undefined {
  const match = /^(-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,2})?) (\S.{0,30})$/.exec(text ?? '')
  return match === null ? undefined : { value: Number(match[1]?.replace(',', '.')), unit: match[2] ?? '' }
}
