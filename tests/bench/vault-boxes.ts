import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { BoxKey } from '../../service/vault/box-key.ts'
import { open, placeOf, seal } from '../../service/vault/seal.ts'
import { alarmAbove, median, type Outcome, printProgress, type Row } from './figures.ts'

/** The promise is a share of bare AES-256-GCM; `--quick` fails far below it. */
const PROMISED_SHARE = 0.8
const ALARM_SHARE = 0.4
const CIPHER = 'aes-256-gcm'
/** As long as platforms' tokens are. */
const TOKEN = Buffer.from('t'.repeat(64))

/**
 * The vault's own functions with a warm key against the least that AES-256-GCM in Node takes: a fresh nonce, the cipher, the tag, and one
 * buffer in the end; no header, no associated data. In turns, so that whatever else the machine does meets both.
 */
export function benchBoxes({ rounds, perRound }: { readonly rounds: number; readonly perRound: number }): Outcome {
  printProgress(`${rounds} rounds of ${perRound} boxes`)
  const raw = createSecretKey(randomBytes(32))
  const key = new BoxKey({ masterId: randomBytes(16), masterVersion: 1, id: randomBytes(16), version: 1 }, raw)
  const fields = { userId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01', platform: 'strava', kind: 'access_token' }
  const place = placeOf({
    environment: 'production',
    purpose: 'token',
    table: 'vault.tokens',
    column: 'access_token_sealed',
    ...fields,
  })
  const bareBox = bareSeal(raw)
  const box = seal(key, place, TOKEN)
  const works = {
    bareSeal: () => bareSeal(raw),
    seal: () => seal(key, place, TOKEN),
    bareOpen: () => bareOpen(raw, bareBox),
    open: () => open(key, place, box),
  }
  const times = { bareSeal: [] as number[], seal: [] as number[], bareOpen: [] as number[], open: [] as number[] }
  const names = ['bareSeal', 'seal', 'bareOpen', 'open'] as const
  for (const name of names) time(works[name], perRound)
  for (let round = 0; round < rounds; round += 1)
    for (const name of names) times[name].push(time(works[name], perRound))
  return report(
    { what: 'seal', bareMs: median(times.bareSeal), ownMs: median(times.seal), perRound },
    { what: 'open', bareMs: median(times.bareOpen), ownMs: median(times.open), perRound },
  )
}

interface Compared {
  readonly what: string
  readonly bareMs: number
  readonly ownMs: number
  readonly perRound: number
}

function report(...compared: readonly Compared[]): Outcome {
  return {
    rows: compared.map(describe),
    targets: compared.map(({ what, bareMs, ownMs }) => ({
      what: `Vault: ${what} a token`,
      baseline: 'bare AES-256-GCM',
      unit: '×',
      better: 'higher',
      bar: PROMISED_SHARE,
      values: [bareMs / ownMs],
    })),
    alarms: compared.flatMap(({ what, bareMs, ownMs }) =>
      alarmAbove(`vault ${what}: bare AES-256-GCM is so many times as fast`, ownMs / bareMs, 1 / ALARM_SHARE),
    ),
  }
}

function describe({ what, bareMs, ownMs, perRound }: Compared): Row {
  const share = bareMs / ownMs
  const each = (milliseconds: number) => `${((milliseconds / perRound) * 1000).toFixed(2)} µs`
  const kept = share >= PROMISED_SHARE ? 'kept' : 'MISSED'
  return {
    what: `vault: ${what} a token with a warm key`,
    note: `${each(ownMs)}, bare AES-256-GCM ${each(bareMs)}: ${share.toFixed(2)} of its speed; ≥ ${PROMISED_SHARE} ${kept}`,
  }
}

function bareSeal(key: ReturnType<typeof createSecretKey>): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: 16 })
  return Buffer.concat([nonce, cipher.update(TOKEN), cipher.final(), cipher.getAuthTag()])
}

function bareOpen(key: ReturnType<typeof createSecretKey>, box: Buffer): Buffer {
  const decipher = createDecipheriv(CIPHER, key, box.subarray(0, 12), { authTagLength: 16 }).setAuthTag(
    box.subarray(-16),
  )
  return Buffer.concat([decipher.update(box.subarray(12, -16)), decipher.final()])
}

function time(work: () => Buffer, times: number): number {
  const started = performance.now()
  for (let done = 0; done < times; done += 1) work()
  return performance.now() - started
}
