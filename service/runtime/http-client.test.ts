import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type HttpRequest, sendRequest } from './http-client.ts'
import { unpackWhole } from './packed-body.ts'

async function at(
  answer: (response: ServerResponse) => void,
  limits: { headersTimeoutMs?: number; bodyTimeoutMs?: number; timeoutMs?: number },
  more: Partial<HttpRequest> = {},
) {
  const server = createServer((_request, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await sendRequest({ method: 'GET', url, ...more }, { timeoutMs: 5_000, maxBytes: 1_000, ...limits })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** A byte every 50 ms, for ever. */
function drip(response: ServerResponse): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write('x'), 50)
  response.on('close', () => clearInterval(timer))
}

describe('a request gives up', () => {
  test('when the answer does not begin', async () => {
    await expect(at(() => {}, { headersTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'headers_timeout' },
    })
  })

  test('when the body stops in the middle', async () => {
    const half = (response: ServerResponse) => void response.writeHead(200).write('{"half":')
    await expect(at(half, { bodyTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'body_timeout' },
    })
  })

  test('when the body never ends, though every byte comes in time', async () => {
    await expect(at(drip, { bodyTimeoutMs: 200, timeoutMs: 400 })).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'TimeoutError' },
    })
  })

  test('and not before: what is slow within its limits is read whole', async () => {
    const slow = (response: ServerResponse) => {
      setTimeout(() => response.writeHead(200).write('{"a":'), 60)
      setTimeout(() => response.end('1}'), 120)
    }
    expect(await at(slow, { headersTimeoutMs: 2_000, bodyTimeoutMs: 2_000 })).toMatchObject({
      status: 200,
      text: '{"a":1}',
    })
  })
})

describe('a body that is packed', () => {
  const ask = (answer: (response: ServerResponse) => void) => at(answer, { bodyTimeoutMs: 100 }, { pack: true })

  test('is all there, and only where the answer is a success', async () => {
    const { packed, ...rest } = await ask((response) => response.end('[1]'))
    expect(rest).toMatchObject({ status: 200, text: '' })
    expect(String(packed && (await unpackWhole(packed)))).toBe('[1]')
    const refused = await ask((response) => response.writeHead(503).end('no'))
    expect(refused).toMatchObject({ status: 503, text: 'no' })
    expect(refused.packed).toBeUndefined()
  })

  test('that fails is the platform’s fault', async () => {
    const half = (response: ServerResponse) => void response.writeHead(200).write('{"half":')
    await expect(ask(half)).rejects.toMatchObject({ code: 'platform/unavailable', facts: { why: 'body_timeout' } })
    const large = (response: ServerResponse) => void response.end('x'.repeat(2_000))
    await expect(ask(large)).rejects.toMatchObject({ facts: { why: 'answer_too_large' } })
  })
})
