import { z } from 'zod'
import { parseJson } from '../../runtime/json.ts'
import { SourceId } from './schemas.ts'

const Shape = z.object({
  athlete: z.object({ id: SourceId }).nullish().catch(null),
  manual: z.boolean().nullish().catch(null),
  available_zones: z.array(z.unknown()).catch([]),
})

/** What of a detailed activity decides what else is asked for. */
export interface Details {
  readonly ownerId: string | undefined
  readonly manual: boolean
  readonly zones: boolean
}

/** Three questions follow each other about one text; the answer to the last text is kept. */
export function createDetailsReader(parse: (text: string) => unknown = parseJson): (text: string) => Details {
  let last: { readonly text: string; readonly details: Details } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, details: toDetails(parseOr(text, parse)) }
    return last.details
  }
}

function toDetails(payload: unknown): Details {
  const { data } = Shape.safeParse(payload)
  return { ownerId: data?.athlete?.id, manual: data?.manual === true, zones: (data?.available_zones ?? []).length > 0 }
}

function parseOr(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}
