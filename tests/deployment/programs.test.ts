import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { describePrograms } from '../../start/programs.ts'
import { podOf, readDeployed } from '../support/manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const run = promisify(execFile)
const dockerfile = read('Dockerfile')
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, { image: string; command?: string[]; healthcheck?: { test?: string[] } }>
}

/** What Node gets in each place: flags, then a program. */
const inImage = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)![1]!) as string[]
const inCompose = Object.entries(compose.services)
  .filter(([, { image }]) => image === 'tributary')
  .map(([name, { command = inImage }]) => [name, command] as const)
const inKubernetes = readDeployed('overlays/blue-green')
  .objects.flatMap((object) => podOf(object)?.containers ?? [])
  .filter(({ image }) => image?.startsWith('ghcr.io/tributary/tributary:'))
  .map(({ name, args = inImage }) => [name, args] as const)
const PORTS = { SIMULATOR_PORT: 1, SERVICE_PORT: 2, HASURA_PORT: 3 }
const onLaptop = describePrograms({
  root: ROOT,
  ports: PORTS,
  standIn: true,
  told: {},
  databases: {},
  env: {},
} as unknown as Parameters<typeof describePrograms>[0])
  .flat()
  .map(({ name, flags = [], script }) => [name, [...flags, script.slice(ROOT.length + 1)]] as const)

/** As the image sets them. */
const variables = parseEnv(/^ENV (.*)$/m.exec(dockerfile)![1]!.replaceAll(' ', '\n')) as Record<string, string>
const node = (...args: string[]) =>
  run(process.execPath, args, { cwd: ROOT, env: { ...variables, PATH: process.env['PATH'] } }).then(
    () => 0,
    ({ code }: { code: number }) => code,
  )

describe('Node', () => {
  const everywhere = [...inCompose, ...inKubernetes, ...onLaptop, ['image', inImage] as const]
  const commands = [...new Set(everywhere.map(([, args]) => args.join(' ')))]

  test.for(commands)('takes %s', async (command) => {
    expect(await node('--check', ...command.split(' '))).toBe(0)
  })

  test('is asked: a flag that it does not have, and a program that is not there, are refused', async () => {
    expect(await node('--check', '--min-semi-space-sizes=4', 'service/worker.ts')).toBe(9)
    expect(await node('--check', 'service/workers.ts')).toBe(1)
  })

  test('gets the same flags for a program everywhere', () => {
    for (const name of ['service', 'worker', 'migrate', 'simulators']) {
      const found = everywhere.filter(([one]) => one === name).map(([, args]) => args.join(' '))
      expect([name, found.length > 1, new Set(found).size]).toEqual([name, true, 1])
    }
  })
})

describe('the health checks', () => {
  const ofImage = JSON.parse(/HEALTHCHECK[^[]*CMD (\[.*\])$/m.exec(dockerfile.replaceAll('\\\n', ''))![1]!) as string[]
  const ofWorker = compose.services['worker']!.healthcheck!.test!.slice(1)

  test.for([
    ['the image', ofImage, '/health/ready'],
    ["compose's worker", ofWorker, '/health/live'],
  ] as const)('of %s say what the process says', async ([, [program, flag, code], path]) => {
    expect([program, flag]).toEqual(['/nodejs/bin/node', '-e'])
    let status = 200
    const server = createServer((request, response) => {
      response.writeHead(request.url === path ? status : 404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const check = () => node('-e', code!.replace('process.env.SERVICE_PORT', String(port)).replace(':3002', `:${port}`))
    expect(await check()).toBe(0)
    status = 503
    expect(await check()).toBe(1)
    await new Promise((resolve) => server.close(resolve))
    expect(await check()).toBe(1)
  })
})
