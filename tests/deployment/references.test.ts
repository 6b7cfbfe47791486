import { describe, expect, test } from 'vitest'
import { DEPLOYED, type Deployed, labelsOf, type Manifest, podOf, readDeployed } from '../support/manifests.ts'

const each = DEPLOYED.map((name) => [name, readDeployed(name)] as const)
const OF_CERTIFICATE = ['tls.crt', 'tls.key', 'ca.crt']

/** `kind name`, and `kind name key` for each key of it. */
function provided({ objects }: Deployed): ReadonlySet<string> {
  const found = objects.flatMap(({ kind, metadata, spec, data = {} }) => {
    if (kind === 'ConfigMap') return withKeys(`configMap ${metadata.name}`, Object.keys(data))
    if (kind === 'Certificate') return withKeys(`secret ${spec['secretName']}`, OF_CERTIFICATE)
    if (kind !== 'ExternalSecret') return []
    const keys = (spec['data'] as { secretKey: string }[]).map(({ secretKey }) => secretKey)
    return withKeys(`secret ${spec['target'].name}`, keys)
  })
  return new Set(found)
}
const withKeys = (name: string, keys: readonly string[]) => [name, ...keys.map((key) => `${name} ${key}`)]

/** Every mention of a config map or a secret, wherever it is in an object or a patch. */
function mentioned(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const { name, secretName = name, key: of } = { ...(inner as Record<string, string | undefined>) }
    const suffix = of === undefined ? '' : ` ${of}`
    if (/^(configMapRef|configMapKeyRef|configMap)$/.test(key)) return [`configMap ${name}${suffix}`]
    if (/^(secretRef|secretKeyRef|keySecret|secret|ca)$/.test(key) && typeof secretName === 'string')
      return [`secret ${secretName}${suffix}`]
    return mentioned(inner)
  })
}

const selected = ({ objects }: Deployed, labels: Readonly<Record<string, string>>) =>
  objects.filter((object) => Object.entries(labels).every(([name, value]) => labelsOf(object)[name] === value))
const portsOf = (objects: readonly Manifest[]) =>
  objects.flatMap((object) => podOf(object)?.containers.flatMap(({ ports = [] }) => ports) ?? [])
const ofKind = ({ objects }: Deployed, kind: string) => objects.filter((object) => object.kind === kind)

describe.for(each)('%s', ([, deployed]) => {
  test('mentions config maps and secrets that are there, with their keys', () => {
    const all = [...deployed.objects.filter(({ kind }) => kind !== 'ExternalSecret'), ...deployed.patches]
    const names = all.flatMap(mentioned)
    expect(names.length).toBeGreaterThan(5)
    const there = provided(deployed)
    expect(names.filter((name) => !there.has(name))).toEqual([])
  })

  test('mounts volumes that the pod has, and runs as an account that exists', () => {
    const pods = [...deployed.objects, ...(deployed.patches as Manifest[])].filter((object) => podOf(object))
    expect(pods.length).toBeGreaterThan(4)
    for (const object of pods) {
      const same = pods.filter(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name)
      const volumes = same.flatMap((one) => podOf(one)?.volumes ?? []).map(({ name }) => name)
      const mounts = podOf(object)!.containers.flatMap(({ volumeMounts = [] }) => volumeMounts)
      expect(mounts.filter(({ name }) => !volumes.includes(name))).toEqual([])
      const account = podOf(object)!.serviceAccountName ?? 'tributary'
      expect(ofKind(deployed, 'ServiceAccount').map(({ metadata }) => metadata.name)).toContain(account)
    }
  })

  test('leads services, monitors and ingresses to ports that somebody opens', () => {
    for (const { metadata, spec } of ofKind(deployed, 'Service')) {
      const open = portsOf(selected(deployed, spec['selector'])).map(({ name }) => name)
      for (const { targetPort } of spec['ports'])
        expect([metadata.name, open]).toEqual([metadata.name, expect.arrayContaining([targetPort])])
    }
    for (const { metadata, spec } of ofKind(deployed, 'PodMonitor')) {
      const open = portsOf(selected(deployed, spec['selector'].matchLabels)).map(({ name }) => name)
      for (const { port } of spec['podMetricsEndpoints'])
        expect([metadata.name, open]).toEqual([metadata.name, expect.arrayContaining([port])])
    }
    const services = ofKind(deployed, 'Service').flatMap(({ metadata, spec }) =>
      (spec['ports'] as { name: string }[]).map(({ name }) => `${metadata.name} ${name}`),
    )
    for (const { spec, metadata } of ofKind(deployed, 'Ingress')) {
      expect(metadata.annotations).toHaveProperty(['cert-manager.io/cluster-issuer']) // it makes the secret of the door
      for (const { service } of spec['rules'].flatMap((rule: Manifest['spec']) =>
        rule['http'].paths.map((path: Manifest['spec']) => path['backend']),
      ))
        expect(services).toContain(`${service.name} ${service.port.name}`)
    }
  })

  test('lets nobody in at a port that nobody opens', () => {
    for (const { metadata, spec } of ofKind(deployed, 'NetworkPolicy')) {
      const open = portsOf(selected(deployed, spec['podSelector'].matchLabels ?? {})).map(
        ({ containerPort }) => containerPort,
      )
      const into = ((spec['ingress'] ?? []) as { ports: { port: number }[] }[]).flatMap(({ ports }) => ports)
      expect([metadata.name, into.filter(({ port }) => !open.includes(port))]).toEqual([metadata.name, []])
    }
  })

  test('renames only images that it has', () => {
    const used = deployed.objects
      .flatMap((object) => podOf(object)?.containers ?? [])
      .map(({ image = '' }) => image.replace(/[:@].*/, ''))
    expect(deployed.images.filter(({ name }) => !used.includes(name))).toEqual([])
  })
})

describe('with mTLS', () => {
  const mtls = readDeployed('overlays/mtls')
  const parts = mtls.patches.filter((part) => !Array.isArray(part)) as Manifest[]
  const filesIn = (object: Manifest) =>
    podOf(object)!.containers.flatMap(({ volumeMounts = [] }) =>
      volumeMounts.flatMap(({ name, mountPath }) => {
        const volume = podOf(object)!.volumes!.find((one) => one.name === name)!
        const source =
          volume.configMap === undefined
            ? `secret ${volume.secret!.secretName} `
            : `configMap ${volume.configMap.name} `
        return [...provided(mtls)]
          .filter((key) => key.startsWith(source))
          .map((key) => `${mountPath}/${key.slice(source.length)}`)
      }),
    )

  test('every file that a setting, an argument or Envoy names is mounted', () => {
    const settings = (mtls.patches.filter(Array.isArray) as { path: string; value: unknown }[][]).flat()
    const named = settings.filter(({ path }) => path.endsWith('_FILE')).map(({ value }) => String(value))
    expect(named).toHaveLength(3)
    for (const name of ['tributary-service', 'tributary-worker'])
      expect(filesIn(parts.find(({ metadata }) => metadata.name === name)!)).toEqual(expect.arrayContaining(named))
    const hasura = parts.find(({ metadata }) => metadata.name === 'hasura')!
    const { data } = mtls.objects.find(({ metadata }) => metadata.name === 'hasura-envoy')!
    const inEnvoy = [
      ...Object.values(data!)
        .join('\n')
        .matchAll(/(?:filename|\bpath): (\/etc\/[\w./-]+\.\w+)/g),
    ].map(([, path]) => path!)
    const asked = podOf(hasura)!
      .containers.flatMap(({ args = [] }) => args)
      .filter((argument) => argument.startsWith('/'))
    expect([...inEnvoy, ...asked]).toHaveLength(5)
    expect(filesIn(hasura)).toEqual(expect.arrayContaining([...inEnvoy, ...asked]))
  })
})
