import { parseLossless } from '../lossless-json.ts'

/** The two subprotocols that Hasura speaks: `graphql-transport-ws`, and the older one of Apollo. */
export type Subprotocol = 'graphql-transport-ws' | 'graphql-ws'

export type ClientMessage =
  | { readonly kind: 'init'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'start'; readonly id: string; readonly payload: unknown }
  | { readonly kind: 'stop'; readonly id: string }
  | { readonly kind: 'ping'; readonly payload: unknown }
  | { readonly kind: 'pong' }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'invalid'; readonly reason: string }

/** Wire names of the client's messages; a name of the other protocol is not understood. */
const CLIENT_MESSAGES: Readonly<
  Record<Subprotocol, Readonly<Record<string, Exclude<ClientMessage['kind'], 'invalid'>>>>
> = {
  'graphql-transport-ws': { connection_init: 'init', subscribe: 'start', complete: 'stop', ping: 'ping', pong: 'pong' },
  'graphql-ws': { connection_init: 'init', start: 'start', stop: 'stop', connection_terminate: 'terminate' },
}

export function readClientMessage(text: string, subprotocol: Subprotocol): ClientMessage {
  const message = parseObject(text)
  if (message === undefined) return invalid('not a JSON object')
  const kind = typeof message.type === 'string' ? CLIENT_MESSAGES[subprotocol][message.type] : undefined
  switch (kind) {
    case undefined:
      return invalid(`unexpected type for ClientMessage: ${String(message.type)}`)
    case 'init':
      return { kind, headers: readHeaders(message.payload) }
    case 'start':
      return typeof message.id === 'string'
        ? { kind, id: message.id, payload: message.payload }
        : invalid('key "id" not found')
    case 'stop':
      return typeof message.id === 'string' ? { kind, id: message.id } : invalid('key "id" not found')
    case 'ping':
      return { kind, payload: message.payload }
    case 'pong':
    case 'terminate':
      return { kind }
    default:
      return kind satisfies never
  }
}

/** What the server says, as text for the wire. `json` parameters are JSON text already. */
export interface ServerMessages {
  readonly acknowledgement: string
  readonly keepAlive: string
  /** Undefined in the protocol that just closes the connection. */
  readonly initError: (message: string) => string | undefined
  readonly pong: (payload: unknown) => string
  readonly data: (id: string, json: string) => string
  /** The request could not be understood or is not allowed. */
  readonly requestError: (id: string, error: unknown) => string
  /** It was understood, and failed while it ran. */
  readonly executionError: (id: string, error: unknown) => string
  /** The poll of a live query failed: told like an answer, because the subscription goes on. */
  readonly liveError: (id: string, error: unknown) => string
  readonly complete: (id: string) => string
}

const text = JSON.stringify

export const SERVER_MESSAGES: Readonly<Record<Subprotocol, ServerMessages>> = {
  'graphql-transport-ws': {
    acknowledgement: text({ type: 'connection_ack' }),
    keepAlive: text({ type: 'ping', payload: { message: 'keepalive' } }),
    initError: () => undefined,
    pong: (payload) => text({ type: 'pong', payload }),
    data: (id, json) => `{"type":"next","id":${text(id)},"payload":${json}}`,
    requestError: (id, error) => text({ type: 'error', id, payload: [error] }),
    executionError: (id, error) => text({ type: 'error', id, payload: [error] }),
    liveError: (id, error) => text({ type: 'next', id, payload: { data: null, errors: [error] } }),
    complete: (id) => text({ type: 'complete', id }),
  },
  'graphql-ws': {
    acknowledgement: text({ type: 'connection_ack' }),
    keepAlive: text({ type: 'ka' }),
    initError: (message) => text({ type: 'connection_error', payload: message }),
    pong: () => text({ type: 'ka' }),
    data: (id, json) => `{"type":"data","id":${text(id)},"payload":${json}}`,
    requestError: (id, error) => text({ type: 'error', id, payload: { errors: [error] } }),
    executionError: (id, error) => text({ type: 'data', id, payload: { data: null, errors: [error] } }),
    liveError: (id, error) => text({ type: 'data', id, payload: { data: null, errors: [error] } }),
    complete: (id) => text({ type: 'complete', id }),
  },
}

function parseObject(source: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = parseLossless(source)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined
  } catch {
    return undefined
  }
}

/** `{"headers": {..}}`; names in lower case, values that are not strings as their text. */
function readHeaders(payload: unknown): Record<string, string> {
  if (typeof payload !== 'object' || payload === null || !('headers' in payload)) return {}
  const { headers } = payload
  if (typeof headers !== 'object' || headers === null) return {}
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function invalid(reason: string): ClientMessage {
  return { kind: 'invalid', reason }
}
