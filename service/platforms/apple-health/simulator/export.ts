import { appleTime, dayAt, newYorkMidnight, newYorkOffsetHours, randomFrom } from './calendar.ts'

export interface SimulatedExport {
  readonly seed: number
  /** YYYY-MM-DD in New York, where the person lives. */
  readonly firstDay: string
  readonly days: number
  /** Heart rates a day; other records follow from it. */
  readonly heartRatesPerDay: number
  /** Days spent in Auckland, on the other side of the date line: from (inclusive) and to (exclusive), counted from the first. */
  readonly trip?: readonly [from: number, to: number]
  /** From this day on another watch is worn. */
  readonly watchChange?: number
  /** Records that are only in an export of later: those of these days come late. */
  readonly lateDays?: readonly number[]
  /** Days whose steps the person has deleted. */
  readonly deletedDays?: readonly number[]
}

/** What a person's years hold in all, as the generator counted it. */
export interface Total {
  count: number
  sum: number
}

/** By `local day|kind|source`. */
export type Totals = Map<string, Total>

const PHONE = 'Ada’s iPhone'
const WATCHES = ['Ada’s Apple\u00a0Watch', 'Ada’s Apple Watch Ultra'] as const
const HOUR_MS = 3_600_000
/** Auckland in the southern summer. */
const AUCKLAND = { offsetHours: 13, timeZone: 'Pacific/Auckland' }

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 12 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary|ClinicalRecord)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
<!ELEMENT VisionPrescription (RightEye?, LeftEye?, Attachment?, MetadataEntry*
]>
`

interface RecordText {
  readonly type: string
  readonly kind: string
  readonly unit: string
  readonly source: string
  readonly startMs: number
  readonly endMs: number
  readonly value: string
  /** What it is in the kind's unit. */
  readonly amount: number
  readonly timeZone?: string
  readonly offsetHours: number
  readonly metadata?: string
}

/** The export's text, piece by piece, and what it holds; `totals` is complete once the text is read to its end. */
export function simulateExport(options: SimulatedExport): { readonly text: Iterable<string>; readonly totals: Totals } {
  const totals: Totals = new Map()
  return { text: pieces(options, totals), totals }
}

function* pieces(options: SimulatedExport, totals: Totals): Generator<string> {
  const exportedMs = newYorkMidnight(options.firstDay, options.days + 1)
  yield HEAD
  yield `<HealthData locale="en_US">\n <ExportDate value="${appleTime(exportedMs, newYorkOffsetHours(exportedMs))}"/>\n`
  yield ' <Me HKCharacteristicTypeIdentifierDateOfBirth="1990-02-02" HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexFemale"/>\n'
  for (const series of [heartRates, phoneSteps, watchSteps, energies, weights, glucoses]) {
    for (let day = 0; day < options.days; day += 1) {
      if (options.lateDays?.includes(day)) continue
      if (series === phoneSteps && options.deletedDays?.includes(day)) continue
      let text = ''
      for (const record of series(options, day)) {
        count(totals, record)
        text += write(record, exportedMs)
      }
      if (text !== '') yield text
    }
  }
  yield '</HealthData>\n'
}

function count(totals: Totals, { kind, source, startMs, offsetHours, amount }: RecordText): void {
  const key = `${dayAt(startMs, offsetHours)}|${kind}|${source}`
  const total = totals.get(key) ?? { count: 0, sum: 0 }
  total.count += 1
  total.sum += amount
  totals.set(key, total)
}

/** All times are written with the offset of home, wherever the person was: only HKTimeZone tells. The device's address changes with each export. */
function write(record: RecordText, exportedMs: number): string {
  const time = (ms: number) => appleTime(ms, newYorkOffsetHours(ms))
  const device = `&lt;&lt;HKDevice: 0x${(exportedMs % 0xfffffff).toString(16)}&gt;, name:${record.source}, manufacturer:Apple Inc., model:Watch, hardware:Watch6,1, software:10.6.1&gt;`
  const head = ` <Record type="${record.type}" sourceName="${record.source}" sourceVersion="10.6.1" device="${device}" unit="${record.unit}" creationDate="${time(record.endMs + 60_000)}" startDate="${time(record.startMs)}" endDate="${time(record.endMs)}" value="${record.value}"`
  const zone = record.timeZone === undefined ? '' : `  <MetadataEntry key="HKTimeZone" value="${record.timeZone}"/>\n`
  const metadata = `${zone}${record.metadata ?? ''}`
  return metadata === '' ? `${head}/>\n` : `${head}>\n${metadata} </Record>\n`
}

function where({ firstDay, trip }: SimulatedExport, day: number) {
  const midnightMs = newYorkMidnight(firstDay, day)
  const away = trip !== undefined && day >= trip[0] && day < trip[1]
  return away
    ? { midnightMs, at: (_ms: number) => ({ offsetHours: AUCKLAND.offsetHours, timeZone: AUCKLAND.timeZone }) }
    : { midnightMs, at: (ms: number) => ({ offsetHours: newYorkOffsetHours(ms) }) }
}

const watchOf = ({ watchChange = Number.POSITIVE_INFINITY }: SimulatedExport, day: number) =>
  day < watchChange ? WATCHES[0] : WATCHES[1]

function* heartRates(options: SimulatedExport, day: number): Generator<RecordText> {
  const random = randomFrom(options.seed * 7919 + day)
  const { midnightMs, at } = where(options, day)
  const step = Math.floor((23 * HOUR_MS) / options.heartRatesPerDay)
  for (let index = 0; index < options.heartRatesPerDay; index += 1) {
    const startMs = wholeSecond(midnightMs + index * step + random() * (step - 2_000))
    const beats = 50 + Math.floor(random() * 110)
    const metadata = `  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="${Math.floor(random() * 3)}"/>\n`
    const base = {
      type: 'HKQuantityTypeIdentifierHeartRate',
      kind: 'heart_rate_bpm',
      unit: 'count/min',
      source: watchOf(options, day),
    }
    yield { ...base, startMs, endMs: startMs, value: String(beats), amount: beats, metadata, ...at(startMs) }
  }
}

/** Both devices count the same walk, each in its own intervals. */
function* phoneSteps(options: SimulatedExport, day: number): Generator<RecordText> {
  yield* steps(options, day, { source: PHONE, perDay: Math.ceil(options.heartRatesPerDay / 8), salt: 1 })
}

function* watchSteps(options: SimulatedExport, day: number): Generator<RecordText> {
  yield* steps(options, day, {
    source: watchOf(options, day),
    perDay: Math.ceil(options.heartRatesPerDay / 4),
    salt: 2,
  })
}

function* steps(
  options: SimulatedExport,
  day: number,
  { source, perDay, salt }: { source: string; perDay: number; salt: number },
): Generator<RecordText> {
  const random = randomFrom(options.seed * 104_729 + day * 3 + salt)
  const { midnightMs, at } = where(options, day)
  const step = Math.floor((23 * HOUR_MS) / perDay)
  for (let index = 0; index < perDay; index += 1) {
    const startMs = wholeSecond(midnightMs + index * step)
    const endMs = wholeSecond(startMs + random() * (step - 1_000))
    const taken = 1 + Math.floor(random() * 400)
    const base = { type: 'HKQuantityTypeIdentifierStepCount', kind: 'steps', unit: 'count', source }
    yield { ...base, startMs, endMs, value: String(taken), amount: taken, ...at(startMs) }
  }
}

/** In kilojoules, as some people have it set. */
function* energies(options: SimulatedExport, day: number): Generator<RecordText> {
  const random = randomFrom(options.seed * 1_299_709 + day)
  const { midnightMs, at } = where(options, day)
  const perDay = Math.ceil(options.heartRatesPerDay / 2)
  const step = Math.floor((23 * HOUR_MS) / perDay)
  for (let index = 0; index < perDay; index += 1) {
    const startMs = wholeSecond(midnightMs + index * step)
    const joules = 418.4 * (1 + Math.floor(random() * 20))
    const kilojoules = (joules / 1000).toFixed(4)
    const base = {
      type: 'HKQuantityTypeIdentifierActiveEnergyBurned',
      kind: 'active_energy_kcal',
      unit: 'kJ',
      source: watchOf(options, day),
    }
    yield {
      ...base,
      startMs,
      endMs: startMs + step,
      value: kilojoules,
      amount: Number(kilojoules) / 4.184,
      ...at(startMs),
    }
  }
}

function* weights(options: SimulatedExport, day: number): Generator<RecordText> {
  if (day % 7 !== 0) return
  const { midnightMs, at } = where(options, day)
  const startMs = midnightMs + 7 * HOUR_MS
  const pounds = 150 + (day % 20)
  const base = {
    type: 'HKQuantityTypeIdentifierBodyMass',
    kind: 'body_weight_kg',
    unit: 'lb',
    source: 'Scale &amp; Co',
  }
  yield { ...base, startMs, endMs: startMs, value: String(pounds), amount: pounds * 0.45359237, ...at(startMs) }
}

function* glucoses(options: SimulatedExport, day: number): Generator<RecordText> {
  if (day % 3 !== 0) return
  const { midnightMs, at } = where(options, day)
  const startMs = midnightMs + 8 * HOUR_MS
  const millimoles = 4 + (day % 30) / 10
  const base = {
    type: 'HKQuantityTypeIdentifierBloodGlucose',
    kind: 'blood_glucose_mg_per_dl',
    unit: 'mmol&lt;180.1558800000541&gt;/L',
    source: PHONE,
  }
  yield {
    ...base,
    startMs,
    endMs: startMs,
    value: String(millimoles),
    amount: millimoles * 18.01558800000541,
    ...at(startMs),
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
