import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>>
  /** As it came. */
  readonly text: string
}

/** What goes wrong with requests from now on: an answer in place of the real one, silence, or the line cut. */
export type Fault = Reply | 'silence' | 'cut'

/** A key service on a port of its own, that can be made to fail. */
export interface KeyService {
  readonly url: string
  /** Every request, also those that failed. */
  readonly asked: Asked[]
  /** The next so many requests; by default all until `heal`. */
  fail(fault: Fault, times?: number): void
  heal(): void
  close(): Promise<void>
}

export async function startKeyService(answer: (asked: Asked) => Reply): Promise<KeyService> {
  const asked: Asked[] = []
  let fault: { readonly what: Fault; left: number } | undefined
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const body = text === '' ? {} : (JSON.parse(text) as Asked['body'])
      const one = { path: request.url ?? '', headers: request.headers, body, text }
      asked.push(one)
      const failing = fault !== undefined && fault.left > 0 ? fault : undefined
      if (failing !== undefined) failing.left -= 1
      if (failing?.what === 'silence') return
      if (failing?.what === 'cut') request.socket.destroy()
      else send(response, failing === undefined ? answer(one) : (failing.what as Reply))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    fail(what, times = Number.POSITIVE_INFINITY) {
      fault = { what, left: times }
    },
    heal() {
      fault = undefined
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? '' : JSON.stringify(body))
}
