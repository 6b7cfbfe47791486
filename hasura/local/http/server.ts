import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { toHasuraError } from '../failures.ts'
import { describeError } from '../log.ts'
import type { SubscriptionServer } from '../subscriptions/server.ts'
import { HASURA_VERSION } from '../version.ts'
import { type Answer, errorAnswer, jsonAnswer, NOT_FOUND, sendAnswer, textAnswer } from './answer.ts'
import { readBody } from './body.ts'
import { type CorsPolicy, createCorsPolicy } from './cors.ts'
import { answerGraphql, answerOldGraphql } from './graphql-endpoint.ts'
import { answerMetadata } from './metadata-endpoint.ts'
import type { EndpointRequest, HttpServices } from './services.ts'

type Endpoint = (request: EndpointRequest, services: HttpServices) => Answer | Promise<Answer>

const ENDPOINTS: Readonly<Record<string, { readonly api?: string; readonly answer: Endpoint }>> = {
  'POST /v1/graphql': { api: 'graphql', answer: answerGraphql },
  'POST /v1alpha1/graphql': { api: 'graphql', answer: answerOldGraphql },
  'POST /v1/metadata': { api: 'metadata', answer: answerMetadata },
  'POST /v1/query': { api: 'metadata', answer: answerMetadata },
  'POST /v2/query': { api: 'metadata', answer: answerMetadata },
  'GET /v1/version': { answer: () => jsonAnswer(200, { server_type: 'ce', version: HASURA_VERSION }) },
  'GET /healthz': { answer: answerHealth },
  'GET /hasura/healthz': { answer: answerHealth },
}

export interface HttpServer {
  readonly port: number
  /** Takes no more requests, lets running ones end, and closes idle connections. */
  close(): Promise<void>
}

/** Listens on `port`, 0 for any free one. Throws when the port is taken. */
export async function startHttpServer(options: {
  readonly port: number
  readonly services: HttpServices
  readonly subscriptions: SubscriptionServer
}): Promise<HttpServer> {
  const { services, subscriptions } = options
  const cors = createCorsPolicy(services.settings.corsDomain)
  const server = createServer((request, response) => {
    respond({ request, response, services, cors }).catch((error: unknown) => {
      services.log('error', 'no answer', { error: describeError(error) })
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => upgrade({ request, socket, head }, { services, subscriptions, cors }))
  await listen(server, options.port, services.settings.host)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => closeServer(server, services.settings.gracefulShutdownMs),
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly services: HttpServices
  readonly cors: CorsPolicy
}

async function respond({ request, response, services, cors }: Exchange): Promise<void> {
  const startedAt = performance.now()
  const headers = flattenHeaders(request)
  const requestId = (headers['x-request-id'] ||= randomUUID())
  response.setHeader('x-request-id', requestId)
  for (const [name, value] of Object.entries(cors.headers(headers.origin))) response.setHeader(name, value)
  if (request.method === 'OPTIONS') {
    for (const [name, value] of Object.entries(cors.preflightHeaders(headers['access-control-request-headers'])))
      response.setHeader(name, value)
    response.writeHead(204).end()
    return
  }
  const { pathname, searchParams } = readTarget(request)
  const route = `${request.method} ${pathname}`
  const answer = await findAnswer(route, { request, headers, searchParams, services })
  await sendAnswer(request, response, answer)
  // A path that is no route of ours may hold anything, so it is not logged.
  const operation = route in ENDPOINTS ? route : 'unknown route'
  services.log('info', operation, {
    requestId,
    status: answer.status,
    durationMs: Math.round(performance.now() - startedAt),
  })
}

async function findAnswer(
  route: string,
  facts: {
    request: IncomingMessage
    headers: Record<string, string>
    searchParams: URLSearchParams
    services: HttpServices
  },
): Promise<Answer> {
  const { services, headers, searchParams } = facts
  const endpoint = Object.hasOwn(ENDPOINTS, route) ? ENDPOINTS[route] : undefined
  if (endpoint === undefined || (endpoint.api !== undefined && !services.settings.enabledApis.has(endpoint.api)))
    return NOT_FOUND
  try {
    return await endpoint.answer({ headers, searchParams, body: await readBody(facts.request) }, services)
  } catch (error) {
    const known = toHasuraError(error)
    if (known !== error) services.log('error', route, { error: describeError(error) })
    return errorAnswer(known, services.settings.devMode)
  }
}

async function answerHealth(request: EndpointRequest, services: HttpServices): Promise<Answer> {
  if (!(await services.isDatabaseReachable())) return textAnswer(500, 'ERROR')
  if (services.served().inconsistencies.length === 0) return textAnswer(200, 'OK')
  const isStrict = request.searchParams.get('strict') === 'true'
  return isStrict
    ? textAnswer(500, 'ERROR: inconsistent objects in schema')
    : textAnswer(200, 'WARN: inconsistent objects in schema')
}

function upgrade(
  facts: { request: IncomingMessage; socket: Duplex; head: Buffer },
  { services, subscriptions, cors }: { services: HttpServices; subscriptions: SubscriptionServer; cors: CorsPolicy },
): void {
  const headers = flattenHeaders(facts.request)
  const { pathname } = readTarget(facts.request)
  facts.socket.on('error', () => facts.socket.destroy())
  if (pathname !== '/v1/graphql' || !services.settings.enabledApis.has('graphql'))
    return refuseUpgrade(facts.socket, NOT_FOUND)
  // A browser sends no preflight for a websocket, but it does send its cookies.
  if (headers.origin !== undefined && !cors.allows(headers.origin)) {
    const error = {
      error: 'received origin header does not match configured CORS domains',
      path: '$',
      code: 'access-denied',
    }
    return refuseUpgrade(facts.socket, jsonAnswer(400, error))
  }
  subscriptions.accept({ ...facts, headers })
}

function refuseUpgrade(socket: Duplex, answer: Answer): void {
  const reason = answer.status === 404 ? 'Not Found' : 'Bad Request'
  const length = Buffer.byteLength(answer.body)
  socket.end(
    `HTTP/1.1 ${answer.status} ${reason}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${answer.body}`,
  )
}

/** What was asked for; a target that is no address, such as `//`, is a path that nothing answers to. */
function readTarget({ url = '/' }: IncomingMessage): Pick<URL, 'pathname' | 'searchParams'> {
  return URL.parse(url, 'http://localhost') ?? { pathname: '', searchParams: new URLSearchParams() }
}

function flattenHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  )
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === '*' ? {} : { host }) }, resolve)
  })
}

async function closeServer(server: Server, patienceMs: number): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), patienceMs)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(patience)
}
