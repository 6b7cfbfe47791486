import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { preparedSql, sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

/** Makes sure that the person is known and has agreed to the newest text of the platform. Throws consent/required. */
export async function requireConsent(tx: Tx, key: ConnectionKey): Promise<void> {
  await tx.query(
    sql`insert into public.app_users (user_id) values (${key.userId}::uuid) on conflict (user_id) do nothing`,
  )
  await checkConsent(tx, key)
}

/** Before every call of a platform and before every write: it may have been withdrawn since. Throws consent/required. */
export async function checkConsent(db: Db, { userId, platform }: ConnectionKey): Promise<void> {
  const { rows } = await db.query<{ agreed: boolean }>(preparedSql`
    select ops.has_consent(${userId}::uuid, ${platform}) as agreed`)
  if (rows[0]?.agreed !== true) throw new AppError('consent/required', { platform })
}
