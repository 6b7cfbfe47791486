import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const DIRECTORY = join(import.meta.dirname, '../../deploy/kubernetes')
const read = (file: string) => readFileSync(join(DIRECTORY, file), 'utf8')
const OVERLAYS = ['blue-green', 'example', 'mtls'] as const

interface Probe {
  readonly httpGet: { readonly port: string; readonly scheme?: string }
}
interface Container {
  readonly name: string
  readonly image?: string
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
}
interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly Container[] } } }
}
interface Patch {
  readonly path?: string
  readonly patch?: string
  readonly target?: { readonly kind: string; readonly name?: string }
}
interface Operation {
  readonly op: string
  readonly path: string
}
interface Kustomization {
  readonly resources: readonly string[]
  readonly patches?: readonly Patch[]
}

const documents = (file: string) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest)
const kustomization = (folder: string) => parse(read(`${folder}/kustomization.yaml`)) as Kustomization
const base = kustomization('base').resources.flatMap((file) => documents(`base/${file}`))
const containersOf = ({ spec }: Manifest) => spec?.template?.spec.containers ?? []
const sameAs = (one: Manifest) => (other: Manifest) =>
  ['apiVersion', 'kind'].every((key) => Reflect.get(one, key) === Reflect.get(other, key)) &&
  one.metadata.name === other.metadata.name &&
  one.metadata.namespace === other.metadata.namespace

/** Whole patches in the overlay's own files, or written into its kustomization; not lists of operations. */
function wholePatches(overlay: string): readonly Manifest[] {
  return (kustomization(`overlays/${overlay}`).patches ?? []).flatMap(({ path, patch }) => {
    if (path !== undefined) return documents(`overlays/${overlay}/${path}`)
    const content: unknown = parse(patch ?? '')
    return Array.isArray(content) ? [] : [content as Manifest]
  })
}

function operations(overlay: string): readonly { target: Manifest; operation: Operation }[] {
  return (kustomization(`overlays/${overlay}`).patches ?? []).flatMap(({ patch, target }) => {
    const content: unknown = parse(patch ?? '')
    if (!Array.isArray(content)) return []
    const targets = base.filter(
      ({ kind, metadata }) => kind === target!.kind && (target!.name === undefined || metadata.name === target!.name),
    )
    expect(targets, `targets of ${JSON.stringify(target)}`).not.toEqual([])
    return targets.flatMap((found) => (content as Operation[]).map((operation) => ({ target: found, operation })))
  })
}

/** RFC 6901, as far as our paths go. */
const lookUp = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)

describe.for(OVERLAYS)('overlay %s', (overlay) => {
  test('changes only what the base has', () => {
    for (const patch of wholePatches(overlay)) {
      const target = base.find(sameAs(patch))
      expect(target, `${patch.kind} ${patch.metadata.name}`).toBeDefined()
      const known = containersOf(target!).map(({ name }) => name)
      const unknown = containersOf(patch).filter(({ name, image }) => !known.includes(name) && image === undefined)
      expect(unknown).toEqual([])
    }
  })

  test('operates on places that exist', () => {
    for (const { target, operation } of operations(overlay)) {
      const path = operation.path.split('/').slice(1)
      const place = lookUp(target, operation.op === 'add' ? path.slice(0, -1) : path)
      expect(place, `${target.metadata.name}${operation.path}`).toBeDefined()
    }
  })
})

describe('with mTLS', () => {
  test('probes of a port that speaks TLS then ask it so: every one that is not public', () => {
    const patched = wholePatches('mtls')
    for (const manifest of base.filter(({ metadata }) => /^tributary-(service|worker)$/.test(metadata.name)))
      for (const container of containersOf(manifest)) {
        const patch = patched
          .filter(sameAs(manifest))
          .flatMap(containersOf)
          .find(({ name }) => name === container.name)
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
          const speaksTls = container[probe]!.httpGet.port !== 'public'
          expect([container.name, probe, patch?.[probe]?.httpGet.scheme]).toEqual([
            container.name,
            probe,
            speaksTls ? 'HTTPS' : undefined,
          ])
        }
      }
  })

  test('Prometheus scrapes both processes by https, with a certificate that the service admits', () => {
    const changed = operations('mtls').filter(({ target }) => target.kind === 'PodMonitor')
    expect(changed.map(({ target, operation }) => [target.metadata.name, operation.path.split('/').at(-1)])).toEqual([
      ['tributary-service', 'scheme'],
      ['tributary-service', 'tlsConfig'],
      ['tributary-worker', 'scheme'],
      ['tributary-worker', 'tlsConfig'],
    ])
    expect(read('overlays/mtls/certificates.yaml')).toContain('secretName: prometheus-client-tls')
  })
})
