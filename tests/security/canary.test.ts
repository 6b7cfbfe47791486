import type pg from 'pg'
import { describe, expect } from 'vitest'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { describeError } from '../../service/runtime/log.ts'
import { copyEveryTable, findCanaries, spellingsOf } from '../support/canaries.ts'
import { borrowToken, connect, endWaits, expireTokens, obtainHandle, test } from '../support/connections.ts'

const CANARY = 'canary-of-a-token~7'

describe('the search for canaries', () => {
  test.for([
    ['plain', (text: string) => `before ${text} after`],
    ['hex', (text: string) => Buffer.from(`"${text}"`).toString('hex')],
    ['hex', (text: string) => Buffer.from(text).toString('hex').toUpperCase()],
    ['base64', (text: string) => Buffer.from(`${text}`).toString('base64')],
    ['base64', (text: string) => Buffer.from(`a${text}bc`).toString('base64')],
    ['base64', (text: string) => Buffer.from(`ab${text}`).toString('base64')],
    ['base64url', (text: string) => Buffer.from(`{"x":"${text}"}`).toString('base64url')],
  ] as const)('finds one in %s', ([spelling, encode]) => {
    const found = findCanaries({ token: CANARY }, Buffer.from(encode(CANARY)))
    expect(found).toContainEqual({ canary: 'token', spelling })
  })

  test('finds nothing where there is none', () => {
    expect(findCanaries({ token: CANARY }, Buffer.from(`canary-of-a-token~8 ${'QUFB'.repeat(1000)}`))).toEqual([])
    expect(() => spellingsOf('short')).toThrow('too short')
  })
})

async function readTables(pool: pg.Pool): Promise<{ name: string; bytes: Buffer }[]> {
  const tables: { name: string; bytes: Buffer }[] = []
  for await (const table of copyEveryTable(pool)) tables.push(table)
  return tables
}

describe('what a platform granted', () => {
  test('is in no table and in no error, though the platform repeats it in every failure', async ({
    db,
    services,
    fake,
  }) => {
    const errors: unknown[] = []
    const keep = (error: unknown) => void errors.push(error)
    const key = await connect({ services, fake }, { account: '1' })
    const first = await services.vault.findTokens(key)
    await expireTokens(db)
    fake.faults.push({ status: 500, body: JSON.stringify({ error: first?.refreshToken?.reveal() }) })
    await borrowToken(services, key).catch(keep)
    await endWaits(db)
    await borrowToken(services, key)
    const second = await services.vault.findTokens(key)
    fake.faults.push({ status: 400, body: `<html>client-secret-1 ${second?.accessToken.reveal()}</html>` })
    const handle = await obtainHandle({ services, fake }, key.userId, { account: '2' })
    await completeConnection(services, { userId: key.userId, handle }).catch(keep)
    // Looked at while it lasts, and after its end: an end could tidy up what should never have been there.
    const during = await readTables(db.admin)
    fake.revocationStatus = 503
    await disconnectPlatform(services, key)
    expect(errors).toHaveLength(2)

    const forms = fake.tokenRequests.flatMap((form) =>
      ['code', 'code_verifier', 'refresh_token'].map((name) => form.get(name)),
    )
    const secrets = [first, second].flatMap((pair) => [pair?.accessToken.reveal(), pair?.refreshToken?.reveal()])
    const values = [...forms, ...secrets, 'client-secret-1', handle].filter((value) => typeof value === 'string')
    expect(new Set(values).size).toBe(10)
    const canaries = Object.fromEntries(values.map((value, index) => [`secret ${index}`, value]))
    expect(findCanaries(canaries, Buffer.from(JSON.stringify(errors.map(describeError))))).toEqual([])
    for (const { name, bytes } of [...during, ...(await readTables(db.admin))])
      expect([name, findCanaries(canaries, bytes)]).toEqual([name, []])
  })

  test('would be found in a table', async ({ db }) => {
    await db.admin.query('create table ops.careless as select $1::text as token', [CANARY])
    const found: string[] = []
    for await (const { name, bytes } of copyEveryTable(db.admin))
      if (findCanaries({ token: CANARY }, bytes).length > 0) found.push(name)
    expect(found).toEqual(['ops.careless'])
  })
})
