import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createServer } from '../../service/api/server.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { createLog } from '../../service/runtime/log.ts'
import { type Authority, createAuthority, type Issued, writeCertificate } from '../support/certificates.ts'
import { until } from '../support/graphql-client.ts'

const HASURA = 'URI:spiffe://tributary/hasura'
const client = (value: string) => ({ names: [{ type: 'url' as const, value }] })

let ours: Authority
let theirs: Authority
let hasura: Issued
beforeAll(async () => {
  ours = await createAuthority('ours')
  theirs = await createAuthority('theirs')
  hasura = await ours.issue(client('spiffe://tributary/hasura'))
})

interface Listener {
  readonly port: number
  readonly lines: () => string
  /** Puts other files in the place of those it was started with. */
  readonly replace: (issued: Issued) => void
  readonly caFile: string
}

/** Our server on a real socket, with certificates in files. */
async function listen({ asksClients = true } = {}): Promise<Listener> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-tls-'))
  const files = writeCertificate(directory, await ours.issue({ names: [{ type: 'dns', value: 'localhost' }] }))
  const caFile = join(directory, 'ca.crt')
  writeFileSync(caFile, ours.certificate)
  let lines = ''
  const log = createLog({ level: 'info', process: 'test', destination: { write: (line) => void (lines += line) } })
  const metrics = createMetrics()
  const tls = { files: { ...files, ...(asksClients ? { caFile } : {}) }, allowedClients: [HASURA], reloadEveryMs: 20 }
  const app = createServer({ listener: 'internal', log, metrics, tls, secure: true })
  app.get('/', async () => 'hello')
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await app.close()
    rmSync(directory, { recursive: true })
  })
  const { port } = app.server.address() as AddressInfo
  return { port, lines: () => lines, caFile, replace: (issued) => void writeCertificate(directory, issued) }
}

/** One request on a connection of its own: the answer, or why there was none. */
function get(port: number, options: ConnectionOptions & { agent?: Agent } = {}): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, servername: 'localhost', ca: ours.certificate, agent: false, ...options },
      (answer) => {
        answer.setEncoding('utf8')
        let body = ''
        answer.on('data', (chunk: string) => (body += chunk)).on('end', () => resolve(`${answer.statusCode} ${body}`))
      },
    )
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(`refused: ${error.code}`)).end()
  })
}

describe('the internal listener with TLS refuses', () => {
  test('a client without a certificate', async () => {
    const { port } = await listen()
    expect(await get(port)).toMatch(/^refused: /)
  })

  test('a client whose certificate another authority signed, with a listed name', async () => {
    const { port } = await listen()
    expect(await get(port, await theirs.issue(client('spiffe://tributary/hasura')))).toMatch(/^refused: /)
  })

  test('a certificate whose time is over', async () => {
    const { port } = await listen()
    const expired = await ours.issue({ ...client('spiffe://tributary/hasura'), endsInHours: -1 })
    expect(await get(port, expired)).toMatch(/^refused: /)
  })

  test.for<[string, string]>([
    ['another name', 'spiffe://tributary/worker'],
    ['a longer name', 'spiffe://tributary/hasura/x'],
    ['one name that reads like several', 'spiffe://evil, URI:spiffe://tributary/hasura, URI:x'],
  ])('our own certificate with %s, and says which', async ([, name]) => {
    const { port, lines } = await listen()
    expect(await get(port, await ours.issue(client(name)))).toMatch(/^refused: /)
    expect(lines()).toContain('client refused')
    expect(lines()).not.toContain('"operation":"GET /"')
  })

  test('a listed name of another kind', async () => {
    const { port } = await listen()
    const mail = await ours.issue({ names: [{ type: 'dns', value: 'spiffe://tributary/hasura' }] })
    expect(await get(port, mail)).toMatch(/^refused: /)
  })

  test('TLS 1.2, with the right certificate', async () => {
    const { port } = await listen()
    expect(await get(port, { ...hasura, maxVersion: 'TLSv1.2' })).toMatch(/^refused: /)
    expect(await get(port, { ...hasura, minVersion: 'TLSv1.3' })).toBe('200 hello')
  })

  test('plain http', async () => {
    const { port } = await listen()
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  })
})

describe('a listener with TLS', () => {
  test('takes a client with a listed name', async () => {
    const { port } = await listen()
    expect(await get(port, hasura)).toBe('200 hello')
  })

  test('asks no client for a certificate where none is configured, and refuses TLS 1.2 all the same', async () => {
    const { port } = await listen({ asksClients: false })
    expect(await get(port)).toBe('200 hello')
    expect(await get(port, { maxVersion: 'TLSv1.2' })).toMatch(/^refused: /)
  })

  test('takes up a new certificate without a restart, and open connections stay', async () => {
    const { port, replace, lines } = await listen()
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: ours.certificate,
      servername: 'localhost',
      ...hasura,
    })
    onTestFinished(() => agent.destroy())
    expect(await get(port, { agent })).toBe('200 hello')
    const [before] = Object.values(agent.freeSockets).flat() as TLSSocket[]
    const serials = {
      old: before!.getPeerCertificate().serialNumber,
      fresh: await ours.issue({ names: [{ type: 'dns', value: 'localhost' }] }),
    }
    replace(serials.fresh)
    await until('the new certificate', () => serialAt(port), { good: (serial) => serial !== serials.old })
    expect(await get(port, { agent })).toBe('200 hello')
    const [after] = Object.values(agent.freeSockets).flat() as TLSSocket[]
    expect(after).toBe(before)
    expect(lines()).toContain('certificates read again')
  })

  test('takes up a new authority for clients: those of the old one are refused', async () => {
    const { port, caFile } = await listen()
    expect(await get(port, hasura)).toBe('200 hello')
    writeFileSync(caFile, theirs.certificate)
    const fresh = await theirs.issue(client('spiffe://tributary/hasura'))
    await until('the new authority', () => get(port, fresh), { good: (answer) => answer === '200 hello' })
    expect(await get(port, hasura)).toMatch(/^refused: /)
  })

  test('keeps what it has while the files cannot be used', async () => {
    const { port, replace, lines } = await listen()
    const other = await ours.issue({ names: [{ type: 'dns', value: 'localhost' }] })
    const mine = await ours.issue({ names: [{ type: 'dns', value: 'localhost' }] })
    replace({ cert: other.cert, key: mine.key })
    await until('the complaint', async () => lines(), {
      good: (text) => text.includes('new certificates cannot be used'),
    })
    expect(await get(port, hasura)).toBe('200 hello')
  })
})

/** Of the certificate that a new connection is shown. */
function serialAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port, servername: 'localhost', ca: ours.certificate, ...hasura },
      () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      },
    ).on('error', reject)
  })
}
