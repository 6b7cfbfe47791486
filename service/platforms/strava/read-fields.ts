import type { z } from 'zod'

/** What could be read of a record. */
export interface ReadFields<Shape> {
  readonly data: Shape
  /** Fields that were left out, and why: never a value. */
  readonly problems: readonly string[]
}

/**
 * A field of the wrong type or beyond reason is left out and noted; a needed one, or what is no record at all, refuses it: then the
 * answer is the reason. `whole`: what the record is called where no field is to blame.
 */
export function readFields<Shape>(
  schema: z.ZodType<Shape>,
  item: unknown,
  { needed, whole }: { needed: readonly string[]; whole: string },
): ReadFields<Shape> | string {
  const first = schema.safeParse(item)
  if (first.success) return { data: first.data, problems: [] }
  const bad = new Map(first.error.issues.toReversed().map(({ path: [field], code }) => [field, code] as const))
  const names = [...bad.keys()].toReversed()
  const fatal = names.find((field) => field === undefined || needed.includes(String(field)))
  const describe = (field: PropertyKey | undefined) =>
    `${field?.toString() ?? whole}: ${bad.get(field) ?? 'unreadable'}`
  if (bad.has(undefined) || fatal !== undefined) return describe(fatal)
  const left = schema.safeParse({
    ...(item as object),
    ...Object.fromEntries(names.map((field) => [field, undefined])),
  })
  if (!left.success) return describe(names[0])
  return { data: left.data, problems: names.map(describe) }
}
