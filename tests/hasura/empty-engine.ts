import { inject, onTestFinished } from 'vitest'
import { openScene } from '../conformance/scene.ts'

/** An engine that tracks nothing yet, over what `sql` creates; it ends with the test. */
export async function startEmptyEngine(sql: string, env: Record<string, string> = {}) {
  const scene = await openScene(inject('testServer').adminUrl, env)
  onTestFinished(() => scene.close())
  await scene.database.query(sql)
  const send = (path: string, { body, headers }: { body: string; headers?: Record<string, string> }) =>
    fetch(scene.url + path, {
      method: 'POST',
      headers: { 'x-hasura-admin-secret': scene.adminSecret, ...headers },
      body,
    })
  const post = async (path: string, { body, headers = {} }: { body: unknown; headers?: Record<string, string> }) => {
    const response = await send(path, { body: JSON.stringify(body), headers })
    return { status: response.status, body: await response.json() }
  }
  return {
    database: scene.database,
    command: (type: string, args: unknown, path = '/v1/metadata') => post(path, { body: { type, args } }),
    ask: async (query: string, role = 'admin', headers: Record<string, string> = {}) =>
      (await post('/v1/graphql', { body: { query }, headers: { 'x-hasura-role': role, ...headers } })).body,
    /** A GraphQL request and its answer as text: numbers are as they were written. */
    send: async (body: string) => (await send('/v1/graphql', { body })).text(),
    asUser: (type: string, args: unknown) =>
      post('/v1/query', { body: { type, args }, headers: { 'x-hasura-role': 'user' } }),
  }
}
