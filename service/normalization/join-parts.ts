import type { ActivityStreamRecord, Records, RejectedRecord } from '../platforms/records.ts'

interface Series {
  readonly unit: string
  readonly values: (number | null)[]
}

/** Of one activity: every kind has a value, or null, at each time. */
interface Recording {
  readonly offsetsS: number[]
  readonly kinds: Map<string, Series>
}

/** What the parts of one long payload become together: see `LongLists` in the contract. */
export class JoinedParts {
  readonly #recordings = new Map<string, Recording>()
  readonly #rejected = new Map<number, RejectedRecord>()
  #last: Records = { rejected: [] }

  add(part: Records): void {
    const { activityStreams = [], ...others } = part
    this.#last = others
    for (const rejected of part.rejected)
      if (!this.#rejected.has(rejected.position)) this.#rejected.set(rejected.position, rejected)
    for (const [sourceId, streams] of Map.groupBy(activityStreams, (stream) => stream.sourceId))
      append(this.#recordingOf(sourceId), streams)
  }

  read(): Records {
    const activityStreams = [...this.#recordings].flatMap(([sourceId, { offsetsS, kinds }]) =>
      [...kinds].map(([kind, { unit, values }]) => ({ sourceId, kind, unit, offsetsS, values })),
    )
    return { ...this.#last, activityStreams, rejected: [...this.#rejected.values()] }
  }

  #recordingOf(sourceId: string): Recording {
    const known = this.#recordings.get(sourceId) ?? { offsetsS: [], kinds: new Map() }
    this.#recordings.set(sourceId, known)
    return known
  }
}

/** A kind that a part does not have was not measured in it. */
function append({ offsetsS, kinds }: Recording, streams: readonly ActivityStreamRecord[]): void {
  const before = offsetsS.length
  for (const offset of streams[0]?.offsetsS ?? []) offsetsS.push(offset)
  for (const { kind, unit, values } of streams) {
    const series = kinds.get(kind) ?? { unit, values: Array.from({ length: before }, () => null) }
    kinds.set(kind, series)
    for (const value of values) series.values.push(value)
  }
  for (const { values } of kinds.values()) while (values.length < offsetsS.length) values.push(null)
}
