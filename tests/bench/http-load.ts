import { connect, type Socket } from 'node:net'

export interface Target {
  readonly port: number
  readonly path: string
  /** The nth body; each is another. */
  readonly body: (index: number) => string
}

/** Cheap enough that what is measured is the server: raw sockets, one request at a time on each. */
class Connection {
  readonly #socket: Socket
  #resolve: ((status: number) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    // Answers have no body that matters and come in one piece.
    this.#socket.on('data', (chunk: Buffer) => this.#resolve?.(Number(chunk.toString('latin1', 9, 12))))
    for (const event of ['error', 'close'] as const)
      this.#socket.on(event, () => this.#reject?.(new Error('the connection broke')))
  }

  send({ path, body }: Target, index: number): Promise<number> {
    const text = body(index)
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    )
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  close(): void {
    this.#reject = undefined
    this.#socket.destroy()
  }
}

let sent = 0

/** As fast as so many connections can: requests answered with 200 in a second. */
export async function closedLoop(
  target: Target,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<number> {
  const end = performance.now() + seconds * 1000
  let answered = 0
  const one = async () => {
    const connection = new Connection(target.port)
    while (performance.now() < end) {
      const status = await connection.send(target, sent++)
      if (status !== 200) throw new Error(`answered ${status}`)
      answered += 1
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: connections }, one))
  return answered / seconds
}

/** Requests at random moments, so many a second; each latency counts from the moment it was due, whatever held it up. */
export async function openLoop(
  target: Target,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<number[]> {
  const free = Array.from({ length: 128 }, () => new Connection(target.port))
  const all = [...free]
  // A machine that stands still for a moment has to be measured too, not to end the run.
  const connectMore = () => {
    const connection = new Connection(target.port)
    all.push(connection)
    return connection
  }
  const latencies: number[] = []
  const underway: Promise<void>[] = []
  const begun = performance.now()
  for (let due = begun; due < begun + seconds * 1000; due += -Math.log(1 - Math.random()) * (1000 / perSecond)) {
    while (performance.now() < due) await new Promise((resolve) => setImmediate(resolve))
    const connection = free.pop() ?? connectMore()
    underway.push(
      connection.send(target, sent++).then((status) => {
        if (status !== 200) throw new Error(`answered ${status}`)
        latencies.push(performance.now() - due)
        free.push(connection)
      }),
    )
  }
  await Promise.all(underway)
  for (const connection of all) connection.close()
  return latencies
}
