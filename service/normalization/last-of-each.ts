import type { SampleRecord, SampleSpan } from '../platforms/records.ts'

/** A payload can hold one thing twice (a list that moved while it was read); one statement writes a row once. Of two as complete, the later. */
export function lastOfEach<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  finalityOf: (item: Item) => number = () => 0,
): readonly Item[] {
  const kept = new Map<string, Item>()
  for (const item of items) {
    const known = kept.get(keyOf(item))
    if (known === undefined || finalityOf(known) <= finalityOf(item)) kept.set(keyOf(item), item)
  }
  return [...kept.values()]
}

/** Of an interval that grew, and was told both times in one payload, the longest: see `keepLonger`. */
export function longestOfEach(samples: readonly SampleRecord[], spans: readonly SampleSpan[]): readonly SampleRecord[] {
  const growing = new Map(
    spans.filter(({ keepLonger }) => keepLonger === true).map((span) => [beginningOf(span), span]),
  )
  if (growing.size === 0) return samples
  const keyOf = (sample: SampleRecord) => `${beginningOf({ ...sample, from: sample.startedAt })}\n${sample.kind}`
  const mayGrow = (sample: SampleRecord) =>
    growing.get(beginningOf({ ...sample, from: sample.startedAt }))?.kinds.includes(sample.kind) ?? false
  const longest = new Map<string, number>()
  for (const sample of samples)
    longest.set(keyOf(sample), Math.max(longest.get(keyOf(sample)) ?? 0, sample.endedAt.getTime()))
  return samples.filter((sample) => !mayGrow(sample) || sample.endedAt.getTime() === longest.get(keyOf(sample)))
}

function beginningOf({ from, source, variant }: Pick<SampleSpan, 'from' | 'source' | 'variant'>): string {
  return `${from.getTime()}\n${source}\n${variant}`
}
