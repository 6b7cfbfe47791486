import { loadConfig } from '../config.ts'
import { listVersions, type VersionInUse } from '../vault/master-queries.ts'
import { listRotations, type Rotation, type RotationKind } from '../vault/rotation-queries.ts'
import { startRotation } from '../vault/start-rotation.ts'
import { type Wiring, wire } from '../wiring.ts'
import type { Command } from './command.ts'

const KINDS: readonly string[] = ['all', 'master', 'user'] satisfies readonly RotationKind[]
const SHOWN_ROTATIONS = 5

export const keysCommand: Command = {
  name: 'keys',
  usage: [
    ['keys status', "print the vault's master key versions and its latest rotations"],
    ['keys rotate [all|master|user]', 'start a rotation; the worker does it'],
  ],
  options: {},
  async run({ positionals: [verb, kind = 'all'] }) {
    if (verb === 'status') return await withWiring(showStatus)
    if (verb === 'rotate' && isKind(kind)) return await withWiring((wiring) => rotate(wiring, kind))
    throw new Error('give keys status, or keys rotate with all, master or user; see npm run tributary -- help')
  },
}

function isKind(text: string): text is RotationKind {
  return KINDS.includes(text)
}

async function withWiring(work: (wiring: Wiring) => Promise<string>): Promise<string> {
  const wiring = wire(await loadConfig(), 'cli')
  try {
    return await work(wiring)
  } finally {
    await wiring.db.close()
  }
}

async function rotate({ db, audit }: Wiring, kind: RotationKind): Promise<string> {
  const { rotationId, isNew } = await startRotation({ db, audit }, { kind, actor: { kind: 'operator', id: null } })
  return `rotation ${rotationId} ${isNew ? 'started' : 'is running already'}; see keys status\n`
}

async function showStatus({ db }: Wiring): Promise<string> {
  const [versions, rotations] = [await listVersions(db), await listRotations(db, SHOWN_ROTATIONS)]
  return [
    versions.length === 0 ? 'no master key version yet: nothing has been sealed' : 'master key versions:',
    ...versions.map(describeVersion),
    rotations.length === 0 ? 'no rotations yet' : 'latest rotations:',
    ...rotations.map(describeRotation),
    '',
  ].join('\n')
}

function describeVersion({ version, source, reference, state, environment, createdAt, keys }: VersionInUse): string {
  return `  ${version}: ${state}, ${source} ${reference}, ${environment}, since ${createdAt.toISOString()}, wraps ${keys} keys`
}

function describeRotation({
  kind,
  status,
  rotatedKeys,
  totalKeys,
  skippedKeys,
  errorCode,
  startedAt,
}: Rotation): string {
  const skipped = skippedKeys === 0 ? '' : `, ${skippedKeys} could not be opened`
  const trouble = errorCode === null ? '' : `, last stopped by ${errorCode}`
  return `  ${startedAt.toISOString()} ${kind}: ${status}, ${rotatedKeys} of ${totalKeys} keys${skipped}${trouble}`
}
