import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { endByPlatform } from '../../service/connections/find-connection.ts'
import { borrowToken, connect, expireTokens, obtainHandle, test } from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'

async function trailOf({ admin }: TestDatabase, userId: string): Promise<string[]> {
  const { rows } = await admin.query<{ line: string }>(
    `select concat_ws(' ', action, actor_kind, case when v.actor_id = v.subject_user_id::text then 'self' else v.actor_id end, outcome) as line
     from audit.events e join audit.personal_values v on v.event_id = e.id
     where v.subject_user_id = $1 order by e.occurred_at`,
    [userId],
  )
  return rows.map(({ line }) => line)
}

describe('the life of a connection leaves in the audit trail', () => {
  test('connecting, using, refreshing and disconnecting', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await borrowToken(services, key)
    await expireTokens(db)
    await borrowToken(services, key)
    await disconnectPlatform(services, key)
    expect(await trailOf(db, key.userId)).toEqual([
      'connection.started user self success',
      'token.stored system success',
      'connection.completed user self success',
      'token.opened system success',
      'token.opened system success',
      'connection.tokens_renewed system success',
      'token.opened system success',
      'token.destroyed system success',
      'connection.disconnected user self success',
      'key.destroyed system success',
      'connection.revocation_confirmed platform acme success',
    ])
  })

  test("somebody else's attempt to finish it, which the caller is not told of", async ({ db, services, fake }) => {
    const [ada, mallory] = [randomUUID(), randomUUID()]
    const handle = await obtainHandle({ services, fake }, ada)
    await expect(completeConnection(services, { userId: mallory, handle })).rejects.toThrow('connection/handle_invalid')
    expect(await trailOf(db, ada)).toEqual([
      'connection.started user self success',
      `oauth.user_mismatch user ${mallory} refused`,
    ])
    expect(await trailOf(db, mallory)).toEqual([])
  })

  test('that the platform ended it, once', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    for (let time = 0; time < 2; time += 1) await services.db.transaction((tx) => endByPlatform(services, tx, key))
    expect((await trailOf(db, key.userId)).slice(3)).toEqual([
      'token.destroyed system success',
      'connection.ended_at_platform platform acme success',
      'key.destroyed system success',
    ])
  })

  test('tokens that do not open', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await db.admin.query(`update vault.tokens set access_token_sealed = 'x'`)
    await expect(borrowToken(services, key)).rejects.toThrow('vault/unreadable')
    expect((await trailOf(db, key.userId)).at(-1)).toBe('token.opened system failure')
  })

  test('nothing of a change that was rolled back', async ({ db, services, fake }) => {
    const first = await connect({ services, fake })
    const userId = randomUUID()
    const taken = obtainHandle({ services, fake }, userId).then((handle) =>
      completeConnection(services, { userId, handle }),
    )
    await expect(taken).rejects.toThrow('connection/account_taken')
    expect((await trailOf(db, userId)).map((line) => line.split(' ')[0])).toEqual([
      'connection.started',
      'connection.account_taken',
    ])
    expect(await trailOf(db, first.userId)).toHaveLength(3)
  })
})

describe('tokens', () => {
  test('are not handed out when the trail cannot be written', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await db.admin.query('revoke insert on audit.events from tributary_service')
    await expect(borrowToken(services, key)).rejects.toThrow('permission denied')
    await expect(disconnectPlatform(services, key)).rejects.toThrow('permission denied')
    await db.admin.query('grant insert on audit.events to tributary_service')
    expect(await borrowToken(services, key)).toMatch(/./)
  })
})
