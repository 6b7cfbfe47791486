import 'reflect-metadata'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const HOUR_MS = 3_600_000

export interface Authority {
  /** PEM. */
  readonly certificate: string
  issue(options: IssueOptions): Promise<Issued>
}

export interface IssueOptions {
  readonly names: readonly { readonly type: 'dns' | 'url' | 'email'; readonly value: string }[]
  /** Hours from now; 1 by default, in the past when negative. */
  readonly endsInHours?: number
}

export interface Issued {
  readonly cert: string
  readonly key: string
}

/** A certification authority of one test. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 48 * HOUR_MS),
    notAfter: new Date(Date.now() + 48 * HOUR_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    certificate: root.toString('pem'),
    async issue({ names, endsInHours = 1 }) {
      const own = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=ignored',
        issuer: root.subject,
        notBefore: new Date(Date.now() - 24 * HOUR_MS),
        notAfter: new Date(Date.now() + endsInHours * HOUR_MS),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.SubjectAlternativeNameExtension([...names])],
      })
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
      return {
        cert: certificate.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
      }
    },
  }
}

/** As a mounted secret has them. */
export function writeCertificate(directory: string, { cert, key }: Issued): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key, { mode: 0o600 })
  return { certFile, keyFile }
}
