import { z } from 'zod'
import { parseJson } from '../../runtime/json.ts'
import { SourceId } from './schemas.ts'

const Details = z.object({
  athlete: z.object({ id: SourceId }).nullish().catch(null),
  manual: z.boolean().nullish().catch(null),
  available_zones: z.array(z.unknown()).catch([]),
})

/** What of a detailed activity decides what else is asked for. */
export function readDetails(text: string): { ownerId: string | undefined; manual: boolean; zones: boolean } {
  const { data } = Details.safeParse(parseOr(text))
  return { ownerId: data?.athlete?.id, manual: data?.manual === true, zones: (data?.available_zones ?? []).length > 0 }
}

function parseOr(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
