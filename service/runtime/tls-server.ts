import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { readSubjectNames } from './subject-names.ts'
import { readTlsFiles, type TlsFiles, watchTlsFiles } from './tls-files.ts'

export interface TlsSettings {
  readonly files: TlsFiles
  /** Names of clients, for example `DNS:hasura.internal` or `URI:spiffe://tributary/hasura`; used when there is a `caFile`. */
  readonly allowedClients: readonly string[]
  readonly reloadEveryMs: number
}

export interface TlsReports {
  readonly onClientRefused: (names: readonly string[]) => void
  readonly onReloaded: () => void
  readonly onUnusable: (error: unknown) => void
}

/**
 * An https server that takes up new certificates without a restart; open connections stay. With a `caFile` a client must show a
 * certificate that it signed, in its time, with a listed name; any other is cut off before it can send a request.
 */
export function createTlsServer(handler: RequestListener, settings: TlsSettings & TlsReports): Server {
  const { files, reloadEveryMs, onReloaded, onUnusable } = settings
  const asksClients = files.caFile !== undefined
  const server = createServer(
    { ...readTlsFiles(files), requestCert: asksClients, rejectUnauthorized: asksClients },
    handler,
  )
  if (asksClients) server.prependListener('secureConnection', (socket: TLSSocket) => admit(socket, settings))
  const stop = watchTlsFiles({
    files,
    everyMs: reloadEveryMs,
    onUnusable,
    onChange(material) {
      server.setSecureContext(material)
      onReloaded()
    },
  })
  server.on('close', stop)
  return server
}

function admit(socket: TLSSocket, { allowedClients, onClientRefused }: TlsSettings & TlsReports): void {
  const names = readSubjectNames(socket.getPeerCertificate().subjectaltname ?? '')
  if (socket.authorized && names.some((name) => allowedClients.includes(name))) return
  onClientRefused(names)
  socket.destroy()
}
