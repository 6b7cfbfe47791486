import type { Normalize } from '../platforms/contract.ts'
import type { Records } from '../platforms/records.ts'
import type { Database } from '../runtime/db.ts'
import { letGoOfText } from '../runtime/flat-memory.ts'
import { parseJson } from '../runtime/json.ts'
import { checkRecords } from './check-records.ts'
import { JoinedParts } from './join-parts.ts'
import { type LongRawData, readLongList } from './queries.ts'
import { rejectWhole } from './read-payload.ts'

/** Half an hour of a recording at one second's grain: as objects some 5 MB. A list that is no longer is read at once. */
export const MOST_ELEMENTS = 1800

/** What a payload becomes whose list is too long to be held: a day of one second's grain is 28 MB of text, and ten times that as objects. */
export async function readLongPayload(
  db: Database,
  { raw, list, normalize }: { raw: LongRawData; list: string; normalize: Normalize },
  now: Date,
): Promise<Records> {
  try {
    const [item] = parseJson(raw.text) as readonly object[]
    const joined = new JoinedParts()
    const take = (elements: string) => {
      joined.add(normalize([{ ...item, [list]: parseJson(elements) }], raw.metadata))
      letGoOfText(elements.length)
    }
    await db.transaction((tx) => readLongList(tx, raw, { atOnce: MOST_ELEMENTS, take }))
    return checkRecords(joined.read(), now)
  } catch (error) {
    return rejectWhole(error)
  }
}
