import type { SampleRecord } from '../platforms/records.ts'

/**
 * The samples of payloads that are stored together, column by column, as one statement takes them: a few numbers and shared texts for each
 * instead of an object with two dates. One statement writes a row once, so of two payloads that tell the same record the one with the
 * greater id counts, as it does when they are stored one by one.
 */
export class SampleColumns {
  readonly raw: number[] = []
  readonly kind: string[] = []
  readonly startedMs: number[] = []
  readonly endedMs: number[] = []
  readonly offsetSeconds: (number | null)[] = []
  readonly value: number[] = []
  readonly source: string[] = []
  readonly variant: string[] = []
  readonly sourceId: (string | null)[] = []
  readonly manual: boolean[] = []
  /** The first day of each month in which one starts. */
  readonly months = new Set<string>()
  readonly #rawIds: string[] = []
  readonly #lastAt = new Map<number, number>()
  /** The sample before it that starts at the same time, or -1. */
  readonly #previous: number[] = []
  #monthFromMs = 0
  #monthToMs = 0

  get length(): number {
    return this.raw.length
  }

  addPayload(rawId: string, samples: readonly SampleRecord[]): void {
    this.#rawIds.push(rawId)
    for (const sample of samples) this.#add(sample, rawId)
  }

  #add(sample: SampleRecord, rawId: string): void {
    const startedMs = sample.startedAt.getTime()
    const endedMs = sample.endedAt.getTime()
    const known = this.#find(sample, startedMs, endedMs)
    if (known === undefined) {
      this.#previous.push(this.#lastAt.get(startedMs) ?? -1)
      this.#lastAt.set(startedMs, this.length)
      this.#noteMonth(startedMs)
    } else if (rawId < (this.#rawIds[(this.raw[known] ?? 0) - 1] ?? '')) return
    this.#put(known ?? this.length, sample, { startedMs, endedMs })
  }

  #find(
    { kind, source, variant }: Pick<SampleRecord, 'kind' | 'source' | 'variant'>,
    startedMs: number,
    endedMs: number,
  ): number | undefined {
    for (let at = this.#lastAt.get(startedMs) ?? -1; at >= 0; at = this.#previous[at] ?? -1) {
      if (this.endedMs[at] !== endedMs || this.kind[at] !== kind) continue
      if (this.source[at] === source && this.variant[at] === variant) return at
    }
    return undefined
  }

  #put(at: number, sample: SampleRecord, { startedMs, endedMs }: { startedMs: number; endedMs: number }): void {
    this.raw[at] = this.#rawIds.length
    this.kind[at] = sample.kind
    this.startedMs[at] = startedMs
    this.endedMs[at] = endedMs
    this.offsetSeconds[at] = sample.offsetSeconds
    this.value[at] = sample.value
    this.source[at] = sample.source
    this.variant[at] = sample.variant
    this.sourceId[at] = sample.sourceId
    this.manual[at] = sample.manual
  }

  #noteMonth(startedMs: number): void {
    if (startedMs >= this.#monthFromMs && startedMs < this.#monthToMs) return
    const at = new Date(startedMs)
    this.#monthFromMs = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)
    this.#monthToMs = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)
    this.months.add(new Date(this.#monthFromMs).toISOString().slice(0, 10))
  }
}
