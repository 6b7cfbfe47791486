/** The part of a websocket that an outbox needs. */
export interface OutboxSocket {
  readonly bufferedAmount: number
  send(text: string, onFlushed: (error?: Error | null) => void): void
}

/** Bytes handed to the socket and not yet to the network, above which messages wait here. */
const HIGH_WATER_BYTES = 256 * 1024

export interface Outbox {
  /** Sends, or queues when the client reads slowly. */
  send(text: string): void
}

/**
 * Bounded: beyond `limit` waiting messages the oldest are dropped, as in Hasura. For a live query nothing is lost by
 * that: the newest answer is the one that counts.
 */
export function createOutbox(socket: OutboxSocket, limit: number): Outbox {
  const waiting: string[] = []

  function pump(): void {
    while (waiting.length > 0 && socket.bufferedAmount < HIGH_WATER_BYTES) {
      const next = waiting.shift()
      if (next !== undefined) socket.send(next, onFlushed)
    }
  }

  function onFlushed(error?: Error | null): void {
    if (error === undefined || error === null) pump()
    else waiting.length = 0
  }

  return {
    send(text) {
      waiting.push(text)
      pump()
      if (waiting.length > limit) waiting.shift()
    },
  }
}
