import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedCall {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface WebhookReceiver {
  readonly url: string
  readonly calls: readonly ReceivedCall[]
  close(): Promise<void>
}

export interface WebhookReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Never answers; the caller has to give up. */
  readonly hangs?: boolean
}

/** A local HTTP server that remembers every call; `reply` is asked what to answer, by default 204. */
export async function startWebhookReceiver(
  reply: (call: ReceivedCall) => WebhookReply | Promise<WebhookReply> = () => ({ status: 204 }),
): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = []
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const call = { path: request.url ?? '/', headers: request.headers, body }
      calls.push(call)
      const answer = await reply(call)
      if (answer.hangs !== true) response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
