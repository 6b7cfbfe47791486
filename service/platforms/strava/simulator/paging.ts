import { z } from 'zod'
import type { Entry } from './activities.ts'
import { badRequest } from './refusals.ts'

const count = (maximum: number) => z.coerce.number().int().min(1).max(maximum)
const epochSeconds = z.coerce.number().optional()

/** The list call's parameters. Throws a Refusal. */
export const PageRequest = {
  parse(query: unknown): PageRequest {
    const parsed = Query.safeParse(query)
    if (!parsed.success) throw badRequest('Application', String(parsed.error.issues[0]?.path[0] ?? ''))
    return parsed.data
  },
}
const Query = z.object({
  before: epochSeconds,
  after: epochSeconds,
  page: count(1e9).default(1),
  per_page: count(200).default(30),
})
export type PageRequest = z.infer<typeof Query>

/**
 * A page of a list that is newest first; with `after` the order turns round. With `short` some places of a page are taken by
 * items nobody may see, so it holds fewer than asked for, and only an empty page ends the list; no item is left out.
 */
export function pageOf<Item extends Pick<Entry, 'id' | 'startsAtMs'>>(
  entries: readonly Item[],
  request: PageRequest,
  short: boolean,
): Item[] {
  const { before = Number.POSITIVE_INFINITY, after, page, per_page: perPage } = request
  const within = entries.filter(
    ({ startsAtMs }) => startsAtMs / 1000 < before && startsAtMs / 1000 > (after ?? Number.NEGATIVE_INFINITY),
  )
  const ordered = after === undefined ? within : within.toReversed()
  // On a small page the unseen items could be all there is, and an empty page would end the list too early.
  const places =
    short && perPage >= 10 ? ordered.flatMap((entry) => (isAfterUnseen(entry) ? [undefined, entry] : [entry])) : ordered
  return places.slice((page - 1) * perPage, page * perPage).filter((entry) => entry !== undefined)
}

function isAfterUnseen({ id }: Pick<Entry, 'id'>): boolean {
  return BigInt(id) % 13n === 0n
}
