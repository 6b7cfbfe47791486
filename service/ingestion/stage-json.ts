import { createHash } from 'node:crypto'
import type { Tx } from '../runtime/db.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { sql } from '../runtime/sql.ts'
import { type NewRawData, requireConsent, storableJson } from './store-raw.ts'

/** Of a piece: as text, joined, cut, made storable, and written by the driver three times. */
const COPIES = 7
/** A recording has a comma every few bytes; one text without any, as long as this, is none. */
const MOST_WITHOUT_COMMA = 4 * 1024 * 1024

export type Staged = { readonly digest: Buffer; readonly replaced: boolean } | { readonly why: string }

/**
 * Moves one JSON text into the transaction's own table, piece by piece, as jsonb can hold it: then it is in the database and was never
 * whole in memory. `why`: it is not JSON, or nothing that can be moved in pieces.
 */
export async function stageJson(tx: Tx, pieces: AsyncIterable<Buffer>): Promise<Staged> {
  await tx.query(sql`create temporary table if not exists staged_json (position integer, piece text) on commit drop`)
  await tx.query(sql`truncate staged_json`)
  const hash = createHash('sha256')
  let replaced = false
  try {
    let position = 0
    for await (const text of cutBehindCommas(pieces, hash)) {
      const storable = storableJson(text)
      replaced ||= storable.replaced
      await tx.query(
        sql`insert into staged_json (position, piece) values (${position++}::integer, ${storable.text}::text)`,
      )
      letGo(text.length * COPIES)
    }
  } catch (error) {
    if (error instanceof NotStageable) return { why: error.message }
    throw error
  }
  const { rows } = await tx.query<{ valid: boolean }>(sql`
    select coalesce(pg_input_is_valid(string_agg(s.piece, '' order by s.position), 'jsonb'), false) as valid from staged_json s`)
  return rows[0]?.valid === true ? { digest: hash.digest(), replaced } : { why: 'not_json' }
}

/** Keeps what was staged, as a list of one. Throws consent/required. */
export async function storeStaged(
  tx: Tx,
  { replaced, ...raw }: Omit<NewRawData, 'text'> & { readonly replaced: boolean },
): Promise<void> {
  await requireConsent(tx, raw)
  const metadata = replaced ? { ...raw.metadata, replaced_nul_characters: true } : raw.metadata
  await tx.query(sql`
    insert into public.raw_fitness_data (user_id, platform, data_type, raw_data, metadata, received_at)
    select ${raw.userId}::uuid, ${raw.platform}, ${raw.dataType},
      jsonb_build_array(string_agg(s.piece, '' order by s.position)::jsonb), ${JSON.stringify(metadata)}::jsonb, coalesce((
        select d.received_at + ${raw.delivered?.place ?? 0}::integer * interval '1 microsecond'
        from ops.webhook_deliveries d where d.id = ${raw.delivered?.deliveryId ?? null}::uuid), now())
    from staged_json s`)
}

class NotStageable extends Error {}

/** As text; no character and no escape is parted, since neither has a comma in it. */
async function* cutBehindCommas(
  pieces: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let carried = ''
  for await (const piece of pieces) {
    hash.update(piece)
    const text = carried + decode(decoder, piece)
    const cut = text.lastIndexOf(',') + 1
    carried = text.slice(cut)
    if (carried.length > MOST_WITHOUT_COMMA) throw new NotStageable('item_too_large')
    if (cut > 0) yield text.slice(0, cut)
  }
  yield carried + decode(decoder)
}

function decode(decoder: TextDecoder, piece?: Buffer): string {
  let text: string
  try {
    text = piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw new NotStageable('not_json')
  }
  // A text of the database cannot hold it, and JSON must not.
  if (text.includes('\0')) throw new NotStageable('not_json')
  return text
}
