import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type SubscriptionServices, serveConnection } from './connection.ts'
import type { Subprotocol } from './protocol.ts'

export interface SubscriptionServer {
  /** Takes over an upgrade request that has been allowed. `headers`: names in lower case. */
  accept(upgrade: {
    readonly request: IncomingMessage
    readonly socket: Duplex
    readonly head: Buffer
    readonly headers: Readonly<Record<string, string>>
  }): void
  /** Closes every connection; clients may come back. */
  closeAll(code: number, reason: string): void
  /** Closes every connection, at the latest by force, and takes no more. */
  close(): Promise<void>
}

const LARGEST_MESSAGE_BYTES = 20 * 1024 * 1024
const CLOSE_PATIENCE_MS = 1000

export function createSubscriptionServer(services: SubscriptionServices): SubscriptionServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => pickSubprotocol(offered) ?? false,
  })

  function closeAll(code: number, reason: string): void {
    for (const client of server.clients) client.close(code, reason)
  }

  return {
    accept({ request, socket, head, headers }) {
      server.handleUpgrade(request, socket, head, (websocket: WebSocket) => {
        serveConnection(websocket, { subprotocol: servedSubprotocol(websocket), headers }, services)
      })
    },
    closeAll,
    async close() {
      closeAll(1001, 'server is shutting down')
      const patience = setTimeout(() => {
        for (const client of server.clients) client.terminate()
      }, CLOSE_PATIENCE_MS)
      const closed = [...server.clients].map((client) => new Promise((resolve) => client.once('close', resolve)))
      await Promise.all(closed)
      clearTimeout(patience)
      server.close()
    },
  }
}

function pickSubprotocol(offered: ReadonlySet<string>): Subprotocol | undefined {
  if (offered.has('graphql-transport-ws')) return 'graphql-transport-ws'
  return offered.has('graphql-ws') ? 'graphql-ws' : undefined
}

/** A client that names no protocol, or none we know, speaks the older one. */
function servedSubprotocol(websocket: WebSocket): Subprotocol {
  return websocket.protocol === 'graphql-transport-ws' ? 'graphql-transport-ws' : 'graphql-ws'
}
