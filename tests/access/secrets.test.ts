import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { handleErrors } from '../../service/api/error-handler.ts'
import { rawDataInsertedEvent } from '../../service/api/raw-data-inserted.event.ts'
import { loadConfig } from '../../service/config.ts'
import type { Database } from '../../service/runtime/db.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'

/** Answers the status; a good secret gets as far as the body, which is none. */
async function send(secret: string | undefined, { previous }: { previous?: Secret } = {}): Promise<number> {
  const app = Fastify()
  handleErrors(app, { log: createLog({ level: 'silent', process: 'test' }) })
  app.register(rawDataInsertedEvent, {
    db: {} as Database,
    eventSecret: new Secret('e'.repeat(32)),
    previousEventSecret: previous,
  })
  const headers = secret === undefined ? {} : { 'x-event-secret': secret }
  const { statusCode } = await app.inject({ method: 'POST', url: '/events/raw_data_inserted', headers, payload: {} })
  await app.close()
  return statusCode
}

describe("the secret of Hasura's events", () => {
  test('is needed whole', async () => {
    const given = [undefined, '', 'e'.repeat(31), 'e'.repeat(33), 'o'.repeat(32)]
    for (const secret of given) expect(await send(secret)).toBe(401)
    expect(await send('e'.repeat(32))).toBe(400)
  })

  test('may be the one before it while that is set, and then the new one works too', async () => {
    const previous = new Secret('o'.repeat(32))
    expect(await send('o'.repeat(32), { previous })).toBe(400)
    expect(await send('e'.repeat(32), { previous })).toBe(400)
    expect(await send('', { previous })).toBe(401)
    expect(await send('p'.repeat(32), { previous })).toBe(401)
  })
})

test('both secrets before are read from the environment, and are long', async () => {
  const environment = {
    NODE_ENV: 'test',
    DATABASE_URL: 'postgres://localhost/none',
    SERVICE_PUBLIC_URL: 'http://localhost:3000/',
    APP_REDIRECT_URIS: 'http://localhost:3000/',
    HASURA_GRAPHQL_ENDPOINT: 'http://localhost:8080',
    HASURA_ACTION_SECRET: 'a'.repeat(32),
    HASURA_EVENT_SECRET: 'e'.repeat(32),
    HASURA_ACTION_SECRET_PREVIOUS: 'b'.repeat(32),
    HASURA_EVENT_SECRET_PREVIOUS: 'f'.repeat(32),
    VAULT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  }
  const { hasura } = await loadConfig(environment)
  expect([hasura.previousActionSecret?.reveal(), hasura.previousEventSecret?.reveal()]).toEqual([
    'b'.repeat(32),
    'f'.repeat(32),
  ])
  await expect(loadConfig({ ...environment, HASURA_EVENT_SECRET_PREVIOUS: 'short' })).rejects.toThrow(
    'HASURA_EVENT_SECRET_PREVIOUS',
  )
})
