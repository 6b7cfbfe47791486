import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Exchange {
  readonly path: string
  readonly authorization: string
  /** Undefined: the platform was told of no trace. */
  readonly traceparent: string | undefined
  readonly form: URLSearchParams
  /** What the platform answered; empty when the proxy answered for it. */
  readonly answer: string
}

/** Stands between the service and a platform, writes down what passes, and can answer in the platform's place. */
export interface RecordingProxy {
  readonly url: string
  readonly exchanges: Exchange[]
  /** The next requests with this in their path get this status and a page that repeats everything they brought. */
  failNext(path: string, status: number): void
  close(): Promise<void>
}

/** `target` is read at each request: what stands there may start later. */
export async function startRecordingProxy(target: () => string): Promise<RecordingProxy> {
  const exchanges: Exchange[] = []
  const failures: { path: string; status: number }[] = []
  const server = createServer((request, response) => void pass(request, response))
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const { url: path = '', headers } = request
    const authorization = headers.authorization ?? ''
    const failure = failures.findIndex((planned) => path.includes(planned.path))
    const [planned] = failure < 0 ? [] : failures.splice(failure, 1)
    const forwarded = planned === undefined ? await forward(`${target()}${path}`, request, body) : undefined
    const answer = forwarded?.answer ?? ''
    exchanges.push({
      path,
      authorization,
      traceparent: headers['traceparent'] as string | undefined,
      form: new URLSearchParams(body),
      answer,
    })
    if (forwarded !== undefined) return response.writeHead(forwarded.status, forwarded.headers).end(answer)
    const echo = `<html>${authorization} ${decodeURIComponent(body)} ${body} ${path}</html>`
    return response.writeHead(planned?.status ?? 500, { 'content-type': 'text/html' }).end(echo)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    failNext: (path, status) => void failures.push({ path, status }),
    close: () => close(server),
  }
}

async function forward(url: string, { method = 'GET', headers }: IncomingMessage, body: string) {
  const passed = ['authorization', 'content-type', 'accept'].flatMap((name) => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  const sent = method === 'GET' || body === '' ? {} : { body }
  const answer = await fetch(url, { method, headers: Object.fromEntries(passed), redirect: 'manual', ...sent })
  const kept = [...answer.headers].filter(
    ([name]) => !['content-length', 'transfer-encoding', 'connection'].includes(name),
  )
  return { status: answer.status, headers: Object.fromEntries(kept), answer: await answer.text() }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
