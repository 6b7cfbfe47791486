import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from './replicas.ts'

/** In front of the replicas: by turns to those that say they are ready; one that says it is not gets nothing more. It repeats nothing; what a replica refuses is a 502. */
export interface Balancer {
  readonly url: string
  add(replica: Replica): void
  remove(replica: Replica): void
  close(): Promise<void>
}

interface Backend {
  readonly replica: Replica
  readonly agent: Agent
  ready: boolean
}

const PROBE_MS = 200
/** As Kubernetes has it: a replica that does not answer is given up at the third time. */
const MOST_SILENT = 3

/** `/actions` goes to the internal listener, as Hasura's calls do; everything else to the public one. */
export async function startBalancer(): Promise<Balancer> {
  const backends: Backend[] = []
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const ready = backends.filter((backend) => backend.ready)
    const backend = ready[turn++ % ready.length]
    if (backend === undefined) outgoing.writeHead(503).end()
    else forward(backend, incoming, outgoing)
  })
  // Longer than the client's own: which of the two gives a connection up must not be a matter of chance.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const probing = new AbortController()
  const probes: Promise<void>[] = []
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(replica) {
      const backend = { replica, agent: new Agent({ keepAlive: true }), ready: true }
      backends.push(backend)
      probes.push(probe(backend, probing.signal))
    },
    remove: (replica) =>
      void backends.splice(
        backends.findIndex((backend) => backend.replica === replica),
        1,
      ),
    async close() {
      probing.abort()
      await Promise.all(probes)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function probe(backend: Backend, signal: AbortSignal): Promise<void> {
  let silent = 0
  while (!signal.aborted) {
    const state = await backend.replica.ask()
    silent = state === 'silent' ? silent + 1 : 0
    backend.ready = state === 'ready' || (backend.ready && state === 'silent' && silent < MOST_SILENT)
    await sleep(PROBE_MS, undefined, { signal }).catch(() => {})
  }
}

function forward({ replica, agent }: Backend, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { url = '', method = 'GET', headers } = incoming
  const target = `${url.startsWith('/actions/') ? replica.internalUrl : replica.publicUrl}${url}`
  const passed = request(target, { method, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  passed.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
  incoming.pipe(passed)
}
