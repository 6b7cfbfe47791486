import type pg from 'pg'
import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'
import { ADA } from '../support/people.ts'

async function connection(pool: pg.Pool, status: string): Promise<void> {
  await pool.query(`insert into public.platforms (id, display_name) values ('acme', 'Acme')`)
  await pool.query('insert into public.app_users (user_id) values ($1)', [ADA])
  await pool.query(
    `insert into public.connections (user_id, platform, status, platform_user_id, connected_at)
     values ($1, 'acme', $2, '1', now() - interval '1 day')`,
    [ADA, status],
  )
}
const become = (pool: pg.Pool, status: string, connectedAt = 'connected_at') =>
  pool.query(`update public.connections set status = $1, connected_at = ${connectedAt}`, [status])

// The table of docs/operations/states.md.
describe('the status of a connection', () => {
  test.for(['active', 'limited', 'needs_reauth'])(
    'once it has ended does not become %s by itself',
    async (to, { db }) => {
      await connection(db.admin, 'disconnected')
      await expect(become(db.service, to)).rejects.toMatchObject({ code: 'TB001' })
    },
  )

  test('never becomes needs_reauth once it has ended, with a new consent neither', async ({ db }) => {
    await connection(db.admin, 'disconnected')
    await expect(become(db.service, 'needs_reauth', 'now()')).rejects.toMatchObject({ code: 'TB001' })
  })

  test.for([
    ['active', 'limited'],
    ['active', 'needs_reauth'],
    ['active', 'disconnected'],
    ['limited', 'active'],
    ['limited', 'needs_reauth'],
    ['limited', 'disconnected'],
    ['needs_reauth', 'active'],
    ['needs_reauth', 'limited'],
    ['needs_reauth', 'disconnected'],
  ] as const)('goes from %s to %s', async ([from, to], { db }) => {
    await connection(db.admin, from)
    expect((await become(db.service, to)).rowCount).toBe(1)
  })

  test.for(['active', 'limited'])('comes back as %s with a new consent', async (to, { db }) => {
    await connection(db.admin, 'disconnected')
    expect((await become(db.service, to, 'now()')).rowCount).toBe(1)
  })
})
