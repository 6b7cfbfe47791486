import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface ExportKey {
  readonly userId: string
  readonly exportId: string
}

/** The export that is running or waits to be fetched. */
export async function findLiveExport(db: Db, userId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(sql`
    select id from public.data_exports
    where user_id = ${userId}::uuid and (status = 'running' or (status = 'ready' and expires_at > now()))
    order by requested_at desc limit 1`)
  return rows[0]?.id
}

export async function countExportsOfDay(db: Db, userId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(sql`
    select count(*)::integer as n from public.data_exports
    where user_id = ${userId}::uuid and requested_at > now() - interval '1 day'`)
  return rows[0]?.n ?? 0
}

export async function insertExport(
  tx: Tx,
  { userId, requestId }: { userId: string; requestId: string },
): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.data_exports (user_id, request_id) values (${userId}::uuid, ${requestId}::uuid) returning id`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0].id
}

/** This attempt writes it from now on; whatever another wrote is gone. Undefined: it is not running any more. */
export async function beginAttempt(
  tx: Tx,
  key: ExportKey,
  attempt: string,
): Promise<{ requestId: string } | undefined> {
  const { rows } = await tx.query<{ requestId: string }>(sql`
    update public.data_exports set attempt = ${attempt}::uuid, progress = 0, rows_written = 0, updated_at = now()
    where user_id = ${key.userId}::uuid and id = ${key.exportId}::uuid and status = 'running'
    returning request_id as "requestId"`)
  if (rows[0] === undefined) return undefined
  await tx.query(sql`
    delete from ops.export_chunks where user_id = ${key.userId}::uuid and export_id = ${key.exportId}::uuid`)
  return rows[0]
}

export interface ExportAttempt extends ExportKey {
  readonly attempt: string
}

/** Whether this attempt still writes it: false once another took over, or the person is gone. */
export async function isCurrent(db: Db, { userId, exportId, attempt }: ExportAttempt): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from public.data_exports
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and attempt = ${attempt}::uuid and status = 'running'`)
  return rowCount === 1
}

/** False when the export is another attempt's, or gone with its person. */
export async function appendChunk(
  db: Db,
  { userId, exportId, attempt }: ExportAttempt,
  chunk: { fromByte: number; byteCount: number; bytesSealed: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into ops.export_chunks (user_id, export_id, attempt, from_byte, byte_count, bytes_sealed)
    select user_id, id, attempt, ${chunk.fromByte}::bigint, ${chunk.byteCount}::integer, ${chunk.bytesSealed}::bytea
    from public.data_exports
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and attempt = ${attempt}::uuid and status = 'running'`)
  return rowCount === 1
}

export async function noteProgress(
  db: Db,
  { userId, exportId, attempt }: ExportAttempt,
  { progress, rowsWritten }: { progress: number; rowsWritten: number },
): Promise<void> {
  await db.query(sql`
    update public.data_exports set progress = ${progress}::numeric, rows_written = ${rowsWritten}::bigint, updated_at = now()
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and attempt = ${attempt}::uuid and status = 'running'`)
}

export async function finishExport(
  tx: Tx,
  { userId, exportId, attempt }: ExportAttempt,
  { byteCount, sha256, keepHours }: { byteCount: number; sha256: string; keepHours: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.data_exports
    set status = 'ready', progress = 1, byte_count = ${byteCount}::bigint, sha256 = ${sha256}, ready_at = now(), updated_at = now(),
      expires_at = now() + make_interval(hours => ${keepHours}::integer)
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and attempt = ${attempt}::uuid and status = 'running'`)
  return rowCount === 1
}

export async function failExport(
  db: Db,
  { userId, exportId, attempt }: ExportAttempt,
  errorCode: string,
): Promise<void> {
  await db.query(sql`
    with failed as (
      update public.data_exports set status = 'failed', error_code = ${errorCode}, updated_at = now()
      where user_id = ${userId}::uuid and id = ${exportId}::uuid and attempt = ${attempt}::uuid and status = 'running'
      returning user_id, id
    )
    delete from ops.export_chunks c using failed where c.user_id = failed.user_id and c.export_id = failed.id`)
}

export interface ReadyExport {
  readonly attempt: string
  readonly byteCount: number
}

/** Lends the export to one download; undefined when it is not this person's, not ready, gone, or being fetched at the moment. */
export async function beginDownload(
  db: Db,
  { userId, exportId }: ExportKey,
  leaseMinutes: number,
): Promise<ReadyExport | undefined> {
  const { rows } = await db.query<{ attempt: string; bytes: string }>(sql`
    update public.data_exports set download_until = now() + make_interval(mins => ${leaseMinutes}::integer)
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and status = 'ready' and expires_at > now()
      and (download_until is null or download_until < now())
    returning attempt, byte_count as bytes`)
  const row = rows[0]
  return row === undefined ? undefined : { attempt: row.attempt, byteCount: Number(row.bytes) }
}

/** Fetched whole: it is removed. Or broken off: it can be fetched again. */
export async function endDownload(tx: Tx, { userId, exportId }: ExportKey, end: 'whole' | 'broken_off'): Promise<void> {
  if (end === 'broken_off') {
    await tx.query(sql`
      update public.data_exports set download_until = null
      where user_id = ${userId}::uuid and id = ${exportId}::uuid and status = 'ready'`)
    return
  }
  await tx.query(sql`
    update public.data_exports set status = 'downloaded', downloaded_at = now(), download_until = null, updated_at = now()
    where user_id = ${userId}::uuid and id = ${exportId}::uuid and status = 'ready'`)
  await tx.query(sql`
    delete from ops.export_chunks where user_id = ${userId}::uuid and export_id = ${exportId}::uuid`)
}

export async function readChunk(
  db: Db,
  { userId, exportId, attempt }: ExportAttempt,
  fromByte: number,
): Promise<{ bytesSealed: Buffer; byteCount: number } | undefined> {
  const { rows } = await db.query<{ bytesSealed: Buffer; byteCount: number }>(sql`
    select bytes_sealed as "bytesSealed", byte_count as "byteCount" from ops.export_chunks
    where user_id = ${userId}::uuid and export_id = ${exportId}::uuid and attempt = ${attempt}::uuid
      and from_byte = ${fromByte}::bigint`)
  return rows[0]
}

/** Removes what nobody fetched in time. */
export async function expireExports(tx: Tx): Promise<number> {
  const { rowCount } = await tx.query(sql`
    update public.data_exports set status = 'expired', download_until = null, updated_at = now()
    where status = 'ready' and expires_at <= now()`)
  await tx.query(sql`
    delete from ops.export_chunks c using public.data_exports e
    where e.user_id = c.user_id and e.id = c.export_id and e.status in ('expired', 'downloaded', 'failed')`)
  return rowCount
}
