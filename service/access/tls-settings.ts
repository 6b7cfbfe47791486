import { z } from 'zod'
import type { TlsSettings } from '../runtime/tls-server.ts'

const names = z
  .string()
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^(DNS|URI|IP Address|email):\S+$/, 'must be names such as DNS:hasura.internal or URI:spiffe://…'),
      )
      .min(1),
  )

export const tlsEnvironment = {
  INTERNAL_TLS_CERT_FILE: z.string().optional(),
  INTERNAL_TLS_KEY_FILE: z.string().optional(),
  INTERNAL_TLS_CLIENT_CA_FILE: z.string().optional(),
  INTERNAL_TLS_ALLOWED_CLIENTS: names.optional(),
  SERVICE_TLS_CERT_FILE: z.string().optional(),
  SERVICE_TLS_KEY_FILE: z.string().optional(),
  TLS_RELOAD_SECONDS: z.coerce.number().int().min(1).max(3600).default(10),
}

type TlsEnvironment = z.infer<z.ZodObject<typeof tlsEnvironment>>

/** Undefined: plain http. */
export function tlsSettings(env: TlsEnvironment): { internal: TlsSettings | undefined; open: TlsSettings | undefined } {
  const reloadEveryMs = env.TLS_RELOAD_SECONDS * 1000
  const { INTERNAL_TLS_CERT_FILE: certFile, INTERNAL_TLS_KEY_FILE: keyFile, INTERNAL_TLS_CLIENT_CA_FILE: caFile } = env
  const { SERVICE_TLS_CERT_FILE: openCert, SERVICE_TLS_KEY_FILE: openKey } = env
  return {
    internal:
      certFile === undefined || keyFile === undefined
        ? undefined
        : {
            files: { certFile, keyFile, caFile },
            allowedClients: env.INTERNAL_TLS_ALLOWED_CLIENTS ?? [],
            reloadEveryMs,
          },
    open:
      openCert === undefined || openKey === undefined
        ? undefined
        : { files: { certFile: openCert, keyFile: openKey }, allowedClients: [], reloadEveryMs },
  }
}

/** Half a setting would silently be none. */
export function tlsProblems(env: TlsEnvironment): string[] {
  const together = (some: readonly (keyof TlsEnvironment)[]) => {
    const absent = some.filter((name) => env[name] === undefined)
    return absent.length === 0 || absent.length === some.length
      ? []
      : absent.map((name) => `${name}: is needed as well`)
  }
  return [
    ...together([
      'INTERNAL_TLS_CERT_FILE',
      'INTERNAL_TLS_KEY_FILE',
      'INTERNAL_TLS_CLIENT_CA_FILE',
      'INTERNAL_TLS_ALLOWED_CLIENTS',
    ]),
    ...together(['SERVICE_TLS_CERT_FILE', 'SERVICE_TLS_KEY_FILE']),
  ]
}
