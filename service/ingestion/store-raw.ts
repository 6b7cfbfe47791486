import { randomUUID } from 'node:crypto'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { sql } from '../runtime/sql.ts'
import { currentTrace } from '../runtime/trace.ts'
import { eventContextOf } from '../runtime/trace-context.ts'

export interface NewRawData {
  readonly userId: string
  readonly platform: string
  readonly dataType: string
  /** JSON text as the platform sent it: parsing and writing it again would round large integers. */
  readonly text: string
  readonly metadata: Readonly<Record<string, unknown>>
  /** Kept as text: to take its numbers apart and to compress them so takes five times as long as to keep it, and nobody looks into it where it rests. */
  readonly isRecording?: boolean
  /** The delivery that it came in: it arrived with it, whenever its turn came. Absent: it was asked for just now. */
  readonly delivered?: Delivered
}

/** `place`: of the item. Of two versions of a record in one delivery, too, the later one is right. */
export interface Delivered {
  readonly deliveryId: string
  readonly place: number
}

/**
 * Whether the person's consent to the platform stands, and it does so until the transaction ends: a withdrawal waits. For whoever writes
 * for several people and leaves out those without.
 */
export async function lockConsent(
  tx: Tx,
  { userId, platform }: { userId: string; platform: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ agreed: boolean }>(sql`
    select ops.lock_consent(${userId}::uuid, ${platform}) as agreed`)
  return rows[0]?.agreed ?? false
}

/**
 * Whoever moves a run on takes these first: everybody locks the person's consent, then the connection, then runs, or two of them would
 * wait for each other. Throws consent/required.
 */
export async function lockForRun(tx: Tx, { userId, platform }: { userId: string; platform: string }): Promise<void> {
  await requireConsent(tx, { userId, platform })
  await tx.query(sql`
    select from public.connections where user_id = ${userId}::uuid and platform = ${platform} for no key update`)
}

/** Throws consent/required. */
export async function requireConsent(tx: Tx, key: { userId: string; platform: string }): Promise<void> {
  if (!(await lockConsent(tx, key))) throw new AppError('consent/required', { platform: key.platform })
}

/** Keeps a payload as it came. The event trigger on the table does the rest. Throws consent/required or platform/unavailable (it is no JSON): nothing of the transaction is kept. */
export async function storeRaw(tx: Tx, raw: NewRawData): Promise<void> {
  await insertRaw(tx, raw, { rawId: randomUUID(), isProcessed: false })
}

/** Where a payload is: times as text with microseconds. */
export interface StoredRaw {
  readonly createdAt: string
  readonly receivedAt: string
}

/** `isProcessed`: the transaction normalizes it. Throws as `storeRaw` does. */
export async function insertRaw(
  tx: Tx,
  raw: NewRawData,
  { rawId, isProcessed }: { rawId: string; isProcessed: boolean },
): Promise<StoredRaw> {
  const { text, replaced } = storableJson(raw.text)
  const metadata = {
    ...raw.metadata,
    ...(replaced && { replaced_nul_characters: true }),
    ...(raw.isRecording === true && { kept_as_text: true }),
  }
  const stored = tx.query<StoredRaw>(sql`
    insert into public.raw_fitness_data (id, user_id, platform, data_type, raw_data, metadata, received_at, processed_at)
    select ${rawId}::uuid, ${raw.userId}::uuid, ${raw.platform}, ${raw.dataType},
      case when ${raw.isRecording === true} and payload.text is json then to_jsonb(payload.text) else payload.text::jsonb end, ${JSON.stringify(metadata)}::jsonb, coalesce((
      select d.received_at + ${raw.delivered?.place ?? 0}::integer * interval '1 microsecond'
      from ops.webhook_deliveries d where d.id = ${raw.delivered?.deliveryId ?? null}::uuid), now()), case when ${isProcessed} then now() end
    -- Without the offset the planner would try the cast to jsonb, which is the work that a recording is spared.
    from (select ${text}::text offset 0) as payload (text)
    where ops.lock_consent(${raw.userId}::uuid, ${raw.platform}) and set_config('hasura.tracecontext', ${eventContext()}, true) is not null
    returning created_at::text as "createdAt", received_at::text as "receivedAt"`)
  const { rows } = await stored.catch((cause: unknown) => {
    // Half an answer or a proxy's page: the next attempt may get the whole one.
    const isNoJson = cause instanceof Error && 'code' in cause && cause.code === INVALID_TEXT_REPRESENTATION
    throw isNoJson ? new AppError('platform/unavailable', { platform: raw.platform, why: 'not_json' }) : cause
  })
  if (rows[0] === undefined) throw new AppError('consent/required', { platform: raw.platform })
  return rows[0]
}

const INVALID_TEXT_REPRESENTATION = '22P02'

/** From where Hasura's trigger takes it into the event; empty: none. */
function eventContext(): string {
  const trace = currentTrace()
  return trace === undefined ? '' : eventContextOf(trace.context)
}

/** jsonb holds neither NUL nor half of a surrogate pair; U+FFFD takes their place, and metadata says so. */
export function storableJson(text: string): { text: string; replaced: boolean } {
  if (!/\\u(?:0000|[dD][89a-fA-F])/.test(text)) return { text, replaced: false }
  const clean = text.replace(ESCAPES, (escape: string, pair?: string, single?: string) =>
    pair === undefined && single !== undefined && isUnstorable(single) ? '\\ufffd' : escape,
  )
  return { text: clean, replaced: clean !== text }
}

// A whole surrogate pair, one \u escape, or any other escape (so that `\\u0000`, an escaped backslash, is left alone).
const ESCAPES = /(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\[^u]/g

function isUnstorable(hexadecimal: string): boolean {
  const code = Number.parseInt(hexadecimal, 16)
  return code === 0 || (code >= 0xd800 && code <= 0xdfff)
}
