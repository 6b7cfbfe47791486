import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { createClient } from 'graphql-ws'
import { SignJWT } from 'jose'
import { describe, expect } from 'vitest'
import WebSocket from 'ws'
import { type RunningEngine, startEngine } from '../../hasura/local/engine.ts'
import { JWT_KEY, type Scene, test } from '../support/engine-scene.ts'

async function tokenOf(userId: string): Promise<string> {
  const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': userId }
  return new SignJWT({ 'https://hasura.io/jwt/claims': claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(JWT_KEY))
}

async function ask(engine: RunningEngine, query: string, headers?: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${engine.url}/v1/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await tokenOf('42')}`, ...headers },
    body: JSON.stringify({ query }),
  })
  return response.json()
}

async function metadata(engine: RunningEngine, type: string): Promise<Record<string, unknown>> {
  const headers = { 'x-hasura-admin-secret': 'admin-secret' }
  const response = await fetch(`${engine.url}/v1/metadata`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ type, args: {} }),
  })
  return response.json() as Promise<Record<string, unknown>>
}

describe('refuses to start', () => {
  test('on metadata it does not implement', async ({ scene }) => {
    await scene.directory.write({ 'remote_schemas.yaml': '- name: other\n  definition: {url: http://localhost}\n' })
    await expect(scene.start()).rejects.toThrow(/remote_schemas/)
  })

  test('without its database', async ({ scene }) => {
    scene.env.PG_DATABASE_URL = 'postgres://nobody@127.0.0.1:1/nothing'
    await expect(scene.start()).rejects.toThrow('ECONNREFUSED')
  })

  test('on a port that is taken', async ({ scene }) => {
    const { port } = await scene.start()
    await expect(startEngine({ metadataDirectory: scene.directory.path, port, env: scene.env })).rejects.toThrow(
      'EADDRINUSE',
    )
  })
})

describe('engine', () => {
  test('serves rows by permission, calls actions and delivers events', async ({ scene }) => {
    const engine = await scene.start()
    expect(await ask(engine, 'mutation { insert_article_one(object: {id: 1, title: "mine"}) { id title } }')).toEqual({
      data: { insert_article_one: { id: 1, title: 'mine' } },
    })
    await scene.db.service.query(`insert into article values (2, 'theirs', 7)`)
    expect(await ask(engine, '{ article { id title } }')).toEqual({ data: { article: [{ id: 1, title: 'mine' }] } })

    await expect.poll(() => scene.service.calls.length).toBe(2)
    const events = scene.service.calls.map(({ body }) => JSON.parse(body).event)
    const sessions = events.map(({ data, session_variables }) => [data.new.id, session_variables])
    expect(Object.fromEntries(sessions)).toEqual({ 1: { 'x-hasura-role': 'user', 'x-hasura-user-id': '42' }, 2: null })

    scene.answer({
      status: 200,
      body: '{"url":"https://example.com/1","more":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await ask(engine, 'mutation { publish(id: 1) { url } }')).toEqual({
      data: { publish: { url: 'https://example.com/1' } },
    })
    const call = scene.service.calls.at(-1)!
    expect(call.path).toBe('/actions/publish')
    expect(call.headers['x-action-secret']).toBe('swordfish')
    expect(JSON.parse(call.body)).toEqual({
      action: { name: 'publish' },
      input: { id: 1 },
      request_query: 'mutation { publish(id: 1) { url } }',
      session_variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '42' },
    })

    scene.answer({ status: 400, body: '{"message":"not yours","code":"forbidden"}' })
    expect(await ask(engine, 'mutation { publish(id: 1) { url } }')).toEqual({
      errors: [{ message: 'not yours', extensions: { path: '$', code: 'forbidden' } }],
    })
  })

  test('sends live queries when rows change', async ({ scene }) => {
    const engine = await scene.start()
    const connectionParams = { headers: { Authorization: `Bearer ${await tokenOf('42')}` } }
    const url = `${engine.url.replace('http', 'ws')}/v1/graphql`
    const client = createClient({ url, webSocketImpl: WebSocket, connectionParams })
    const results = client.iterate({ query: 'subscription { article(order_by: {id: asc}) { id } }' })
    expect((await results.next()).value).toEqual({ data: { article: [] } })
    await scene.db.service.query(`insert into article values (1, 'a', 7), (2, 'b', 42)`)
    expect((await results.next()).value).toEqual({ data: { article: [{ id: 2 }] } })
    await client.dispose()
  })

  test('answers an error while the database is away, and recovers', async ({ scene }) => {
    const engine = await scene.start()
    const databaseName = scene.db.name
    await scene.db.admin.query(`revoke connect on database ${databaseName} from tributary_hasura, public`)
    await scene.db.admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tributary_hasura' and datname = current_database()`,
    )
    expect(await ask(engine, '{ article { id } }')).toMatchObject({ errors: [{ extensions: { path: '$' } }] })
    expect((await fetch(`${engine.url}/healthz`)).status).toBe(500)
    await scene.db.admin.query(`grant connect on database ${databaseName} to tributary_hasura`)
    await expect.poll(() => ask(engine, '{ article { id } }'), { timeout: 5000 }).toEqual({ data: { article: [] } })
    expect(await (await fetch(`${engine.url}/healthz`)).text()).toBe('OK')
  })

  test('reports what is inconsistent, leaves it out, and takes it in after a reload', async ({ scene }) => {
    const { ACTION_SECRET } = scene.env
    delete scene.env.ACTION_SECRET
    const engine = await scene.start()
    expect(await metadata(engine, 'get_inconsistent_metadata')).toEqual({
      is_consistent: false,
      inconsistent_objects: [
        { name: 'action publish', reason: `in action "publish": environment variable 'ACTION_SECRET' not set` },
      ],
    })
    expect(await ask(engine, 'mutation { publish(id: 1) { url } }')).toMatchObject({
      errors: [{ extensions: { code: 'validation-failed' } }],
    })
    expect((await fetch(`${engine.url}/healthz?strict=true`)).status).toBe(500)
    scene.env.ACTION_SECRET = ACTION_SECRET!
    expect(await metadata(engine, 'reload_metadata')).toEqual({ message: 'success', is_consistent: true })
    scene.answer({ status: 200, body: 'null' })
    expect(await ask(engine, 'mutation { publish(id: 1) { url } }')).toEqual({ data: { publish: null } })
  })

  test('keeps serving the old metadata when the new is bad', async ({ scene }) => {
    const engine = await scene.start()
    await scene.directory.write({ 'remote_schemas.yaml': '- name: other\n' })
    expect(await metadata(engine, 'reload_metadata')).toMatchObject({ code: 'invalid-configuration' })
    expect(await ask(engine, '{ article { id } }')).toEqual({ data: { article: [] } })
  })
})

describe('process', () => {
  const launch = (scene: Scene, env: Record<string, string> = {}) =>
    spawn(process.execPath, ['hasura/local/main.ts'], {
      env: { ...scene.env, HASURA_GRAPHQL_METADATA_DIR: scene.directory.path, HASURA_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  test('refuses bad metadata with one line and exit code 1', async ({ scene }) => {
    await scene.directory.write({ 'remote_schemas.yaml': '- name: other\n' })
    const child = launch(scene)
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('remote_schemas')
  })

  test('says what it is, and ends cleanly when asked to', async ({ scene }) => {
    const child = launch(scene)
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await expect.poll(() => said, { timeout: 10_000 }).toContain('not Hasura')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
