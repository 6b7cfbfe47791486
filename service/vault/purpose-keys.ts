import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { uuidText } from './box-key.ts'
import type { DataKeys } from './data-keys.ts'
import type { KeyCache } from './key-cache.ts'
import type { MasterKeys } from './master-keys.ts'
import {
  findPurposeKey,
  insertPurposeKey,
  type ReservedSeals,
  reserveSeals,
  retirePurposeKey,
  type SharedPurpose,
} from './purpose-queries.ts'
import { keyIdOf, open, type Place, seal } from './seal.ts'

/** Boxes that are nobody's: one key for each purpose. */
export interface PurposeKeys {
  seal(purpose: SharedPurpose, place: Place, plaintext: Buffer): Promise<Buffer>
  /** A box of its own for each, in their order; the key is asked for once. */
  sealAll(purpose: SharedPurpose, pieces: readonly Piece[]): Promise<Buffer[]>
  /** Throws vault/unreadable. */
  open(purpose: SharedPurpose, place: Place, box: Buffer): Promise<Buffer>
  /** Another key seals from now on, where the current one was made before this moment. */
  renew(purpose: SharedPurpose, madeBefore: Date): Promise<void>
}

export interface Piece {
  readonly place: Place
  readonly plaintext: Buffer
}

export interface PurposeKeysOptions {
  /** Callers may hold a connection of their own when they come: a pool that is not theirs. */
  readonly db: Database
  readonly masterKeys: MasterKeys
  readonly dataKeys: DataKeys
  readonly cache: KeyCache
  readonly maxSeals: number
  /** A reservation is given up after this long, so that a new key is noticed. */
  readonly maxAgeMs: number
  readonly nowMs: () => number
}

/** Seals are reserved in blocks: counting each in the database would make every webhook wait for one row. */
const BLOCK = 512
/** Whoever used up a block within a second gets one four times as large, up to this: some thousands that are never used do not matter, waiting does. */
const LARGEST_BLOCK = 8 * BLOCK
const SOON_MS = 1_000

interface Reservation {
  readonly row: ReservedSeals
  readonly madeAtMs: number
  left: number
}

export function createPurposeKeys(options: PurposeKeysOptions): PurposeKeys {
  const { db, dataKeys, cache } = options
  const reservations = createReservations(options)

  const sealAll: PurposeKeys['sealAll'] = async (purpose, pieces) => {
    const boxes: Buffer[] = []
    while (boxes.length < pieces.length) {
      const { row, taken } = await reservations.take(purpose, pieces.length - boxes.length)
      const key = await cache.get(row.keyId, () => dataKeys.load(db, { purpose, userId: '' }, row), taken)
      for (const { place, plaintext } of pieces.slice(boxes.length, boxes.length + taken))
        boxes.push(seal(key, place, plaintext))
    }
    return boxes
  }

  return {
    sealAll,
    async seal(purpose, place, plaintext) {
      const [box] = await sealAll(purpose, [{ place, plaintext }])
      if (box === undefined) throw new Error('one piece yields one box')
      return box
    },
    async open(purpose, place, box) {
      const keyId = uuidText(keyIdOf(box))
      const key = await cache.get(keyId, async () => {
        const row = await findPurposeKey(db, { purpose, keyId })
        if (row === undefined) throw new AppError('vault/unreadable')
        return await dataKeys.load(db, { purpose, userId: '' }, row)
      })
      return open(key, place, box)
    },
    async renew(purpose, madeBefore) {
      await makeCurrent(options, purpose, madeBefore)
      reservations.forget(purpose)
    },
  }
}

/** What this process may seal without asking. */
function createReservations(options: PurposeKeysOptions) {
  const { maxAgeMs, nowMs } = options
  const reservations = new Map<SharedPurpose, Reservation>()
  const pending = new Map<SharedPurpose, Promise<Reservation>>()

  const isGood = (reservation: Reservation | undefined): reservation is Reservation =>
    reservation !== undefined && reservation.left > 0 && nowMs() - reservation.madeAtMs < maxAgeMs

  const fetch = async (purpose: SharedPurpose): Promise<Reservation> => {
    const row = await reserve(options, purpose, nextBlock(reservations.get(purpose), nowMs()))
    const made = { row, madeAtMs: nowMs(), left: row.reserved }
    reservations.set(purpose, made)
    return made
  }

  /** One fetches for all who wait. */
  const next = (purpose: SharedPurpose): Promise<Reservation> => {
    const running = pending.get(purpose) ?? fetch(purpose).finally(() => pending.delete(purpose))
    pending.set(purpose, running)
    return running
  }

  return {
    /** So many seals, or as many as are left. */
    async take(purpose: SharedPurpose, wanted: number): Promise<{ row: ReservedSeals; taken: number }> {
      let reservation = reservations.get(purpose)
      while (!isGood(reservation)) reservation = await next(purpose)
      const taken = Math.min(wanted, reservation.left)
      reservation.left -= taken
      return { row: reservation.row, taken }
    },
    forget: (purpose: SharedPurpose) => void reservations.delete(purpose),
  }
}

function nextBlock(last: Reservation | undefined, nowMs: number): number {
  const isBusy = last !== undefined && last.left === 0 && nowMs - last.madeAtMs < SOON_MS
  return isBusy ? Math.min(Math.max(last.row.reserved, BLOCK) * 4, LARGEST_BLOCK) : BLOCK
}

async function reserve(options: PurposeKeysOptions, purpose: SharedPurpose, block: number): Promise<ReservedSeals> {
  const { db, maxSeals } = options
  // Of a key with a small cap others may take all before we do.
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    const row = await reserveSeals(db, { purpose, block, maxSeals })
    if (row !== undefined) return row
    await makeCurrent(options, purpose, null)
  }
  throw new AppError('vault/key_exhausted')
}

/** Replaces a key that is exhausted or old; makes the first. */
async function makeCurrent(
  { db, masterKeys, dataKeys, maxSeals }: PurposeKeysOptions,
  purpose: SharedPurpose,
  madeBefore: Date | null,
): Promise<void> {
  await db.transaction(async (tx) => {
    const key = await dataKeys.generate(await masterKeys.lockCurrent(tx), { purpose, userId: '' })
    await retirePurposeKey(tx, { purpose, maxSeals, madeBefore })
    await insertPurposeKey(tx, { purpose, ...key })
  })
}
