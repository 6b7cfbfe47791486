import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy in front of the database that fails on demand. */
export interface FaultProxy {
  readonly port: number
  /** Ends every connection at once, with a reset. */
  cut(): void
  /** Nothing gets through on the connections there are, and neither side is told; new ones are served. They are reset after `forMs`. */
  halfOpen(forMs: number): void
  /** Holds back every chunk that long; 0 ends it. */
  delay(milliseconds: number): void
  close(): Promise<void>
}

interface Link {
  readonly ends: readonly [Socket, Socket]
  silent: boolean
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>()
  let delayMs = 0
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    const link: Link = { ends: [client, target], silent: false }
    links.add(link)
    relay(link, { delayMs: () => delayMs, ended: () => links.delete(link) })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy got no port')
  const cut = (some: ReadonlySet<Link> = links) => {
    for (const link of some) {
      link.silent = false
      reset(link)
      links.delete(link)
    }
  }
  return {
    port: address.port,
    cut: () => cut(),
    halfOpen(forMs) {
      const silenced = new Set(links)
      for (const link of silenced) link.silent = true
      setTimeout(() => cut(silenced), forMs).unref()
    },
    delay: (milliseconds) => {
      delayMs = milliseconds
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}

/** Both ways, until one end is gone: then the other is reset. */
function relay(link: Link, { delayMs, ended }: { delayMs: () => number; ended: () => void }): void {
  const end = () => {
    if (link.silent) return
    reset(link)
    ended()
  }
  const [client, target] = link.ends
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    const pass = (chunk: Buffer) => !link.silent && to.writable && to.write(chunk)
    from.on('data', (chunk: Buffer) => {
      if (delayMs() === 0) pass(chunk)
      else setTimeout(() => pass(chunk), delayMs())
    })
    from.on('error', end)
    from.on('close', end)
  }
}

function reset({ ends }: Link): void {
  for (const socket of ends) if (!socket.destroyed) socket.resetAndDestroy()
}
