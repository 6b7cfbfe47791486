import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** All that is given has to fit. */
export interface LetterFilter {
  readonly task?: string | undefined
  readonly platform?: string | undefined
  readonly cause?: string | undefined
  readonly userId?: string | undefined
  readonly diedFrom?: Date | undefined
  readonly diedBefore?: Date | undefined
}

/** By id, or by what they are. */
export type LetterChoice = { readonly ids: readonly string[] } | { readonly filter: LetterFilter }

export interface ChosenLetter {
  readonly id: string
  readonly userId: string | null
  readonly platform: string | null
  readonly task: string
}

/** Those that wait, oldest first, locked until the transaction ends. */
export async function lockWaiting(tx: Tx, choice: LetterChoice, limit: number): Promise<readonly ChosenLetter[]> {
  const ids = 'ids' in choice ? choice.ids : null
  const { task, platform, cause, userId, diedFrom, diedBefore } =
    'filter' in choice ? choice.filter : ({} as LetterFilter)
  const { rows } = await tx.query<ChosenLetter>(sql`
    select l.id, l.user_id as "userId", l.platform, l.task from public.dead_letters l
    where l.state = 'waiting'
      and (${ids}::uuid[] is null or l.id = any (${ids}::uuid[]))
      and (${task ?? null}::text is null or l.task = ${task ?? null})
      and (${platform ?? null}::text is null or l.platform = ${platform ?? null})
      and (${cause ?? null}::text is null or l.cause = ${cause ?? null})
      and (${userId ?? null}::uuid is null or l.user_id = ${userId ?? null}::uuid)
      and (${diedFrom ?? null}::timestamptz is null or l.died_at >= ${diedFrom ?? null}::timestamptz)
      and (${diedBefore ?? null}::timestamptz is null or l.died_at < ${diedBefore ?? null}::timestamptz)
    order by l.died_at, l.id limit ${limit}::integer for update`)
  return rows
}

/** Queues their jobs again, with what they left unfinished. Answers how many. */
export async function reviveLetters(tx: Tx, ids: readonly string[]): Promise<number> {
  const { rows } = await tx.query<{ revived: number }>(sql`
    select ops.revive_dead_letters(${ids}::uuid[]) as revived`)
  return rows[0]?.revived ?? 0
}

export async function discardLetters(tx: Tx, ids: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(sql`
    update public.dead_letters set state = 'discarded', resolved_at = now(), retry_at = null
    where id = any (${ids}::uuid[]) and state = 'waiting'`)
  return rowCount
}

/** Whose time to be repeated by themselves has come. Locked, so that several processes share them. */
export async function lockDueLetters(tx: Tx, limit: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>(sql`
    select l.id from public.dead_letters l where l.retry_at <= now()
    order by l.retry_at limit ${limit}::integer for update skip locked`)
  return rows.map(({ id }) => id)
}

/** What was dealt with this long ago says nothing any more. */
export async function deleteOldLetters(db: Db, days: number): Promise<void> {
  await db.query(sql`
    delete from public.dead_letters where resolved_at < now() - make_interval(days => ${days}::integer)`)
}

export interface ListedLetter {
  readonly id: string
  readonly userId: string | null
  readonly platform: string | null
  readonly task: string
  readonly cause: string
  readonly attempts: number
  readonly deaths: number
  readonly state: string
  readonly queuedAt: Date
  readonly diedAt: Date
  readonly retryAt: Date | null
  readonly payload: Readonly<Record<string, unknown>>
}

/** Newest first. */
export async function listLetters(
  db: Db,
  { state, filter, limit }: { state: string | undefined; filter: LetterFilter; limit: number },
): Promise<readonly ListedLetter[]> {
  const { task, platform, cause, userId } = filter
  const { rows } = await db.query<ListedLetter>(sql`
    select l.id, l.user_id as "userId", l.platform, l.task, l.cause, l.attempts, l.deaths, l.state,
      l.queued_at as "queuedAt", l.died_at as "diedAt", l.retry_at as "retryAt", l.payload
    from public.dead_letters l
    where (${state ?? null}::text is null or l.state = ${state ?? null})
      and (${task ?? null}::text is null or l.task = ${task ?? null})
      and (${platform ?? null}::text is null or l.platform = ${platform ?? null})
      and (${cause ?? null}::text is null or l.cause = ${cause ?? null})
      and (${userId ?? null}::uuid is null or l.user_id = ${userId ?? null}::uuid)
    order by l.died_at desc, l.id limit ${limit}::integer`)
  return rows
}
