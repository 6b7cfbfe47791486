import type { UploadedPayload } from '../contract.ts'
import { parseMoment, readExportInstant } from './moments.ts'
import { toPlainRecord, toWorkout } from './plain-elements.ts'
import type { FindRoute } from './route-points.ts'
import { SleepWindow } from './sleep-window.ts'
import type { XmlElement } from './xml-element.ts'

export interface ExportSource {
  readonly elements: AsyncIterable<readonly XmlElement[]>
  readonly findRoute: FindRoute
  /** Share of the file that was read, 0 to 1. */
  readonly progress: () => number
}

const CHUNK = 1_000
/** Records of one type and start stay together, so that the normalizer sees which are the same; a hostile file can't stretch it further. */
const LONGEST_CHUNK = 1_100
const LARGEST_CHUNK_BYTES = 4 * 1024 * 1024
const SLEEP = 'HKCategoryTypeIdentifierSleepAnalysis'

interface Told {
  count: number
  first: number
  last: number
}

/**
 * An export as payloads of about a thousand records, always cut the same way, so that an import can go on where it stopped. Sleep is
 * gathered by night, a workout with its route is a payload of its own, and the last payload says what the export told in all.
 */
export async function* readExport({ elements, findRoute, progress }: ExportSource): AsyncGenerator<UploadedPayload> {
  const state = new ExportState()
  for await (const list of elements) {
    for (const element of list) {
      for (const payload of await state.take(element, findRoute)) yield { ...payload, progress: progress() }
    }
  }
  for (const payload of state.finish()) yield { ...payload, progress: 1 }
}

type Payload = Omit<UploadedPayload, 'progress'>

class ExportState {
  #exportedAt: string | null = null
  #records: Record<string, unknown>[] = []
  #summaries: Record<string, unknown>[] = []
  #bytes = 0
  readonly #sleep = new SleepWindow()
  readonly #told = new Map<string, Told>()

  async take(element: XmlElement, findRoute: FindRoute): Promise<Payload[]> {
    if (element.problem !== undefined) return this.#keep({ element: element.name, problem: element.problem })
    switch (element.name) {
      case 'Record':
        return this.#takeRecord(element)
      case 'Workout': {
        const workout = await toWorkout(element, findRoute)
        return [this.#payload('export_workout', { workout }, 1)]
      }
      case 'Correlation':
        // Its records usually stand at the top level too; the same record twice is one record.
        return element.children.filter(({ name }) => name === 'Record').flatMap((child) => this.#takeRecord(child))
      case 'ActivitySummary':
        this.#summaries.push({ ...element.attributes })
        return []
      case 'ExportDate':
        this.#exportedAt = element.attributes['value'] ?? null
        return []
      default:
        // Who the person is (Me) and clinical documents are not kept, only that they were there.
        return this.#keep({ element: element.name })
    }
  }

  finish(): Payload[] {
    const payloads = this.#flush()
    for (const records of this.#sleep.finish())
      payloads.push(this.#payload('export_sleep', { records }, records.length))
    for (let from = 0; from < this.#summaries.length; from += CHUNK) {
      const summaries = this.#summaries.slice(from, from + CHUNK)
      payloads.push(this.#payload('export_activity_summaries', { summaries }, summaries.length))
    }
    const told = [...this.#told].map(([type, { count, first, last }]) => ({
      type,
      count,
      first: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
    }))
    return [...payloads, this.#payload('export_end', { told }, 0)]
  }

  #takeRecord(element: XmlElement): Payload[] {
    const record = toPlainRecord(element)
    this.#remember(element.attributes)
    if (element.attributes['type'] !== SLEEP) return this.#keep(record)
    return this.#sleep.add(record).map((records) => this.#payload('export_sleep', { records }, records.length))
  }

  #keep(record: Record<string, unknown>): Payload[] {
    const last = this.#records.at(-1)
    const isSame = last?.['startDate'] === record['startDate'] && last?.['type'] === record['type']
    const isFull = this.#records.length >= CHUNK && !isSame
    const payloads =
      isFull || this.#records.length >= LONGEST_CHUNK || this.#bytes > LARGEST_CHUNK_BYTES ? this.#flush() : []
    this.#records.push(record)
    this.#bytes += sizeOf(record)
    return payloads
  }

  #flush(): Payload[] {
    if (this.#records.length === 0) return []
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    const count = records.filter(({ element }) => element === undefined).length
    return [this.#payload('export_records', { records }, count)]
  }

  #remember({ type, startDate }: Readonly<Record<string, string>>): void {
    if (type === undefined || startDate === undefined) return
    const start = readExportInstant(startDate) ?? parseMoment(startDate)?.at.getTime()
    if (start === undefined) return
    const told = this.#told.get(type)
    if (told === undefined) {
      // A file with a million types is none of Apple's.
      if (this.#told.size < CHUNK) this.#told.set(type, { count: 1, first: start, last: start })
      return
    }
    told.count += 1
    told.first = Math.min(told.first, start)
    told.last = Math.max(told.last, start)
  }

  #payload(dataType: string, content: object, records: number): Payload {
    const observedAt = parseMoment(this.#exportedAt)?.at ?? null
    return { dataType, payload: content, records, observedAt }
  }
}

/** Roughly; attributes are what can be long. */
function sizeOf(record: Readonly<Record<string, unknown>>): number {
  let size = 0
  for (const key in record) {
    const value = record[key]
    size += typeof value === 'string' ? value.length : 64
  }
  return size
}
