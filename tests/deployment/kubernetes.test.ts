import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { environmentNames, loadConfig } from '../../service/config.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIRECTORY = join(ROOT, 'deploy/kubernetes')
const files = readdirSync(DIRECTORY, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'))
const read = (file: string) => readFileSync(join(DIRECTORY, file), 'utf8')

interface Named {
  readonly name: string
  readonly [key: string]: unknown
}
interface Container extends Named {
  readonly image: string
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources: { readonly limits: Record<string, string>; readonly requests: Record<string, string> }
  readonly securityContext: Record<string, unknown>
  readonly volumeMounts?: readonly Named[]
}
interface Pod {
  readonly containers: readonly Container[]
  readonly securityContext: Record<string, unknown>
  readonly automountServiceAccountToken?: boolean
  readonly volumes?: readonly (Named & Record<string, unknown>)[]
  readonly terminationGracePeriodSeconds?: number
}
interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  // oxlint-disable-next-line typescript/no-explicit-any -- of many shapes, which the schema checks
  readonly spec: Record<string, any>
  readonly data?: Record<string, string>
}

/** Whole objects; patches and kustomizations are looked at by themselves. */
const PATCHES = ['overlays/mtls/service-tls.yaml', 'overlays/mtls/hasura-sidecar.yaml']
const whole = files.filter((file) => basename(file) !== 'kustomization.yaml' && !PATCHES.includes(file))
const parse = (file: string) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest)
const manifests = whole.flatMap((file) => parse(file).map((manifest) => ({ file, manifest })))
const podOf = ({ spec, kind }: Manifest) =>
  ['Deployment', 'Job'].includes(kind) ? (spec['template'].spec as Pod) : undefined
const pods = manifests.flatMap(({ manifest }) => {
  const pod = podOf(manifest)
  return pod === undefined ? [] : [{ name: `${manifest.kind} ${manifest.metadata.name}`, pod, manifest }]
})
const find = (kind: string, name: string) =>
  manifests.find(({ manifest }) => manifest.kind === kind && manifest.metadata.name === name)!.manifest

const OURS = /^(apps\/|batch\/|v1$|autoscaling\/|policy\/|networking\.k8s\.io\/)/

describe('the manifests', () => {
  test.for(manifests.filter(({ manifest }) => OURS.test(manifest.apiVersion)).map(({ manifest }) => manifest))(
    '$kind $metadata.name is what the schema of Kubernetes says',
    async (manifest) => {
      const models = (await import(/* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}`)) as Record<
        string,
        new (
          data: unknown,
        ) => { validate(): void }
      >
      expect(() => new models[manifest.kind]!(manifest).validate()).not.toThrow()
    },
  )

  test('the schema is asked: a wrong object is refused by it', async () => {
    const { Deployment } = await import('kubernetes-models/apps/v1')
    const broken = structuredClone(find('Deployment', 'tributary-service'))
    broken.spec['replicas'] = 'three'
    expect(() => new Deployment(broken as never).validate()).toThrow('replicas')
  })

  test('every file is part of a kustomization that exists', () => {
    for (const file of files.filter((name) => basename(name) === 'kustomization.yaml')) {
      const [kustomization] = parse(file) as unknown as { resources: string[]; patches?: { path?: string }[] }[]
      const { resources, patches = [] } = kustomization!
      const named = [...resources, ...patches.flatMap(({ path }) => path ?? [])]
      const beside = readdirSync(join(DIRECTORY, dirname(file))).filter((name) => name !== 'kustomization.yaml')
      expect(named.filter((name) => !name.startsWith('../')).sort()).toEqual(beside.sort())
    }
  })

  test('are all in our namespace, which lets in nothing but restricted pods', () => {
    for (const { manifest } of manifests.filter(({ manifest: { kind } }) => kind !== 'Namespace'))
      expect([manifest.metadata.name, manifest.metadata.namespace]).toEqual([manifest.metadata.name, 'tributary'])
    expect(find('Namespace', 'tributary').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    })
  })

  test.for(pods)('$name runs as the restricted profile asks, with limits, and no token', ({ pod }) => {
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(pod.securityContext['runAsUser']).toBeGreaterThan(1000)
    for (const { kind } of pod.volumes?.map((volume) => ({
      kind: Object.keys(volume).find((key) => key !== 'name'),
    })) ?? [])
      expect(['emptyDir', 'configMap', 'secret', 'projected']).toContain(kind)
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      for (const part of ['requests', 'limits'] as const)
        expect(Object.keys(container.resources[part]).sort()).toEqual(['cpu', 'memory'])
      expect(container.image).toMatch(/[:@][\w.-]*\d/)
      expect(container.image).not.toMatch(/:latest$|^[^:@]+$/)
    }
  })

  test('service and worker ask for 256 MiB and get no more than 512', () => {
    for (const name of ['tributary-service', 'tributary-worker']) {
      const [container] = podOf(find('Deployment', name))!.containers
      expect(container!.resources).toEqual({
        requests: { memory: '256Mi', cpu: '250m' },
        limits: { memory: '512Mi', cpu: '500m' },
      })
    }
  })

  test('the service rolls three replicas without one missing, and shuts down within thirty seconds', () => {
    const { spec } = find('Deployment', 'tributary-service')
    expect(spec['replicas']).toBe(3)
    expect(spec['strategy']).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    const source = ['start-service.ts', 'start-worker.ts'].map((file) =>
      [...readFileSync(join(ROOT, 'service', file), 'utf8').matchAll(/withinMs: ([\d_]+)/g)]
        .map(([, text]) => Number(text!.replaceAll('_', '')))
        .reduce((sum, each) => sum + each, 0),
    )
    expect(source).toEqual([22_000, 29_000]) // the service drains for five seconds first
    for (const name of ['tributary-service', 'tributary-worker'])
      expect(podOf(find('Deployment', name))!.terminationGracePeriodSeconds).toBe(45)
  })

  test('probes ask for what is there: live depends on nothing, ready on the database', () => {
    for (const { pod, manifest } of pods.filter(({ manifest: { kind } }) => kind === 'Deployment')) {
      const container = pod.containers[0] as unknown as Record<string, { httpGet: { path: string; port: string } }>
      const ports = pod.containers[0]!.ports!.map(({ name }) => name)
      const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe]!.httpGet)
      for (const { port } of paths) expect(ports).toContain(port)
      const own = ['/health/startup', '/health/live', '/health/ready']
      const engines = ['/healthz', '/healthz', '/healthz?strict=true']
      expect(paths.map(({ path }) => path)).toEqual(manifest.metadata.name === 'hasura' ? engines : own)
    }
  })

  test('what scales and what must not be disrupted exists', () => {
    const of = (kind: string) => manifests.map(({ manifest }) => manifest).filter((manifest) => manifest.kind === kind)
    const scaled = of('HorizontalPodAutoscaler').map(({ spec }) => spec['scaleTargetRef'].name as string)
    expect(scaled.map((name) => find('Deployment', name).metadata.name)).toEqual([
      'tributary-service',
      'tributary-worker',
    ])
    for (const { metadata, spec } of of('PodDisruptionBudget')) {
      const target = find('Deployment', metadata.name)
      expect(target.spec['template'].metadata.labels).toMatchObject(spec['selector'].matchLabels)
      expect(spec['minAvailable']).toBeLessThan(target.spec['replicas'])
    }
  })

  test('nobody reaches the internal listener but Hasura and Prometheus, and people reach only /v1/graphql of Hasura', () => {
    const policies = manifests
      .filter(({ manifest }) => manifest.kind === 'NetworkPolicy')
      .map(({ manifest }) => manifest)
    expect(find('NetworkPolicy', 'default-deny').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const into = policies
      .filter(({ spec }) => spec['podSelector'].matchLabels?.['app.kubernetes.io/component'] === 'service')
      .flatMap(({ spec }) => spec['ingress'] as { from: unknown[]; ports: { port: number }[] }[])
      .filter(({ ports }) => ports.some(({ port }) => port === 3001))
    expect(into.map(({ from }) => from)).toEqual([
      [{ podSelector: { matchLabels: { 'app.kubernetes.io/component': 'hasura' } } }],
      [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    ])
    for (const { spec } of policies.slice(1))
      for (const { from } of (spec['ingress'] ?? []) as { from?: unknown[] }[]) expect(from?.length).toBeGreaterThan(0)
    const ingresses = manifests.filter(({ manifest }) => manifest.kind === 'Ingress').map(({ manifest }) => manifest)
    const paths = ingresses.flatMap(({ spec }) => spec['rules'][0].http.paths)
    expect(paths.map((path) => [path.path, path.pathType, path.backend.service.port.name])).toEqual([
      ['/v1/graphql', 'Exact', 'graphql'],
      ['/', 'Prefix', 'public'],
    ])
  })

  test('green is blue, but for its name, its slot and that nobody runs in it', () => {
    const [green] = parse('overlays/blue-green/green.yaml')
    const blue = find('Deployment', 'tributary-service')
    const text = JSON.stringify(green)
      .replaceAll('"slot":"green"', '"slot":"blue"')
      .replace('tributary-service-green', 'tributary-service')
    expect({ ...JSON.parse(text), spec: { ...JSON.parse(text).spec, replicas: 3 } }).toEqual(blue)
    expect(green!.spec['replicas']).toBe(0)
  })

  test('no secret is in a file, and the mTLS names are those that the service is told', () => {
    for (const file of files)
      expect(parseAllDocuments(read(file)).map((document) => document.toJS()?.kind)).not.toContain('Secret')
    const clients = parse('overlays/mtls/certificates.yaml').filter(
      ({ kind, spec }) => kind === 'Certificate' && spec['usages']?.includes('client auth'),
    )
    const names = clients.flatMap(({ spec }) => [
      ...(spec['uris'] ?? []).map((name: string) => `URI:${name}`),
      ...(spec['dnsNames'] ?? []).map((name: string) => `DNS:${name}`),
    ])
    expect(read('overlays/mtls/kustomization.yaml')).toContain(
      `INTERNAL_TLS_ALLOWED_CLIENTS, value: "${names.join(',')}"`,
    )
  })
})

describe('the settings in the manifests', () => {
  const settings = find('ConfigMap', 'tributary-settings').data!
  const keysOf = (name: string) =>
    (find('ExternalSecret', name).spec['data'] as { secretKey: string }[]).map(({ secretKey }) => secretKey)
  const given = [...Object.keys(settings), ...keysOf('tributary-service')]

  test('are settings that exist', async () => {
    const known = await environmentNames()
    const inPatches = [...read('overlays/mtls/kustomization.yaml').matchAll(/path: \/data\/(\w+)/g)].map(
      ([, name]) => name!,
    )
    const inExample = [...read('overlays/example/kustomization.yaml').matchAll(/path: \/data\/(\w+)/g)].map(
      ([, name]) => name!,
    )
    expect([...given, ...inPatches, ...inExample].filter((name) => !known.includes(name))).toEqual([])
  })

  test('leave out only what has a line in the list of settings', async () => {
    const platforms = readdirSync(join(ROOT, 'service/platforms'), { withFileTypes: true })
    const guides = platforms
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `service/platforms/${name}/README.md`)
    const documented = ['docs/operations/settings.md', ...guides]
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n')
    const left = (await environmentNames()).filter((name) => !given.includes(name))
    expect(left.length).toBeGreaterThan(20)
    expect(left.filter((name) => !documented.includes(name))).toEqual([])
  })

  test('are a configuration that production accepts, with any values of the secrets', async () => {
    const jwt = { type: 'HS256', key: 'k'.repeat(32), issuer: 'i', audience: 'a' }
    const values: Record<string, string> = {
      DATABASE_URL: 'postgres://tributary_service:x@db/tributary',
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify(jwt),
      VAULT_KMS_KEY_ID: 'arn:aws:kms:eu-central-1:1:key/x',
      AUDIT_SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
      BACKUP_KEY: Buffer.alloc(32, 8).toString('base64'),
    }
    const secrets = keysOf('tributary-service').map((name) => [name, values[name] ?? 's'.repeat(40)])
    const config = await loadConfig({ ...settings, ...Object.fromEntries(secrets) })
    expect(config.nodeEnvironment).toBe('production')
    expect(config.platforms.get('strava')?.oauth).toBeDefined()
    expect(config.platforms.get('garmin')?.oauth).toBeDefined()
  })

  test('give Hasura every variable that the metadata names, and the engine that is pinned', () => {
    const [hasura] = podOf(find('Deployment', 'hasura'))!.containers
    expect(hasura!.image).toBe('hasura/graphql-engine:v2.50.10')
    const has = [...hasura!.env!.map(({ name }) => name), ...keysOf('tributary-hasura')]
    for (const name of ['SERVICE_INTERNAL_URL', 'HASURA_ACTION_SECRET', 'HASURA_EVENT_SECRET', 'PG_DATABASE_URL'])
      expect(has).toContain(name)
    const value = (name: string) => hasura!.env!.find((entry) => entry.name === name)?.value
    expect(value('HASURA_GRAPHQL_CONFIGURED_HEADER_PRECEDENCE')).toBe('true')
    expect(value('HASURA_GRAPHQL_ENABLE_ALLOWLIST')).toBe('true')
    expect(value('HASURA_GRAPHQL_ENABLE_CONSOLE')).toBe('false')
  })

  test('migrate with what the migration needs', () => {
    expect(keysOf('tributary-migration')).toEqual([
      'DATABASE_URL',
      'SERVICE_DATABASE_PASSWORD',
      'HASURA_DATABASE_PASSWORD',
    ])
  })
})

describe('runbooks', () => {
  test('name only what is deployed', () => {
    const deployed = manifests.map(({ manifest }) => `${manifest.kind.toLowerCase()}/${manifest.metadata.name}`)
    const directory = join(ROOT, 'docs/operations/runbooks')
    const named = readdirSync(directory).flatMap((file) =>
      [...readFileSync(join(directory, file), 'utf8').matchAll(/deployment[/ ]((?:tributary|hasura)[a-z-]*)/g)].map(
        ([, name]) => `deployment/${name}`,
      ),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !deployed.includes(name))).toEqual([])
  })
})
