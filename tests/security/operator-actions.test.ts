import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { bindAction } from '../../service/api/bind-action.ts'
import { revokeUserTokensAction } from '../../service/api/revoke-user-tokens.action.ts'
import { rotateKeysAction } from '../../service/api/rotate-keys.action.ts'
import { resealTokens } from '../../service/vault/reseal-tokens.task.ts'
import { rotationAction } from '../../service/wire-vault.ts'
import { borrowToken, connect, test } from '../support/connections.ts'

const OPERATOR = { userId: randomUUID(), role: 'operator' }

describe('revokeUserTokens', () => {
  test('ends one connection at once, everywhere, and makes copies of its tokens unreadable', async ({
    db,
    services,
    fake,
    openAnother,
  }) => {
    const { userId } = await connect({ services, fake })
    await connect({ services, fake }, { userId, platform: 'other', account: '4712' })
    const elsewhere = openAnother()
    await borrowToken(elsewhere, { userId, platform: 'acme' })
    const { rows } = await db.admin.query<{ box: Buffer }>(
      "select access_token_sealed as box from vault.tokens where platform = 'acme'",
    )
    const revoke = bindAction(revokeUserTokensAction, services)
    expect(await revoke.call({ userId, platform: 'acme' }, OPERATOR)).toMatchObject({
      platform: 'acme',
      status: 'disconnected',
    })
    await expect(borrowToken(elsewhere, { userId, platform: 'acme' })).rejects.toThrow('connection/not_found')
    await resealTokens.run({ userId }, { db: services.db, keyring: services.vault.keyring })
    expect(await borrowToken(openAnother(), { userId, platform: 'other' })).toBeTypeOf('string')
    // A copy out of a backup, put back where it was.
    await db.admin.query(
      "update vault.tokens set platform = 'acme', access_token_sealed = $1, refresh_token_sealed = null where platform = 'other'",
      [rows[0]!.box],
    )
    await expect(openAnother().vault.findTokens({ userId, platform: 'acme' })).rejects.toThrow('vault/unreadable')
    const told = await db.admin.query(
      "select actor_kind as actor from audit.events where action = 'token.revoked_by_operator'",
    )
    expect(told.rows).toEqual([{ actor: 'operator' }])
  })

  test('destroys the key with the last connection, and knows nobody without one', async ({ db, services, fake }) => {
    const { userId } = await connect({ services, fake })
    const revoke = bindAction(revokeUserTokensAction, services)
    await revoke.call({ userId, platform: 'acme' }, OPERATOR)
    expect((await db.admin.query('select 1 from vault.user_keys')).rowCount).toBe(0)
    await expect(revoke.call({ userId, platform: 'acme' }, OPERATOR)).rejects.toThrow('connection/not_found')
    await expect(revoke.call({ userId: 'somebody', platform: 'acme' }, OPERATOR)).rejects.toThrow('request/malformed')
  })
})

describe('rotateKeys', () => {
  test('starts what is asked for, all by default, in the name of the operator', async ({ db, services }) => {
    const rotate = bindAction(rotateKeysAction, rotationAction(services))
    const { rotationId } = (await rotate.call({}, OPERATOR)) as { rotationId: string }
    const { rows } = await db.admin.query('select id, kind, status, requested_by from public.key_rotations')
    expect(rows).toEqual([{ id: rotationId, kind: 'all', status: 'running', requested_by: OPERATOR.userId }])
    expect(await rotate.call({ keys: 'user' }, OPERATOR)).toEqual({ rotationId })
    await expect(rotate.call({ keys: 'everything' }, OPERATOR)).rejects.toThrow('request/malformed')
  })
})
