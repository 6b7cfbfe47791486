import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

export interface UploadKey {
  readonly userId: string
  readonly uploadId: string
}

export interface Upload extends UploadKey {
  readonly platform: string
  readonly state: 'receiving' | 'importing' | 'done' | 'failed'
  readonly receivedBytes: number
  readonly sha256: string | null
  readonly runId: string | null
  readonly receivedAt: Date
}

/** Makes sure that the person and the upload have a row. */
export async function openUpload(tx: Tx, { userId, uploadId }: UploadKey, platform: string): Promise<void> {
  await tx.query(sql`insert into public.app_users (user_id) values (${userId}::uuid) on conflict (user_id) do nothing`)
  await tx.query(sql`
    insert into ops.uploads (user_id, id, platform) values (${userId}::uuid, ${uploadId}::uuid, ${platform})
    on conflict (user_id, id) do nothing`)
}

export async function findUpload(db: Db, { userId, uploadId }: UploadKey): Promise<Upload | undefined> {
  const { rows } = await db.query<Upload & { received: string }>(sql`
    select u.user_id as "userId", u.id as "uploadId", u.platform, u.state, u.received_bytes as received, u.sha256,
      u.sync_run_id as "runId", u.received_at as "receivedAt"
    from ops.uploads u where u.user_id = ${userId}::uuid and u.id = ${uploadId}::uuid`)
  const row = rows[0]
  return row === undefined ? undefined : { ...row, receivedBytes: Number(row.received) }
}

/** The upload of the same file that is imported or being imported; the newest. */
export async function findSameFile(
  db: Db,
  { userId, platform, sha256 }: { userId: string; platform: string; sha256: string },
): Promise<(UploadKey & { runId: string; state: 'importing' | 'done' }) | undefined> {
  const { rows } = await db.query<UploadKey & { runId: string; state: 'importing' | 'done' }>(sql`
    select u.user_id as "userId", u.id as "uploadId", u.sync_run_id as "runId", u.state from ops.uploads u
    where u.user_id = ${userId}::uuid and u.platform = ${platform} and u.sha256 = ${sha256} and u.state in ('importing', 'done')
    order by u.received_at desc limit 1`)
  return rows[0]
}

/** Answers false when the upload goes on elsewhere: another request was faster, or it is complete. */
export async function appendChunk(
  tx: Tx,
  { userId, uploadId }: UploadKey,
  chunk: { fromByte: number; byteCount: number; bytesSealed: Buffer },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    with moved as (
      update ops.uploads set received_bytes = received_bytes + ${chunk.byteCount}::bigint, updated_at = now()
      where user_id = ${userId}::uuid and id = ${uploadId}::uuid and state = 'receiving' and received_bytes = ${chunk.fromByte}::bigint
      returning user_id, id
    )
    insert into ops.upload_chunks (user_id, upload_id, from_byte, byte_count, bytes_sealed)
    select user_id, id, ${chunk.fromByte}::bigint, ${chunk.byteCount}::integer, ${chunk.bytesSealed}::bytea from moved`)
  return rowCount === 1
}

export interface StoredChunk {
  readonly fromByte: number
  readonly bytesSealed: Buffer
}

/** The chunk that holds this byte. */
export async function findChunk(
  db: Db,
  { userId, uploadId }: UploadKey,
  byte: number,
): Promise<StoredChunk | undefined> {
  const { rows } = await db.query<{ from: string; bytesSealed: Buffer }>(sql`
    select c.from_byte as "from", c.bytes_sealed as "bytesSealed" from ops.upload_chunks c
    where c.user_id = ${userId}::uuid and c.upload_id = ${uploadId}::uuid and c.from_byte <= ${byte}::bigint
    order by c.from_byte desc limit 1`)
  const row = rows[0]
  return row === undefined ? undefined : { fromByte: Number(row.from), bytesSealed: row.bytesSealed }
}

/** Answers false when it is no longer being received. */
export async function beginImport(
  tx: Tx,
  key: UploadKey,
  { sha256, runId }: { sha256: string; runId: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update ops.uploads set state = 'importing', sha256 = ${sha256}, sync_run_id = ${runId}::uuid, updated_at = now()
    where user_id = ${key.userId}::uuid and id = ${key.uploadId}::uuid and state = 'receiving'`)
  return rowCount === 1
}

/** The bytes have done their work, or are of no use. */
export async function endUpload(tx: Tx, { userId, uploadId }: UploadKey, state: 'done' | 'failed'): Promise<void> {
  await tx.query(sql`
    with ended as (
      update ops.uploads set state = ${state}, updated_at = now()
      where user_id = ${userId}::uuid and id = ${uploadId}::uuid and state = 'importing'
    )
    delete from ops.upload_chunks where user_id = ${userId}::uuid and upload_id = ${uploadId}::uuid`)
}

/** Forgets an upload that is the same file as another. */
export async function forgetUpload(tx: Tx, { userId, uploadId }: UploadKey): Promise<void> {
  await tx.query(
    sql`delete from ops.uploads where user_id = ${userId}::uuid and id = ${uploadId}::uuid and state = 'receiving'`,
  )
}

/** A client that never came back: its bytes are forgotten after a day. */
export async function forgetAbandonedUploads(db: Db): Promise<number> {
  const { rowCount } = await db.query(sql`
    delete from ops.uploads where state = 'receiving' and updated_at < now() - interval '1 day'`)
  return rowCount
}

/** An import that a command began and nobody continues would keep the person from importing anything else. */
export async function failSilentImports(
  tx: Tx,
  { userId, platform }: { userId: string; platform: string },
): Promise<void> {
  await tx.query(sql`
    with silent as (
      update public.sync_runs r set status = 'failed', error_code = 'upload/abandoned', finished_at = now(), updated_at = now()
      where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.kind = 'upload' and r.status = 'running'
        and r.updated_at < now() - interval '10 minutes'
        and not exists (select 1 from graphile_worker.jobs j where j.key = 'import_upload:' || r.id)
      returning r.id
    )
    update ops.uploads u set state = 'failed', updated_at = now() from silent
    where u.user_id = ${userId}::uuid and u.sync_run_id = silent.id and u.state = 'importing'`)
}
