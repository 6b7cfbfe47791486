import { describe, expect, test } from 'vitest'
import { createOutbox } from './outbox.ts'

/** A socket whose client reads only when the test says so. */
function slowSocket() {
  const sent: string[] = []
  const flushes: (() => void)[] = []
  const socket = {
    bufferedAmount: 0,
    send(text: string, onFlushed: (error?: Error | null) => void) {
      sent.push(text)
      socket.bufferedAmount = 1_000_000
      flushes.push(onFlushed)
    },
  }
  const read = () => {
    socket.bufferedAmount = 0
    flushes.shift()?.()
  }
  return { socket, sent, read }
}

describe('outbox', () => {
  test('holds messages back until the client has read', () => {
    const { socket, sent, read } = slowSocket()
    const outbox = createOutbox(socket, 10)
    outbox.send('a')
    outbox.send('b')
    outbox.send('c')
    expect(sent).toEqual(['a'])
    read()
    read()
    expect(sent).toEqual(['a', 'b', 'c'])
  })

  test('drops the oldest beyond its limit', () => {
    const { socket, sent, read } = slowSocket()
    const outbox = createOutbox(socket, 2)
    for (const text of ['a', 'b', 'c', 'd', 'e']) outbox.send(text)
    for (let times = 0; times < 5; times++) read()
    expect(sent).toEqual(['a', 'd', 'e'])
  })
})
