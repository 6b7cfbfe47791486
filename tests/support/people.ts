import type pg from 'pg'

export const ADA = '11111111-1111-4111-8111-111111111111'
export const BELA = '22222222-2222-4222-8222-222222222222'

/** A person with an active Strava connection, written straight into the tables. */
export async function insertConnectedPerson(pool: pg.Pool, userId: string, account = '42'): Promise<void> {
  await pool.query("insert into public.platforms (id, display_name) values ('strava', 'Strava') on conflict do nothing")
  await pool.query('insert into public.app_users (user_id) values ($1) on conflict do nothing', [userId])
  await pool.query(
    "insert into public.connections (user_id, platform, status, platform_user_id) values ($1, 'strava', 'active', $2)",
    [userId, account],
  )
}
