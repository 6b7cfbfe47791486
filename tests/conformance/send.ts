import WebSocket from 'ws'
import { type Case, isObject } from './case-files.ts'
import type { Actual } from './judge.ts'
import type { Scene } from './scene.ts'

/** Hasura's own runner asks over all of these; the last two are the websocket's subprotocols. */
export const TRANSPORTS = ['http', 'graphql-transport-ws', 'graphql-ws'] as const
export type Transport = (typeof TRANSPORTS)[number]
export type Subprotocol = Exclude<Transport, 'http'>

const ENDPOINT = '/v1/graphql'
const PATIENCE_MS = 20_000
const START: Readonly<Record<Subprotocol, string>> = { 'graphql-transport-ws': 'subscribe', 'graphql-ws': 'start' }
const NO_HEADERS = new Headers()

/** Why a case cannot be asked over a websocket. */
export const ONLY_OVER_HTTP = { other: 'not GraphQL, so only over HTTP', batch: 'a batch, so only over HTTP' } as const

/** Undefined when the case can be asked over a websocket. */
export function onlyOverHttp({ url, query }: Case): string | undefined {
  if (!isGraphql({ url })) return ONLY_OVER_HTTP.other
  return Array.isArray(query) ? ONLY_OVER_HTTP.batch : undefined
}

export function isGraphql({ url }: Pick<Case, 'url'>): boolean {
  return url === ENDPOINT
}

/** Asks as the case says, with the admin secret if one is given. */
export async function send(scene: Scene, one: Case, secret: string | undefined): Promise<Actual> {
  const headers: Record<string, string> = { ...headersOf(one, secret), 'content-type': 'application/json' }
  const { method = 'POST' } = one
  const body = method === 'GET' ? {} : { body: JSON.stringify(one.query ?? {}) }
  const response = await fetch(scene.url + one.url, { method, headers, ...body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parseJson(text) }
}

function headersOf(one: Case, secret: string | undefined): Record<string, string> {
  const own = Object.entries(one.headers ?? {}).map(([name, value]) => [name, String(value)])
  return { ...Object.fromEntries(own), ...(secret === undefined ? {} : { 'X-Hasura-Admin-Secret': secret }) }
}

interface Asking {
  readonly subprotocol: Subprotocol
  readonly secret: string | undefined
}

/** Asks over a connection of its own, and answers what the same would be over HTTP. A refused connection is an error. */
export async function sendOverWebsocket(scene: Scene, one: Case, { subprotocol, secret }: Asking): Promise<Actual> {
  const socket = new WebSocket(scene.url.replace(/^http/, 'ws') + one.url, subprotocol)
  try {
    return { status: 200, headers: NO_HEADERS, body: await converse(socket, { one, subprotocol, secret }) }
  } finally {
    socket.terminate()
  }
}

function converse(socket: WebSocket, { one, subprotocol, secret }: Asking & { readonly one: Case }): Promise<unknown> {
  const say = (message: unknown) => socket.send(JSON.stringify(message))
  return new Promise((resolve, reject) => {
    const impatience = setTimeout(() => reject(new Error('no answer over the websocket')), PATIENCE_MS)
    const settle = (body: unknown) => {
      clearTimeout(impatience)
      resolve(body)
    }
    socket.on('error', reject)
    socket.on('close', (code, reason) => settle({ errors: [{ message: `${code} ${reason.toString()}` }] }))
    socket.on('open', () => say({ type: 'connection_init', payload: { headers: headersOf(one, secret) } }))
    socket.on('message', (data) => {
      const message = readMessage(String(data as Buffer))
      if (message['type'] === 'connection_ack') say({ type: START[subprotocol], id: '1', payload: one.query })
      else if (message['id'] === '1') settle(bodyOf(message))
    })
  })
}

/**
 * `next` and `data` carry a body; `error` its errors alone, in the newer protocol as a bare list. What failed while it
 * ran has `data: null` in the older one, and not over HTTP.
 */
function bodyOf({ type, payload }: Readonly<Record<string, unknown>>): unknown {
  if (type === 'complete') return 'completed without an answer'
  if (Array.isArray(payload)) return { errors: payload }
  return isObject(payload) && 'errors' in payload ? { errors: payload['errors'] } : payload
}

function readMessage(text: string): Readonly<Record<string, unknown>> {
  const message: unknown = JSON.parse(text)
  return isObject(message) ? message : {}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
