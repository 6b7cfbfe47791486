import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers /healthz as Hasura does: 200 whatever it has to say. */
export async function startFakeHasura(says: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => response.end(says)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
