import type { RawData, WebSocket } from 'ws'
import type { Authenticate } from '../auth/authenticator.ts'
import { type HasuraError, toGraphqlError } from '../errors.ts'
import type { GraphqlEngine } from '../execute/engine-types.ts'
import { toHasuraError } from '../failures.ts'
import { readGraphqlRequest } from '../graphql-request.ts'
import { describeError, type EngineLog } from '../log.ts'
import type { Session } from '../session.ts'
import type { LiveQueries } from './live-queries.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import {
  type ClientMessage,
  readClientMessage,
  SERVER_MESSAGES,
  type ServerMessages,
  type Subprotocol,
} from './protocol.ts'

export interface SubscriptionServices {
  readonly authenticate: Authenticate
  /** The engine as it is now: a metadata reload replaces it. */
  readonly engine: () => GraphqlEngine
  readonly liveQueries: LiveQueries
  readonly settings: {
    readonly websocketKeepaliveMs: number
    readonly websocketInitTimeoutMs: number
    readonly websocketQueueSize: number
  }
  readonly log: EngineLog
}

export interface Handshake {
  readonly subprotocol: Subprotocol
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Longest delay setTimeout takes; a token that lives longer is not watched beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Client {
  readonly session: Session
  /** Those of the handshake with those of `connection_init` over them. */
  readonly headers: Record<string, string>
}

/** Identity matters: a client may reuse the id of an operation that it stopped and that has not ended yet. */
interface Operation {
  stop(): void
}

/** Serves one websocket until it closes; then nothing of it is left running. */
export function serveConnection(socket: WebSocket, handshake: Handshake, services: SubscriptionServices): void {
  new Connection(socket, handshake, services).start()
}

class Connection {
  readonly #socket: WebSocket
  readonly #handshake: Handshake
  readonly #services: SubscriptionServices
  readonly #messages: ServerMessages
  readonly #outbox: Outbox
  /** Running operations by the client's id for them. */
  readonly #operations = new Map<string, Operation>()
  readonly #timers: NodeJS.Timeout[] = []
  #client: Promise<Client | undefined> | undefined

  constructor(socket: WebSocket, handshake: Handshake, services: SubscriptionServices) {
    this.#socket = socket
    this.#handshake = handshake
    this.#services = services
    this.#messages = SERVER_MESSAGES[handshake.subprotocol]
    this.#outbox = createOutbox(socket, services.settings.websocketQueueSize)
  }

  start(): void {
    const { websocketInitTimeoutMs: timeoutMs } = this.#services.settings
    this.#after(timeoutMs, () => {
      if (this.#client === undefined) this.#close(4408, 'Connection initialisation timeout')
    })
    this.#socket.on('message', (data) => this.#receive(readClientMessage(textOf(data), this.#handshake.subprotocol)))
    this.#socket.on('error', () => this.#socket.terminate())
    this.#socket.on('close', () => this.#cleanUp())
  }

  #receive(message: ClientMessage): void {
    switch (message.kind) {
      case 'init':
        if (this.#client === undefined) this.#client = this.#initialise(message.headers)
        else this.#close(4429, 'Too many requests')
        break
      case 'start':
        void this.#begin(message.id, message.payload)
        break
      case 'stop':
        this.#end(message.id)
        break
      case 'ping':
        this.#outbox.send(this.#messages.pong(message.payload))
        break
      case 'pong':
        break
      case 'terminate':
        this.#socket.close(1000, 'GQL_CONNECTION_TERMINATE received')
        break
      case 'invalid':
        this.#close(4400, `parsing ClientMessage failed: ${message.reason}`)
        break
      default:
        message satisfies never
    }
  }

  async #initialise(initHeaders: Readonly<Record<string, string>>): Promise<Client | undefined> {
    const headers = { ...this.#handshake.headers, ...initHeaders }
    try {
      const session = await this.#services.authenticate(headers)
      this.#outbox.send(this.#messages.acknowledgement)
      this.#outbox.send(this.#messages.keepAlive)
      const keepAlive = setInterval(
        () => this.#outbox.send(this.#messages.keepAlive),
        this.#services.settings.websocketKeepaliveMs,
      )
      this.#timers.push(keepAlive)
      this.#closeAt(session.expiresAt)
      return { session, headers }
    } catch (error) {
      const { message } = toHasuraError(error)
      const initError = this.#messages.initError(message)
      if (initError !== undefined) this.#outbox.send(initError)
      this.#close(initError === undefined ? 4403 : 4400, initError === undefined ? 'Forbidden' : message)
      return undefined
    }
  }

  #closeAt(expiresAt: Date | undefined): void {
    if (expiresAt === undefined) return
    const lifeMs = expiresAt.getTime() - Date.now()
    if (lifeMs < LONGEST_TIMER_MS) this.#after(lifeMs, () => this.#socket.close(1000, 'JWT expired'))
  }

  async #begin(id: string, payload: unknown): Promise<void> {
    if (this.#client === undefined)
      return this.#refuseStart(id, {
        closeCode: 4401,
        reason: 'Unauthorized',
        error: 'start received before the connection is initialised',
      })
    if (this.#operations.has(id)) {
      const error = `an operation already exists with this id: ${id}`
      return this.#refuseStart(id, { closeCode: 4409, reason: `Subscriber for ${id} already exists`, error })
    }
    const operation: Operation = { stop: () => {} }
    this.#operations.set(id, operation)
    const client = await this.#client
    if (client !== undefined && this.#isRunning(id, operation)) await this.#run({ id, payload, client, operation })
  }

  #isRunning(id: string, operation: Operation): boolean {
    return this.#operations.get(id) === operation
  }

  /** In the older protocol the connection survives. */
  #refuseStart(id: string, facts: { closeCode: number; reason: string; error: string }): void {
    if (this.#handshake.subprotocol === 'graphql-transport-ws') return this.#close(facts.closeCode, facts.reason)
    const error = { message: facts.error, extensions: { path: '$', code: 'start-failed' } }
    this.#outbox.send(this.#messages.requestError(id, error))
    this.#outbox.send(this.#messages.complete(id))
  }

  async #run({
    id,
    payload,
    client,
    operation,
  }: {
    id: string
    payload: unknown
    client: Client
    operation: Operation
  }) {
    let describe = this.#messages.requestError
    let answer: string
    try {
      const prepared = this.#services.engine().prepare(readGraphqlRequest(payload), client.session)
      describe = this.#messages.executionError
      if (prepared.kind === 'subscription') {
        operation.stop = this.#subscribe(id, prepared)
        return
      }
      const { data } = await prepared.run(client.headers)
      answer = this.#messages.data(id, `{"data":${data}}`)
    } catch (error) {
      answer = describe(id, this.#shown(error))
    }
    if (!this.#isRunning(id, operation)) return
    this.#operations.delete(id)
    this.#outbox.send(answer)
    this.#outbox.send(this.#messages.complete(id))
  }

  #subscribe(id: string, query: { readonly cohort: string; poll(): Promise<string> }): () => void {
    return this.#services.liveQueries.subscribe(query, {
      onData: (data) => this.#outbox.send(this.#messages.data(id, `{"data":${data}}`)),
      onError: (error) => this.#outbox.send(this.#messages.liveError(id, this.#shown(error))),
    })
  }

  #end(id: string): void {
    this.#operations.get(id)?.stop()
    this.#operations.delete(id)
  }

  /** Details of an error stay out of websockets, for every role. */
  #shown(error: unknown): Record<string, unknown> {
    const known: HasuraError = toHasuraError(error)
    if (known !== error) this.#services.log('error', 'websocket_operation', { error: describeError(error) })
    return toGraphqlError(known, false)
  }

  #after(delayMs: number, act: () => void): void {
    this.#timers.push(setTimeout(act, Math.max(delayMs, 0)))
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, truncate(`${code}: ${reason}`))
  }

  #cleanUp(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const operation of this.#operations.values()) operation.stop()
    this.#operations.clear()
  }
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString()
}

/** A close frame holds 123 bytes of reason. */
function truncate(reason: string): string {
  return Buffer.from(reason).subarray(0, 120).toString().replace(/�$/, '')
}
