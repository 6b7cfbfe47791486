import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, type Issued, writeCertificate } from './certificates.ts'
import { until } from './graphql-client.ts'
import { freePorts } from './running.ts'

export interface TlsProcess {
  readonly port: number
  /** What Hasura shows. */
  readonly hasura: Issued
  /** The same name, signed by another authority. */
  readonly other: Issued
  /** Status of the answer, or why there was none. */
  ask(client: Partial<Issued>, options?: object): Promise<string>
  stop(): Promise<void>
}

/** The service beside a running product, with ports of its own and certificates on its internal listener. */
export async function startWithCertificates(settings: Readonly<Record<string, string>>): Promise<TlsProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-tls-'))
  const [ours, theirs] = [await createAuthority('ours'), await createAuthority('theirs')]
  const files = writeCertificate(directory, await ours.issue({ names: [{ type: 'dns', value: 'localhost' }] }))
  const caFile = join(directory, 'ca.crt')
  writeFileSync(caFile, ours.certificate)
  const [open = 0, port = 0] = await freePorts(2)
  const child = spawn(process.execPath, ['service/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      ...settings,
      PATH: process.env['PATH'],
      SERVICE_PORT: String(open),
      INTERNAL_PORT: String(port),
      INTERNAL_TLS_CERT_FILE: files.certFile,
      INTERNAL_TLS_KEY_FILE: files.keyFile,
      INTERNAL_TLS_CLIENT_CA_FILE: caFile,
      INTERNAL_TLS_ALLOWED_CLIENTS: 'URI:spiffe://tributary/hasura',
    },
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const ask = askAt(port, ours.certificate)
  const named = { names: [{ type: 'url' as const, value: 'spiffe://tributary/hasura' }] }
  const hasura = await ours.issue(named)
  await until('the listener', () => ask(hasura), { good: (answer) => /^\d+$/.test(answer) })
  return {
    port,
    hasura,
    other: await theirs.issue(named),
    ask,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true })
    },
  }
}

/** Each request on a connection of its own. */
function askAt(port: number, ca: string): TlsProcess['ask'] {
  const to = { host: '127.0.0.1', port, path: '/health', servername: 'localhost', ca, agent: false }
  return (client, options = {}) =>
    new Promise((resolve) => {
      request({ ...to, ...client, ...options }, (answer) => resolve(String(answer.resume().statusCode)))
        .on('error', (error: NodeJS.ErrnoException) => resolve(`refused: ${error.code}`))
        .end()
    })
}
