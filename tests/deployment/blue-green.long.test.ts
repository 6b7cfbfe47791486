import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, describe, expect } from 'vitest'

const SCRIPT = join(import.meta.dirname, '../../deploy/blue-green/deploy.sh')

/** What a cluster is, as far as the script asks. `fail` names calls that do not succeed. */
interface Cluster {
  slots: Record<string, string>
  images: Record<string, string>
  replicas: Record<string, number>
  jobs: Record<string, string>
  calls: string[]
  fail: string[]
}

// A kubectl that keeps the cluster in a file.
const KUBECTL = `#!${process.execPath}
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const FILE = process.env.CLUSTER_FILE
const cluster = JSON.parse(readFileSync(FILE, 'utf8'))
const args = process.argv.slice(2).filter((argument, index, all) => argument !== '--namespace' && all[index - 1] !== '--namespace')
const line = args.join(' ')
cluster.calls.push(line)
// It runs beside the one it feeds, so it alone writes nothing.
const isDry = args.includes('--dry-run=client')
const save = () => isDry || (writeFileSync(FILE + process.pid, JSON.stringify(cluster)), renameSync(FILE + process.pid, FILE))
save()
if (cluster.fail.some((text) => line.startsWith(text))) process.exit(1)
const [verb, ...rest] = args
if (verb === 'get' && rest[0] === 'service') process.stdout.write(cluster.slots[rest[1]])
if (verb === 'get' && rest[0] === 'deployment') process.stdout.write(cluster.images[rest[1]])
if (verb === 'get' && rest[0] === 'job') process.stdout.write(cluster.jobs[rest[1]] ?? 'Complete')
if (verb === 'patch') cluster.slots[rest[1]] = JSON.parse(rest[rest.indexOf('--patch') + 1]).spec.selector.slot
if (verb === 'set') cluster.images[rest[1].split('/')[1]] = rest[2].split('=')[1]
if (verb === 'scale') cluster.replicas[rest[0].split('/')[1]] = Number(rest[1].split('=')[1])
if (verb === 'create' && isDry) {
  for (const [name, container] of [['tributary-migrate', 'migrate'], ['tributary-metadata', 'metadata']])
    process.stdout.write(JSON.stringify({ kind: 'Job', metadata: { name }, spec: { template: { spec: { containers: [{ name: container, image: 'old' }] } } } }) + '\\n')
} else if (verb === 'create') {
  const job = JSON.parse(readFileSync(0, 'utf8'))
  cluster.images[job.metadata.name] = job.spec.template.spec.containers[0].image
}
save()
`

interface Scene {
  readonly cluster: () => Cluster
  readonly told: string[]
  /** How many requests a slot answers well before it falls ill. */
  deploy(options?: {
    fail?: string[]
    jobs?: Record<string, string>
    live?: string
    well?: Record<string, number>
    env?: Record<string, string>
  }): Promise<{ code: number | null; said: string }>
}

const test = base.extend<{ scene: Scene }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  scene: async ({}, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-deploy-'))
    const file = join(directory, 'cluster.json')
    writeFileSync(join(directory, 'kubectl'), KUBECTL)
    chmodSync(join(directory, 'kubectl'), 0o755)
    const cluster = () => JSON.parse(readFileSync(file, 'utf8')) as Cluster
    const told: string[] = []
    const servers: Server[] = []
    const serve = async (slotOf: () => string, well: Record<string, number>) => {
      const server = createServer((request, response) => {
        const slot = slotOf()
        const left = well[slot] ?? Number.POSITIVE_INFINITY
        if (request.url === '/health/ready') well[slot] = left - 1
        response.statusCode = left <= 0 ? 503 : request.url === '/health/ready' ? 200 : 404
        response.end()
      })
      servers.push(server)
      await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }
    const deploy: Scene['deploy'] = async ({ fail = [], jobs = {}, live = 'blue', well = {}, env = {} } = {}) => {
      const slots = { 'tributary-service': live, 'tributary-internal': live, 'tributary-preview': 'green' }
      const replicas =
        live === 'blue'
          ? { 'tributary-service': 3, 'tributary-service-green': 0 }
          : { 'tributary-service': 0, 'tributary-service-green': 3 }
      const images = {
        'tributary-worker': 'image:1',
        'tributary-service': 'image:1',
        'tributary-service-green': 'image:1',
      }
      writeFileSync(file, JSON.stringify({ slots, replicas, images, jobs, fail, calls: [] }))
      const notify = createServer((request, response) => {
        request.on('data', (chunk: Buffer) => told.push(chunk.toString()))
        request.on('end', () => response.end())
      })
      servers.push(notify)
      await new Promise((resolve) => notify.listen(0, '127.0.0.1', () => resolve(undefined)))
      const child = spawn('bash', [SCRIPT, 'image:2', 'metadata:2'], {
        env: {
          PATH: `${directory}:${process.env.PATH}`,
          CLUSTER_FILE: file,
          PREVIEW_URL: await serve(() => cluster().slots['tributary-preview']!, well),
          PUBLIC_URL: await serve(() => cluster().slots['tributary-service']!, well),
          NOTIFY_URL: `http://127.0.0.1:${(notify.address() as AddressInfo).port}/`,
          WATCH_SECONDS: '1',
          INTERVAL_SECONDS: '0.05',
          JOB_INTERVAL_SECONDS: '0.05',
          ...env,
        },
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
      return { code, said }
    }
    await use({ cluster, told, deploy })
    for (const server of servers) server.close()
    rmSync(directory, { recursive: true })
  },
})

const FAST = { WATCH_SECONDS: '3', INTERVAL_SECONDS: '1' }

describe('a deploy', () => {
  test.for([
    ['the migration fails', { jobs: { 'tributary-migrate': 'Failed' } }],
    ['the metadata fails', { jobs: { 'tributary-metadata': 'Failed' } }],
    ['the new version does not become ready', { fail: ['rollout status deployment/tributary-service-green'] }],
    ['the new version cannot be started', { fail: ['scale deployment/tributary-service-green --replicas=3'] }],
    ['its image cannot be set', { fail: ['set image deployment/tributary-service-green'] }],
    ['the new version answers badly before it has people', { well: { green: 0 } }],
  ] as const)('changes nothing for people when %s', async ([, options], { scene }) => {
    const { code, said } = await scene.deploy({ ...(options as object) })
    expect([code, said]).toEqual([1, expect.stringContaining('people are on blue')])
    const { slots, replicas, images, calls } = scene.cluster()
    expect(slots).toMatchObject({ 'tributary-service': 'blue', 'tributary-internal': 'blue' })
    expect(replicas).toMatchObject({ 'tributary-service': 3, 'tributary-service-green': 0 })
    expect(images['tributary-worker']).toBe('image:1')
    expect(calls.some((call) => call.startsWith('patch service tributary-service'))).toBe(false)
    expect(scene.told.join()).toContain('rolled back')
  })

  test('moves people to the new version, keeps the former one for a while, and says so', async ({ scene }) => {
    const { code, said } = await scene.deploy({ env: FAST })
    expect([code, said]).toEqual([0, expect.stringContaining('people are on green')])
    const { slots, replicas, images } = scene.cluster()
    expect(slots).toEqual({ 'tributary-service': 'green', 'tributary-internal': 'green', 'tributary-preview': 'green' })
    expect(replicas).toEqual({ 'tributary-service': 1, 'tributary-service-green': 3 })
    expect(images).toMatchObject({
      'tributary-service-green': 'image:2',
      'tributary-service': 'image:1',
      'tributary-worker': 'image:2',
      'tributary-migrate': 'image:2',
      'tributary-metadata': 'metadata:2',
    })
    expect(scene.told).toHaveLength(1)
    expect(JSON.parse(scene.told[0]!)).toEqual({ text: 'Tributary deploy done: people are on green (image:2)' })
  })

  test('goes from green to blue the same way', async ({ scene }) => {
    expect((await scene.deploy({ live: 'green', env: FAST })).code).toBe(0)
    expect(scene.cluster().slots['tributary-service']).toBe('blue')
    expect(scene.cluster().replicas).toEqual({ 'tributary-service': 3, 'tributary-service-green': 1 })
  })

  test('brings people and the worker back when the new version falls ill while it is watched', async ({ scene }) => {
    const { code, said } = await scene.deploy({
      well: { green: 2 },
      env: { ...FAST, WATCH_SECONDS: '60', INTERVAL_SECONDS: '0', ALLOWED_FAILURES: '1' },
    })
    expect([code, said]).toEqual([1, expect.stringContaining('times in a row')])
    const { slots, replicas, images } = scene.cluster()
    expect(slots).toMatchObject({ 'tributary-service': 'blue', 'tributary-internal': 'blue' })
    expect(replicas).toMatchObject({ 'tributary-service': 3, 'tributary-service-green': 0 })
    expect(images['tributary-worker']).toBe('image:1')
    expect(scene.told.join()).toContain('rolled back')
  })

  test('brings people back when the worker does not become ready', async ({ scene }) => {
    expect((await scene.deploy({ fail: ['rollout status deployment/tributary-worker'] })).code).toBe(1)
    expect(scene.cluster().slots['tributary-service']).toBe('blue')
    expect(scene.cluster().images['tributary-worker']).toBe('image:1')
  })

  test('brings people back when Hasura cannot be moved with them', async ({ scene }) => {
    const { code } = await scene.deploy({ fail: ['patch service tributary-internal'] })
    expect(code).toBe(1)
    expect(scene.cluster().slots['tributary-service']).toBe('blue')
  })

  test('is done even if nobody can be told, and refuses to begin where no slot is live', async ({ scene }) => {
    expect((await scene.deploy({ env: { ...FAST, NOTIFY_URL: 'http://127.0.0.1:9/' } })).code).toBe(0)
    expect((await scene.deploy({ live: '' })).code).toBe(2)
  })
})
