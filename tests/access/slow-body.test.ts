import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer } from '../../service/api/server.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { createLog } from '../../service/runtime/log.ts'

const LIMIT_MS = 150
const LONGER_MS = 3 * LIMIT_MS
const PATIENCE_MS = 4_000

let app: FastifyInstance
beforeAll(async () => {
  app = createServer({
    listener: 'public',
    log: createLog({ level: 'silent', process: 'test' }),
    metrics: createMetrics(),
  })
  app.post('/limited', { config: { bodyTimeoutMs: LIMIT_MS } }, async (request) => request.body)
  app.post('/as-long-as-it-comes', { config: { bodyTimeoutMs: null } }, async (request) => request.body)
  // As a webhook's: the body is a stream, and here nobody reads it for a while.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, stream, done) => done(null, stream))
    scope.post<{ Body: Readable }>('/reads-late', { config: { bodyTimeoutMs: LIMIT_MS } }, async (request) => {
      await sleep(LONGER_MS)
      return json(request.body)
    })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => app.close())

/** With the head of a request whose body has seven bytes. */
async function begin(path: string): Promise<Socket> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n`)
  return socket
}

/** Everything up to the end, up to a whole answer, or up to the end of our patience. */
async function answerOf(socket: Socket): Promise<string> {
  let text = ''
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('nothing comes, and nobody hangs up')))
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1')
    if (text.endsWith('{"a":1}')) break
  }
  return text
}

describe('a body that comes slowly', () => {
  test('is cut off when its time is up', async () => {
    const socket = await begin('/limited')
    socket.write('{"a"')
    expect(await answerOf(socket)).toBe('')
  })

  test('is read to its end where a large file may take its time', async () => {
    const socket = await begin('/as-long-as-it-comes')
    socket.write('{"a"')
    await sleep(LONGER_MS)
    socket.write(':1}')
    expect(await answerOf(socket)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('and is here whole is not cut off, however late it is read', async () => {
    const socket = await begin('/reads-late')
    socket.write('{"a":1}')
    expect(await answerOf(socket)).toMatch(/^HTTP\/1.1 200 /)
  })
})
